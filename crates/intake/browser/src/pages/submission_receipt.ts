// The server's confirmation that a submission is stored durably.
import { type OfflineForm, formatDay, translate } from "./offline_form.ts";

export interface Stored {
  /**
   * The last day for the first answer to a report, `YYYY-MM-DD`. Null while the server does not
   * know it.
   */
  answer: string | null;
}

/**
 * Parses the confirmation. Any content is accepted, because the status alone confirms the
 * submission.
 */
export function stored(text: string): Stored {
  try {
    const { answer } = JSON.parse(text) as Partial<Stored>;
    return { answer: typeof answer === "string" && /^\d{4}-\d{2}-\d{2}$/.test(answer) ? answer : null };
  } catch {
    return { answer: null };
  }
}

/** Returns the sentence with the last day for the first answer, or null if it is not known. */
export function answerInWords(offlineForm: OfflineForm, { answer }: Stored): string | null {
  return answer === null ? null : translate(offlineForm, "receipt-next-answer", { day: formatDay(offlineForm, answer) });
}
