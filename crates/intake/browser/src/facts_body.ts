// Facts that a reporter adds to a report: the body of a frame of kind "facts".
import type { Bytes } from "./bytes.ts";
import { type Decoder, MalformedJsonError, canonicalJsonBytes, list, matching, object, parseCanonical, record, string } from "./canonical.ts";

/** Answers to questions of a category, sent after the report. */
export interface FactsBody {
  /** The category can differ from that of the report. */
  category: string;
  /** For each question id: the id of an option, free text, or several option ids. */
  answers: Record<string, string | string[]>;
}

const id = matching(/^[A-Za-z][A-Za-z0-9_.:/-]{0,127}$/, "an id");
const options = list(string);
const answer: Decoder<string | string[]> = (value) => (typeof value === "string" ? value : options(value));
const readFields = object<FactsBody>({ category: id, answers: record(id, answer) });

/** Parses the body of a frame. Throws on anything but the canonical JSON of facts. */
export function parseFacts(bytes: Uint8Array): FactsBody {
  const facts = parseCanonical(bytes, readFields);
  if (Object.keys(facts.answers).length === 0) throw new MalformedJsonError("answers: none");
  return facts;
}

/** Returns the bytes that are signed and sealed. Answers are in the order of their ids. */
export const encodeFacts = (facts: FactsBody): Bytes => canonicalJsonBytes(readFields(facts));
