// The pages of a returning reporter in the browser, which opens the mailbox and seals messages.
import { WrongRecipientError } from "../age.ts";
import { type Bytes, random } from "../bytes.ts";
import type { VerifiedDirectory } from "../directory.ts";
import { type RelatedReport, relatedReport } from "../related_report.ts";
import { type FollowUp, sealFollowUp } from "../follow_up.ts";
import type { ThreadHead } from "../frame.ts";
import { type Detection, redact, identifyingDetails } from "../identifying_details.ts";
import { DamagedMailboxError, type ReporterInbox, openInbox } from "../inbox.ts";
import { type OwnCopy, OwnCopyError, MAX_OWN_COPY_LEN, containsMessage, nextAfter, openOwnCopy, sealOwnCopy } from "../own_copy.ts";
import { Receipt } from "../receipt.ts";
import { SubmissionTooLargeError } from "../submission.ts";
import { isBlank, normalizeText } from "../text.ts";
import { ReceiptError, mayBeWords } from "../typed_receipt.ts";
import { AddedFacts } from "./added_facts.ts";
import { collectAttachments, showUnreadableFile, watchFiles } from "./attachments.ts";
import { queryAll, showErrors, createElement, queryOne, clearErrors, showPage, submitUrl, unfold } from "./dom.ts";
import { showFailure } from "./failure.ts";
import { LanguageSwitch } from "./language_switch.ts";
import { leaving } from "./leaving.ts";
import { type OfflineForm, isoWeek, translate } from "./offline_form.ts";
import { UploadCancelledError, uploadWithRetry } from "./upload.ts";
import { fetchMailbox, fetchNewerDirectory, fetchWordLists } from "./service.ts";
import type { ProgramFiles } from "./program_files.ts";
import { preserveFocus, preserveInput } from "./preserve_input.ts";
import { type TextOf, offerNearestWord, receiptErrorText } from "./receipt_errors.ts";
import { ReceiptWords } from "./receipt_words.ts";
import { canReadPhotos, readSavedReceipt } from "./saved_receipt.ts";
import { showMessages } from "./thread_messages.ts";
import { findingTexts, stateLines } from "./thread_state.ts";
import { offerOwnCopy } from "./own_copy_link.ts";
import { renderWarnings } from "./warnings.ts";

/**
 * Parses a receipt in either spelling. Words beside a code can be those of another receipt, so the
 * lists are loaded for them too. Throws `ReceiptError` if the text is invalid.
 */
async function parseTypedReceipt(files: ProgramFiles, typed: string, wordLists: readonly string[]): Promise<Receipt> {
  return Receipt.parse(typed, mayBeWords(typed) ? await fetchWordLists(files, wordLists) : []);
}

/** Returns the message to be sealed. It is empty if it has no visible character. */
function messageIn(form: HTMLFormElement): string {
  const text = normalizeText(queryOne<HTMLTextAreaElement>("#message", form)!.value).trim();
  return isBlank(text) ? "" : text;
}

/**
 * Returns the mailbox of a receipt, or whether there is none or it is damaged. Throws if the
 * service does not return the bytes of a mailbox; the receipt may then be right or wrong.
 */
async function openMailbox(receipt: Receipt, directory: VerifiedDirectory): Promise<ReporterInbox | "nothing" | "damaged"> {
  const sealed = await fetchMailbox(receipt);
  return openInbox(receipt, sealed, directory).catch((error: unknown) => {
    if (error instanceof WrongRecipientError) return "nothing";
    if (error instanceof DamagedMailboxError) return "damaged";
    throw error;
  });
}

/** The age of the page after which it fetches the directory before it opens a mailbox. */
const MAX_DIRECTORY_AGE_MS = 60_000;

export class ReturnPages {
  private receipt: Receipt | undefined;
  private inbox: ReporterInbox | undefined;
  /** The own copy that the reporter opened for this mailbox. */
  private own: OwnCopy | undefined;
  /** The own copy with the messages that this page sent, sealed. */
  private newCopy: Bytes | undefined;
  /** The reporter's newest message, which the next one continues. It may not be collected yet. */
  private newest: ThreadHead | undefined;
  private token = random(32);
  /** The message that the reporter was already warned about. */
  private warnedText = "";
  private readonly facts = new AddedFacts();
  private busy = false;
  private readonly words: ReceiptWords;
  private readonly language: LanguageSwitch;

  constructor(
    /** The form in the language of the page. */
    public offlineForm: OfflineForm,
    private directory: VerifiedDirectory,
    private readonly files: ProgramFiles,
  ) {
    this.words = new ReceiptWords(files);
    this.language = new LanguageSwitch(files);
    watchFiles(() => this.offlineForm);
    document.addEventListener("change", (event) => {
      const input = event.target as HTMLInputElement;
      if (input.id === "saved" && input.files?.[0]) void this.withBusyButtons("return-failed", () => this.openSaved(input));
      if (input.id === "copy" && input.files?.[0]) void this.withBusyButtons("own-wrong", () => this.openOwn(input));
    });
    void this.nameSavedFiles();
    addEventListener("beforeunload", (event) => {
      if (this.draft() !== "" || this.facts.hasAnswers()) event.preventDefault();
    });
    addEventListener("popstate", ({ state }) => this.goTo((state as { at?: number } | null)?.at ?? 0));
  }

  /** Handles a submitted form. */
  submit(form: HTMLFormElement, button: HTMLElement | null): void {
    const target = submitUrl(form, button);
    const [, lang, page, last] = target.pathname.split("/");
    if (page !== "return") throw new Error("a form of another page");
    if (this.busy) return;
    if (lang !== this.offlineForm.lang) void this.language.to(lang!, this.offlineForm, (offlineForm) => this.showIn(offlineForm));
    else if (last === "facts") this.addFacts(button?.getAttribute("value") ?? "");
    else if (last === "send") void this.withBusyButtons("send-failed", () => this.sendReply(form), queryAll("textarea", form));
    else void this.withBusyButtons("return-failed", () => this.open(form));
  }

  /** Handles a button of the pages on which facts are added. */
  private addFacts(go: string): void {
    const questions = queryAll<HTMLElement>(".quick, .part");
    if (go === "look") this.showing(() => this.backToThread());
    else if (go === "send") void this.withBusyButtons("send-failed", () => this.sendFacts(), questions);
    else this.showing(() => this.facts.go(this.offlineForm, go));
  }

  /** Shows a page, or an error. */
  private showing(show: () => void): void {
    try {
      show();
    } catch (error) {
      showFailure(this.offlineForm, error);
    }
  }

  /** Follows Back and Forward between the conversation and the steps of the facts. */
  private goTo(at: number): void {
    if (this.busy || !this.inbox) return;
    const step = this.facts.stepAt(at);
    if (step) this.showing(() => this.facts.show(this.offlineForm, step));
    else if (this.facts.isOpen) {
      this.facts.close();
      this.showing(() => preserveInput(() => this.showThread("thread")));
    }
  }

  /** Shows the conversation again, with the input that it had. The answers stay too. */
  private backToThread(): void {
    this.facts.goBack();
    preserveInput(() => this.showThread("thread"));
  }

  private async sendFacts(): Promise<void> {
    const ready = this.facts.ready(this.offlineForm, this.detection());
    if (!ready) return;
    await this.sealAndSend({ content: { facts: ready.facts }, files: [], releaseToOversight: false });
    this.facts.close();
    this.facts.clearAnswers();
    preserveInput(() => this.showThread("sent"));
    queryOne(".danger")?.toggleAttribute("hidden", ready.priority !== "P1");
  }

  /** Seals and stores a message. The next one continues it. */
  private async sealAndSend(written: Pick<FollowUp, "content" | "files" | "releaseToOversight" | "related">): Promise<void> {
    const { lang } = this.offlineForm;
    const message = { ...written, lang, week: isoWeek(new Date()), token: this.token, program: this.files.hash, signal: leaving };
    const { sealed, sent, frame } = await sealFollowUp(this.directory, this.receipt!, { ...this.inbox!, sent: this.newest! }, message);
    await uploadWithRetry(this.offlineForm, sealed, queryAll("form#f .buttons").at(-1)!);
    leaving.throwIfAborted();
    this.newest = sent;
    this.token = random(32);
    await this.extendOwnCopy(frame);
  }

  /** Loads the words of receipts, for which messages are searched. */
  loadWords(): Promise<void> {
    return this.words.load(this.offlineForm.lang);
  }

  private detection(): Detection {
    return { rules: this.offlineForm.guard, lists: this.words.lists };
  }

  /** Clears all state. */
  leave(): void {
    this.language.cancel();
    queryAll<HTMLTextAreaElement>("textarea").forEach((field) => (field.value = ""));
    this.facts.clear();
    this.receipt = this.inbox = this.newest = this.own = this.newCopy = undefined;
  }

  /**
   * Runs one action at a time. `failed` is the key of the error text. `frozen` are fields that do
   * not change meanwhile, because the page that follows does not contain their text.
   */
  private async withBusyButtons(failed: string, work: () => Promise<void>, frozen: HTMLElement[] = []): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    // Another language would replace the page meanwhile.
    this.language.cancel();
    const buttons = queryAll<HTMLButtonElement | HTMLInputElement>("button, main input[type=file]").filter(({ disabled }) => !disabled);
    const freeze = (isFrozen: boolean) => {
      buttons.forEach((button) => (button.disabled = isFrozen));
      frozen.forEach((part) => (part instanceof HTMLTextAreaElement ? (part.readOnly = isFrozen) : (part.inert = isFrozen)));
    };
    try {
      clearErrors(this.offlineForm);
      freeze(true);
      await work();
    } catch (error) {
      if (error instanceof UploadCancelledError || showUnreadableFile(this.offlineForm, error)) return;
      showFailure(this.offlineForm, error, error instanceof SubmissionTooLargeError ? "send-too-large" : failed);
    } finally {
      freeze(false);
      this.busy = false;
    }
  }

  /** Shows the page in another language, with what was typed while its form was loading. */
  private showIn(offlineForm: OfflineForm): void {
    this.offlineForm = offlineForm;
    void this.loadWords().catch(() => undefined);
    if (this.facts.isOpen) return preserveFocus(() => this.facts.show(offlineForm));
    preserveInput(() => {
      if (this.inbox) this.showThread("thread");
      else this.showEntry("return");
    });
  }

  /** Reads the typed receipt, or opens the mailbox again with the known one. */
  private async open(form: HTMLFormElement): Promise<void> {
    const typed = queryOne<HTMLTextAreaElement>("textarea[name=receipt]", form)?.value;
    if (typed !== undefined) {
      try {
        this.receipt = await parseTypedReceipt(this.files, typed, this.offlineForm.word_lists);
        this.own = this.newCopy = undefined;
        this.facts.clearAnswers();
      } catch (error) {
        // Other errors, such as a word list that did not load, are not typing errors.
        if (!(error instanceof ReceiptError)) throw error;
        const textOf: TextOf = (key, values) => translate(this.offlineForm, key, values);
        const text = typed.trim() === "" ? textOf("wrong-receipt-missing") : receiptErrorText(textOf, error);
        showErrors(this.offlineForm, [{ target: "receipt", text }]);
        const field = queryOne<HTMLTextAreaElement>("textarea[name=receipt]", form)!;
        offerNearestWord(textOf, field, error, () => void this.withBusyButtons("return-failed", () => this.open(form)));
        return;
      }
    }
    const found = await this.refreshMailbox();
    // A message draft is preserved, and so is a receipt without a mailbox.
    preserveInput(() => {
      if (found === "thread") this.showThread("thread");
      else this.showEntry(found);
    });
  }

  private showEntry(page: "return" | "nothing" | "damaged"): void {
    const draft = this.draft();
    showPage(this.offlineForm, this.offlineForm.pages[page], "seal-here-return");
    // The conversation has no field with the code. The reporter need not type it again.
    const field = queryOne<HTMLTextAreaElement>("textarea[name=receipt]");
    if (field && this.receipt) field.value = this.receipt.code();
    // In the conversation again once the mailbox opens.
    queryOne("main form .seal")?.before(...this.readOnlyDraft(draft));
    void this.nameSavedFiles();
  }

  /** Offers photos too where the browser finds QR codes in them. */
  private async nameSavedFiles(): Promise<void> {
    if (!(await canReadPhotos())) return;
    queryOne("#saved")?.setAttribute("accept", "text/plain,.txt,image/*");
    queryOne("label[for=saved]")?.replaceChildren(translate(this.offlineForm, "return-file-photo"));
  }

  /** Opens the receipt in a saved file or in a photo. */
  private async openSaved(input: HTMLInputElement): Promise<void> {
    const text = await readSavedReceipt(input.files![0]!).catch(() => null);
    // The page does not show the name of the file any more.
    input.value = "";
    if (text === null || text === undefined) {
      const key = text === null ? "file-unreadable" : "wrong-receipt-file";
      showErrors(this.offlineForm, [{ target: "saved", text: translate(this.offlineForm, key) }]);
      return;
    }
    queryOne<HTMLTextAreaElement>("textarea[name=receipt]", input.form!)!.value = text;
    await this.open(input.form!);
  }

  /**
   * Opens the mailbox again. A record that does not open is a decoy, or belongs to another receipt.
   */
  private async refreshMailbox(): Promise<"thread" | "nothing" | "damaged"> {
    const before = this.inbox;
    // Members who confirm new keys may have joined since this page was opened. Whether the page
    // asks depends on nothing in the mailbox, so that the request reveals nothing about it.
    if (before || performance.now() > MAX_DIRECTORY_AGE_MS) this.directory = await fetchNewerDirectory(this.directory, this.files.hash);
    const found = await openMailbox(this.receipt!, this.directory);
    leaving.throwIfAborted();
    this.inbox = typeof found === "string" ? undefined : found;
    if (typeof found === "string") return found;
    const isCollected = before?.case !== found.case || this.newest!.seq <= found.sent.seq;
    if (isCollected) this.newest = this.own ? nextAfter(found.sent, this.own) : found.sent;
    return "thread";
  }

  private async sendReply(form: HTMLFormElement): Promise<void> {
    const text = messageIn(form);
    const limit = this.offlineForm.longest.message;
    if (Array.from(text).length > limit) {
      showErrors(this.offlineForm, [{ target: "message", text: translate(this.offlineForm, "wrong-long", { limit }) }]);
      return;
    }
    const files = await collectAttachments(this.offlineForm, form);
    if (files === null) return;
    const releaseToOversight = queryOne<HTMLInputElement>("input[name=kind]", form)?.checked ?? false;
    const named = queryOne<HTMLTextAreaElement>("#earlier", form)?.value.trim() ?? "";
    if (text === "" && files.length === 0 && !releaseToOversight && named === "") {
      showErrors(this.offlineForm, [{ target: "message", text: translate(this.offlineForm, "wrong-message-missing") }]);
      return;
    }
    if (this.showWarnings(form, text)) return;
    const resolveRelatedReport = named === "" ? undefined : await this.relatedReport(named);
    if (resolveRelatedReport === null) return;
    await this.sealAndSend({ content: { text }, files, releaseToOversight, related: resolveRelatedReport });
    this.showThread("sent");
  }

  /** Warns of identifying details, once for each text. Returns whether there is a warning. */
  private showWarnings(form: HTMLFormElement, text: string): boolean {
    const { offlineForm } = this;
    queryOne(".traces")?.remove();
    const found = this.warnedText === text ? [] : identifyingDetails(this.detection(), text);
    this.warnedText = text;
    if (found.length === 0) return false;
    const warnings = found.map(([trace, words]) => ({
      trace,
      words,
      cover: () => {
        const message = queryOne<HTMLTextAreaElement>("#message")!;
        message.value = redact(this.detection(), message.value, trace);
        this.warnedText = "";
        if (!this.showWarnings(form, messageIn(form))) message.focus();
      },
    }));
    const section = renderWarnings(offlineForm, warnings);
    section.append(createElement("p", {}, translate(offlineForm, "reply-again")));
    form.prepend(section);
    queryOne<HTMLElement>(".traces button")?.focus();
    return true;
  }

  /**
   * Looks up the related report that the message names. Returns null, and shows an error, if there
   * is none.
   */
  private async relatedReport(typed: string): Promise<RelatedReport | null> {
    const wrong = (key: string) => {
      showErrors(this.offlineForm, [{ target: "earlier", text: translate(this.offlineForm, key) }]);
      return null;
    };
    let other: Receipt;
    try {
      other = await parseTypedReceipt(this.files, typed, this.offlineForm.word_lists);
    } catch (error) {
      if (!(error instanceof ReceiptError)) throw error;
      return wrong("wrong-earlier");
    }
    if (other.mailboxId() === this.receipt!.mailboxId()) return wrong("wrong-earlier");
    const found = await openMailbox(other, this.directory);
    if (typeof found === "string") return wrong(`wrong-earlier-${found}`);
    return relatedReport(found.case, this.inbox!.case, other.signingKey());
  }

  /** Opens the own copy that the reporter chose. The file is read on the device and not sent. */
  private async openOwn(input: HTMLInputElement): Promise<void> {
    const file = input.files![0]!;
    let bytes: Uint8Array | undefined;
    try {
      if (file.size > MAX_OWN_COPY_LEN) throw new OwnCopyError("too long");
      bytes = new Uint8Array(await file.arrayBuffer());
      this.own = await openOwnCopy(this.receipt!, bytes, this.inbox!);
      this.newest = nextAfter(this.newest!, this.own);
      this.newCopy = undefined;
    } catch (error) {
      const isWrong = error instanceof OwnCopyError;
      if (!isWrong && bytes) throw error;
      input.value = "";
      const key = isWrong ? "own-wrong" : "file-unreadable";
      showErrors(this.offlineForm, [{ target: "copy", text: translate(this.offlineForm, key) }]);
      return;
    }
    preserveInput(() => this.showThread("thread"));
    queryOne<HTMLElement>("ol.messages li.own")?.scrollIntoView();
  }

  /** Adds a message that was sent to the opened copy, which the reporter can save again. */
  private async extendOwnCopy(frame: Bytes): Promise<void> {
    const { own, receipt, inbox } = this;
    if (!own) return;
    const frames = [...own.frames, frame];
    // Without the messages between, the copy would be refused as one with a gap.
    const extended = await sealOwnCopy(receipt!, frames).then((sealed) => openOwnCopy(receipt!, sealed, inbox!).then((read) => ({ read, sealed }), () => undefined));
    if (extended) [this.own, this.newCopy] = [extended.read, extended.sealed];
  }

  /** Shows what the opened copy contains, and offers the one with the message that was sent. */
  private showOwnCopy(page: "thread" | "sent"): void {
    const { own, newCopy, newest, offlineForm } = this;
    const place = queryOne("details.own-copy");
    if (!own || !place) return;
    if (!containsMessage(own, newest!)) place.before(createElement("p", { class: "careful" }, translate(offlineForm, "own-older")));
    if (newCopy && page === "sent") queryOne(".done")?.append(...offerOwnCopy(offlineForm, newCopy));
  }

  private showThread(page: "thread" | "sent"): void {
    const { offlineForm } = this;
    const inbox = this.inbox!;
    const { header } = inbox;
    const draft = this.draft();
    showPage(offlineForm, offlineForm.pages[page], "seal-here-reply");
    const state = stateLines(offlineForm, inbox);
    // The page after sending says so already.
    if (this.newest!.seq > inbox.sent.seq && page === "thread") state.push(createElement("p", {}, translate(offlineForm, "thread-uncollected")));
    queryOne(".state")?.replaceChildren(...state);
    showMessages(offlineForm, inbox.messages, this.own?.messages);
    this.showOwnCopy(page);
    const findings = findingTexts(offlineForm, inbox).map((text) => createElement("p", { class: "careful", role: "alert" }, text));
    queryOne("h1")?.before(...findings);
    if (header.released_to_oversight || header.oversight_asked) queryOne("input[name=kind]")?.closest(".q")?.remove();
    // A key without a valid signature may belong to an attacker. The form stays for the buttons
    // that refresh the mailbox and change the language.
    if (!inbox.canWrite) queryOne("details.add")?.remove();
    else if (this.facts.hasAnswers()) {
      const summary = queryOne("details.add > summary")!;
      summary.after(createElement("p", { class: "careful" }, translate(offlineForm, "add-unsent")));
      unfold(summary);
    }
    if (!inbox.canWrite) queryAll("form[action$='/return/send']").forEach((form) => form.replaceChildren(...this.readOnlyDraft(draft)));
  }

  /** Returns the message on the page, whether it can be sent now or not. */
  private draft(): string {
    return queryOne<HTMLTextAreaElement>("#message", this.facts.hiddenThread ?? document)?.value.trim() ?? "";
  }

  /** Returns the draft for copying, if there is one: it cannot be sent now. */
  private readOnlyDraft(draft: string): HTMLElement[] {
    if (draft === "") return [];
    const text = createElement("textarea", { id: "message", name: "message", rows: "6", autocomplete: "off", autocorrect: "off", autocapitalize: "off", spellcheck: "false", readonly: "" }, draft);
    return [createElement("p", {}, createElement("label", { for: "message" }, translate(this.offlineForm, "held-text"))), text];
  }
}
