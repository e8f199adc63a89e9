// What tells who made a file: the same rules as at the intake (crates/traces/rules.json).
import { boxes, package as office, pdf, png, riff, words } from "../../../../traces/rules.json";

export type Trace = "author" | "place" | "date" | "device" | "words" | "preview" | "history" | "other";

/** What was found in a file. */
export interface Found {
  removed: Set<Trace>;
  left: Set<Trace>;
}

/** What is collected while a file is read. */
export interface Finding extends Found {
  isSigned: boolean;
}

export const rules = {
  boxes,
  office,
  pdf: pdf as { trace: Trace; key: string; beside?: boolean }[],
  png,
  riff: riff as Record<string, string[]>,
  words: words as { trace: Trace; any: string[] }[],
};

export const nothing = (): Finding => ({ removed: new Set(), left: new Set(), isSigned: false });

export function add(set: Set<Trace>, ...traces: Trace[]): void {
  for (const trace of traces) set.add(trace);
}

/** Notes a signature: it names who signed, and does not hold once anything is changed. */
export function sign(found: Finding): void {
  found.isSigned = true;
  found.left.add("author");
}

/** Returns what words in a block tell; "other" if none of them is known, and nothing for a block of zeros. */
export function toldBy(block: Uint8Array): Trace[] {
  if (block.every((byte) => byte === 0)) return [];
  return toldByText(asText(block));
}

/** The same for a block as text. */
export function toldByText(block: string): Trace[] {
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

const BLANKS = " \t\n\f\r";

/** Returns a text without white space of ASCII at its ends: other white space may be half a letter here. */
export function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && BLANKS.includes(text[start]!)) start += 1;
  while (end > start && BLANKS.includes(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}
