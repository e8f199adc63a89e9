// What in a text could show who wrote it, by the same rules as at the intake (guard/rules.json).
// Nothing of it leaves the device.
export type DetailKind = "receipt" | "phone" | "email" | "name" | "vehicle" | "declaration" | "tax" | "identity" | "date" | "function" | "time" | "only-me";

export interface DetailRule {
  trace: DetailKind;
  ignore_case: boolean;
  pattern: string;
}

/** What stands in place of words that were covered. */
const REDACTED = "[…]";

/** Words of a text that are a trace, and the part of them that covering leaves. */
interface DetailMatch {
  trace: DetailKind;
  from: number;
  to: number;
  kept: string;
}

/** All traces in a text, in the order of the rules. None lies inside something longer that was found before. */
function findMatches(rules: readonly DetailRule[], text: string): DetailMatch[] {
  const found: DetailMatch[] = [];
  for (const { trace, ignore_case, pattern } of rules) {
    for (const hit of text.matchAll(new RegExp(pattern, ignore_case ? "giu" : "gu"))) {
      const [all, ...kept] = hit;
      const end = hit.index + all.length;
      if (found.some(({ from, to }) => from < end && hit.index < to)) continue;
      const from = end - all.trimStart().length;
      found.push({ trace, from, to: from + all.trim().length, kept: kept.find((part) => part !== undefined) ?? "" });
    }
  }
  return found;
}

/** The traces in a text by their kind, in the order of the rules, with the words. */
export function identifyingDetails(rules: readonly DetailRule[], text: string): [DetailKind, string[]][] {
  const words = new Map<DetailKind, string[]>();
  // Letters and their accents as one character, as the rules know them. Some keyboards write two.
  text = text.normalize("NFC");
  for (const { trace, from, to } of findMatches(rules, text)) words.set(trace, [...(words.get(trace) ?? []), text.slice(from, to)]);
  return [...words];
}

/** The text with every trace of one kind covered. */
export function redact(rules: readonly DetailRule[], text: string, trace: DetailKind): string {
  text = text.normalize("NFC");
  const found = findMatches(rules, text).filter((hit) => hit.trace === trace);
  let covered = "";
  let at = 0;
  for (const { from, to, kept } of found.sort((a, b) => a.from - b.from)) {
    const keptFirst = kept !== "" && text.startsWith(kept, from);
    covered += text.slice(at, from) + (keptFirst ? kept + REDACTED : REDACTED + kept);
    at = to;
  }
  return covered + text.slice(at);
}
