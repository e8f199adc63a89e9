// Finds details in a text that could identify its author, by the rules of the intake
// (crates/intake/src/form/detection_rules.rs). The text does not leave the device.
import { foldText } from "./folded_text.ts";

export type DetailKind = "receipt" | "phone" | "email" | "name" | "vehicle" | "declaration" | "tax" | "identity" | "date" | "function" | "time" | "only-me";

export interface DetailRule {
  trace: DetailKind;
  ignore_case: boolean;
  pattern: string;
}

/** Replacement for redacted words. */
const REDACTED = "[…]";

/** A match in a text, and the part of it that redaction keeps. */
interface DetailMatch {
  trace: DetailKind;
  from: number;
  to: number;
  kept: [number, number];
}

/**
 * Returns all details in a text, in the order of the rules. A match that overlaps an earlier one is
 * skipped.
 */
function findMatches(rules: readonly DetailRule[], text: string): DetailMatch[] {
  const folded = foldText(text);
  const found: DetailMatch[] = [];
  for (const { trace, ignore_case, pattern } of rules) {
    for (const hit of folded.text.matchAll(new RegExp(pattern, ignore_case ? "giu" : "gu"))) {
      const [all, ...groups] = hit;
      const end = hit.index + all.length;
      if (found.some(({ from, to }) => from < end && hit.index < to)) continue;
      const from = end - all.trimStart().length;
      const to = from + all.trim().length;
      const kept = groups.find((group) => group !== undefined) ?? "";
      // A group is at the beginning or at the end of its rule.
      found.push({ trace, from, to, kept: kept !== "" && all.startsWith(kept) ? [from, from + kept.length] : [to - kept.length, to] });
    }
  }
  return found.map(({ trace, from, to, kept }) => {
    const [start, end] = folded.original(from, to);
    return { trace, from: start, to: end, kept: kept[0] === kept[1] ? [end, end] : folded.original(...kept) };
  });
}

/** Returns the details in a text by kind, in the order of the rules. */
export function identifyingDetails(rules: readonly DetailRule[], text: string): [DetailKind, string[]][] {
  const words = new Map<DetailKind, string[]>();
  // The rules expect a letter and its accent as one character. Some keyboards write two.
  text = text.normalize("NFC");
  for (const { trace, from, to } of findMatches(rules, text)) words.set(trace, [...(words.get(trace) ?? []), text.slice(from, to)]);
  return [...words];
}

/** Returns the text with every detail of one kind redacted. */
export function redact(rules: readonly DetailRule[], text: string, trace: DetailKind): string {
  text = text.normalize("NFC");
  const found = findMatches(rules, text).filter((hit) => hit.trace === trace);
  let redacted = "";
  let at = 0;
  for (const { from, to, kept } of found.sort((a, b) => a.from - b.from)) {
    redacted += text.slice(at, from) + (kept[0] > from ? REDACTED : "") + text.slice(...kept) + (kept[0] === from && kept[1] < to ? REDACTED : "");
    at = to;
  }
  return redacted + text.slice(at);
}
