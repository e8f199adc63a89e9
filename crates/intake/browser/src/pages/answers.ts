// Everything typed so far, in memory only, and what becomes of it.
import { type DetailKind, redact, identifyingDetails } from "../identifying_details.ts";
import type { ReportBody } from "../report.ts";
import type { Urgency } from "../submission.ts";
import { isBlank, normalizeText } from "../text.ts";
import type { OfflineForm, FormQuestion } from "./offline_form.ts";

export type FormStep = "before" | "audience" | "family" | "category" | "questions" | "review";
const FORM_STEPS: readonly string[] = ["before", "audience", "family", "category", "questions", "review"];

/** Something is wrong with the answer to one question. */
export interface ValidationError {
  question: string;
  problem: "missing" | "long";
  limit: number;
}

/** A trace, and in the answer to which question; no words where the answer as a whole is the trace. */
export interface DetailWarning {
  trace: DetailKind;
  question: string;
  words: string[];
}

/** The answer that nobody else knows of it. */
const ONLY_ME = "only_me";

/** Questions that take words. */
const TEXT_KINDS: ReadonlySet<string> = new Set(["text", "sensitive_text", "long_text", "period"]);

/** A report as it is sealed. */
export interface ComposedReport {
  body: ReportBody;
  urgency: Urgency;
}

export class ReportAnswers {
  audience = "";
  family = "";
  category = "";
  private given = new Map<string, string[]>();

  /** What was given to a field, such as `a.story`. */
  values(field: string): readonly string[] {
    return this.given.get(field) ?? [];
  }

  /** Was anything that was typed read by the server, which now shows it or carries it along? */
  static hasInput(form: HTMLFormElement): boolean {
    if (form.getAttribute("action")?.endsWith("/send")) return true;
    const told = (field: HTMLInputElement | HTMLSelectElement): boolean => {
      if (field instanceof HTMLSelectElement) return Array.from(field.options).some((one) => one.defaultSelected && one.value !== "");
      return field.type === "checkbox" ? field.defaultChecked : field.defaultValue.trim() !== "";
    };
    return Array.from(form.elements).filter(isField).some(told);
  }

  /** Goes on from what was chosen on pages of the server. */
  adopt(form: HTMLFormElement): void {
    const value = (name: string) => form.querySelector<HTMLInputElement>(`input[type=hidden][name=${name}]`)?.value ?? "";
    this.audience = value("audience");
    this.family = value("family");
    this.category = value("category");
  }

  hasChosen(): boolean {
    return (this.audience + this.family + this.category) !== "";
  }

  /** Takes in what a page shows; a field that is shown and empty is empty from now on. */
  captureFields(form: HTMLFormElement): void {
    const fields = Array.from(form.elements).filter(isField);
    fields.forEach((field) => this.given.delete(field.name));
    for (const [name, value] of new FormData(form)) {
      if (!isQuestion(name) || typeof value !== "string" || value === "") continue;
      this.given.set(name, [...this.values(name), value]);
    }
  }

  /** Is there anything that would be a pity to lose? */
  hasText(): boolean {
    return [...this.given.values()].flat().some((value) => value.trim() !== "");
  }

  clear(): void {
    this.given.clear();
    this.audience = this.family = this.category = "";
  }

  /** Follows a pressed button, as the server does; steps are never skipped. */
  advance(kit: OfflineForm, go: string): FormStep {
    const [word, choice] = go.split(".", 2) as [string, string | undefined];
    return this.clampStep(kit, this.applyAction(kit, word, choice));
  }

  private applyAction(kit: OfflineForm, word: string, choice: string | undefined): FormStep {
    if (word === "unsure") return this.selectCategory(kit, kit.unsure);
    if (word === "advice") {
      this.selectCategory(kit, kit.advice);
      return "before";
    }
    if (choice === undefined) return FORM_STEPS.includes(word) ? (word as FormStep) : "questions";
    if (word === "category") return this.selectCategory(kit, choice);
    if (word === "family") {
      this.family = choice;
      return "category";
    }
    this.audience = choice;
    // Who asked for advice has a category already.
    return this.category === "" ? "family" : "questions";
  }

  private selectCategory(kit: OfflineForm, category: string): FormStep {
    this.category = category;
    this.family = kit.categories[category]?.family ?? this.family;
    return "questions";
  }

  private clampStep(kit: OfflineForm, wanted: FormStep): FormStep {
    const family = kit.families.includes(this.family);
    if ((wanted === "questions" || wanted === "review") && !(this.category in kit.categories)) return family ? "category" : "family";
    return wanted === "category" && !family ? "family" : wanted;
  }

  /** The report, or what is wrong with it in the order of the questions. */
  report(kit: OfflineForm): ComposedReport | ValidationError[] {
    const category = kit.categories[this.category]!;
    const wrong: ValidationError[] = [];
    const answers: Record<string, string | string[]> = {};
    let story = "";
    for (const id of category.questions) {
      const question = kit.questions[id]!;
      const answer = this.answer(id, question);
      const limit = question.kind === "long_text" ? kit.longest.story : kit.longest.text;
      if (typeof answer === "string" && takesText(question) && [...answer].length > limit) {
        wrong.push({ question: id, problem: "long", limit });
      } else if (question.kind === "long_text") {
        story = answer as string;
        if (story === "" && category.story_required) wrong.push({ question: id, problem: "missing", limit });
      } else if (answer.length > 0) {
        answers[id] = answer;
      }
    }
    if (wrong.length > 0) return wrong;
    const audience = this.audience in kit.audiences ? this.audience : "public";
    return { body: { category: this.category, audience, answers, story }, urgency: urgency(kit, this.category, answers) };
  }

  private answer(id: string, question: FormQuestion): string | string[] {
    const date = normalizeText(this.values(`d.${id}`)[0] ?? "").trim();
    if (question.kind === "period" && !isBlank(date)) return date;
    const values = this.values(`a.${id}`).map((value) => normalizeText(value).trim()).filter((value) => !isBlank(value));
    return question.kind === "multi" || question.kind === "exclude_desks" ? values : (values[0] ?? "");
  }

  /** Everything that could show who wrote it, in the order of the questions. */
  warnings(kit: OfflineForm): DetailWarning[] {
    const asked = kit.categories[this.category]?.questions ?? [];
    return asked.flatMap((question) => this.warningsOf(kit, question).map(([trace, words]) => ({ trace, question, words })));
  }

  private warningsOf(kit: OfflineForm, question: string): [DetailKind, string[]][] {
    const given = [this.values(`a.${question}`)[0] ?? "", this.values(`d.${question}`)[0] ?? ""];
    if (given[0] === ONLY_ME) return [["only-me", []]];
    const { kind, guarded } = kit.questions[question]!;
    if (!TEXT_KINDS.has(kind)) return [];
    const text = given.join("\n");
    const found = identifyingDetails(kit.guard, text);
    // Asked for by its number: the number is the trace, whatever it looks like.
    return found.length === 0 && guarded && text.trim() !== "" ? [["declaration", [text.trim()]]] : found;
  }

  /** Covers what a warning points at; an answer that is a trace as a whole goes. */
  redact(kit: OfflineForm, trace: DetailKind, question: string): void {
    for (const field of [`a.${question}`, `d.${question}`]) {
      const covered = this.values(field).map((text) => {
        const rest = redact(kit.guard, text, trace);
        return rest === text.normalize("NFC") && (trace === "only-me" || kit.questions[question]!.guarded) ? "" : rest;
      });
      this.given.set(field, covered);
    }
  }

  /** The answers of a question in words. */
  answerLines(kit: OfflineForm, id: string): string[] {
    const question = kit.questions[id]!;
    const answer = this.answer(id, question);
    return [answer].flat().filter((line) => line !== "").map((line) => question.options[line] ?? line);
  }
}

const takesText = (question: FormQuestion): boolean => question.kind !== "choice" && question.kind !== "earlier_report";

const isQuestion = (name: string): boolean => name.startsWith("a.") || name.startsWith("d.");

const isField = (element: Element): element is HTMLInputElement => isQuestion((element as HTMLInputElement).name ?? "");

/** The category's floor, raised by what the answers say; P1 is the most urgent. */
function urgency(kit: OfflineForm, category: string, answers: Record<string, string | string[]>): Urgency {
  const raised = kit.urgent_when
    .filter((rule) => [answers[rule.question] ?? []].flat().some((answer) => rule.answers.includes(answer)))
    .map((rule) => rule.raise_to);
  return [kit.categories[category]!.priority_floor, ...raised].sort()[0]!;
}
