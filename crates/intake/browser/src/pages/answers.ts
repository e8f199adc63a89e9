// The answers typed so far, in memory only, and the report composed from them.
import { type DetailKind, redact, identifyingDetails } from "../identifying_details.ts";
import type { DraftContent } from "../draft.ts";
import type { FactsBody } from "../facts_body.ts";
import { type ReportBody, decidesReaders } from "../report_body.ts";
import type { Priority } from "../frame.ts";
import { isBlank, normalizeText } from "../text.ts";
import type { WordLists } from "../typed_receipt.ts";
import { applicable } from "./conditions.ts";
import type { OfflineForm, FormQuestion } from "./offline_form.ts";
import { knownSpelling } from "./places.ts";
import { isField, isQuestion, serverChoices } from "./server_form.ts";
import type { RecordingProblem, SpokenStory } from "./spoken_story.ts";

export type FormStep = "subject" | "case" | "tell" | "facts" | "review";
export const FORM_STEPS: readonly string[] = ["subject", "case", "tell", "facts", "review"];

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

/** The story in another form than text. */
export type OtherStory = Pick<SpokenStory, "problem" | "isGiven" | "hasRecording">;

/** A report ready to be sealed. */
export interface ComposedReport {
  body: ReportBody;
  priority: Priority;
  /** Whether a file has to tell the story, because nothing else does. */
  needsFile: boolean;
}

/** Facts ready to be sealed, and the priority of a report with these answers. */
export interface ComposedFacts {
  facts: FactsBody;
  priority: Priority;
}

/**
 * Returns whether a question can be answered after the report was sent. The story is a message
 * then, and an answer that decides the readers would have no effect.
 */
export const canBeAdded = (offlineForm: OfflineForm, id: string): boolean => offlineForm.questions[id]!.answer !== "story" && !decidesReaders(id);

export class ReportAnswers {
  audience = "";
  family = "";
  category = "";
  private given = new Map<string, string[]>();

  /** Returns the values of a field, such as `a.story`. */
  values(field: string): readonly string[] {
    return this.given.get(field) ?? [];
  }

  /** Adopts the choices made on pages of the server. */
  adopt(form: HTMLFormElement): void {
    Object.assign(this, serverChoices(form));
  }

  /** Stores the fields of a page. An empty field replaces an earlier value. */
  captureFields(form: HTMLFormElement): void {
    const fields = Array.from(form.elements).filter(isField);
    fields.forEach((field) => this.given.delete(field.name));
    for (const [name, value] of new FormData(form)) {
      if (name === "audience" && typeof value === "string") this.audience = value;
      if (!isQuestion(name) || typeof value !== "string" || value === "") continue;
      this.given.set(name, [...this.values(name), value]);
    }
  }

  /** Returns whether there is text that the reporter would lose. */
  hasText(): boolean {
    return [...this.given.values()].flat().some((value) => value.trim() !== "");
  }

  /** Returns everything that was answered, for a draft that the reporter keeps. */
  snapshot(step: string): DraftContent {
    const { audience, family, category } = this;
    return { v: 1, step, audience, family, category, given: [...this.given].filter(([, values]) => values.length > 0) };
  }

  /** Replaces all answers by those of a draft. Returns the step at which it was kept. */
  restore(offlineForm: OfflineForm, draft: DraftContent): FormStep {
    this.clear();
    this.audience = draft.audience in offlineForm.audiences ? draft.audience : "";
    this.family = draft.family;
    // The subjects may have changed since.
    this.category = draft.category in offlineForm.categories ? draft.category : "";
    for (const [name, values] of draft.given) if (isQuestion(name)) this.given.set(name, values);
    return this.reachable(offlineForm, FORM_STEPS.includes(draft.step) ? (draft.step as FormStep) : "tell");
  }

  clear(): void {
    this.given.clear();
    this.audience = this.family = this.category = "";
  }

  /** Applies a pressed button and returns the next step, as the server does. No step is skipped. */
  advance(offlineForm: OfflineForm, go: string): FormStep {
    const [word, choice] = go.split(".", 2) as [string, string | undefined];
    return this.reachable(offlineForm, this.applyAction(offlineForm, word, choice));
  }

  private applyAction(offlineForm: OfflineForm, word: string, choice: string | undefined): FormStep {
    if (word === "unsure") return this.selectCategory(offlineForm, offlineForm.unsure);
    if (word === "advice") return this.selectCategory(offlineForm, offlineForm.advice);
    // The value of a button that leads to one question is such as `facts.place`.
    if (choice === undefined || word === "tell" || word === "facts") return FORM_STEPS.includes(word) ? (word as FormStep) : "tell";
    if (word === "category") return this.selectCategory(offlineForm, choice);
    this.family = choice;
    return "case";
  }

  /** Returns the questions of the category that apply. Answers to the others are not sent. */
  asked(offlineForm: OfflineForm): string[] {
    const questions = offlineForm.categories[this.category]?.questions ?? [];
    return applicable(questions.map((id) => ({ id, when: offlineForm.questions[id]!.when })), (id) => this.values(`a.${id}`));
  }

  /** Returns what the form asks, in the words of the chosen category. */
  labelOf(offlineForm: OfflineForm, id: string): string {
    const question = offlineForm.questions[id]!;
    const own = question.answer === "story" ? offlineForm.categories[this.category]!.story_label : null;
    return own ?? question.label;
  }

  /** Returns the step that asks a question of the chosen category. */
  stepOf(offlineForm: OfflineForm, question: string): FormStep {
    return offlineForm.categories[this.category]!.tell.includes(question) ? "tell" : "facts";
  }

  private selectCategory(offlineForm: OfflineForm, category: string): FormStep {
    this.category = category;
    this.family = offlineForm.categories[category]?.family ?? this.family;
    return "tell";
  }

  /** Returns the wanted step, or the step that must come before it. */
  reachable(offlineForm: OfflineForm, wanted: FormStep): FormStep {
    const family = offlineForm.families.includes(this.family);
    if (["tell", "facts", "review"].includes(wanted) && !(this.category in offlineForm.categories)) return family ? "case" : "subject";
    return wanted === "case" && !family ? "subject" : wanted;
  }

  /**
   * Returns the report, or the errors in the order of the questions. The story may be empty if it
   * is in a recording or a file.
   */
  report(offlineForm: OfflineForm, spoken: OtherStory): ComposedReport | ValidationError[] {
    const category = offlineForm.categories[this.category]!;
    const errors: ValidationError[] = [];
    const answers: Record<string, string | string[]> = {};
    let story = "";
    for (const id of this.asked(offlineForm)) {
      const question = offlineForm.questions[id]!;
      const answer = this.answer(offlineForm, id);
      const isStory = question.answer === "story";
      const limit = limitOf(offlineForm, question);
      const problem = problemOf(question, answer, limit);
      if (problem) {
        errors.push({ question: id, problem, limit });
      } else if (isStory) {
        story = answer as string;
        if (spoken.problem) errors.push({ question: id, problem: spoken.problem, limit });
        else if (story === "" && category.story_required && !spoken.isGiven) errors.push({ question: id, problem: "missing", limit });
      } else if (answer.length > 0) {
        answers[id] = answer;
      }
    }
    if (errors.length > 0) return errors;
    const audience = this.audience in offlineForm.audiences ? this.audience : "public";
    const needsFile = story === "" && category.story_required && !spoken.hasRecording;
    return { body: { category: this.category, audience, answers, story }, priority: priorityOf(offlineForm, this.category, answers), needsFile };
  }

  /**
   * Returns facts that are added to a report, or the errors in the order of the questions. There
   * may be no answer.
   */
  facts(offlineForm: OfflineForm): ComposedFacts | ValidationError[] {
    const errors: ValidationError[] = [];
    const answers: Record<string, string | string[]> = {};
    for (const id of this.asked(offlineForm).filter((id) => canBeAdded(offlineForm, id))) {
      const question = offlineForm.questions[id]!;
      const answer = this.answer(offlineForm, id);
      const limit = limitOf(offlineForm, question);
      const problem = problemOf(question, answer, limit);
      if (problem) errors.push({ question: id, problem, limit });
      else if (answer.length > 0) answers[id] = answer;
    }
    if (errors.length > 0) return errors;
    return { facts: { category: this.category, answers }, priority: priorityOf(offlineForm, this.category, answers) };
  }

  private answer(offlineForm: OfflineForm, id: string): string | string[] {
    const question = offlineForm.questions[id]!;
    const date = normalizeText(this.values(`d.${id}`)[0] ?? "").trim();
    if (question.answer === "option_or_date" && !isBlank(date)) return date;
    const values = this.values(`a.${id}`).map((value) => normalizeText(value).trim()).filter((value) => !isBlank(value));
    if (question.answer === "options") return values;
    return question.places ? knownSpelling(offlineForm.places, values[0] ?? "") : (values[0] ?? "");
  }

  /** Returns all details that could identify the reporter, in the order of the questions. */
  warnings(offlineForm: OfflineForm, lists: WordLists): DetailWarning[] {
    return this.asked(offlineForm).flatMap((question) => this.warningsOf(offlineForm, lists, question).map(([trace, words]) => ({ trace, question, words })));
  }

  private warningsOf(offlineForm: OfflineForm, lists: WordLists, question: string): [DetailKind, string[]][] {
    const given = [this.values(`a.${question}`)[0] ?? "", this.values(`d.${question}`)[0] ?? ""];
    if (given[0] === ONLY_ME) return [["only-me", []]];
    const asked = offlineForm.questions[question]!;
    if (!takesText(asked)) return [];
    const text = given.join("\n");
    const found = identifyingDetails({ rules: offlineForm.guard, lists }, text);
    // The question asks for a number, so the whole answer is the detail.
    return found.length === 0 && asked.guarded && text.trim() !== "" ? [["declaration", [text.trim()]]] : found;
  }

  /** Redacts a detail. An answer that is a detail as a whole is removed. */
  redact(offlineForm: OfflineForm, lists: WordLists, trace: DetailKind, question: string): void {
    for (const field of [`a.${question}`, `d.${question}`]) {
      const covered = this.values(field).map((text) => {
        const rest = redact({ rules: offlineForm.guard, lists }, text, trace);
        return rest === text.normalize("NFC") && (trace === "only-me" || offlineForm.questions[question]!.guarded) ? "" : rest;
      });
      this.given.set(field, covered);
    }
  }

  /** Returns the answers of a question as text. */
  answerLines(offlineForm: OfflineForm, id: string): string[] {
    const question = offlineForm.questions[id]!;
    const answer = this.answer(offlineForm, id);
    return [answer].flat().filter((line) => line !== "").map((line) => question.options[line] ?? line);
  }
}

const limitOf = ({ longest }: OfflineForm, { answer }: FormQuestion): number => (answer === "story" ? longest.story : longest.text);

/** Returns what is wrong with an answer, if anything is. */
function problemOf(question: FormQuestion, answer: string | string[], limit: number): "long" | "format" | undefined {
  if (typeof answer !== "string") return undefined;
  if (takesText(question) && [...answer].length > limit) return "long";
  return answer !== "" && !hasFormat(question, answer) ? "format" : undefined;
}

const takesText = (question: FormQuestion): boolean => !["option", "options"].includes(question.answer);

const hasFormat = ({ format }: FormQuestion, answer: string): boolean => format === null || new RegExp(`^(?:${format.pattern})$`, "u").test(answer);

/** Returns the category's floor, raised by the answers. P1 is the most urgent. */
function priorityOf(offlineForm: OfflineForm, category: string, answers: Record<string, string | string[]>): Priority {
  const raised = offlineForm.priority_rules
    .filter((rule) => [answers[rule.question] ?? []].flat().some((answer) => rule.answers.includes(answer)))
    .map((rule) => rule.raise_to);
  return [offlineForm.categories[category]!.priority_floor, ...raised].sort()[0]!;
}
