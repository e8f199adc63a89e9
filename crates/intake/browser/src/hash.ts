// SHA-256 and key derivation.
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, decodeExactly, encode, utf8 } from "./bytes.ts";
import { checked } from "./canonical.ts";

/** A hash as encoded in JSON: 43 characters of base64url. */
export type HashText = string;

/** Decodes a hash. */
export const readHash = checked((written) => decodeExactly(written, 32));

/** Returns the SHA-256 hash of the concatenated parts. */
export const hash = (...parts: Uint8Array[]): Bytes => sha256(concat(...parts)) as Bytes;

export const hashText = (...parts: Uint8Array[]): HashText => encode(hash(...parts));

/** Returns `HKDF-SHA256(ikm, salt, info)`. */
export const derive = (secret: Uint8Array, salt: string, info: string | Uint8Array, length = 32): Bytes =>
  hkdf(sha256, secret, utf8(salt), typeof info === "string" ? utf8(info) : info, length) as Bytes;
