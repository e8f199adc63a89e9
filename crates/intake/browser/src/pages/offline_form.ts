// The pages of the form and their taxonomy, the same for every visitor.
import { text } from "../bytes.ts";
import type { DetailRule } from "../identifying_details.ts";
import type { Priority } from "../frame.ts";
import type { Condition } from "./conditions.ts";
import type { ProgramFiles } from "./program_files.ts";

export interface PageTemplate {
  title: string;
  body: string;
}

/** What the answer of a question is. */
export type AnswerType = "option" | "options" | "text" | "story" | "option_or_date";

/** The form that a text must have. */
export interface AnswerFormat {
  /** A regular expression for the whole answer. */
  pattern: string;
  example: string;
}

export interface FormQuestion {
  label: string;
  answer: AnswerType;
  format: AnswerFormat | null;
  /** Whether known places are sent in one spelling. */
  places: boolean;
  /** When the question applies; always without a condition. */
  when: Condition | null;
  /** Whether any answer to the question is an identifying detail. */
  guarded: boolean;
  options: Record<string, string>;
}

export interface FormCategory {
  label: string;
  family: string;
  questions: string[];
  /** The questions on the page of the story. All others are on the page of further facts. */
  tell: string[];
  /** What the form asks instead of the label of the story. */
  story_label: string | null;
  story_required: boolean;
  priority_floor: Priority;
}

/** The part of the offline form with which a page is taken over, and the first steps are shown. */
export interface FormStart {
  lang: string;
  dir: string;
  pages: Record<string, PageTemplate>;
  /** The parts that pages share, by the number that a page contains in their place. */
  parts: string[];
  texts: Record<string, string>;
  families: string[];
}

/** The other part of the offline form. The numbers of its parts follow those of the first. */
export interface FormRest {
  pages: Record<string, PageTemplate>;
  parts: string[];
  texts: Record<string, string>;
  months: string[];
  /** Name, meaning and what follows, by stage. */
  stages: Record<string, [string, string, string]>;
  /** The stages that the page numbers. */
  usual_stages: string[];
  counted: Record<string, string[]>;
  questions: Record<string, FormQuestion>;
  categories: Record<string, FormCategory>;
  audiences: Record<string, string>;
  /** The names of places in this language, and as desks read them. */
  places: string[][];
  priority_rules: { question: string; answers: string[]; raise_to: Priority }[];
  unsure: string;
  advice: string;
  longest: { story: number; text: number; message: number };
  /** The languages that have a list of receipt words. */
  word_lists: string[];
  guard: DetailRule[];
}

export type OfflineForm = FormStart & FormRest;

/** The path of the first part of the offline form of a language. */
export const formPath = (lang: string): string => `/${lang}/form.json`;

const restPath = (lang: string): string => `/${lang}/form-rest.json`;

/** Parses the first part. The fields of the other part are empty. */
export function parseFormStart(content: Uint8Array): OfflineForm {
  const rest: Omit<FormRest, keyof FormStart> = {
    months: [],
    stages: {},
    usual_stages: [],
    counted: {},
    questions: {},
    categories: {},
    audiences: {},
    places: [],
    priority_rules: [],
    unsure: "",
    advice: "",
    longest: { story: 0, text: 0, message: 0 },
    word_lists: [],
    guard: [],
  };
  return { ...rest, ...(JSON.parse(text(content)) as FormStart) };
}

/** Adds the other part of the offline form. Throws if it is missing or not that of the program. */
export async function completeForm(files: ProgramFiles, offlineForm: OfflineForm): Promise<void> {
  const { pages, parts, texts, ...rest } = JSON.parse(text(await files.fetch(restPath(offlineForm.lang)))) as FormRest;
  Object.assign(offlineForm, rest);
  Object.assign(offlineForm.pages, pages);
  Object.assign(offlineForm.texts, texts);
  offlineForm.parts.push(...parts);
}

/** Fetches the whole offline form of a language. */
export async function fetchOfflineForm(files: ProgramFiles, lang: string): Promise<OfflineForm> {
  const offlineForm = parseFormStart(await files.fetch(formPath(lang)));
  await completeForm(files, offlineForm);
  return offlineForm;
}

/** Returns a text, with values in the places that the server has marked. */
export function translate(offlineForm: OfflineForm, key: string, values: Record<string, string | number | undefined> = {}): string {
  return (offlineForm.texts[key] ?? "").replace(/\u0001(\w+)\u0001/g, (_, name: string) => String(values[name] ?? ""));
}

/**
 * Returns a counted text. A count above the largest known one uses the text of the largest, with
 * its own number.
 */
export function translateCount(offlineForm: OfflineForm, key: string, value: number): string {
  const texts = offlineForm.counted[key] ?? [];
  const largest = texts.length - 1;
  if (value <= largest) return texts[value] ?? "";
  return (texts[largest] ?? "").replace(String(largest), String(value));
}

/** Returns a date in words, from `YYYY-MM-DD`. */
export function formatDay(offlineForm: OfflineForm, iso: string): string {
  const [year, month, day] = iso.split("-").map(Number);
  const key = day === 1 ? "date-first" : "date-day";
  return translate(offlineForm, key, { day: day!, month: offlineForm.months[month! - 1] ?? "", year: year! });
}

/** Returns the sentence with the day of the next news, from the header of a mailbox. */
export const nextUpdateInWords = (offlineForm: OfflineForm, day: string): string => translate(offlineForm, "thread-next", { day: formatDay(offlineForm, day) });

/** Returns a week in words, named by its Monday, from `2026-W48`. */
export function formatWeek(offlineForm: OfflineForm, iso: string): string {
  const [year, week] = iso.split("-W").map(Number);
  // The fourth of January is in the first week.
  const fourth = new Date(0);
  fourth.setUTCFullYear(year!, 0, 4);
  const monday = new Date(fourth.getTime() + 86_400_000 * ((week! - 1) * 7 - ((fourth.getUTCDay() + 6) % 7)));
  return translate(offlineForm, "date-week", { day: formatDay(offlineForm, monday.toISOString().slice(0, 10)) });
}

/** Returns the ISO week of a time, such as `2026-W48`. */
export function isoWeek(now: Date): string {
  const thursday = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 3 - ((thursday.getUTCDay() + 6) % 7));
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / (7 * 86_400_000));
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}`;
}
