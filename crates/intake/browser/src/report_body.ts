// The content of a report, and what it excludes. Choosing the readers needs no encryption.

/** The body of the first frame of a report. */
export interface ReportBody {
  category: string;
  audience: string;
  /** For each question id: the id of an option, free text, or several option ids. */
  answers: Record<string, string | string[]>;
  story: string;
}

/** The question about the people who must not read the report. */
export const EXCLUSION_QUESTION = "handlers_involved";

/** Returns what the reporter excluded: ids of desks, units or functions. */
export const exclusionsIn = (body: ReportBody): string[] => [body.answers[EXCLUSION_QUESTION] ?? []].flat();

/** The question whether the reporter prefers a woman or a man, and the units of members for it. */
const PREFERENCE_QUESTION = "handler_preference";
const PREFERENCES: readonly unknown[] = ["woman", "man"];

/** Returns the unit of the members whom the reporter prefers, if there is one. */
export function preferenceIn({ answers }: ReportBody): string | undefined {
  const answer = answers[PREFERENCE_QUESTION];
  return typeof answer === "string" && PREFERENCES.includes(answer) ? answer : undefined;
}

/** Whether the oversight body may read the report, and the only answer that gives it a grant. */
const OVERSIGHT_QUESTION = "oversight_consent";
const OVERSIGHT_ALLOWED = "yes";

/** Returns whether the reporter refused that the oversight body reads the report. */
export function refusesOversight({ answers }: ReportBody): boolean {
  const answer = answers[OVERSIGHT_QUESTION];
  return answer !== undefined && answer !== OVERSIGHT_ALLOWED;
}

/**
 * Returns whether the answer to a question decides who gets a report. Facts that are added later
 * cannot change the readers any more.
 */
export const decidesReaders = (question: string): boolean => [EXCLUSION_QUESTION, OVERSIGHT_QUESTION, PREFERENCE_QUESTION].includes(question);
