// Parses receipts as people write them: a code, twelve words, or a note that contains either among
// labels and numbers. The rules equal those of `protocol::receipt`; both are tested with
// crates/protocol/receipt-spellings.json. The words of a draft are spelled in the same way.
import type { Bytes } from "./bytes.ts";
import { hash } from "./hash.ts";

export const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
export const CODE_CHARS = 28;
export const WORD_COUNT = 12;
/** Minimum number of words from a list for which a text counts as words and not as a code. */
const MIN_WORDS_TO_GUESS = 4;
/** A word that occurs this often in a note is a label and not a word of the receipt. */
const MIN_LABEL_REPEATS = 6;
/** Number of letters that identify a word in every list. */
const MIN_PREFIX_LEN = 4;
/** Number of characters of a group of the code. */
const GROUP_CHARS = 4;

/** The 2,048 words of each language. */
export type WordLists = readonly (readonly string[])[];

export type ReceiptProblem =
  | { kind: "length" | "words"; count: number }
  | { kind: "group"; group: number; count: number }
  | { kind: "character"; sign: string; group: number }
  /** `place` is the position on the receipt only if `count`, the number of words, is twelve. */
  | { kind: "word"; place: number; count: number; word: string; near: string | undefined }
  /** A mistyped code, or twelve words of which one is wrong or in another place. */
  | { kind: "code" | "order" }
  | { kind: "two" };

/** A text is not a valid receipt, or does not contain the words of a draft. */
export class ReceiptError extends Error {
  constructor(readonly problem: ReceiptProblem) {
    super(problem.kind);
  }
}

/** Returns the first ten bits of the hash. */
export function checkBits(bytes: Uint8Array): number {
  const digest = hash(bytes);
  return (digest[0]! << 2) | (digest[1]! >> 6);
}

/** Returns the 16 bytes of the receipt in a text. Without word lists, only a code is found. */
export function parseReceipt(typed: string, lists: WordLists): Bytes {
  const parts = splitParts(typed);
  const words = lettersOnly(parts);
  const folded = lists.map(foldedList);
  // The checksum of a code is longer, so a code is preferred. But the letters of words can form a
  // code by chance, so a text that consists of words only is read as words first.
  const isOnlyWords = words.length >= WORD_COUNT && words.length === parts.length;
  const spelled = findWords(words, folded);
  const codes = isOnlyWords && spelled.length > 0 ? [] : findCodes(parts).map(({ bytes }) => bytes);
  if (contradict(codes, spelled)) throw new ReceiptError({ kind: "two" });
  const found = codes[0] ?? spelled[0]?.bytes;
  if (found) return found;
  const { list, count } = mostKnown(words, folded);
  if (count >= MIN_WORDS_TO_GUESS) throw new ReceiptError(diagnoseWords(typed, words, lists[list]!));
  throw new ReceiptError(diagnoseCode(parts));
}

/** Returns the list with the most known words, which is the intended one, and their number. */
function mostKnown(words: readonly string[], folded: readonly FoldedList[]): { list: number; count: number } {
  const known = folded.map((list) => words.filter((word) => indexOf(list, word) >= 0).length);
  const count = Math.max(0, ...known);
  return { list: known.indexOf(count), count };
}

/** Returns the twelve words of a list that spell 16 bytes, with four bits of their hash. */
export function spellWords(bytes: Uint8Array, list: readonly string[]): string[] {
  const number = bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  const bits = (number << 4n) | BigInt(hash(bytes)[0]! >> 4);
  return Array.from({ length: WORD_COUNT }, (_, at) => list[Number((bits >> BigInt(11 * (WORD_COUNT - 1 - at))) & 2047n)]!);
}

/**
 * Returns all 16 bytes that the words in a text can spell: abbreviated words can match several
 * lists. Throws a `ReceiptError` with the problem if there are none.
 */
export function parseWords(typed: string, lists: WordLists): Bytes[] {
  const words = lettersOnly(splitParts(typed));
  const folded = lists.map(foldedList);
  const spelled = findWords(words, folded);
  if (spelled.length > 0) return spelled.map(({ bytes }) => bytes);
  throw new ReceiptError(diagnoseWords(typed, words, lists[mostKnown(words, folded).list] ?? []));
}

/** Returns whether a text without a code could be words, for which the lists are needed. */
export const mayBeWords = (typed: string): boolean => lettersOnly(splitParts(typed)).filter((word) => word.length > 2).length >= MIN_WORDS_TO_GUESS;

/**
 * Returns the places of the receipts in a text, from the first character up to the last: parts that
 * form a code, or twelve words of one of the lists, with a valid checksum. Labels and numbers may
 * precede and follow them. The intake finds the same (`crates/protocol/src/receipt/finder.rs`).
 */
export function findReceipts(text: string, lists: WordLists): [from: number, to: number][] {
  const parts = places(text, /[\p{Alphabetic}\p{N}\p{M}]+/gu);
  const found = findCodes(parts.map(({ part }) => part)).map(({ from, to }): [number, number] => [parts[from]!.from, parts[to - 1]!.to]);
  const words = places(text, /[\p{Alphabetic}\p{M}]+/gu);
  const labels = repeatedLabels(words.map(({ part }) => part));
  for (const candidates of [words, words.filter(({ part }) => !labels.has(part))]) {
    const spelled = findWords(candidates.map(({ part }) => part), lists.map(foldedList));
    for (const { from: first } of spelled.sort((a, b) => a.from - b.from)) {
      const [from, to] = [candidates[first]!.from, candidates[first + WORD_COUNT - 1]!.to];
      if (found.every((other) => other[1] <= from || to <= other[0])) found.push([from, to]);
    }
  }
  return found.sort((a, b) => a[0] - b[0]);
}

/** Returns the parts of a text in folded form, and where they are. */
const places = (text: string, pattern: RegExp): { part: string; from: number; to: number }[] =>
  Array.from(text.matchAll(pattern), ({ 0: part, index }) => ({ part: foldWord(part), from: index, to: index + part.length })).filter(({ part }) => part !== "");

const splitParts = (typed: string): string[] => places(typed, /[\p{Alphabetic}\p{N}\p{M}]+/gu).map(({ part }) => part);

/** Returns a word without accents and in lower case, with Western digits instead of Arabic ones. */
function foldWord(word: string): string {
  return word
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 15));
}

/** Returns a part without a number at either end, as in `1nuage`. */
const trimmed = (part: string): string => part.replace(/^[0-9]+|[0-9]+$/g, "");

/** Returns the parts that can be words, without repeated labels. */
function lettersOnly(parts: readonly string[]): string[] {
  const words = parts.map(trimmed).filter((word) => /^\p{Alphabetic}+$/u.test(word));
  const labels = repeatedLabels(words);
  return words.filter((word) => !labels.has(word));
}

/** Returns the words that are repeated as labels. */
function repeatedLabels(words: readonly string[]): Set<string> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const repeated = [...counts].filter(([, times]) => times >= MIN_LABEL_REPEATS && words.length >= WORD_COUNT + times);
  return new Set(repeated.map(([word]) => word));
}

/** Neighbouring parts that form a code with a valid checksum. */
interface CodeParts {
  bytes: Bytes;
  from: number;
  to: number;
}

/** Returns the codes that parts form. No part belongs to two codes. */
function findCodes(parts: readonly string[]): CodeParts[] {
  const found: CodeParts[] = [];
  for (let from = 0; from < parts.length; from++) {
    let code = "";
    let to = from;
    while (to < parts.length && code.length < CODE_CHARS) code += parts[to++]!;
    const bytes = code.length === CODE_CHARS ? decodeCode(code) : undefined;
    if (!bytes) continue;
    found.push({ bytes, from, to });
    from = to - 1;
  }
  return found;
}

/** Returns the value of a code character, or a negative number for an invalid one. */
const valueOf = (letter: string): number =>
  ALPHABET.indexOf(letter.replace(/[a-z]/, (small) => small.toUpperCase()).replace("O", "0").replace(/[IL]/, "1"));

function decodeCode(code: string): Bytes | undefined {
  let bits = 0n;
  for (const letter of code) {
    const value = valueOf(letter);
    if (value < 0) return undefined;
    bits = (bits << 5n) | BigInt(value);
  }
  // 26 characters encode 130 bits, of which the two highest are zero.
  const bytes = bytesFromNumber(bits >> 10n);
  return bits >> 138n === 0n && checkBits(bytes) === Number(bits & 1023n) ? bytes : undefined;
}

const bytesFromNumber = (value: bigint): Bytes => Uint8Array.from({ length: 16 }, (_, at) => Number((value >> BigInt(8 * (15 - at))) & 255n));

/** Twelve neighbouring words of one list with a valid checksum. */
interface SpelledReceipt {
  bytes: Bytes;
  list: number;
  from: number;
}

/**
 * Returns the receipts that words spell, the most likely one first. Labels usually precede the
 * words, so the last match is the most likely. An abbreviated word can match several lists, so the
 * checksum decides.
 */
function findWords(words: readonly string[], lists: readonly FoldedList[]): SpelledReceipt[] {
  const found: SpelledReceipt[] = [];
  for (const [list, known] of lists.entries()) {
    const indices = words.map((word) => indexOf(known, word));
    for (let from = words.length - WORD_COUNT; from >= 0; from--) {
      const twelve = indices.slice(from, from + WORD_COUNT);
      if (twelve.some((index) => index < 0)) continue;
      const bits = twelve.reduce((value, index) => (value << 11n) | BigInt(index), 0n);
      const bytes = bytesFromNumber(bits >> 4n);
      if (hash(bytes)[0]! >> 4 === Number(bits & 15n)) found.push({ bytes, list, from });
    }
  }
  return found;
}

/**
 * Returns whether codes and words are those of several receipts. Labels beside the words can match
 * by chance when they are read as one of the twelve. Such a match shares words with the right one.
 */
function contradict(codes: readonly Bytes[], spelled: readonly SpelledReceipt[]): boolean {
  const areSame = (one: Bytes, other: Bytes) => one.every((byte, at) => byte === other[at]);
  const [code, words] = [codes[0], spelled[0]];
  if (code) return codes.some((other) => !areSame(code, other)) || (spelled.length > 0 && !spelled.some(({ bytes }) => areSame(code, bytes)));
  return spelled.some(({ bytes, list, from }) => list === words!.list && Math.abs(from - words!.from) >= WORD_COUNT && !areSame(bytes, words!.bytes));
}

/** A list as typed words are compared with it. */
interface FoldedList {
  words: readonly string[];
  /** The index of each word and of each abbreviation. It is negative for those of several words. */
  indices: ReadonlyMap<string, number>;
}

/** Returns the index of a word, or of the only word with this prefix, or a negative number. */
const indexOf = ({ indices }: FoldedList, typed: string): number => indices.get(typed) ?? -1;

const foldedLists = new WeakMap<readonly string[], FoldedList>();
function foldedList(list: readonly string[]): FoldedList {
  const known = foldedLists.get(list);
  if (known) return known;
  const words = list.map(foldWord);
  const indices = new Map<string, number>();
  for (const [index, word] of words.entries())
    for (let end = MIN_PREFIX_LEN; end < word.length; end++) {
      const begin = word.slice(0, end);
      indices.set(begin, indices.has(begin) ? -1 : index);
    }
  // A word is itself even if longer words begin with it.
  for (const [index, word] of words.entries()) indices.set(word, index);
  const folded = { words, indices };
  foldedLists.set(list, folded);
  return folded;
}

function diagnoseWords(typed: string, words: readonly string[], list: readonly string[]): ReceiptProblem {
  const folded = foldedList(list);
  const known = words.filter((word) => indexOf(folded, word) >= 0).length;
  const unknown = words.findIndex((word) => indexOf(folded, word) < 0);
  if (unknown >= 0 && known < WORD_COUNT) {
    const near = nearestWordIndex(folded.words, words[unknown]!);
    const word = [...typed.slice(...wordRange(typed, words[unknown]!))].slice(0, 40).join("");
    return { kind: "word", place: unknown + 1, count: words.length, word, near: near === undefined ? undefined : list[near]!.normalize("NFC") };
  }
  return known < WORD_COUNT || (known > WORD_COUNT && unknown < 0) ? { kind: "words", count: known } : { kind: "order" };
}

/** Returns start and end of the first part with this word, without a number at either end. */
function wordRange(typed: string, folded: string): [number, number] {
  for (const { 0: part, index } of typed.matchAll(/[\p{Alphabetic}\p{N}\p{M}]+/gu)) {
    if (trimmed(foldWord(part)) !== folded) continue;
    const word = part.replace(/^\p{N}+/u, "");
    const start = index + part.length - word.length;
    return [start, start + word.replace(/\p{N}+$/u, "").length];
  }
  return [0, 0];
}

/**
 * Returns the text with the nearest word in the place of the unknown one, or undefined if the
 * problem names no nearest word.
 */
export function withNearestWord(typed: string, problem: ReceiptProblem): string | undefined {
  if (problem.kind !== "word" || problem.near === undefined) return undefined;
  const [start, end] = wordRange(typed, trimmed(foldWord(problem.word)));
  return typed.slice(0, start) + problem.near + typed.slice(end);
}

/**
 * Returns the index of the word that is closest to the typed one, with at most two typing errors. A
 * tie at two errors returns undefined.
 */
function nearestWordIndex(list: readonly string[], typed: string): number | undefined {
  const distances = list.map((word) => editDistance(typed, word));
  const closest = distances.reduce((minimum, distance) => Math.min(minimum, distance));
  const first = distances.indexOf(closest);
  const isClear = closest <= 1 || (closest === 2 && distances.indexOf(2, first + 1) < 0);
  return isClear ? first : undefined;
}

/** Returns the number of omitted, added, wrong or swapped letters. */
function editDistance(typed: string, word: string): number {
  const [a, b] = [[...typed], [...word]];
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      let minimum = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) minimum = Math.min(minimum, before[j - 2]! + 1);
      row.push(minimum);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}

function diagnoseCode(parts: readonly string[]): ReceiptProblem {
  const wrong = parts.map((part, at) => ({ group: at + 1, count: [...part].length })).filter(({ count }) => count !== GROUP_CHARS);
  // One of seven groups has a character too few or too many.
  if (parts.length === CODE_CHARS / GROUP_CHARS && wrong.length === 1) return { kind: "group", ...wrong[0]! };
  const code = [...parts.join("")];
  if (code.length !== CODE_CHARS) return { kind: "length", count: code.length };
  const at = code.findIndex((letter) => valueOf(letter) < 0);
  if (at < 0) return { kind: "code" };
  return { kind: "character", sign: code[at]!.replace(/[a-z]/, (small) => small.toUpperCase()), group: Math.floor(at / GROUP_CHARS) + 1 };
}
