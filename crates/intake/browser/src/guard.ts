// What in a text could show who wrote it, by the same rules as at the intake (guard/rules.json). Nothing of it leaves the device.
export type Trace = "receipt" | "phone" | "email" | "name" | "vehicle" | "declaration" | "tax" | "identity" | "date" | "function" | "time" | "only-me";

export interface Rule {
  trace: Trace;
  ignore_case: boolean;
  pattern: string;
}

/** What stands in place of words that were covered. */
const COVERED = "[…]";

/** Words of a text that are a trace, and the part of them that covering leaves. */
interface Hit {
  trace: Trace;
  from: number;
  to: number;
  kept: string;
}

/** All traces in a text, in the order of the rules. None lies inside something longer that was found before. */
function hits(rules: readonly Rule[], text: string): Hit[] {
  const found: Hit[] = [];
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
export function traces(rules: readonly Rule[], text: string): [Trace, string[]][] {
  const words = new Map<Trace, string[]>();
  // Letters and their accents as one character, as the rules know them. Some keyboards write two.
  text = text.normalize("NFC");
  for (const { trace, from, to } of hits(rules, text)) words.set(trace, [...(words.get(trace) ?? []), text.slice(from, to)]);
  return [...words];
}

/** The text with every trace of one kind covered. */
export function cover(rules: readonly Rule[], text: string, trace: Trace): string {
  text = text.normalize("NFC");
  const found = hits(rules, text).filter((hit) => hit.trace === trace);
  let covered = "";
  let at = 0;
  for (const { from, to, kept } of found.sort((a, b) => a.from - b.from)) {
    const keptFirst = kept !== "" && text.startsWith(kept, from);
    covered += text.slice(at, from) + (keptFirst ? kept + COVERED : COVERED + kept);
    at = to;
  }
  return covered + text.slice(at);
}
