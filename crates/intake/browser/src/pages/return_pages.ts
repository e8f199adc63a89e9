// Coming back with a receipt, in the browser alone: the mailbox is opened here, and messages are
// sealed here.
import { random } from "../bytes.ts";
import type { VerifiedDirectory } from "../directory.ts";
import { type RelatedReport, relatedReport } from "../related_report.ts";
import { sealFollowUp } from "../follow_up.ts";
import { redact, identifyingDetails } from "../identifying_details.ts";
import { DamagedMailboxError, type InboxFinding, type ReporterInbox, type InboxMessage, openInbox } from "../inbox.ts";
import { Receipt } from "../receipt.ts";
import { SubmissionTooLargeError } from "../submission.ts";
import { isBlank, normalizeText } from "../text.ts";
import { ReceiptError, mayBeWords } from "../typed_receipt.ts";
import { collectAttachments, watchFiles } from "./attachments.ts";
import { queryAll, showErrors, createElement, queryOne, clearErrors, showPage, submitUrl } from "./dom.ts";
import { type OfflineForm, translateCount, formatDay, fetchOfflineForm, isoWeek, translate, formatWeek } from "./offline_form.ts";
import { UploadCancelledError, uploadWithRetry } from "./upload.ts";
import { fetchWordLists, fetchMailbox } from "./service.ts";
import { preserveInput } from "./preserve_input.ts";
import { renderWarnings } from "./warnings.ts";

/** A receipt in either spelling; throws a `ReceiptError` if it is none. */
async function parseTypedReceipt(typed: string): Promise<Receipt> {
  try {
    return Receipt.parse(typed, []);
  } catch (error) {
    if (!mayBeWords(typed)) throw error;
  }
  return Receipt.parse(typed, await fetchWordLists());
}

/** What is wrong with a typed receipt, as the server says it. */
function receiptErrorText(kit: OfflineForm, { problem }: ReceiptError): string {
  switch (problem.kind) {
    case "length":
    case "words":
      return translate(kit, `wrong-receipt-${problem.kind}`, { count: problem.count });
    case "character":
      return translate(kit, "wrong-receipt-character", { sign: problem.sign });
    case "word":
      return problem.near === undefined
        ? translate(kit, "wrong-receipt-word", { word: problem.word })
        : translate(kit, "wrong-receipt-near", { word: problem.word, near: problem.near });
    case "check":
      return translate(kit, "wrong-receipt-check");
  }
}

/** The message as it is sealed; empty for one that shows nothing. */
function messageIn(form: HTMLFormElement): string {
  const text = normalizeText(queryOne<HTMLTextAreaElement>("#message", form)!.value).trim();
  return isBlank(text) ? "" : text;
}

/** The mailbox of a receipt; or whether nothing is laid out under it, or what is there is damaged. */
async function openMailbox(receipt: Receipt): Promise<ReporterInbox | "nothing" | "damaged"> {
  const sealed = await fetchMailbox(receipt);
  return openInbox(receipt, sealed).catch((error: unknown) => (error instanceof DamagedMailboxError ? "damaged" : "nothing"));
}

export class ReturnPages {
  private receipt: Receipt | undefined;
  private inbox: ReporterInbox | undefined;
  private token = random(32);
  /** The message for which traces have been pointed at. */
  private looked = "";
  private busy = false;

  constructor(
    private kit: OfflineForm,
    private readonly directory: VerifiedDirectory,
  ) {
    watchFiles(() => this.kit);
    addEventListener("beforeunload", (event) => {
      if (queryOne<HTMLTextAreaElement>("#message")?.value.trim()) event.preventDefault();
    });
  }

  /** Takes over a form that was sent; false for one that is none of its own. */
  submit(form: HTMLFormElement, button: HTMLElement | null): boolean {
    const target = submitUrl(form, button);
    const [, lang, page, last] = target.pathname.split("/");
    if (page !== "return") return false;
    if (this.busy) return true;
    if (lang !== this.kit.lang) void this.switchLanguage(lang!);
    else if (last === "send") void this.withBusyButtons("send-failed", () => this.sendReply(form));
    else void this.withBusyButtons("return-failed", () => this.open(form));
    return true;
  }

  /** Forgets everything; returns how many steps the history has of this page. */
  leave(): number {
    queryAll<HTMLTextAreaElement>("textarea").forEach((field) => (field.value = ""));
    this.receipt = this.inbox = undefined;
    return 0;
  }

  /** Does one thing at a time. `failed` is the key of the text that says that it failed. */
  private async withBusyButtons(failed: string, work: () => Promise<void>): Promise<void> {
    this.busy = true;
    clearErrors(this.kit);
    const buttons = queryAll<HTMLButtonElement>("main button");
    buttons.forEach((button) => (button.disabled = true));
    try {
      await work();
    } catch (error) {
      if (error instanceof UploadCancelledError) return;
      const key = error instanceof SubmissionTooLargeError ? "send-too-large" : failed;
      showErrors(this.kit, [{ target: "main", text: translate(this.kit, key) }]);
    } finally {
      buttons.forEach((button) => (button.disabled = false));
      this.busy = false;
    }
  }

  private async switchLanguage(lang: string): Promise<void> {
    this.kit = await fetchOfflineForm(lang);
    preserveInput(() => {
      if (this.inbox) this.showThread("thread");
      else showPage(this.kit, this.kit.pages["return"]!, "seal-here-return");
    });
  }

  /** Reads the receipt that was typed, or looks again with the one that is known. */
  private async open(form: HTMLFormElement): Promise<void> {
    const typed = queryOne<HTMLTextAreaElement>("textarea[name=receipt]", form)?.value;
    if (typed !== undefined) {
      try {
        this.receipt = await parseTypedReceipt(typed);
      } catch (error) {
        // Anything else, such as words that did not come, is no fault of what was typed.
        if (!(error instanceof ReceiptError)) throw error;
        const text = typed.trim() === "" ? translate(this.kit, "wrong-receipt-missing") : receiptErrorText(this.kit, error);
        showErrors(this.kit, [{ target: "receipt", text }]);
        return;
      }
    }
    const found = await this.refreshMailbox();
    // A message that is being written stays, and so does a receipt under which nothing is found.
    preserveInput(() => {
      if (found === "thread") this.showThread("thread");
      else showPage(this.kit, this.kit.pages[found]!, "seal-here-return");
    });
  }

  /** Is anything laid out under the receipt, and is it whole? What does not open is a decoy, or belongs to another receipt. */
  private async refreshMailbox(): Promise<"thread" | "nothing" | "damaged"> {
    const before = this.inbox;
    const found = await openMailbox(this.receipt!);
    this.inbox = typeof found === "string" ? undefined : found;
    if (typeof found === "string") return found;
    // What was sent a moment ago may not have been collected.
    if (before?.case === found.case && before.sent.seq > found.sent.seq) found.sent = before.sent;
    return "thread";
  }

  private async sendReply(form: HTMLFormElement): Promise<void> {
    const text = messageIn(form);
    const files = await collectAttachments(this.kit, form);
    if (files === null) return;
    const releaseToOversight = queryOne<HTMLInputElement>("input[name=kind]", form)?.checked ?? false;
    const named = queryOne<HTMLTextAreaElement>("#earlier", form)?.value.trim() ?? "";
    if (text === "" && files.length === 0 && !releaseToOversight && named === "") {
      showErrors(this.kit, [{ target: "message", text: translate(this.kit, "wrong-message-missing") }]);
      return;
    }
    if (this.showWarnings(form, text)) return;
    const resolveRelatedReport = named === "" ? undefined : await this.earlier(named);
    if (resolveRelatedReport === null) return;
    const { lang } = this.kit;
    const message = { text, lang, week: isoWeek(new Date()), releaseToOversight, token: this.token, earlier: resolveRelatedReport, files };
    const { sealed, sent } = await sealFollowUp(this.directory, this.receipt!, this.inbox!, message);
    await uploadWithRetry(this.kit, sealed, queryAll(".buttons", form).at(-1)!);
    this.inbox!.sent = sent;
    this.token = random(32);
    this.showThread("sent");
  }

  /** Points at what could show who wrote it, once for each text. Has something been pointed at? */
  private showWarnings(form: HTMLFormElement, text: string): boolean {
    const { kit } = this;
    queryOne(".traces")?.remove();
    const found = this.looked === text ? [] : identifyingDetails(kit.guard, text);
    this.looked = text;
    if (found.length === 0) return false;
    const pointed = found.map(([trace, words]) => ({
      trace,
      words,
      cover: () => {
        const message = queryOne<HTMLTextAreaElement>("#message")!;
        message.value = redact(kit.guard, message.value, trace);
        this.looked = "";
        if (!this.showWarnings(form, messageIn(form))) message.focus();
      },
    }));
    const section = renderWarnings(kit, pointed);
    section.append(createElement("p", {}, translate(kit, "reply-again")));
    form.prepend(section);
    queryOne<HTMLElement>(".traces button")?.focus();
    return true;
  }

  /** Looks the other report up that the message is to name; null, and a complaint, if there is none. */
  private async earlier(typed: string): Promise<RelatedReport | null> {
    const wrong = (key: string) => {
      showErrors(this.kit, [{ target: "earlier", text: translate(this.kit, key) }]);
      return null;
    };
    let other: Receipt;
    try {
      other = await parseTypedReceipt(typed);
    } catch (error) {
      if (!(error instanceof ReceiptError)) throw error;
      return wrong("wrong-earlier");
    }
    if (other.mailboxId() === this.receipt!.mailboxId()) return wrong("wrong-earlier");
    const found = await openMailbox(other);
    if (typeof found === "string") return wrong(`wrong-earlier-${found}`);
    return relatedReport(found.case, this.inbox!.case, other.signingKey());
  }

  private showThread(page: "thread" | "sent"): void {
    const { kit } = this;
    const inbox = this.inbox!;
    const { header } = inbox;
    showPage(kit, kit.pages[page]!, "seal-here-reply");
    const [stage, meaning] = kit.stages[header.stage] ?? [header.stage, ""];
    const state = [createElement("p", { class: "stage" }, stage), createElement("p", {}, meaning)];
    if (header.next_update !== null) {
      const next = translate(kit, "thread-next", { day: formatDay(kit, header.next_update) });
      state.push(createElement("p", {}, createElement("b", {}, next)));
    }
    if (header.released_to_oversight) state.push(createElement("p", {}, translate(kit, "thread-outside")));
    const week = translate(kit, "thread-week", { week: formatWeek(kit, header.week) });
    state.push(createElement("p", { class: "hint" }, `${translateCount(kit, "thread-received", header.received)} ${week}`));
    queryOne(".state")?.replaceChildren(...state);
    this.showMessages(inbox.messages);
    const findings = inbox.findings.map((finding) => createElement("p", { class: "careful", role: "alert" }, this.findingText(finding)));
    queryOne("h1")?.before(...findings);
    if (header.released_to_oversight) queryOne("input[name=kind]")?.closest(".q")?.remove();
    // A key that nobody vouched for may be anybody's. The form stays for the buttons that look
    // again and change the language.
    if (!inbox.canWrite) queryAll("form[action$='/return/send']").forEach((form) => form.replaceChildren());
  }

  private showMessages(messages: InboxMessage[]): void {
    if (messages.length === 0) return;
    const item = ({ week, lang, text }: InboxMessage) =>
      createElement(
        "li",
        {},
        createElement("p", { class: "hint" }, formatWeek(this.kit, week)),
        createElement("p", { class: "story", lang, dir: "auto" }, text),
      );
    const list = createElement("ol", { class: "messages" }, ...messages.map(item));
    // The page says that there is none, right behind the heading.
    queryOne(".state ~ h2 + p")?.replaceWith(list);
  }

  private findingText(finding: InboxFinding): string {
    switch (finding.kind) {
      case "forged":
        return translate(this.kit, "finding-forged");
      case "wrong-key":
        return translate(this.kit, "finding-wrong-key");
      case "older-state":
        return translate(this.kit, "finding-older-state");
      case "earlier-not-shown":
        return translateCount(this.kit, "finding-earlier", finding.count);
      case "withheld":
        return translateCount(this.kit, "finding-withheld", finding.count);
    }
  }
}
