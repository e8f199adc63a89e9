// The way to a report, in the browser alone: from "before you start" to the receipt.
import { concat, random, utf8 } from "../bytes.ts";
import type { VerifiedDirectory } from "../directory.ts";
import { type ReportSecrets, deriveReportSecrets } from "../report_secrets.ts";
import type { Receipt } from "../receipt.ts";
import { encodeReportBody, sealReport } from "../report.ts";
import { SubmissionTooLargeError } from "../submission.ts";
import { ReportAnswers, type ValidationError, type ComposedReport, type FormStep } from "./answers.ts";
import { collectAttachments, watchFiles } from "./attachments.ts";
import { FileSelection } from "./selected_files.ts";
import { queryAll, showErrors, createElement, queryOne, showSealingNotice, showPage, submitUrl } from "./dom.ts";
import { type OfflineForm, fetchOfflineForm, isoWeek, translate } from "./offline_form.ts";
import { showReaders } from "./readers.ts";
import { showReceipt } from "./receipt_page.ts";
import { UploadRejectedError, UploadCancelledError, uploadWithRetry } from "./upload.ts";
import { fetchWordList } from "./service.ts";
import { type Stored, answerInWords } from "./submission_receipt.ts";
import { renderWarnings } from "./warnings.ts";

export class ReportPages {
  private readonly answers = new ReportAnswers();
  private step: FormStep;
  /** Has the reporter left in a hurry? */
  private left = false;
  /** The sentence that says who seals. */
  private readonly sealing: string;
  /** Drawn once: sending the same again is the same report. */
  private readonly seed = random(32);
  private busy = false;
  private sent = false;
  /** Shown until the reporter confirms that it is noted: nobody else has it. */
  private receipt: Receipt | undefined;
  /** What was chosen on the review page, so that walking back and another language lose no file. */
  private readonly chosen = new FileSelection();
  /** Steps as they were walked; the history holds places in it and nothing else. */
  private readonly walked: FormStep[];

  constructor(
    private kit: OfflineForm,
    private readonly directory: VerifiedDirectory,
  ) {
    const form = queryOne<HTMLFormElement>("form#f")!;
    this.step = shownStep(form);
    this.walked = [this.step];
    this.answers.adopt(form);
    this.sealing = this.answers.hasChosen() ? "seal-here-text" : "seal-here";
    history.replaceState({ at: 0 }, "");
    addEventListener("popstate", (event) => this.goBack(event.state as { at?: number } | null));
    addEventListener("beforeunload", (event) => {
      if (this.hasUnsavedInput()) event.preventDefault();
    });
    document.addEventListener("click", (event) => {
      if (this.receipt && (event.target as Element).closest("a.noted")) this.receipt = undefined;
    });
    watchFiles(() => this.kit);
    // The page stays as it is, with what is being typed into it.
    showSealingNotice(kit, this.sealing);
  }

  /** Can this page still be taken over? What the server has read cannot be taken back, and is not to be called sealed here. */
  static canHydrate(): boolean {
    const form = queryOne<HTMLFormElement>("form#f");
    return form !== null && !ReportAnswers.hasInput(form);
  }

  /** Takes over a form that was sent; false for one that is none of its own. */
  submit(form: HTMLFormElement, button: HTMLElement | null): boolean {
    const target = submitUrl(form, button);
    const [, lang, page, last] = target.pathname.split("/");
    if (page !== "report") return false;
    if (this.busy || this.sent) return true;
    this.answers.captureFields(form);
    const go = button?.getAttribute("name") === "go" ? button.getAttribute("value") : null;
    if (lang !== this.kit.lang) void this.switchLanguage(lang!);
    else if (last === "send" && go === null) void this.send(form);
    else this.goTo(this.answers.advance(this.kit, go ?? "questions"), target.hash);
    return true;
  }

  /** Forgets everything; returns how many steps the history has of this page. */
  leave(): number {
    this.answers.clear();
    this.chosen.clear();
    this.receipt = undefined;
    this.left = this.sent = true;
    return (history.state as { at?: number } | null)?.at ?? 0;
  }

  private hasUnsavedInput(): boolean {
    if (this.receipt) return true;
    if (this.sent) return false;
    const form = queryOne<HTMLFormElement>("form#f");
    if (form) this.answers.captureFields(form);
    this.chosen.captureFromInput();
    return this.answers.hasText() || this.chosen.hasFiles();
  }

  private goBack(state: { at?: number } | null): void {
    if (this.busy || this.left) return;
    if (this.receipt) return this.showQuickExitReminder();
    const form = queryOne<HTMLFormElement>("form#f");
    if (form) this.answers.captureFields(form);
    const step = this.sent ? undefined : this.walked[state?.at ?? 0];
    if (step === undefined) location.reload();
    else this.show(step);
  }

  /** Back does not take the receipt away; it asks for it to be noted. */
  private showQuickExitReminder(): void {
    history.pushState({ at: this.walked.length - 1 }, "");
    const button = queryOne<HTMLElement>("a.noted");
    queryOne(".remind")?.remove();
    button?.parentElement?.before(createElement("p", { class: "careful remind", role: "alert" }, translate(this.kit, "receipt-still")));
    button?.focus();
  }

  private goTo(step: FormStep, hash = ""): void {
    this.walked.push(step);
    history.pushState({ at: this.walked.length - 1 }, "");
    this.show(step);
    if (hash !== "") queryOne<HTMLElement>(hash)?.focus();
  }

  private async switchLanguage(lang: string): Promise<void> {
    this.kit = await fetchOfflineForm(lang);
    this.show(this.step);
  }

  private show(step: FormStep): void {
    this.chosen.captureFromInput();
    if (step === "review") {
      const report = this.answers.report(this.kit);
      if (Array.isArray(report)) return this.showQuestions(report);
    }
    this.step = step;
    const { family, category } = this.answers;
    const name = step === "category" ? `family.${family}` : step === "questions" ? `category.${category}` : step;
    showPage(this.kit, this.kit.pages[name]!, this.sealing);
    if (step === "category") this.sortCategories();
    if (step === "questions") this.fillFields();
    if (step === "review") {
      this.fillReview();
      this.chosen.restoreToInput();
    }
  }

  private showQuestions(wrong: ValidationError[]): void {
    this.show("questions");
    const text = ({ question, problem, limit }: ValidationError) =>
      problem === "missing"
        ? translate(this.kit, "wrong-story-missing")
        : `${this.kit.questions[question]!.label} – ${translate(this.kit, "wrong-long", { limit })}`;
    showErrors(
      this.kit,
      wrong.map((complaint) => ({ target: `q-${complaint.question}`, text: text(complaint) })),
    );
  }

  /** Those that this audience usually reports come first; none is left out. */
  private sortCategories(): void {
    const list = queryOne("ul.cards");
    const usual = (card: Element) => {
      const go = queryOne("button", card)?.getAttribute("value") ?? "";
      return this.kit.categories[go.replace("category.", "")]?.audience.includes(this.answers.audience) ?? false;
    };
    const cards = queryAll("li:not(.unsure)", list!);
    const [first, rest] = [cards.filter(usual), cards.filter((card) => !usual(card))];
    list?.prepend(...first, ...rest);
  }

  private fillFields(): void {
    for (const field of queryAll<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>("[name^='a.'], [name^='d.']")) {
      const values = this.answers.values(field.name);
      if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = values.includes(field.value);
      else field.value = values[0] ?? "";
      if (values.length > 0) field.closest("details.part, details")?.setAttribute("open", "");
    }
  }

  private fillReview(): void {
    const { kit, answers } = this;
    const category = kit.categories[answers.category]!;
    const audience = kit.audiences[answers.audience];
    const rows = [this.reviewRow(translate(kit, "review-category"), [category.label], "family", "")];
    if (audience !== undefined) rows.push(this.reviewRow(translate(kit, "review-audience"), [audience], "audience", ""));
    for (const id of category.questions) {
      const lines = answers.answerLines(kit, id);
      if (lines.length > 0) rows.push(this.reviewRow(kit.questions[id]!.label, lines, "questions", id));
    }
    queryOne("dl.given")?.replaceChildren(...rows);
    this.showWarnings();
    const report = answers.report(kit);
    if (!Array.isArray(report)) showReaders(kit, this.directory, report);
    queryOne(".danger")?.toggleAttribute("hidden", Array.isArray(report) || report.urgency !== "P1");
  }

  private showWarnings(): void {
    const { kit } = this;
    queryOne(".traces")?.remove();
    const pointed = this.answers.warnings(kit).map(({ trace, question, words }) => ({
      trace,
      words,
      // The page stays, with the files that were chosen on it.
      cover: () => {
        this.answers.redact(kit, trace, question);
        this.fillReview();
        (queryOne<HTMLElement>(".traces button") ?? queryOne<HTMLElement>("main"))?.focus();
      },
      beside: this.changeButton("questions", question, translate(kit, `guard-${trace}`)),
    }));
    if (pointed.length > 0) queryOne("form#f")?.prepend(renderWarnings(kit, pointed));
  }

  private changeButton(go: string, id: string, label: string): HTMLElement {
    const words = translate(this.kit, "change");
    const place = id === "" ? "" : `#q-${id}`;
    const formaction = `/${this.kit.lang}/report${place}`;
    const button = createElement("button", { class: "change", formaction, name: "go", value: go, "aria-label": `${words} – ${label}` });
    button.append(words);
    return button;
  }

  private reviewRow(label: string, lines: string[], go: string, id: string): HTMLElement {
    const story = this.kit.questions[id]?.kind === "long_text";
    const change = this.changeButton(go, id, label);
    const said = createElement("dd", {}, ...lines.map((line) => createElement("p", story ? { class: "story", dir: "auto" } : { dir: "auto" }, line)));
    return createElement("div", {}, createElement("dt", {}, label), said, createElement("dd", {}, change));
  }

  private async send(form: HTMLFormElement): Promise<void> {
    const report = this.answers.report(this.kit);
    if (Array.isArray(report)) return this.showQuestions(report);
    this.busy = true;
    // Asked for while the report is on its way: the line may be gone afterwards.
    const words = fetchWordList(this.kit.lang).catch(() => undefined);
    const buttons = queryAll<HTMLButtonElement>("button");
    buttons.forEach((button) => (button.disabled = true));
    const place = queryAll(".buttons", form).at(-1)!;
    try {
      const { receipt, stored } = await this.seal(report, form, place);
      this.answers.clear();
      this.chosen.clear();
      this.sent = true;
      this.receipt = receipt;
      void showReceipt(this.kit, this.sealing, receipt, words, answerInWords(this.kit, stored));
    } catch (error) {
      buttons.forEach((button) => (button.disabled = false));
      if (error instanceof UploadCancelledError) return;
      const key = error instanceof SubmissionTooLargeError ? "send-too-large" : "send-failed";
      showErrors(this.kit, [{ target: error instanceof SubmissionTooLargeError ? "files" : "main", text: translate(this.kit, key) }]);
      if (!(error instanceof SubmissionTooLargeError || error instanceof UploadRejectedError)) throw error;
    } finally {
      this.busy = false;
    }
  }

  private async seal(report: ComposedReport, form: HTMLFormElement, place: Element): Promise<{ receipt: Receipt; stored: Stored }> {
    const note = createElement("p", { class: "sending", role: "status" }, translate(this.kit, "send-sealing"));
    place.after(note);
    // One turn for the browser to show it.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { lang } = this.kit;
    const filed = deriveReportSecrets(this.seed, concat(utf8(lang), new Uint8Array(1), encodeReportBody(report.body)));
    const sealed = await this.sealed(report, filed, form).finally(() => note.remove());
    return { receipt: filed.receipt, stored: await uploadWithRetry(this.kit, sealed, place) };
  }

  private async sealed(report: ComposedReport, filed: ReportSecrets, form: HTMLFormElement): Promise<Blob> {
    const files = await collectAttachments(this.kit, form);
    // The reporter has been asked something.
    if (files === null) throw new UploadCancelledError();
    return sealReport(this.directory, filed, { ...report, lang: this.kit.lang, week: isoWeek(new Date()), files });
  }
}

/** The step that the server shows: whoever was faster than this script goes on from there. */
function shownStep(form: HTMLFormElement): FormStep {
  if (queryOne("[name^='a.']", form)) return "questions";
  const steps: FormStep[] = ["category", "family", "audience"];
  return steps.find((step) => queryOne(`button[value^='${step}.']`, form)) ?? "before";
}
