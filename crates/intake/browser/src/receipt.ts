// The receipt: 16 random bytes on the reporter's paper, from which everything of one reporter
// grows.
import { ed25519 } from "@noble/curves/ed25519.js";
import { type AgeIdentity, identity } from "./age.ts";
import { type Bytes, utf8 } from "./bytes.ts";
import { canonicalJsonBytes } from "./canonical.ts";
import type { AttachmentEntry } from "./frame.ts";
import { derive, hash, hashText } from "./hash.ts";
import { ALPHABET, CODE_CHARS, WORD_COUNT, type WordLists, checkBits, parseReceipt } from "./typed_receipt.ts";

const SALT = "burkindi/receipt/v1";

export class Receipt {
  constructor(readonly bytes: Bytes) {
    if (bytes.length !== 16) throw new Error("a receipt has 16 bytes");
  }

  /** Seven groups of four. */
  code(): string {
    let bits = (bigIntFromBytes(this.bytes) << 10n) | BigInt(checkBits(this.bytes));
    let letters = "";
    for (let at = 0; at < CODE_CHARS; at++, bits >>= 5n) letters = ALPHABET[Number(bits & 31n)] + letters;
    return letters.match(/.{4}/g)!.join("-");
  }

  /** Twelve words of a list. */
  words(list: readonly string[]): string {
    const bits = (bigIntFromBytes(this.bytes) << 4n) | BigInt(hash(this.bytes)[0]! >> 4);
    return Array.from({ length: WORD_COUNT }, (_, at) => list[Number((bits >> BigInt(11 * (WORD_COUNT - 1 - at))) & 2047n)]).join(" ");
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
  mailboxIdentity(): AgeIdentity {
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
  sendingTag(token: Uint8Array, body: Uint8Array, attachments: readonly AttachmentEntry[]): Bytes {
    const manifest = canonicalJsonBytes(attachments);
    return hash(utf8("burkindi/sending/v1"), derive(this.bytes, SALT, "sending"), token, hash(body), hash(manifest));
  }

  /** Reads a code, or words of any of the lists, in any letter case and spacing; accents and word ends may be left out, and labels and
   *  numbers may stand around. Throws a `ReceiptError` that says what is wrong. */
  static parse(typed: string, lists: WordLists): Receipt {
    return new Receipt(parseReceipt(typed, lists));
  }
}

const bigIntFromBytes = (bytes: Uint8Array): bigint => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
