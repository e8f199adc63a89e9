// The reply capsule: the state that a reporter with only the receipt needs to continue.
import { open, seal } from "./age.ts";
import type { AgeIdentity, AgeRecipient } from "./recipients.ts";
import { type Bytes, concat } from "./bytes.ts";
import { MAX_GENERATION, MalformedJsonError, canonicalJsonBytes, list, nullable, object, parseCanonical, uuid, whole } from "./canonical.ts";
import { type ThreadHead, readHead } from "./frame.ts";
import { type HashText, readHash } from "./hash.ts";
import { readKey, sign, verify } from "./keys.ts";

const LABEL = "burkindi/capsule/v1\0";
const SIGNATURE_LEN = 64;

/**
 * The content of a capsule. Any party that knows `M` can seal to it; only the signature proves that
 * the reporter created the capsule.
 */
export interface ReplyCapsule {
  case: string;
  generation: number;
  /** The hash of `C`. With the signature, it prevents the handler from presenting another key. */
  case_recipient: HashText;
  /** `K_c` of each generation so far. */
  replies_keys: string[];
  /** The submission digest of the report. */
  report: HashText;
  /** The reporter's own newest frame. */
  sent: ThreadHead;
  /** The submission digest of the newest frame. */
  sent_digest: HashText;
  /** The newest frame seen from the investigators. */
  seen: ThreadHead | null;
}

const readCapsule = object<ReplyCapsule>({
  case: uuid,
  generation: whole(MAX_GENERATION),
  case_recipient: readHash,
  replies_keys: list(readKey, MAX_GENERATION + 1),
  report: readHash,
  sent: readHead,
  sent_digest: readHash,
  seen: nullable(readHead),
});

/** Signs a capsule with the key whose public half is `K_r`, and seals it to `M`. */
export function sealCapsule(capsule: ReplyCapsule, to: AgeRecipient, key: Uint8Array): Promise<Bytes> {
  const plain = canonicalJsonBytes(capsule);
  return seal(to, concat(plain, sign(key, LABEL, plain)));
}

/**
 * Opens a capsule. Throws unless it is signed by `signer`, which the reader derives from the
 * receipt.
 */
export async function openCapsule(sealed: Uint8Array, secret: AgeIdentity, signer: Uint8Array): Promise<ReplyCapsule> {
  const opened = await open(secret, sealed);
  if (opened.length < SIGNATURE_LEN) throw new MalformedJsonError("invalid capsule signature");
  const plain = opened.subarray(0, -SIGNATURE_LEN);
  if (!verify(signer, LABEL, plain, opened.subarray(-SIGNATURE_LEN))) throw new MalformedJsonError("invalid capsule signature");
  const capsule = parseCanonical(plain, readCapsule);
  // The report is frame 0.
  const sameDigest = capsule.sent.seq > 0 || capsule.report === capsule.sent_digest;
  if (capsule.replies_keys.length !== capsule.generation + 1 || !sameDigest) throw new MalformedJsonError("malformed capsule");
  return capsule;
}
