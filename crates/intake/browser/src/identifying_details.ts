// Finds details in a text that could identify its author, by the rules of the intake
// (crates/intake/src/form/detection_rules.rs). The text does not leave the device.
import { foldText } from "./folded_text.ts";
import { type WordLists, findReceipts } from "./typed_receipt.ts";

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

/** What a text is searched for. */
export interface Detection {
  rules: readonly DetailRule[];
  /** The lists in which receipts are spelled, as far as they are loaded. */
  lists: WordLists;
}

/**
 * Returns all details in a text, in the order of the rules. A rule does not search in the matches
 * of earlier rules. Two matches overlap only in a character whose folded form has several
 * characters, such as "⅓".
 */
function findMatches({ rules, lists }: Detection, text: string): DetailMatch[] {
  const folded = foldText(text);
  let rest = folded.text;
  // No rule searches across line ends.
  const blank = ({ from, to }: DetailMatch) => void (rest = rest.slice(0, from) + "\n".repeat(to - from) + rest.slice(to));
  // A pattern cannot express the checksums of receipts.
  const found = findReceipts(rest, lists).map(([from, to]): DetailMatch => ({ trace: "receipt", from, to, kept: [to, to] }));
  found.forEach(blank);
  for (const { trace, ignore_case, pattern } of rules) {
    const hits = Array.from(rest.matchAll(new RegExp(pattern, ignore_case ? "giu" : "gu")), (hit): DetailMatch => {
      const [all, ...groups] = hit;
      const from = hit.index + all.length - all.trimStart().length;
      const to = from + all.trim().length;
      const kept = groups.find((group) => group !== undefined) ?? "";
      // A group is at the beginning or at the end of its rule.
      return { trace, from, to, kept: kept !== "" && all.startsWith(kept) ? [from, from + kept.length] : [to - kept.length, to] };
    });
    hits.forEach(blank);
    found.push(...hits);
  }
  return found.map(({ trace, from, to, kept }) => {
    const [start, end] = folded.original(from, to);
    return { trace, from: start, to: end, kept: kept[0] === kept[1] ? [end, end] : folded.original(...kept) };
  });
}

/** Returns the details in a text by kind, in the order of the rules. */
export function identifyingDetails(detection: Detection, text: string): [DetailKind, string[]][] {
  const words = new Map<DetailKind, string[]>();
  // The rules expect a letter and its accent as one character. Some keyboards write two.
  text = text.normalize("NFC");
  for (const { trace, from, to } of findMatches(detection, text)) words.set(trace, [...(words.get(trace) ?? []), text.slice(from, to)]);
  return [...words];
}

/** Returns the text with every detail of one kind redacted. */
export function redact(detection: Detection, text: string, trace: DetailKind): string {
  text = text.normalize("NFC");
  const found = findMatches(detection, text).filter((hit) => hit.trace === trace);
  let redacted = "";
  let at = 0;
  for (const hit of found.sort((a, b) => a.from - b.from)) {
    // The match before can end in the character in which this one begins.
    const [from, to, first, last] = [hit.from, hit.to, ...hit.kept].map((place) => Math.max(place, at)) as [number, number, number, number];
    redacted += text.slice(at, from) + (first > from ? REDACTED : "") + text.slice(first, last) + (first === from && last < to ? REDACTED : "");
    at = to;
  }
  return redacted + text.slice(at);
}
