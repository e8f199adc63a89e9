// The capsule: what a reporter who keeps nothing but the receipt needs in order to go on.
import { type Identity, type Recipient, open, seal } from "./age.ts";
import { type Bytes, concat } from "./bytes.ts";
import { MAX_GENERATION, Malformed, jsonBytes, list, nullable, object, parse, uuid, whole } from "./canonical.ts";
import { type Head, readHead } from "./frame.ts";
import { type HashText, readHash } from "./hash.ts";
import { readKey, sign, verify } from "./keys.ts";

const LABEL = "burkindi/capsule/v1\0";
const SIGNATURE = 64;

/** Everybody who knows `M` can seal to it. Only the signature shows that the reporter made the capsule. */
export interface Capsule {
  case: string;
  generation: number;
  /** Hash of `C`: with the signature, it stops the handler from giving another key. */
  case_recipient: HashText;
  /** `K_c` of each generation so far. */
  replies_keys: string[];
  /** The reporter's own newest frame. */
  sent: Head;
  /** The newest frame seen from the investigators. */
  seen: Head | null;
}

const readCapsule = object<Capsule>({
  case: uuid,
  generation: whole(MAX_GENERATION),
  case_recipient: readHash,
  replies_keys: list(readKey, MAX_GENERATION + 1),
  sent: readHead,
  seen: nullable(readHead),
});

/** Signs it with the key whose public half is `K_r`, and seals it to `M`. */
export function sealCapsule(capsule: Capsule, to: Recipient, key: Uint8Array): Promise<Bytes> {
  const plain = jsonBytes(capsule);
  return seal(to, concat(plain, sign(key, LABEL, plain)));
}

/** Opens it; throws unless `signer`, which the reader derives from the receipt, signed it. */
export async function openCapsule(sealed: Uint8Array, secret: Identity, signer: Uint8Array): Promise<Capsule> {
  const opened = await open(secret, sealed);
  if (opened.length < SIGNATURE) throw new Malformed("the capsule is forged");
  const plain = opened.subarray(0, -SIGNATURE);
  if (!verify(signer, LABEL, plain, opened.subarray(-SIGNATURE))) throw new Malformed("the capsule is forged");
  const capsule = parse(plain, readCapsule);
  if (capsule.replies_keys.length !== capsule.generation + 1) throw new Malformed("malformed capsule");
  return capsule;
}
