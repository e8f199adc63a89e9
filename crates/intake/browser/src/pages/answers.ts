// The answers typed so far, in memory only, and the report composed from them.
import { type DetailKind, redact, identifyingDetails } from "../identifying_details.ts";
import type { ReportBody } from "../report.ts";
import type { Priority } from "../frame.ts";
import { isBlank, normalizeText } from "../text.ts";
import type { OfflineForm, FormQuestion } from "./offline_form.ts";
import type { RecordingProblem, SpokenStory } from "./spoken_story.ts";

export type FormStep = "before" | "audience" | "family" | "category" | "questions" | "review";
const FORM_STEPS: readonly string[] = ["before", "audience", "family", "category", "questions", "review"];

/** An error in the answer to one question. */
export interface ValidationError {
  question: string;
  problem: "missing" | "long" | "format" | RecordingProblem;
  limit: number;
}

/**
 * A detail that could identify the reporter, and the question it was found in. `words` is empty if
 * the whole answer is the detail.
 */
export interface DetailWarning {
  trace: DetailKind;
  question: string;
  words: string[];
}

/** The answer that only the reporter knows of the matter. */
const ONLY_ME = "only_me";

/** What tells the story instead of text. */
export type ToldStory = Pick<SpokenStory, "problem" | "isTold" | "hasRecording">;

/** A report ready to be sealed. */
export interface ComposedReport {
  body: ReportBody;
  priority: Priority;
  /** Whether a file has to tell the story, because nothing else does. */
  needsFile: boolean;
}

export class ReportAnswers {
  audience = "";
  family = "";
  category = "";
  private given = new Map<string, string[]>();

  /** Returns the values of a field, such as `a.story`. */
  values(field: string): readonly string[] {
    return this.given.get(field) ?? [];
  }

  /** Returns whether the server has received typed text, which it now shows or carries along. */
  static hasInput(form: HTMLFormElement): boolean {
    if (form.getAttribute("action")?.endsWith("/send")) return true;
    const hasValue = (field: HTMLInputElement | HTMLSelectElement): boolean => {
      if (field instanceof HTMLSelectElement) return Array.from(field.options).some((one) => one.defaultSelected && one.value !== "");
      return field.type === "checkbox" ? field.defaultChecked : field.defaultValue.trim() !== "";
    };
    return Array.from(form.elements).filter(isField).some(hasValue);
  }

  /** Adopts the choices made on pages of the server. */
  adopt(form: HTMLFormElement): void {
    const value = (name: string) => form.querySelector<HTMLInputElement>(`input[type=hidden][name=${name}]`)?.value ?? "";
    this.audience = value("audience");
    this.family = value("family");
    this.category = value("category");
  }

  hasChosen(): boolean {
    return (this.audience + this.family + this.category) !== "";
  }

  /** Stores the fields of a page. An empty field replaces an earlier value. */
  captureFields(form: HTMLFormElement): void {
    const fields = Array.from(form.elements).filter(isField);
    fields.forEach((field) => this.given.delete(field.name));
    for (const [name, value] of new FormData(form)) {
      if (!isQuestion(name) || typeof value !== "string" || value === "") continue;
      this.given.set(name, [...this.values(name), value]);
    }
  }

  /** Returns whether there is text that the reporter would lose. */
  hasText(): boolean {
    return [...this.given.values()].flat().some((value) => value.trim() !== "");
  }

  clear(): void {
    this.given.clear();
    this.audience = this.family = this.category = "";
  }

  /** Applies a pressed button and returns the next step, as the server does. No step is skipped. */
  advance(offlineForm: OfflineForm, go: string): FormStep {
    const [word, choice] = go.split(".", 2) as [string, string | undefined];
    return this.clampStep(offlineForm, this.applyAction(offlineForm, word, choice));
  }

  private applyAction(offlineForm: OfflineForm, word: string, choice: string | undefined): FormStep {
    if (word === "unsure") return this.selectCategory(offlineForm, offlineForm.unsure);
    if (word === "advice") {
      this.selectCategory(offlineForm, offlineForm.advice);
      return "before";
    }
    if (choice === undefined) return FORM_STEPS.includes(word) ? (word as FormStep) : "questions";
    if (word === "category") return this.selectCategory(offlineForm, choice);
    if (word === "family") {
      this.family = choice;
      return "category";
    }
    this.audience = choice;
    // A reporter who asked for advice has a category already.
    return this.category === "" ? "family" : "questions";
  }

  private selectCategory(offlineForm: OfflineForm, category: string): FormStep {
    this.category = category;
    this.family = offlineForm.categories[category]?.family ?? this.family;
    return "questions";
  }

  private clampStep(offlineForm: OfflineForm, wanted: FormStep): FormStep {
    const family = offlineForm.families.includes(this.family);
    if ((wanted === "questions" || wanted === "review") && !(this.category in offlineForm.categories)) return family ? "category" : "family";
    return wanted === "category" && !family ? "family" : wanted;
  }

  /**
   * Returns the report, or the errors in the order of the questions. The story may be empty if it is
   * told by a recording or a file.
   */
  report(offlineForm: OfflineForm, spoken: ToldStory): ComposedReport | ValidationError[] {
    const category = offlineForm.categories[this.category]!;
    const errors: ValidationError[] = [];
    const answers: Record<string, string | string[]> = {};
    let story = "";
    for (const id of category.questions) {
      const question = offlineForm.questions[id]!;
      const answer = this.answer(id, question);
      const isStory = question.answer === "story";
      const limit = isStory ? offlineForm.longest.story : offlineForm.longest.text;
      if (typeof answer === "string" && takesText(question) && [...answer].length > limit) {
        errors.push({ question: id, problem: "long", limit });
      } else if (typeof answer === "string" && answer !== "" && !hasFormat(question, answer)) {
        errors.push({ question: id, problem: "format", limit });
      } else if (isStory) {
        story = answer as string;
        if (spoken.problem) errors.push({ question: id, problem: spoken.problem, limit });
        else if (story === "" && category.story_required && !spoken.isTold) errors.push({ question: id, problem: "missing", limit });
      } else if (answer.length > 0) {
        answers[id] = answer;
      }
    }
    if (errors.length > 0) return errors;
    const audience = this.audience in offlineForm.audiences ? this.audience : "public";
    const needsFile = story === "" && category.story_required && !spoken.hasRecording;
    return { body: { category: this.category, audience, answers, story }, priority: priorityOf(offlineForm, this.category, answers), needsFile };
  }

  private answer(id: string, question: FormQuestion): string | string[] {
    const date = normalizeText(this.values(`d.${id}`)[0] ?? "").trim();
    if (question.answer === "option_or_date" && !isBlank(date)) return date;
    const values = this.values(`a.${id}`).map((value) => normalizeText(value).trim()).filter((value) => !isBlank(value));
    return question.answer === "options" ? values : (values[0] ?? "");
  }

  /** Returns all details that could identify the reporter, in the order of the questions. */
  warnings(offlineForm: OfflineForm): DetailWarning[] {
    const asked = offlineForm.categories[this.category]?.questions ?? [];
    return asked.flatMap((question) => this.warningsOf(offlineForm, question).map(([trace, words]) => ({ trace, question, words })));
  }

  private warningsOf(offlineForm: OfflineForm, question: string): [DetailKind, string[]][] {
    const given = [this.values(`a.${question}`)[0] ?? "", this.values(`d.${question}`)[0] ?? ""];
    if (given[0] === ONLY_ME) return [["only-me", []]];
    const asked = offlineForm.questions[question]!;
    if (!takesText(asked)) return [];
    const text = given.join("\n");
    const found = identifyingDetails(offlineForm.guard, text);
    // The question asks for a number, so the whole answer is the detail.
    return found.length === 0 && asked.guarded && text.trim() !== "" ? [["declaration", [text.trim()]]] : found;
  }

  /** Redacts a detail. An answer that is a detail as a whole is removed. */
  redact(offlineForm: OfflineForm, trace: DetailKind, question: string): void {
    for (const field of [`a.${question}`, `d.${question}`]) {
      const covered = this.values(field).map((text) => {
        const rest = redact(offlineForm.guard, text, trace);
        return rest === text.normalize("NFC") && (trace === "only-me" || offlineForm.questions[question]!.guarded) ? "" : rest;
      });
      this.given.set(field, covered);
    }
  }

  /** Returns the answers of a question as text. */
  answerLines(offlineForm: OfflineForm, id: string): string[] {
    const question = offlineForm.questions[id]!;
    const answer = this.answer(id, question);
    return [answer].flat().filter((line) => line !== "").map((line) => question.options[line] ?? line);
  }
}

const takesText = (question: FormQuestion): boolean => !["option", "options"].includes(question.answer);

const hasFormat = ({ format }: FormQuestion, answer: string): boolean => format === null || new RegExp(`^(?:${format.pattern})$`, "u").test(answer);

const isQuestion = (name: string): boolean => name.startsWith("a.") || name.startsWith("d.");

const isField = (element: Element): element is HTMLInputElement => isQuestion((element as HTMLInputElement).name ?? "");

/** Returns the category's floor, raised by the answers. P1 is the most urgent. */
function priorityOf(offlineForm: OfflineForm, category: string, answers: Record<string, string | string[]>): Priority {
  const raised = offlineForm.priority_rules
    .filter((rule) => [answers[rule.question] ?? []].flat().some((answer) => rule.answers.includes(answer)))
    .map((rule) => rule.raise_to);
  return [offlineForm.categories[category]!.priority_floor, ...raised].sort()[0]!;
}
