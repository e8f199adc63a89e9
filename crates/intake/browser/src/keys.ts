// Keys derived from a case secret, and signatures.
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { type AgeIdentity, type AgeRecipient, identity } from "./recipients.ts";
import { type Bytes, concat, decodeExactly, utf8 } from "./bytes.ts";
import { checked } from "./canonical.ts";
import { derive } from "./hash.ts";

const SALT = "burkindi/case/v2";
const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;

/** Returns the identity whose recipient is `C`. */
export const caseIdentity = (secret: Uint8Array): AgeIdentity => identity(derive(secret, SALT, "identity"));

/** Returns `K_c`, which verifies the frames of investigators to the reporter. */
export const repliesKey = (secret: Uint8Array): Bytes => ed25519.getPublicKey(derive(secret, SALT, "replies")) as Bytes;

/**
 * Returns the salt of the report's frame. The receipt does not reveal it, so that the hash of the
 * frame in the reply capsule confirms no guess of the report.
 */
export const frameSalt = (secret: Uint8Array): Bytes => derive(secret, SALT, "frame-salt");

/** Returns the token of the report for its sending tag. */
export const sendingToken = (secret: Uint8Array): Bytes => derive(secret, SALT, "sending");

/**
 * Returns the seed with which the grant of a case secret is sealed to a member. Each holder of the
 * secret can seal the grant again.
 */
export const grantSealSeed = (secret: Uint8Array, to: AgeRecipient): Bytes =>
  derive(secret, SALT, concat(utf8("grant-seal"), to.raw));

/** Signs `label ‖ message` with Ed25519. */
export const sign = (key: Uint8Array, label: string, message: Uint8Array): Bytes =>
  ed25519.sign(concat(utf8(label), message), key) as Bytes;

/**
 * Returns whether the signature is valid: canonical encodings, no point of small order, and the
 * equation without the cofactor, exactly as in the Rust implementation. The library's own check
 * multiplies by the cofactor, and so accepts signatures that Rust rejects.
 */
export function verify(key: Uint8Array, label: string, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    if (signature.length !== 64) return false;
    const [commitment, scalar] = [signature.subarray(0, 32), bigIntFromLittleEndian(signature.subarray(32))];
    if (scalar >= ORDER) return false;
    const r = decodePoint(commitment);
    const challenge = bigIntFromLittleEndian(sha512(concat(commitment, key, utf8(label), message))) % ORDER;
    return Point.BASE.multiplyUnsafe(scalar).subtract(decodePoint(key).multiplyUnsafe(challenge)).equals(r);
  } catch {
    return false;
  }
}

/**
 * Decodes a point of 32 bytes. Throws on a non-canonical encoding and on a point of small order.
 */
function decodePoint(bytes: Uint8Array) {
  const point = Point.fromBytes(bytes, false);
  if (point.isSmallOrder()) throw new Error("point of small order");
  return point;
}

const bigIntFromLittleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** Decodes a public key. */
export const readKey = checked((written) => decodePoint(decodeExactly(written, 32)));
