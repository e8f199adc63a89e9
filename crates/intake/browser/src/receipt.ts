// The receipt: 16 random bytes on the reporter's paper, from which everything of one reporter grows.
import { ed25519 } from "@noble/curves/ed25519.js";
import { type Identity, identity } from "./age.ts";
import { type Bytes, utf8 } from "./bytes.ts";
import { jsonBytes } from "./canonical.ts";
import type { Attachment } from "./frame.ts";
import { derive, hash, hashText } from "./hash.ts";

const SALT = "burkindi/receipt/v1";
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_CHARS = 26;
const CHECK_CHARS = 2;
const WORDS = 12;

export type ReceiptProblem = "length" | "character" | "word" | "check";

/** Why a text is no receipt. */
export class ReceiptError extends Error {
  constructor(readonly problem: ReceiptProblem) {
    super(problem);
  }
}

/** The 2,048 words of each language. */
export type WordLists = readonly (readonly string[])[];

export class Receipt {
  constructor(readonly bytes: Bytes) {
    if (bytes.length !== 16) throw new Error("a receipt has 16 bytes");
  }

  /** Seven groups of four. */
  code(): string {
    let bits = (number(this.bytes) << 10n) | BigInt(checkBits(this.bytes));
    let letters = "";
    for (let at = 0; at < CODE_CHARS + CHECK_CHARS; at++, bits >>= 5n) letters = ALPHABET[Number(bits & 31n)] + letters;
    return letters.match(/.{4}/g)!.join("-");
  }

  /** Twelve words of a list. */
  words(list: readonly string[]): string {
    const bits = (number(this.bytes) << 4n) | BigInt(hash(this.bytes)[0]! >> 4);
    return Array.from({ length: WORDS }, (_, at) => list[Number((bits >> BigInt(11 * (WORDS - 1 - at))) & 2047n)]).join(" ");
  }

  /** `L`: names the mailbox to whoever serves it. */
  locator(): Bytes {
    return derive(this.bytes, SALT, "locator");
  }

  /** Under which the mailbox is kept. */
  mailboxId(): string {
    return hashText(this.locator());
  }

  /** Opens the mailbox. */
  mailboxIdentity(): Identity {
    return identity(derive(this.bytes, SALT, "mailbox"));
  }

  /** Signs frames to the investigators; its public half is `K_r`. */
  signingKey(): Bytes {
    return derive(this.bytes, SALT, "signing");
  }

  /** `K_r`. */
  reporterKey(): Bytes {
    return ed25519.getPublicKey(this.signingKey()) as Bytes;
  }

  /** Equal for two sendings of one message, different for any difference in text or files. */
  sendingTag(token: Uint8Array, body: Uint8Array, attachments: readonly Attachment[]): Bytes {
    const manifest = jsonBytes(attachments);
    return hash(utf8("burkindi/sending/v1"), derive(this.bytes, SALT, "sending"), token, hash(body), hash(manifest));
  }

  /** Reads a code, or words of any of the lists, in any letter case and spacing; accents and word ends may be left out. */
  static parse(typed: string, lists: WordLists): Receipt {
    const words = typed
      .split(/[^\p{Alphabetic}\p{N}\p{M}]+/u)
      .map(fold)
      .filter((word) => word !== "");
    if (words.length === WORDS && words.every((word) => /^\p{Alphabetic}+$/u.test(word))) {
      try {
        return parseWords(words, lists);
      } catch (error) {
        if (words.join("").length !== CODE_CHARS + CHECK_CHARS) throw error;
      }
    }
    return parseCode(words.join(""));
  }

  /** Could these be words, for which lists are needed? */
  static isWords(typed: string): boolean {
    return typed.split(/[^\p{Alphabetic}\p{N}\p{M}]+/u).filter((word) => /^[\p{Alphabetic}\p{M}]+$/u.test(word)).length >= WORDS;
  }
}

const number = (bytes: Uint8Array): bigint => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

function fromNumber(value: bigint): Bytes {
  return Uint8Array.from({ length: 16 }, (_, at) => Number((value >> BigInt(8 * (15 - at))) & 255n));
}

/** The first ten bits of the hash. */
function checkBits(bytes: Uint8Array): number {
  const digest = hash(bytes);
  return (digest[0]! << 2) | (digest[1]! >> 6);
}

/** Without accents and in lower case; digits of other scripts become ours. */
function fold(word: string): string {
  return word
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 15));
}

function parseCode(letters: string): Receipt {
  if ([...letters].length !== CODE_CHARS + CHECK_CHARS) throw new ReceiptError("length");
  let bits = 0n;
  // Latin letters only: the upper case of ß has two letters, and that of ı is I.
  const upper = letters.replace(/[a-z]/g, (letter) => letter.toUpperCase());
  for (const letter of upper.replace(/O/g, "0").replace(/[IL]/g, "1")) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) throw new ReceiptError("character");
    bits = (bits << 5n) | BigInt(value);
  }
  // 26 characters carry 130 bits: the two highest are zero.
  const bytes = fromNumber(bits >> 10n);
  if (bits >> 138n !== 0n || checkBits(bytes) !== Number(bits & 1023n)) throw new ReceiptError("check");
  return new Receipt(bytes);
}

function parseWords(words: string[], lists: WordLists): Receipt {
  let known = false;
  // A beginning may stand in several lists, so each list is tried whole; the check decides.
  for (const list of lists) {
    const indices = words.map((word) => indexOf(list, word));
    if (indices.some((index) => index < 0)) continue;
    known = true;
    const bits = indices.reduce((value, index) => (value << 11n) | BigInt(index), 0n);
    const bytes = fromNumber(bits >> 4n);
    if (hash(bytes)[0]! >> 4 === Number(bits & 15n)) return new Receipt(bytes);
  }
  throw new ReceiptError(known ? "check" : "word");
}

function indexOf(list: readonly string[], typed: string): number {
  const folded = foldedList(list);
  const exact = folded.indexOf(typed);
  if (exact >= 0 || typed.length < 4) return exact;
  const first = folded.findIndex((word) => word.startsWith(typed));
  const another = folded.findIndex((word, at) => at > first && word.startsWith(typed));
  return another < 0 ? first : -1;
}

const foldedLists = new WeakMap<readonly string[], string[]>();
function foldedList(list: readonly string[]): string[] {
  const known = foldedLists.get(list);
  if (known) return known;
  const folded = list.map(fold);
  foldedLists.set(list, folded);
  return folded;
}

