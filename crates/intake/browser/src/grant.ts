// Grants: the case secret, sealed to each person who may read the case. A report carries exactly eight, decoys included.
import { type Recipient, identity, recipientOf, seal } from "./age.ts";
import { type Bytes, concat, random, shuffle, u32, utf8 } from "./bytes.ts";
import { hash } from "./hash.ts";

/** How many grants a report carries. */
export const GRANTS = 8;
const PLAIN = 128;

export interface Grant {
  /** The 16 bytes of the case's id. */
  case: Uint8Array;
  generation: number;
  secret: Uint8Array;
  reporterKey: Uint8Array;
  /** Hash of `M`. */
  mailboxRecipient: Uint8Array;
}

/** Tag and sealed grant, as a record carries them. */
export async function sealGrant(grant: Grant, to: Recipient): Promise<Bytes> {
  const plain = new Uint8Array(PLAIN);
  plain.set(
    concat(utf8("BKG1"), grant.case, u32(grant.generation), grant.secret, grant.reporterKey, grant.mailboxRecipient),
  );
  return concat(slotTag(grant.case, to), await seal(to, plain));
}

/** The tag under which the handler finds a member's grant. */
export const slotTag = (caseId: Uint8Array, to: Recipient): Bytes => hash(utf8("burkindi/slot/v1"), caseId, to.raw);

/** One for each reader, the rest to keys that nobody has, shuffled. */
export async function sealGrants(grant: Grant, readers: readonly Recipient[]): Promise<Bytes[]> {
  if (readers.length > GRANTS) throw new Error("too many readers");
  const all = [...readers];
  while (all.length < GRANTS) all.push(await recipientOf(identity(random(32))));
  const grants = await Promise.all(all.map((reader) => sealGrant(grant, reader)));
  shuffle(grants);
  return grants;
}
