// The scrubbing rules, shared with the intake (crates/metadata-scrubber/rules.json).
import { boxes, package as office, pdf, png, riff, words } from "../../../../metadata-scrubber/rules.json";

export type MetadataKind = "author" | "place" | "date" | "device" | "words" | "preview" | "history" | "other";

/** The metadata that was found in a file. */
export interface MetadataSummary {
  removed: Set<MetadataKind>;
  left: Set<MetadataKind>;
}

/** The findings while a file is processed. */
export interface ScrubFindings extends MetadataSummary {
  isSigned: boolean;
}

export const rules = {
  boxes,
  office,
  pdf: pdf as { kind: MetadataKind; key: string; ambiguous?: boolean }[],
  png,
  riff: riff as Record<string, string[]>,
  words: words as { kind: MetadataKind; any: string[] }[],
};

export const noFindings = (): ScrubFindings => ({ removed: new Set(), left: new Set(), isSigned: false });

export function addKinds(set: Set<MetadataKind>, ...kinds: MetadataKind[]): void {
  for (const kind of kinds) set.add(kind);
}

/** Records a signature. It names the signer, and any change to the file invalidates it. */
export function recordSignature(found: ScrubFindings): void {
  found.isSigned = true;
  found.left.add("author");
}

/**
 * Returns the kinds that the words in a block indicate: "other" if no word is known, and nothing
 * for a block of zeros.
 */
export function classify(block: Uint8Array): MetadataKind[] {
  if (block.every((byte) => byte === 0)) return [];
  return classifyText(asText(block));
}

/** Returns the kinds for a block that is already text. */
export function classifyText(block: string): MetadataKind[] {
  if (block.length < 4) return ["other"];
  const found = rules.words.filter(({ any }) => any.some((word) => block.includes(word))).map(({ kind }) => kind);
  return found.length === 0 ? ["other"] : found;
}

/**
 * Returns a text with one character from U+0000 to U+00FF for each byte, so that offsets in the
 * text are offsets in the bytes.
 */
export function asText(bytes: Uint8Array): string {
  const chunks: string[] = [];
  for (let at = 0; at < bytes.length; at += 16_384) chunks.push(String.fromCharCode(...bytes.subarray(at, at + 16_384)));
  return chunks.join("");
}

/** Reverses `asText`. */
export function asBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

const WHITESPACE = " \t\n\f\r";

/**
 * Returns a text without ASCII white space at its ends. Other white space may be half a character
 * here.
 */
export function trimWhitespace(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && WHITESPACE.includes(text[start]!)) start += 1;
  while (end > start && WHITESPACE.includes(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}
