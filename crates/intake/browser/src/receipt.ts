// The receipt: 16 random bytes that the reporter writes down. All keys of the reporter are derived
// from them.
import { ed25519 } from "@noble/curves/ed25519.js";
import { type AgeIdentity, identity } from "./recipients.ts";
import { type Bytes, utf8 } from "./bytes.ts";
import { canonicalJsonBytes } from "./canonical.ts";
import type { AttachmentEntry } from "./frame.ts";
import { derive, hash, hashText } from "./hash.ts";
import { ALPHABET, CODE_CHARS, type WordLists, checkBits, parseReceipt, spellWords } from "./typed_receipt.ts";

const SALT = "burkindi/receipt/v1";

export class Receipt {
  constructor(readonly bytes: Bytes) {
    if (bytes.length !== 16) throw new Error("a receipt has 16 bytes");
  }

  /** Returns the code: seven groups of four characters. */
  code(): string {
    let bits = (bigIntFromBytes(this.bytes) << 10n) | BigInt(checkBits(this.bytes));
    let letters = "";
    for (let at = 0; at < CODE_CHARS; at++, bits >>= 5n) letters = ALPHABET[Number(bits & 31n)] + letters;
    return letters.match(/.{4}/g)!.join("-");
  }

  /** Returns the receipt as twelve words of a list. */
  words(list: readonly string[]): string {
    return spellWords(this.bytes, list).join(" ");
  }

  /** Returns `L`, which identifies the mailbox to the intake. */
  locator(): Bytes {
    return derive(this.bytes, SALT, "locator");
  }

  /** Returns the id under which the mailbox is stored. */
  mailboxId(): string {
    return hashText(this.locator());
  }

  /** Returns the identity that opens the mailbox. */
  mailboxIdentity(): AgeIdentity {
    return identity(derive(this.bytes, SALT, "mailbox"));
  }

  /** Returns the key that signs frames to the investigators. Its public half is `K_r`. */
  signingKey(): Bytes {
    return derive(this.bytes, SALT, "signing");
  }

  /** Returns `K_r`. */
  reporterKey(): Bytes {
    return ed25519.getPublicKey(this.signingKey()) as Bytes;
  }

  /**
   * Returns a tag that is equal for two sendings of one message, and different for any difference
   * in text or files.
   */
  sendingTag(token: Uint8Array, body: Uint8Array, attachments: readonly AttachmentEntry[]): Bytes {
    const manifest = canonicalJsonBytes(attachments);
    return hash(utf8("burkindi/sending/v1"), derive(this.bytes, SALT, "sending"), token, hash(body), hash(manifest));
  }

  /**
   * Parses a code, or words of any of the lists, in any letter case and spacing. Accents and word
   * ends may be omitted, and labels and numbers may surround the words. Throws a `ReceiptError`
   * with the problem.
   */
  static parse(typed: string, lists: WordLists): Receipt {
    return new Receipt(parseReceipt(typed, lists));
  }
}

const bigIntFromBytes = (bytes: Uint8Array): bigint => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
