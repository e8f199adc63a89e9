// The recipients of seals: their text form, and the check of a public key. Checking a directory
// needs this module and no encryption.
import { x25519 } from "@noble/curves/ed25519.js";
import { bech32 } from "@scure/base";
import type { Bytes } from "./bytes.ts";

const MLKEM_KEY_LEN = 1184;
const COEFFICIENTS = 1152;
const MODULUS = 3329;

/** A public key: `age1pq1…` and its 1,216 raw bytes. */
export interface AgeRecipient {
  readonly text: string;
  readonly raw: Bytes;
}

/** A secret key, `AGE-SECRET-KEY-PQ-1…`. */
export type AgeIdentity = string;

export const identity = (seed: Uint8Array): AgeIdentity => bech32.encodeFromBytes("AGE-SECRET-KEY-PQ-", seed).toUpperCase();

/**
 * Recipients that passed the check before: a directory is verified more than once, and each check
 * takes about a millisecond.
 */
const checkedRecipients = new Map<string, AgeRecipient>();

/**
 * Parses `age1pq1…`. Throws on another kind of recipient, on a non-canonical spelling, and on bytes
 * that are not a valid key.
 */
export function recipient(written: string): AgeRecipient {
  const known = checkedRecipients.get(written);
  if (known) return known;
  const found = decodeRecipient(written);
  if (encodeRecipient(found.raw) !== written) throw new Error("non-canonical spelling of a recipient");
  checkKey(found.raw);
  checkedRecipients.set(written, found);
  return found;
}

/** Returns the recipient of 1,216 raw bytes. */
export const recipientFrom = (raw: Uint8Array): AgeRecipient => recipient(encodeRecipient(raw));

const encodeRecipient = (raw: Uint8Array): string => bech32.encode("age1pq", bech32.toWords(raw), false);

/** Decodes the text form. Does not check the key. */
export function decodeRecipient(written: string): AgeRecipient {
  const { prefix, words } = bech32.decode(written as `${string}1${string}`, false);
  const raw = bech32.fromWords(words) as Bytes;
  if (prefix !== "age1pq" || raw.length !== MLKEM_KEY_LEN + 32) throw new Error("not a post-quantum recipient");
  return { text: written, raw };
}

/**
 * Checks a public key. ML-KEM-768: three vectors of 256 coefficients of 12 bits each, all below the
 * modulus (FIPS 203, section 7.2). X25519: not a point of low order.
 */
function checkKey(raw: Uint8Array): void {
  for (let at = 0; at < COEFFICIENTS; at += 3) {
    const [low, middle, high] = [raw[at]!, raw[at + 1]!, raw[at + 2]!];
    if ((low | ((middle & 15) << 8)) >= MODULUS || ((middle >> 4) | (high << 4)) >= MODULUS) throw new Error("not an ML-KEM key");
  }
  // Throws if the shared secret is zero.
  x25519.getSharedSecret(new Uint8Array(32).fill(0x40), raw.subarray(MLKEM_KEY_LEN));
}
