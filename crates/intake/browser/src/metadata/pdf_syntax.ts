// The syntax of PDF (ISO 32000-2, 7.2 and 7.3): names, strings, and dictionaries.
import { matchesAt } from "./stream.ts";

/** Maximum length of a string in bytes. A longer one is retained and reported as left. */
const MAX_STRING_LEN = 64 * 1024;
/** Maximum distance in bytes from a key to the beginning or end of its dictionary. */
const MAX_REACH = 8 * 1024;
/** Maximum number of entries: more than the dictionaries that are parsed have. */
const MAX_ENTRIES = 512;

const SPACE = new Set([0, 9, 10, 12, 13, 32]);
const DELIMITERS = new Set([..."()<>[]/%"].map((character) => character.charCodeAt(0)));

export interface ByteSpan {
  start: number;
  end: number;
}

export const isSpace = (byte: number | undefined): boolean => byte !== undefined && SPACE.has(byte);

/** Returns the offset of the first byte that is not white space. */
export function skipWhitespace(bytes: Uint8Array, from: number, until = bytes.length): number {
  let at = from;
  while (at < until && SPACE.has(bytes[at]!)) at += 1;
  return at;
}

/** Returns the end of the name or keyword at an offset. */
export function skipRegular(bytes: Uint8Array, from: number, until = bytes.length): number {
  let at = from;
  while (at < until && !SPACE.has(bytes[at]!) && !DELIMITERS.has(bytes[at]!)) at += 1;
  return at;
}

/**
 * Returns the end of the string, `(…)` or `<…>`, that begins at an offset, or undefined if there is
 * none.
 */
export function endOfString(bytes: Uint8Array, from: number): number | undefined {
  const last = Math.min(bytes.length, from + MAX_STRING_LEN);
  if (bytes[from] === 0x3c && bytes[from + 1] !== 0x3c) {
    const end = bytes.indexOf(0x3e, from);
    return end < 0 || end >= last ? undefined : end + 1;
  }
  if (bytes[from] !== 0x28) return undefined;
  for (let [at, depth] = [from, 0]; at < last; at += 1) {
    const byte = bytes[at];
    if (byte === 0x5c) at += 1;
    else if (byte === 0x28) depth += 1;
    else if (byte === 0x29) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

/**
 * Returns the object number in `12 0 R` at an offset, and the end of the reference. Returns
 * undefined if there is none.
 */
export function parseReference(bytes: Uint8Array, from: number): { number: number; end: number } | undefined {
  const found = /^(\d{1,10}) +0 +R/.exec(String.fromCharCode(...bytes.subarray(from, from + 24)));
  return found ? { number: Number(found[1]), end: from + found[0].length } : undefined;
}

export interface DictionaryEntry {
  key: string;
  value: ByteSpan;
}

/**
 * Finds the dictionary that contains a key. Returns its entries, and the number of bytes searched.
 * The entries are undefined if the dictionary is malformed, or if its beginning or end is not near.
 */
export function enclosingDictionary(bytes: Uint8Array, key: number): { entries: DictionaryEntry[] | undefined; searched: number } {
  const start = dictionaryStart(bytes, key);
  const end = start === undefined ? undefined : dictionaryEnd(bytes, key);
  if (start === undefined || end === undefined) return { entries: undefined, searched: 2 * MAX_REACH };
  return { entries: parseEntries(bytes, start + 2, end - 2), searched: 2 * (end - start) };
}

function dictionaryStart(bytes: Uint8Array, key: number): number | undefined {
  let depth = 0;
  for (let at = key; at >= 2 && key - at < MAX_REACH; ) {
    if (matchesAt(bytes, at - 2, "<<")) {
      if (depth === 0) return at - 2;
      depth -= 1;
      at -= 2;
    } else if (matchesAt(bytes, at - 2, ">>")) {
      depth += 1;
      at -= 2;
    } else if (depth === 0 && at >= 3 && matchesAt(bytes, at - 3, "obj")) return undefined;
    else at -= 1;
  }
  return undefined;
}

function dictionaryEnd(bytes: Uint8Array, key: number): number | undefined {
  let depth = 0;
  for (let at = key; at - key < MAX_REACH && at + 1 < bytes.length; ) {
    if (matchesAt(bytes, at, "<<")) {
      depth += 1;
      at += 2;
    } else if (matchesAt(bytes, at, ">>")) {
      if (depth === 0) return at + 2;
      depth -= 1;
      at += 2;
    } else if (bytes[at] === 0x28 || bytes[at] === 0x3c) {
      const end = endOfString(bytes, at);
      if (end === undefined) return undefined;
      at = end;
    } else at += 1;
  }
  return undefined;
}

function parseEntries(bytes: Uint8Array, start: number, end: number): DictionaryEntry[] | undefined {
  const entries: DictionaryEntry[] = [];
  for (let at = skipWhitespace(bytes, start, end); at < end; at = skipWhitespace(bytes, at, end)) {
    if (bytes[at] !== 0x2f || entries.length === MAX_ENTRIES) return undefined;
    const keyEnd = skipRegular(bytes, at + 1, end);
    const from = skipWhitespace(bytes, keyEnd, end);
    const until = endOfValue(bytes, from, end);
    if (until === undefined || until > end) return undefined;
    let trimmed = until;
    while (trimmed > from && isSpace(bytes[trimmed - 1])) trimmed -= 1;
    entries.push({ key: String.fromCharCode(...bytes.subarray(at, keyEnd)), value: { start: from, end: trimmed } });
    at = until;
  }
  return entries;
}

/** Returns the end of a value of any type. */
function endOfValue(bytes: Uint8Array, from: number, end: number): number | undefined {
  const first = bytes[from];
  if (from >= end) return undefined;
  if (matchesAt(bytes, from, "<<")) return dictionaryEnd(bytes, from + 2);
  if (first === 0x28 || first === 0x3c) return endOfString(bytes, from);
  if (first === 0x2f) return skipRegular(bytes, from + 1, end);
  if (first === 0x5b) {
    for (let at = from + 1; at < end; ) {
      if (bytes[at] === 0x5d) return at + 1;
      if (bytes[at] === 0x5b || bytes[at] === 0x28 || bytes[at] === 0x3c) {
        const inner = endOfValue(bytes, at, end);
        if (inner === undefined) return undefined;
        at = inner;
      } else at += 1;
    }
    return undefined;
  }
  // A number, a keyword or a reference: up to the next key.
  const next = bytes.indexOf(0x2f, from);
  const until = next < 0 || next > end ? end : next;
  return until > from ? until : undefined;
}
