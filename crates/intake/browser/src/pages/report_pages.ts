// The pages of a report in the browser, from the first choice to the receipt.
import { random } from "../bytes.ts";
import type { VerifiedDirectory } from "../directory.ts";
import type { Receipt } from "../receipt.ts";
import { FORM_STEPS, ReportAnswers, type ValidationError, type FormStep } from "./answers.ts";
import { fillAnswers, showDependent } from "./answer_fields.ts";
import { offerDraft } from "./draft_offer.ts";
import { FRAGMENT } from "./draft_address.ts";
import { FileSelection } from "./selected_files.ts";
import { queryAll, showErrors, createElement, queryOne, showSealingNotice, showPage, submitUrl, unfold } from "./dom.ts";
import { isProgramFailure, showFailure } from "./failure.ts";
import { LanguageSwitch } from "./language_switch.ts";
import { type OfflineForm, translate } from "./offline_form.ts";
import { type ProgramModules, loadModule } from "./modules.ts";
import { preserveFocus } from "./preserve_input.ts";
import type { ProgramFiles } from "./program_files.ts";
import { showReaders } from "./readers.ts";
import { ReceiptWords } from "./receipt_words.ts";
import { isOption, sealingKey } from "./server_form.ts";
import { fetchWordList, fetchWordLists } from "./service.ts";
import { SpokenStory } from "./spoken_story.ts";
import { renderWarnings } from "./warnings.ts";

/**
 * What happens with the report: it is written, it is sealed and sent, it is stored, or the reporter
 * has left. Sending can fail, and then the report is written again.
 */
type Phase = "writing" | "sending" | "sent" | "left";

/** What a step offers to do with a draft. The page of the cases has nothing to keep. */
const DRAFT_PURPOSES: Record<FormStep, "keep" | "continue" | undefined> = { subject: "continue", case: undefined, tell: "keep", facts: "keep", review: "keep" };

export class ReportPages {
  private readonly answers = new ReportAnswers();
  private step: FormStep;
  private phase: Phase = "writing";
  /** The key of the sentence that states who seals. */
  private readonly sealing: string;
  /** Drawn once, so that sending the same content again is the same report. */
  private readonly seed = random(32);
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
  /** The fragment of an address with a draft that is not opened yet, or empty. */
  private draft = draftIn(location.hash);
  private readonly language: LanguageSwitch;
  /** The steps in the history of this page. Its entries contain only their index. */
  private readonly visited: FormStep[];
  /** The index of the entry that is shown. */
  private at = 0;

  constructor(
    /** The form in the language of the page. */
    public offlineForm: OfflineForm,
    private readonly directory: VerifiedDirectory,
    private readonly files: ProgramFiles,
  ) {
    this.words = new ReceiptWords(files);
    this.language = new LanguageSwitch(files);
    const form = queryOne<HTMLFormElement>("form#f")!;
    this.step = shownStep(form);
    this.visited = [this.step];
    this.answers.adopt(form);
    this.sealing = sealingKey(form);
    history.replaceState({ at: 0 }, "");
    addEventListener("popstate", ({ state }) => {
      try {
        if (state === null) this.adoptAddress();
        else this.goBack((state as { at?: number }).at ?? 0);
      } catch (error) {
        showFailure(this.offlineForm, error);
      }
    });
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
      showDependent(this.offlineForm, this.answers);
    });
    // The page stays unchanged, with the text that is being typed.
    showSealingNotice(offlineForm, this.sealing);
    this.answers.captureFields(form);
    showDependent(this.offlineForm, this.answers);
    void this.spoken.show(offlineForm).catch(() => undefined);
  }

  /** Watches the chosen files with the module that seals, which is loaded after the page. */
  watchFiles({ watchFiles }: ProgramModules["seal"]): void {
    watchFiles(() => this.offlineForm);
  }

  /** Handles a submitted form. */
  submit(form: HTMLFormElement, button: HTMLElement | null): void {
    const target = submitUrl(form, button);
    const [, lang, page, last] = target.pathname.split("/");
    if (page !== "report") throw new Error("a form of another page");
    if (this.phase !== "writing") return;
    this.captureFields(form);
    const go = button?.getAttribute("name") === "go" ? button.getAttribute("value") : null;
    if (lang !== this.offlineForm.lang) void this.language.to(lang!, this.offlineForm, (offlineForm) => this.showIn(offlineForm));
    else if (last === "send" && go === null) void this.send(form);
    else this.goTo(this.answers.advance(this.offlineForm, go ?? "tell"), /^(?:tell|facts)\.(.*)/.exec(go ?? "")?.[1]);
  }

  /** Loads the words of receipts, for which the texts are searched. */
  async loadWords(): Promise<void> {
    const { length } = this.words.lists;
    await this.words.load(this.offlineForm.lang);
    const { lists } = this.words;
    if (this.step !== "review" || this.phase !== "writing" || lists.length === length) return;
    if (this.answers.warnings(this.offlineForm, lists).some(({ trace }) => trace === "receipt")) this.showWarnings();
  }

  /** Clears all state. The script of the quick exit goes back in the history. */
  leave(): void {
    this.answers.clear();
    this.chosen.clear();
    this.spoken.clear();
    this.receipt = undefined;
    this.draft = "";
    this.language.cancel();
    this.phase = "left";
  }

  private hasUnsavedInput(): boolean {
    if (this.receipt) return true;
    if (this.phase === "sent" || this.phase === "left") return false;
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

  private goBack(at: number): void {
    if (this.phase === "left") return;
    if (this.receipt) return this.showQuickExitReminder();
    // While the report is sent, the page stays.
    if (this.phase === "sending") return this.pushEntry();
    const form = queryOne<HTMLFormElement>("form#f");
    if (form) this.captureFields(form);
    const step = this.phase === "sent" ? undefined : this.visited[at];
    if (step === undefined) return location.reload();
    this.at = at;
    this.show(step);
  }

  /**
   * The reporter followed a link within the page, or changed the fragment of the address: the step
   * and the text stay. A draft in the address is offered.
   */
  private adoptAddress(): void {
    if (this.phase === "left") return;
    const draft = draftIn(location.hash);
    this.visited.length = this.at + 1;
    this.at = this.visited.push(this.step) - 1;
    history.replaceState({ at: this.at }, "");
    if (draft === "") return;
    if (this.phase !== "writing") return removeFragment();
    this.draft = draft;
    if (!this.offersDrafts) return;
    this.offerDraft("continue");
    queryOne<HTMLElement>("details.draft summary")?.focus();
  }

  private pushEntry(): void {
    history.pushState({ at: this.at }, "", location.pathname + location.search);
  }

  /** Back does not remove the receipt. The page asks the reporter to note it. */
  private showQuickExitReminder(): void {
    this.pushEntry();
    const button = queryOne<HTMLElement>(".confirm > summary");
    queryOne(".remind")?.remove();
    button?.parentElement?.before(createElement("p", { class: "careful remind", role: "alert" }, translate(this.offlineForm, "receipt-still")));
    button?.focus();
  }

  private goTo(step: FormStep, question?: string): void {
    // The address of a draft stays in no entry of the history.
    removeFragment();
    // A new entry of the history removes those after the present one.
    this.visited.length = this.at + 1;
    this.at = this.visited.push(step) - 1;
    this.pushEntry();
    this.show(step);
    const field = question === undefined ? null : document.getElementById(`q-${question}`);
    if (field) unfold(field);
    field?.focus();
  }

  /** Shows the step in another language, with what was typed while its form was loading. */
  private showIn(offlineForm: OfflineForm): void {
    const form = queryOne<HTMLFormElement>("form#f");
    if (form) this.captureFields(form);
    this.offlineForm = offlineForm;
    preserveFocus(() => this.show(this.step));
  }

  private show(step: FormStep): void {
    this.chosen.captureFromInput();
    if (step === "review") {
      const report = this.answers.report(this.offlineForm, this.spoken);
      if (Array.isArray(report)) return this.showQuestions(report);
    }
    showPage(this.offlineForm, this.offlineForm.pages[this.pageName(step)], this.sealing);
    this.step = step;
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
  offerDrafts(): void {
    this.offersDrafts = true;
    this.offerDraft();
  }

  /** Offers to continue a draft on the first page, and to keep one on the pages with answers. */
  private offerDraft(purpose = DRAFT_PURPOSES[this.step]): void {
    if (!purpose) return;
    const failed = (error: unknown): never => {
      if (isProgramFailure(error)) showFailure(this.offlineForm, error);
      throw error;
    };
    offerDraft(purpose, this.draft, {
      text: (key, values) => translate(this.offlineForm, key, values),
      content: () => {
        this.captureFields(queryOne<HTMLFormElement>("form#f")!);
        return this.answers.snapshot(this.step);
      },
      restore: (draft) => {
        this.draft = "";
        this.goTo(this.answers.restore(this.offlineForm, draft));
      },
      fetchWords: () => fetchWordList(this.files, this.offlineForm.lang),
      fetchLists: () => fetchWordLists(this.files, this.offlineForm.word_lists).catch(failed),
      failed,
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
    fillAnswers(this.offlineForm, this.answers);
    const audience = queryAll<HTMLInputElement>("input[type=radio][name=audience]").find(({ value }) => value !== "" && value === this.answers.audience);
    if (audience) {
      audience.checked = true;
      unfold(audience);
    }
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
    // Another language would replace the page of the report that is sent, or its receipt.
    this.language.cancel();
    const buttons = queryAll<HTMLButtonElement>("button");
    try {
      const report = this.answers.report(this.offlineForm, this.spoken);
      if (Array.isArray(report)) return this.showQuestions(report);
      this.phase = "sending";
      buttons.forEach((button) => (button.disabled = true));
      const { offlineForm, directory, files, seed, spoken, wantsCopy } = this;
      const { sendReport, showReceipt } = await loadModule("seal");
      const sent = await sendReport({ offlineForm, directory, files, seed, report, spoken, wantsCopy, form });
      if (sent === null) return;
      this.phase = "sent";
      this.receipt = sent.receipt;
      this.answers.clear();
      this.chosen.clear();
      this.spoken.clear();
      this.draft = "";
      removeFragment();
      showReceipt(offlineForm, files, this.sealing, sent).catch((error: unknown) => showFailure(offlineForm, error));
    } catch (error) {
      showFailure(this.offlineForm, error, "send-failed");
    } finally {
      if (this.phase === "sending") this.phase = "writing";
      if (this.phase === "writing") buttons.forEach((button) => (button.disabled = false));
    }
  }
}

/** Returns the fragment of an address if it contains a draft, or else nothing. */
const draftIn = (fragment: string): string => (fragment.startsWith(FRAGMENT) ? fragment : "");

/** Removes the fragment from the address of the present entry of the history. */
function removeFragment(): void {
  if (location.hash !== "") history.replaceState(history.state, "", location.pathname + location.search);
}

/**
 * Returns the step that the server shows. A reporter who was faster than this script continues from
 * there.
 */
function shownStep(form: HTMLFormElement): FormStep {
  const step = form.dataset["step"] ?? "";
  return FORM_STEPS.includes(step) ? (step as FormStep) : "subject";
}
