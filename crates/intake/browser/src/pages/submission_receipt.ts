// What the server says of a submission that is durable.
import { type OfflineForm, formatDay, translate } from "./offline_form.ts";

export interface Stored {
  /** The last day for the first answer to a report, `YYYY-MM-DD`; null while the server does not know it. */
  answer: string | null;
}

/** Reads the confirmation. It is one whatever it says: the status alone tells that the submission is durable. */
export function stored(text: string): Stored {
  try {
    const { answer } = JSON.parse(text) as Partial<Stored>;
    return { answer: typeof answer === "string" && /^\d{4}-\d{2}-\d{2}$/.test(answer) ? answer : null };
  } catch {
    return { answer: null };
  }
}

/** The sentence of the receipt that gives the day; null while it is not known. */
export function answerInWords(kit: OfflineForm, { answer }: Stored): string | null {
  return answer === null ? null : translate(kit, "receipt-next-answer", { day: formatDay(kit, answer) });
}
