// The capsule: what a reporter who keeps nothing but the receipt needs in order to go on.
import { type Identity, type Recipient, open, seal } from "./age.ts";
import { type Bytes, strictText, utf8 } from "./bytes.ts";
import type { Head } from "./frame.ts";
import type { HashText } from "./hash.ts";

export interface Capsule {
  case: string;
  generation: number;
  /** Hash of `C`: stops the handler from giving another key. */
  case_recipient: HashText;
  /** `K_c` of each generation so far. */
  replies_keys: string[];
  /** The reporter's own newest frame. */
  sent: Head;
  /** The newest frame seen from the investigators. */
  seen: Head | null;
}

export const sealCapsule = (capsule: Capsule, to: Recipient): Promise<Bytes> => seal(to, utf8(JSON.stringify(capsule)));

export async function openCapsule(sealed: Uint8Array, secret: Identity): Promise<Capsule> {
  const capsule = JSON.parse(strictText(await open(secret, sealed))) as Capsule;
  if (capsule.replies_keys.length !== capsule.generation + 1) throw new Error("malformed capsule");
  return capsule;
}
