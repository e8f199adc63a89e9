// The pages on which a returning reporter adds facts to a report: the choice of a subject and a
// case, and the questions of that case. They are those of the form, for another address.
import type { Detection } from "../identifying_details.ts";
import { type ComposedFacts, type FormStep, ReportAnswers, type ValidationError, canBeAdded } from "./answers.ts";
import { fillAnswers, showDependent } from "./answer_fields.ts";
import { createElement, parsePage, queryAll, queryOne, showErrors, showPage, showSealingNotice, unfold } from "./dom.ts";
import { type OfflineForm, translate } from "./offline_form.ts";
import { isOption } from "./server_form.ts";
import { renderWarnings } from "./warnings.ts";

/** The key of the sentence that states who seals. */
const SEAL = "seal-here-reply";
/** The steps of these pages. All questions are on the last one. */
type FactsStep = Extract<FormStep, "subject" | "case" | "facts">;

export class AddedFacts {
  private readonly answers = new ReportAnswers();
  /** The form in the language of the pages, once one was shown. */
  private offlineForm: OfflineForm | undefined;
  /** The page of the conversation with its input, while the pages of the facts are shown. */
  private thread: HTMLElement | undefined;
  private step: FactsStep = "subject";
  /** The facts that the reporter was already warned about. */
  private warned = "";
  /** The steps in the history of this page, `undefined` for the conversation. */
  private readonly visited: (FactsStep | undefined)[] = [undefined];
  /** The index of the entry that is shown. The script of the quick exit reads it. */
  private at = 0;

  constructor() {
    history.replaceState({ at: 0 }, "");
    document.addEventListener("change", ({ target }) => {
      const changed = target as HTMLInputElement;
      if (!this.isOpen || !changed.form || !(isOption(changed) || changed instanceof HTMLSelectElement)) return;
      this.answers.captureFields(changed.form);
      showDependent(this.offlineForm!, this.answers);
    });
  }

  get isOpen(): boolean {
    return this.thread !== undefined;
  }

  /** Returns the page of the conversation while another one is shown. */
  get hiddenThread(): HTMLElement | undefined {
    return this.thread;
  }

  /** Returns whether there is an answer that the reporter would lose. */
  hasAnswers(): boolean {
    this.capture();
    return this.answers.hasText();
  }

  /** Forgets everything. */
  clear(): void {
    this.answers.clear();
    this.thread = undefined;
    this.warned = "";
  }

  /** Forgets the answers. Back leads to none of their pages any more. */
  clearAnswers(): void {
    this.answers.clear();
    this.warned = "";
    this.visited.fill(undefined);
  }

  private capture(): void {
    const form = queryOne<HTMLFormElement>("form#f");
    if (form && this.isOpen) this.answers.captureFields(form);
  }

  /** Shows the page to which a button leads, as an entry of its own in the history. */
  go(offlineForm: OfflineForm, go: string): void {
    this.capture();
    const step = asFactsStep(this.answers.advance(offlineForm, go));
    this.show(offlineForm, step);
    this.pushEntry(step);
  }

  /** Leads back to the conversation, as an entry of its own in the history. */
  goBack(): void {
    this.close();
    this.pushEntry(undefined);
  }

  private pushEntry(step: FactsStep | undefined): void {
    this.visited.length = this.at + 1;
    this.at = this.visited.push(step) - 1;
    history.pushState({ at: this.at }, "", location.pathname + location.search);
  }

  /**
   * Follows Back and Forward. Returns the step of an entry of the history, or `undefined` for the
   * conversation.
   */
  stepAt(at: number): FactsStep | undefined {
    this.capture();
    this.at = at;
    const step = this.visited[at];
    return step && asFactsStep(this.answers.reachable(this.offlineForm!, step));
  }

  /** Shows a step, with the answers. */
  show(offlineForm: OfflineForm, step = this.step): void {
    this.capture();
    const { family, category } = this.answers;
    const page = step === "subject" ? step : step === "case" ? `case.${family}` : `facts.${category}`;
    if (!this.thread) {
      // The page keeps its input, and the files that were chosen.
      this.thread = createElement("div");
      this.thread.append(...document.body.childNodes);
    }
    this.offlineForm = offlineForm;
    this.step = step;
    showPage(offlineForm, offlineForm.pages[page], SEAL);
    this.adaptPage(offlineForm);
    if (step !== "facts") return;
    this.adaptQuestions(offlineForm);
    fillAnswers(offlineForm, this.answers);
  }

  /** Shows the page of the conversation again, as it was left. */
  close(): void {
    this.capture();
    if (this.thread) document.body.replaceChildren(...this.thread.childNodes);
    this.thread = undefined;
  }

  /** Changes a page of the form to one of a report that was sent. */
  private adaptPage(offlineForm: OfflineForm): void {
    const address = (lang: string) => `/${lang}/return/facts`;
    queryOne("form#f")!.setAttribute("action", address(offlineForm.lang));
    queryAll("[formaction]").forEach((button) => button.setAttribute("formaction", address(button.getAttribute("formaction")!.split("/")[1]!)));
    queryAll(".step, .listen, li:has(> [value=advice]), form#f > [data-browser-seals]").forEach((element) => element.remove());
    const buttons = queryOne("form#f .buttons")!;
    const button = (kind: string, go: string, label: string) => createElement("button", { class: kind, name: "go", value: go }, label);
    const before = { subject: "look", case: "subject", facts: "case" }[this.step];
    const back = button("quiet", before, queryAll(".quiet", buttons).at(-1)!.textContent!);
    buttons.replaceChildren(...(this.step === "facts" ? [button("button", "send", translate(offlineForm, "reply-send")), " "] : []), back);
  }

  /** Adds the questions beside the story, and removes those that cannot be answered any more. */
  private adaptQuestions(offlineForm: OfflineForm): void {
    const { category } = this.answers;
    const tell = parsePage(offlineForm, offlineForm.pages[`tell.${category}`]!);
    const quick = createElement("section", { class: "quick" });
    quick.append(...queryAll(".quick .q, form > .q", tell));
    queryOne("form#f .part")?.before(quick);
    queryOne("h1")?.after(createElement("p", { class: "lead" }, offlineForm.categories[category]!.label));
    queryOne("#q-audience")?.closest(".part")?.remove();
    for (const id of offlineForm.categories[category]!.questions) {
      if (!canBeAdded(offlineForm, id)) queryOne(`[name='a.${id}']`)?.closest(".q")?.remove();
    }
    queryAll(".part").forEach((part) => queryOne(".q", part) ?? part.remove());
    // The Enter key presses this button.
    queryOne("button.enter")?.setAttribute("value", "send");
    // The added questions have hints of their own.
    showSealingNotice(offlineForm, SEAL);
  }

  /**
   * Returns the facts of the page. Shows errors or a warning of identifying details instead, and
   * returns `undefined`.
   */
  ready(offlineForm: OfflineForm, detection: Detection): ComposedFacts | undefined {
    this.capture();
    const composed = this.answers.facts(offlineForm);
    if (Array.isArray(composed)) {
      showErrors(offlineForm, composed.map((error) => this.errorOf(offlineForm, error)));
      return undefined;
    }
    if (Object.keys(composed.facts.answers).length === 0) {
      showErrors(offlineForm, [{ target: "main", text: translate(offlineForm, "add-none") }]);
      return undefined;
    }
    return this.showWarnings(offlineForm, detection) ? undefined : composed;
  }

  private errorOf(offlineForm: OfflineForm, { question, problem, limit }: ValidationError): { target: string; text: string } {
    return { target: `q-${question}`, text: `${this.answers.labelOf(offlineForm, question)} – ${translate(offlineForm, `wrong-${problem}`, { limit })}` };
  }

  /** Warns of identifying details, once for the same answers. Returns whether it warns. */
  private showWarnings(offlineForm: OfflineForm, detection: Detection): boolean {
    queryOne(".traces")?.remove();
    const answers = JSON.stringify(this.answers.snapshot("facts"));
    const found = this.warned === answers ? [] : this.answers.warnings(offlineForm, detection.lists);
    this.warned = answers;
    if (found.length === 0) return false;
    const warnings = found.map(({ trace, question, words }) => ({
      trace,
      words,
      cover: () => {
        this.capture();
        this.answers.redact(offlineForm, detection.lists, trace, question);
        fillAnswers(offlineForm, this.answers);
        this.warned = "";
        if (!this.showWarnings(offlineForm, detection)) queryOne<HTMLElement>("main")?.focus();
      },
    }));
    const section = renderWarnings(offlineForm, warnings);
    section.append(createElement("p", {}, translate(offlineForm, "reply-again")));
    queryOne("form#f")!.prepend(section);
    found.forEach(({ question }) => {
      const field = document.getElementById(`q-${question}`);
      if (field) unfold(field);
    });
    queryOne<HTMLElement>(".traces button")?.focus();
    return true;
  }
}

/** All questions of a case are on one page. */
const asFactsStep = (step: FormStep): FactsStep => (step === "subject" || step === "case" ? step : "facts");
