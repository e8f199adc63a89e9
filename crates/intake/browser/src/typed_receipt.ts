// Parses receipts as people write them: a code, twelve words, or a note that contains either among
// labels and numbers. The rules equal those of `protocol::receipt`; both are tested with
// crates/protocol/receipt-spellings.json.
import type { Bytes } from "./bytes.ts";
import { hash } from "./hash.ts";

export const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
export const CODE_CHARS = 28;
export const WORD_COUNT = 12;
/** Minimum number of words from a list for which a text counts as words and not as a code. */
const MIN_WORDS_TO_GUESS = 4;
/** A word that occurs this often in a note is a label and not a word of the receipt. */
const MIN_LABEL_LEN = 6;
/** Number of letters that identify a word in every list. */
const MIN_PREFIX_LEN = 4;

/** The 2,048 words of each language. */
export type WordLists = readonly (readonly string[])[];

export type ReceiptProblem =
  | { kind: "length" | "words"; count: number }
  | { kind: "character"; sign: string }
  | { kind: "word"; place: number; word: string; near: string | undefined }
  | { kind: "check" };

/** A text is not a valid receipt. */
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
  const [code, spelled] = [findCode(parts), findWords(words, folded)];
  const found = isOnlyWords ? (spelled ?? code) : (code ?? spelled);
  if (found) return found;
  const known = folded.map((list) => words.filter((word) => indexOf(list, word) >= 0).length);
  // The list with the most known words is the intended one.
  const meant = known.indexOf(Math.max(...known));
  if (meant >= 0 && known[meant]! >= MIN_WORDS_TO_GUESS) throw new ReceiptError(diagnoseWords(typed, words, lists[meant]!));
  throw new ReceiptError(diagnoseCode(parts));
}

/** Returns whether a text without a code could be words, for which the lists are needed. */
export const mayBeWords = (typed: string): boolean => lettersOnly(splitParts(typed)).filter((word) => word.length > 2).length >= MIN_WORDS_TO_GUESS;

const SEPARATORS = /[^\p{Alphabetic}\p{N}\p{M}]+/u;

const splitParts = (typed: string): string[] => typed.split(SEPARATORS).map(foldWord).filter((part) => part !== "");

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
  const isLabel = (word: string) => {
    const times = words.filter((other) => other === word).length;
    return times >= MIN_LABEL_LEN && words.length >= WORD_COUNT + times;
  };
  return words.filter((word) => !isLabel(word));
}

/** Returns the bytes of neighbouring parts that form a code with a valid checksum. */
function findCode(parts: readonly string[]): Bytes | undefined {
  for (let from = 0; from < parts.length; from++) {
    let code = "";
    for (let to = from; to < parts.length && code.length < CODE_CHARS; to++) code += parts[to]!;
    const found = code.length === CODE_CHARS ? decodeCode(code) : undefined;
    if (found) return found;
  }
  return undefined;
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

/**
 * Returns the bytes of twelve neighbouring words of one list with a valid checksum. Labels usually
 * precede the words, so the last match counts. An abbreviated word can match several lists, so the
 * checksum decides.
 */
function findWords(words: readonly string[], lists: WordLists): Bytes | undefined {
  for (const list of lists) {
    const indices = words.map((word) => indexOf(list, word));
    for (let from = words.length - WORD_COUNT; from >= 0; from--) {
      const twelve = indices.slice(from, from + WORD_COUNT);
      if (twelve.some((index) => index < 0)) continue;
      const bits = twelve.reduce((value, index) => (value << 11n) | BigInt(index), 0n);
      const bytes = bytesFromNumber(bits >> 4n);
      if (hash(bytes)[0]! >> 4 === Number(bits & 15n)) return bytes;
    }
  }
  return undefined;
}

/** Returns the index of a word, or of the only word with this prefix, or a negative number. */
function indexOf(list: readonly string[], typed: string): number {
  const exact = list.indexOf(typed);
  if (exact >= 0 || [...typed].length < MIN_PREFIX_LEN) return exact;
  const first = list.findIndex((word) => word.startsWith(typed));
  const another = list.findIndex((word, at) => at > first && word.startsWith(typed));
  return another < 0 ? first : -1;
}

const foldedLists = new WeakMap<readonly string[], string[]>();
function foldedList(list: readonly string[]): string[] {
  const known = foldedLists.get(list);
  if (known) return known;
  const folded = list.map(foldWord);
  foldedLists.set(list, folded);
  return folded;
}

function diagnoseWords(typed: string, words: readonly string[], list: readonly string[]): ReceiptProblem {
  const folded = foldedList(list);
  const known = words.filter((word) => indexOf(folded, word) >= 0).length;
  const unknown = words.findIndex((word) => indexOf(folded, word) < 0);
  if (unknown >= 0 && known < WORD_COUNT) {
    const near = nearestWordIndex(folded, words[unknown]!);
    return { kind: "word", place: unknown + 1, word: wordAsTyped(typed, words[unknown]!), near: near === undefined ? undefined : list[near]!.normalize("NFC") };
  }
  return known < WORD_COUNT || (known > WORD_COUNT && unknown < 0) ? { kind: "words", count: known } : { kind: "check" };
}

function wordAsTyped(typed: string, folded: string): string {
  const found = typed.split(SEPARATORS).find((part) => trimmed(foldWord(part)) === folded) ?? folded;
  return [...found.replace(/^\p{N}+|\p{N}+$/gu, "")].slice(0, 40).join("");
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
  const code = [...parts.join("")];
  if (code.length !== CODE_CHARS) return { kind: "length", count: code.length };
  const sign = code.find((letter) => valueOf(letter) < 0);
  return sign === undefined ? { kind: "check" } : { kind: "character", sign: sign.replace(/[a-z]/, (small) => small.toUpperCase()) };
}
