// Grants: the case secret, sealed to each member who may read the case. A report contains exactly
// eight grants, including decoys.
import { recipientOf } from "./age.ts";
import { type AgeRecipient, identity } from "./recipients.ts";
import { type Bytes, concat, random, shuffle, u32, utf8 } from "./bytes.ts";
import { sealDeterministic } from "./deterministic_seal.ts";
import { hash } from "./hash.ts";
import { grantSealSeed } from "./keys.ts";

/** Number of grants in a report. */
export const GRANT_SLOTS = 8;
const GRANT_LEN = 128;

export interface KeyGrant {
  /** The 16 bytes of the case id. */
  case: Uint8Array;
  generation: number;
  secret: Uint8Array;
  reporterKey: Uint8Array;
  /** The hash of `M`. */
  mailboxRecipient: Uint8Array;
}

/**
 * Returns the tag and the sealed grant, as in a record. They depend on the grant and the member
 * alone, so that each holder of the case secret can seal the grant of a colleague again and compare
 * the two.
 */
export function sealGrant(grant: KeyGrant, to: AgeRecipient): Bytes {
  const plain = new Uint8Array(GRANT_LEN);
  plain.set(
    concat(utf8("BKG1"), grant.case, u32(grant.generation), grant.secret, grant.reporterKey, grant.mailboxRecipient),
  );
  return concat(grantTag(grant.case, to), sealDeterministic(to, plain, grantSealSeed(grant.secret, to)));
}

/** Returns the tag by which the handler finds the grant of a member. */
export const grantTag = (caseId: Uint8Array, to: AgeRecipient): Bytes => hash(utf8("burkindi/grant-tag/v1"), caseId, to.raw);

/** Seals one grant to each reader and the rest to random keys. Returns them in random order. */
export async function sealGrants(grant: KeyGrant, readers: readonly AgeRecipient[]): Promise<Bytes[]> {
  if (readers.length > GRANT_SLOTS) throw new Error("too many readers");
  const all = [...readers];
  while (all.length < GRANT_SLOTS) all.push(await recipientOf(identity(random(32))));
  const grants = all.map((reader) => sealGrant(grant, reader));
  shuffle(grants);
  return grants;
}
