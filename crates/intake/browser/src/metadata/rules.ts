// What tells who made a file: the same rules as at the intake
// (crates/metadata-scrubber/rules.json).
import { boxes, package as office, pdf, png, riff, words } from "../../../../metadata-scrubber/rules.json";

export type MetadataKind = "author" | "place" | "date" | "device" | "words" | "preview" | "history" | "other";

/** What was found in a file. */
export interface MetadataSummary {
  removed: Set<MetadataKind>;
  left: Set<MetadataKind>;
}

/** What is collected while a file is read. */
export interface ScrubFindings extends MetadataSummary {
  isSigned: boolean;
}

export const rules = {
  boxes,
  office,
  pdf: pdf as { trace: MetadataKind; key: string; beside?: boolean }[],
  png,
  riff: riff as Record<string, string[]>,
  words: words as { trace: MetadataKind; any: string[] }[],
};

export const noFindings = (): ScrubFindings => ({ removed: new Set(), left: new Set(), isSigned: false });

export function addKinds(set: Set<MetadataKind>, ...traces: MetadataKind[]): void {
  for (const trace of traces) set.add(trace);
}

/** Notes a signature: it names who signed, and does not hold once anything is changed. */
export function recordSignature(found: ScrubFindings): void {
  found.isSigned = true;
  found.left.add("author");
}

/** Returns what words in a block tell; "other" if none of them is known, and nothing for a block of zeros. */
export function classify(block: Uint8Array): MetadataKind[] {
  if (block.every((byte) => byte === 0)) return [];
  return classifyText(asText(block));
}

/** The same for a block as text. */
export function classifyText(block: string): MetadataKind[] {
  if (block.length < 4) return ["other"];
  const told = rules.words.filter(({ any }) => any.some((word) => block.includes(word))).map(({ trace }) => trace);
  return told.length === 0 ? ["other"] : told;
}

/** Returns a text with one character from U+0000 to U+00FF for each byte: places in it are places in the bytes. */
export function asText(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 16_384) pieces.push(String.fromCharCode(...bytes.subarray(at, at + 16_384)));
  return pieces.join("");
}

/** The reverse of `asText`. */
export function asBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

const WHITESPACE = " \t\n\f\r";

/** Returns a text without white space of ASCII at its ends: other white space may be half a letter here. */
export function trimWhitespace(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && WHITESPACE.includes(text[start]!)) start += 1;
  while (end > start && WHITESPACE.includes(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}
