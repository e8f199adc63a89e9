// Coming back with a receipt, in the browser alone: the mailbox is opened here, and messages are sealed here.
import { random } from "../bytes.ts";
import type { Directory } from "../directory.ts";
import { type EarlierReport, earlierReport } from "../earlier.ts";
import { sealFollowUp } from "../follow_up.ts";
import { cover, traces } from "../guard.ts";
import { Damaged, type Finding, type Inbox, type Message, openInbox } from "../inbox.ts";
import { Receipt } from "../receipt.ts";
import { TooLarge } from "../submission.ts";
import { isBlank, plain } from "../text.ts";
import { ReceiptError, mayBeWords } from "../typed_receipt.ts";
import { attachments, watchFiles } from "./attachments.ts";
import { all, complain, make, one, settle, show, targetOf } from "./dom.ts";
import { type Kit, count, dayInWords, fetchKit, isoWeek, say, weekInWords } from "./kit.ts";
import { Stopped, send } from "./sending.ts";
import { fetchAllWords, fetchMailbox } from "./service.ts";
import { keepingTyped } from "./typed.ts";
import { warningsOf } from "./warnings.ts";

/** A receipt in either spelling; throws a `ReceiptError` if it is none. */
async function readReceipt(typed: string): Promise<Receipt> {
  try {
    return Receipt.parse(typed, []);
  } catch (error) {
    if (!mayBeWords(typed)) throw error;
  }
  return Receipt.parse(typed, await fetchAllWords());
}

/** What is wrong with a typed receipt, as the server says it. */
function whatIsWrong(kit: Kit, { problem }: ReceiptError): string {
  switch (problem.kind) {
    case "length":
    case "words":
      return say(kit, `wrong-receipt-${problem.kind}`, { count: problem.count });
    case "character":
      return say(kit, "wrong-receipt-character", { sign: problem.sign });
    case "word":
      return problem.near === undefined
        ? say(kit, "wrong-receipt-word", { word: problem.word })
        : say(kit, "wrong-receipt-near", { word: problem.word, near: problem.near });
    case "check":
      return say(kit, "wrong-receipt-check");
  }
}

/** The message as it is sealed; empty for one that shows nothing. */
function messageIn(form: HTMLFormElement): string {
  const text = plain(one<HTMLTextAreaElement>("#message", form)!.value).trim();
  return isBlank(text) ? "" : text;
}

/** The mailbox of a receipt; or whether nothing is laid out under it, or what is there is damaged. */
async function openMailbox(receipt: Receipt): Promise<Inbox | "nothing" | "damaged"> {
  const sealed = await fetchMailbox(receipt);
  return openInbox(receipt, sealed).catch((error: unknown) => (error instanceof Damaged ? "damaged" : "nothing"));
}

export class ReturnPages {
  private receipt: Receipt | undefined;
  private inbox: Inbox | undefined;
  private token = random(32);
  /** The message for which traces have been pointed at. */
  private looked = "";
  private busy = false;

  constructor(
    private kit: Kit,
    private readonly directory: Directory,
  ) {
    watchFiles(() => this.kit);
    addEventListener("beforeunload", (event) => {
      if (one<HTMLTextAreaElement>("#message")?.value.trim()) event.preventDefault();
    });
  }

  /** Takes over a form that was sent; false for one that is none of its own. */
  submit(form: HTMLFormElement, button: HTMLElement | null): boolean {
    const target = targetOf(form, button);
    const [, lang, page, last] = target.pathname.split("/");
    if (page !== "return") return false;
    if (this.busy) return true;
    if (lang !== this.kit.lang) void this.speak(lang!);
    else if (last === "send") void this.once("send-failed", () => this.reply(form));
    else void this.once("return-failed", () => this.open(form));
    return true;
  }

  /** Forgets everything; returns how many steps the history has of this page. */
  leave(): number {
    all<HTMLTextAreaElement>("textarea").forEach((field) => (field.value = ""));
    this.receipt = this.inbox = undefined;
    return 0;
  }

  /** Does one thing at a time. `failed` is the key of the text that says that it failed. */
  private async once(failed: string, work: () => Promise<void>): Promise<void> {
    this.busy = true;
    settle(this.kit);
    const buttons = all<HTMLButtonElement>("main button");
    buttons.forEach((button) => (button.disabled = true));
    try {
      await work();
    } catch (error) {
      if (error instanceof Stopped) return;
      const key = error instanceof TooLarge ? "send-too-large" : failed;
      complain(this.kit, [{ target: "main", text: say(this.kit, key) }]);
    } finally {
      buttons.forEach((button) => (button.disabled = false));
      this.busy = false;
    }
  }

  private async speak(lang: string): Promise<void> {
    this.kit = await fetchKit(lang);
    keepingTyped(() => {
      if (this.inbox) this.showThread("thread");
      else show(this.kit, this.kit.pages["return"]!, "seal-here-return");
    });
  }

  /** Reads the receipt that was typed, or looks again with the one that is known. */
  private async open(form: HTMLFormElement): Promise<void> {
    const typed = one<HTMLTextAreaElement>("textarea[name=receipt]", form)?.value;
    if (typed !== undefined) {
      try {
        this.receipt = await readReceipt(typed);
      } catch (error) {
        // Anything else, such as words that did not come, is no fault of what was typed.
        if (!(error instanceof ReceiptError)) throw error;
        const text = typed.trim() === "" ? say(this.kit, "wrong-receipt-missing") : whatIsWrong(this.kit, error);
        complain(this.kit, [{ target: "receipt", text }]);
        return;
      }
    }
    const found = await this.look();
    // A message that is being written stays, and so does a receipt under which nothing is found.
    keepingTyped(() => {
      if (found === "thread") this.showThread("thread");
      else show(this.kit, this.kit.pages[found]!, "seal-here-return");
    });
  }

  /** Is anything laid out under the receipt, and is it whole? What does not open is a decoy, or belongs to another receipt. */
  private async look(): Promise<"thread" | "nothing" | "damaged"> {
    const before = this.inbox;
    const found = await openMailbox(this.receipt!);
    this.inbox = typeof found === "string" ? undefined : found;
    if (typeof found === "string") return found;
    // What was sent a moment ago may not have been collected.
    if (before?.case === found.case && before.sent.seq > found.sent.seq) found.sent = before.sent;
    return "thread";
  }

  private async reply(form: HTMLFormElement): Promise<void> {
    const text = messageIn(form);
    const files = await attachments(this.kit, form);
    if (files === null) return;
    const askOversight = one<HTMLInputElement>("input[name=kind]", form)?.checked ?? false;
    const named = one<HTMLTextAreaElement>("#earlier", form)?.value.trim() ?? "";
    if (text === "" && files.length === 0 && !askOversight && named === "") {
      complain(this.kit, [{ target: "message", text: say(this.kit, "wrong-message-missing") }]);
      return;
    }
    if (this.warn(form, text)) return;
    const earlier = named === "" ? undefined : await this.earlier(named);
    if (earlier === null) return;
    const { lang } = this.kit;
    const message = { text, lang, week: isoWeek(new Date()), askOversight, token: this.token, earlier, files };
    const { sealed, sent } = await sealFollowUp(this.directory, this.receipt!, this.inbox!, message);
    await send(this.kit, sealed, all(".buttons", form).at(-1)!);
    this.inbox!.sent = sent;
    this.token = random(32);
    this.showThread("sent");
  }

  /** Points at what could show who wrote it, once for each text. Has something been pointed at? */
  private warn(form: HTMLFormElement, text: string): boolean {
    const { kit } = this;
    one(".traces")?.remove();
    const found = this.looked === text ? [] : traces(kit.guard, text);
    this.looked = text;
    if (found.length === 0) return false;
    const pointed = found.map(([trace, words]) => ({
      trace,
      words,
      cover: () => {
        const message = one<HTMLTextAreaElement>("#message")!;
        message.value = cover(kit.guard, message.value, trace);
        this.looked = "";
        if (!this.warn(form, messageIn(form))) message.focus();
      },
    }));
    const section = warningsOf(kit, pointed);
    section.append(make("p", {}, say(kit, "reply-again")));
    form.prepend(section);
    one<HTMLElement>(".traces button")?.focus();
    return true;
  }

  /** Looks the other report up that the message is to name; null, and a complaint, if there is none. */
  private async earlier(typed: string): Promise<EarlierReport | null> {
    const wrong = (key: string) => {
      complain(this.kit, [{ target: "earlier", text: say(this.kit, key) }]);
      return null;
    };
    let other: Receipt;
    try {
      other = await readReceipt(typed);
    } catch (error) {
      if (!(error instanceof ReceiptError)) throw error;
      return wrong("wrong-earlier");
    }
    if (other.mailboxId() === this.receipt!.mailboxId()) return wrong("wrong-earlier");
    const found = await openMailbox(other);
    if (typeof found === "string") return wrong(`wrong-earlier-${found}`);
    return earlierReport(found.case, this.inbox!.case, other.signingKey());
  }

  private showThread(page: "thread" | "sent"): void {
    const { kit } = this;
    const inbox = this.inbox!;
    const { header } = inbox;
    show(kit, kit.pages[page]!, "seal-here-reply");
    const [stage, meaning] = kit.stages[header.stage] ?? [header.stage, ""];
    const state = [make("p", { class: "stage" }, stage), make("p", {}, meaning)];
    if (header.next !== null) {
      const next = say(kit, "thread-next", { day: dayInWords(kit, header.next) });
      state.push(make("p", {}, make("b", {}, next)));
    }
    if (header.with_oversight) state.push(make("p", {}, say(kit, "thread-outside")));
    const week = say(kit, "thread-week", { week: weekInWords(kit, header.week) });
    state.push(make("p", { class: "hint" }, `${count(kit, "thread-received", header.received)} ${week}`));
    one(".state")?.replaceChildren(...state);
    this.showMessages(inbox.messages);
    const findings = inbox.findings.map((finding) => make("p", { class: "careful", role: "alert" }, this.told(finding)));
    one("h1")?.before(...findings);
    if (header.with_oversight) one("input[name=kind]")?.closest(".q")?.remove();
    // A key that nobody vouched for may be anybody's. The form stays for the buttons that look again and change the language.
    if (!inbox.canWrite) all("form[action$='/return/send']").forEach((form) => form.replaceChildren());
  }

  private showMessages(messages: Message[]): void {
    if (messages.length === 0) return;
    const item = ({ week, lang, text }: Message) =>
      make(
        "li",
        {},
        make("p", { class: "hint" }, weekInWords(this.kit, week)),
        make("p", { class: "story", lang, dir: "auto" }, text),
      );
    const list = make("ol", { class: "messages" }, ...messages.map(item));
    // The page says that there is none, right behind the heading.
    one(".state ~ h2 + p")?.replaceWith(list);
  }

  private told(finding: Finding): string {
    switch (finding.kind) {
      case "forged":
        return say(this.kit, "finding-forged");
      case "wrong-key":
        return say(this.kit, "finding-wrong-key");
      case "older-state":
        return say(this.kit, "finding-older-state");
      case "earlier-not-shown":
        return count(this.kit, "finding-earlier", finding.count);
      case "withheld":
        return count(this.kit, "finding-withheld", finding.count);
    }
  }
}
