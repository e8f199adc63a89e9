// The pages of a report in the browser, from the first choice to the receipt.
import { random } from "../bytes.ts";
import type { VerifiedDirectory } from "../directory.ts";
import { ProgramMismatchError } from "../program.ts";
import type { Receipt } from "../receipt.ts";
import { refuseIfAltered } from "./altered_program.ts";
import { FORM_STEPS, ReportAnswers, type ValidationError, type FormStep } from "./answers.ts";
import { offerDraft } from "./draft_offer.ts";
import { FileSelection } from "./selected_files.ts";
import { queryAll, showErrors, createElement, queryOne, showOfflineNotice, showSealingNotice, showPage, submitUrl } from "./dom.ts";
import { type OfflineForm, fetchOfflineForm, translate } from "./offline_form.ts";
import { type ProgramModules, loadModule } from "./modules.ts";
import type { ProgramFiles } from "./program_files.ts";
import { showReaders } from "./readers.ts";
import { ReceiptWords } from "./receipt_words.ts";
import { isOption, sealingKey } from "./server_form.ts";
import { fetchWordList, fetchWordLists } from "./service.ts";
import { SpokenStory } from "./spoken_story.ts";
import { renderWarnings } from "./warnings.ts";

export class ReportPages {
  private readonly answers = new ReportAnswers();
  private step: FormStep;
  /** Whether the reporter used the quick exit. */
  private left = false;
  /** The key of the sentence that states who seals. */
  private readonly sealing: string;
  /** Drawn once, so that sending the same content again is the same report. */
  private readonly seed = random(32);
  private busy = false;
  private sent = false;
  /** Shown until the reporter confirms that it is noted, because there is no other copy. */
  private receipt: Receipt | undefined;
  /** The files of the review page, so that going back or changing the language loses none. */
  private readonly chosen = new FileSelection();
  /** The recording, or the choice that the story is in a file. */
  private readonly spoken = new SpokenStory();
  /** Whether the reporter wants an own copy of what is sent. */
  private wantsCopy = false;
  private offersDrafts = false;
  private readonly words: ReceiptWords;
  /** The visited steps. The history contains only indexes into them. */
  private readonly visited: FormStep[];

  constructor(
    private offlineForm: OfflineForm,
    private readonly directory: VerifiedDirectory,
    private readonly files: ProgramFiles,
  ) {
    this.words = new ReceiptWords(files);
    const form = queryOne<HTMLFormElement>("form#f")!;
    this.step = shownStep(form);
    this.visited = [this.step];
    this.answers.adopt(form);
    this.sealing = sealingKey(form);
    history.replaceState({ at: 0 }, "");
    addEventListener("popstate", (event) => this.goBack(event.state as { at?: number } | null));
    addEventListener("beforeunload", (event) => {
      if (this.hasUnsavedInput()) event.preventDefault();
    });
    document.addEventListener("click", (event) => {
      if (this.receipt && (event.target as Element).closest("a.noted")) this.receipt = undefined;
    });
    document.addEventListener("change", (event) => {
      const changed = event.target as HTMLInputElement;
      if (!isOption(changed) && !(changed instanceof HTMLSelectElement)) return;
      if (changed.form) this.answers.captureFields(changed.form);
      this.showDependent();
    });
    // The page stays unchanged, with the text that is being typed.
    showSealingNotice(offlineForm, this.sealing);
    this.answers.captureFields(form);
    this.showDependent();
    void this.spoken.show(offlineForm).catch(() => undefined);
  }

  /** Watches the chosen files with the module that seals, which is loaded after the page. */
  watchFiles({ watchFiles }: ProgramModules["seal"]): void {
    watchFiles(() => this.offlineForm);
  }

  /** Handles a submitted form. Returns false for a form of another page. */
  submit(form: HTMLFormElement, button: HTMLElement | null): boolean {
    const target = submitUrl(form, button);
    const [, lang, page, last] = target.pathname.split("/");
    if (page !== "report") return false;
    if (this.busy || this.sent) return true;
    this.captureFields(form);
    const go = button?.getAttribute("name") === "go" ? button.getAttribute("value") : null;
    if (lang !== this.offlineForm.lang) void this.switchLanguage(lang!);
    else if (last === "send" && go === null) void this.send(form);
    else this.goTo(this.answers.advance(this.offlineForm, go ?? "tell"), /^(?:tell|facts)\.(.*)/.exec(go ?? "")?.[1]);
    return true;
  }

  /** Loads the words of receipts, for which the texts are searched. */
  async loadWords(): Promise<void> {
    const { length } = this.words.lists;
    await this.words.load(this.offlineForm.lang);
    const { lists } = this.words;
    if (this.step !== "review" || this.sent || lists.length === length) return;
    if (this.answers.warnings(this.offlineForm, lists).some(({ trace }) => trace === "receipt")) this.showWarnings();
  }

  /** Clears all state. The script of the quick exit goes back in the history. */
  leave(): void {
    this.answers.clear();
    this.chosen.clear();
    this.spoken.clear();
    this.receipt = undefined;
    this.left = this.sent = true;
  }

  private hasUnsavedInput(): boolean {
    if (this.receipt) return true;
    if (this.sent) return false;
    const form = queryOne<HTMLFormElement>("form#f");
    if (form) this.captureFields(form);
    this.chosen.captureFromInput();
    return this.answers.hasText() || this.chosen.hasFiles() || this.spoken.hasRecording;
  }

  private captureFields(form: HTMLFormElement): void {
    this.answers.captureFields(form);
    this.spoken.captureField(form);
    const copy = queryOne<HTMLInputElement>("input[name=copy]", form);
    if (copy) this.wantsCopy = copy.checked;
  }

  private goBack(state: { at?: number } | null): void {
    if (this.busy || this.left) return;
    if (this.receipt) return this.showQuickExitReminder();
    const form = queryOne<HTMLFormElement>("form#f");
    if (form) this.captureFields(form);
    const step = this.sent ? undefined : this.visited[state?.at ?? 0];
    if (step === undefined) location.reload();
    else this.show(step);
  }

  /** Back does not remove the receipt. The page asks the reporter to note it. */
  private showQuickExitReminder(): void {
    history.pushState({ at: this.visited.length - 1 }, "");
    const button = queryOne<HTMLElement>(".confirm > summary");
    queryOne(".remind")?.remove();
    button?.parentElement?.before(createElement("p", { class: "careful remind", role: "alert" }, translate(this.offlineForm, "receipt-still")));
    button?.focus();
  }

  private goTo(step: FormStep, question?: string): void {
    this.visited.push(step);
    history.pushState({ at: this.visited.length - 1 }, "");
    this.show(step);
    if (question !== undefined) document.getElementById(`q-${question}`)?.focus();
  }

  private async switchLanguage(lang: string): Promise<void> {
    try {
      this.offlineForm = await fetchOfflineForm(this.files, lang);
    } catch (error) {
      if (error instanceof ProgramMismatchError) return refuseIfAltered(error, this);
      // The page stays as it is, with everything that was typed into it.
      return showOfflineNotice(this.offlineForm);
    }
    this.show(this.step);
  }

  private show(step: FormStep): void {
    this.chosen.captureFromInput();
    if (step === "review") {
      const report = this.answers.report(this.offlineForm, this.spoken);
      if (Array.isArray(report)) return this.showQuestions(report);
    }
    this.step = step;
    showPage(this.offlineForm, this.offlineForm.pages[this.pageName(step)]!, this.sealing);
    if (step === "tell" || step === "facts") this.fillFields();
    if (step === "review") {
      this.fillReview();
      // Usually it is loaded. Without it, the other rules apply.
      void this.loadWords().catch(() => undefined);
      const copy = queryOne<HTMLInputElement>("input[name=copy]");
      if (copy) {
        copy.checked = this.wantsCopy;
        copy.closest("details")!.open = this.wantsCopy;
      }
      this.chosen.restoreToInput();
    }
    // A module that does not load leaves the choice of a file.
    void this.spoken.show(this.offlineForm).catch(() => undefined);
    if (this.offersDrafts) this.offerDraft();
  }

  /** Offers drafts from now on, because the other part of the form, with their texts, is loaded. */
  offerDrafts(fragment: string): void {
    this.offersDrafts = true;
    this.offerDraft(fragment);
  }

  /** Offers to continue a draft on the first page, and to keep one on the pages with answers. */
  private offerDraft(fragment = ""): void {
    if (this.step === "case") return;
    offerDraft(this.step === "subject" ? "continue" : "keep", fragment, {
      text: (key, values) => translate(this.offlineForm, key, values),
      content: () => {
        this.captureFields(queryOne<HTMLFormElement>("form#f")!);
        return this.answers.snapshot(this.step);
      },
      restore: (draft) => {
        // The address of the draft leaves the history of the tab.
        history.replaceState(history.state, "", location.pathname);
        this.goTo(this.answers.restore(this.offlineForm, draft));
      },
      fetchWords: () => fetchWordList(this.files, this.offlineForm.lang),
      fetchLists: () => fetchWordLists(this.files, this.offlineForm.word_lists),
    });
  }

  /** Returns the name of the page of a step for the chosen subject and case. */
  private pageName(step: FormStep): string {
    const { family, category } = this.answers;
    if (step === "case") return `case.${family}`;
    if (step === "tell" || step === "facts") return `${step}.${category}`;
    return step === "review" && category === this.offlineForm.advice ? "review.advice" : step;
  }

  /** Shows the first page with errors, as the server does. */
  private showQuestions(all: ValidationError[]): void {
    const step = all.some(({ question }) => this.answers.stepOf(this.offlineForm, question) === "tell") ? "tell" : "facts";
    const errors = all.filter(({ question }) => this.answers.stepOf(this.offlineForm, question) === step);
    this.show(step);
    const text = ({ question, problem, limit }: ValidationError) =>
      problem === "missing"
        ? translate(this.offlineForm, "wrong-story-missing")
        : problem === "unheard" || problem === "busy"
          ? translate(this.offlineForm, `wrong-recording-${problem}`)
        : `${this.answers.labelOf(this.offlineForm, question)} – ${translate(this.offlineForm, `wrong-${problem}`, { limit })}`;
    showErrors(
      this.offlineForm,
      errors.map((complaint) => ({ target: `q-${complaint.question}`, text: text(complaint) })),
    );
  }

  private fillFields(): void {
    for (const field of queryAll<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>("[name^='a.'], [name^='d.']")) {
      const values = this.answers.values(field.name);
      if (field instanceof HTMLInputElement && isOption(field)) field.checked = values.includes(field.value);
      else field.value = values[0] ?? "";
      if (values.length > 0) field.closest("details")?.setAttribute("open", "");
    }
    const audience = queryAll<HTMLInputElement>("input[type=radio][name=audience]").find(({ value }) => value !== "" && value === this.answers.audience);
    if (audience) audience.checked = true;
    this.showDependent();
  }

  /** Shows the dependent questions of the page that apply to the answers, and hides the others. */
  private showDependent(): void {
    const asked = this.answers.asked(this.offlineForm);
    for (const field of queryAll<HTMLElement>("[data-depends]")) field.toggleAttribute("hidden", !asked.includes(field.dataset["depends"]!));
  }

  private fillReview(): void {
    const { offlineForm, answers } = this;
    const category = offlineForm.categories[answers.category]!;
    const audience = offlineForm.audiences[answers.audience];
    const rows = [this.reviewRow(translate(offlineForm, "review-category"), [category.label], "subject", "")];
    if (audience !== undefined) rows.push(this.reviewRow(translate(offlineForm, "review-audience"), [audience], "facts", "audience"));
    for (const id of answers.asked(offlineForm)) {
      const lines = answers.answerLines(offlineForm, id);
      if (lines.length > 0) rows.push(this.reviewRow(answers.labelOf(offlineForm, id), lines, answers.stepOf(offlineForm, id), id));
    }
    queryOne("dl.given")?.replaceChildren(...rows);
    this.spoken.showReview(offlineForm, () => this.show("review"));
    this.showWarnings();
    const report = answers.report(offlineForm, this.spoken);
    if (!Array.isArray(report)) showReaders(offlineForm, this.directory, report);
    queryOne(".danger")?.toggleAttribute("hidden", Array.isArray(report) || report.priority !== "P1");
  }

  private showWarnings(): void {
    const { offlineForm } = this;
    queryOne(".traces")?.remove();
    const warnings = this.answers.warnings(offlineForm, this.words.lists).map(({ trace, question, words }) => ({
      trace,
      words,
      // The page stays, with the files chosen on it.
      cover: () => {
        this.answers.redact(offlineForm, this.words.lists, trace, question);
        this.fillReview();
        (queryOne<HTMLElement>(".traces button") ?? queryOne<HTMLElement>("main"))?.focus();
      },
      beside: this.changeButton(this.answers.stepOf(offlineForm, question), question, translate(offlineForm, `guard-${trace}`)),
    }));
    if (warnings.length > 0) queryOne("form#f")?.prepend(renderWarnings(offlineForm, warnings));
  }

  private changeButton(go: string, id: string, label: string): HTMLElement {
    const words = translate(this.offlineForm, "change");
    const formaction = `/${this.offlineForm.lang}/report`;
    const value = id === "" ? go : `${go}.${id}`;
    const button = createElement("button", { class: "change", formaction, name: "go", value, "aria-label": `${words} – ${label}` });
    button.append(words);
    return button;
  }

  private reviewRow(label: string, lines: string[], go: string, id: string): HTMLElement {
    const question = this.offlineForm.questions[id];
    const story = question !== undefined && question.answer === "story";
    const change = this.changeButton(go, id, label);
    const answer = createElement("dd", {}, ...lines.map((line) => createElement("p", story ? { class: "story", dir: "auto" } : { dir: "auto" }, line)));
    return createElement("div", {}, createElement("dt", {}, label), answer, createElement("dd", {}, change));
  }

  private async send(form: HTMLFormElement): Promise<void> {
    const report = this.answers.report(this.offlineForm, this.spoken);
    if (Array.isArray(report)) return this.showQuestions(report);
    this.busy = true;
    const buttons = queryAll<HTMLButtonElement>("button");
    buttons.forEach((button) => (button.disabled = true));
    try {
      const { offlineForm, directory, files, seed, spoken, wantsCopy } = this;
      const { sendReport, showReceipt } = await this.sealingModule();
      const sent = await sendReport({ offlineForm, directory, files, seed, report, spoken, wantsCopy, form });
      if (sent === null) return;
      this.answers.clear();
      this.chosen.clear();
      this.spoken.clear();
      this.sent = true;
      this.receipt = sent.receipt;
      void showReceipt(offlineForm, files, this.sealing, sent);
    } catch (error) {
      refuseIfAltered(error, this);
    } finally {
      if (!this.sent) buttons.forEach((button) => (button.disabled = false));
      this.busy = false;
    }
  }

  /** Returns the module that seals. If it does not load, the page states that sending failed. */
  private sealingModule(): Promise<ProgramModules["seal"]> {
    return loadModule("seal").catch((error: unknown) => {
      if (!(error instanceof ProgramMismatchError)) showErrors(this.offlineForm, [{ target: "main", text: translate(this.offlineForm, "send-failed") }]);
      throw error;
    });
  }
}

/**
 * Returns the step that the server shows. A reporter who was faster than this script continues from
 * there.
 */
function shownStep(form: HTMLFormElement): FormStep {
  const step = form.dataset["step"] ?? "";
  return FORM_STEPS.includes(step) ? (step as FormStep) : "subject";
}
