// The secret of one case and what grows from it; signatures.
import { ed25519 } from "@noble/curves/ed25519.js";
import { type Identity, identity } from "./age.ts";
import { type Bytes, concat, utf8 } from "./bytes.ts";
import { derive } from "./hash.ts";

const SALT = "burkindi/case/v1";

/** The identity whose recipient is `C`. */
export const caseIdentity = (secret: Uint8Array): Identity => identity(derive(secret, SALT, "identity"));

/** `K_c`: verifies what investigators write to the reporter. */
export const repliesKey = (secret: Uint8Array): Bytes => ed25519.getPublicKey(derive(secret, SALT, "replies")) as Bytes;

/** Ed25519 over `label ‖ message`. */
export const sign = (key: Uint8Array, label: string, message: Uint8Array): Bytes =>
  ed25519.sign(concat(utf8(label), message), key) as Bytes;

/** Does the signature hold, by the strict rules (no small-order keys, canonical encodings)? */
export function verify(key: Uint8Array, label: string, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, concat(utf8(label), message), key, { zip215: false });
  } catch {
    return false;
  }
}
