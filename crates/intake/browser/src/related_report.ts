// A signed statement that another report is by the same person and about the same matter. Only
// readers of that other case can recognise it.
import { type Bytes, concat, decodeExactly, encode, utf8 } from "./bytes.ts";
import { checked, object } from "./canonical.ts";
import { type HashText, hashText, readHash } from "./hash.ts";
import { sign } from "./keys.ts";

const LABEL = "burkindi/related-report/v1\0";

export interface RelatedReport {
  token: HashText;
  proof: string;
}

export const readRelatedReport = object<RelatedReport>({
  token: readHash,
  proof: checked((written) => decodeExactly(written, 64)),
});

/**
 * Refers to the case `other` in a message of the case `self`, signed with the reporter key of
 * `other`.
 */
export function relatedReport(other: string, self: string, key: Uint8Array): RelatedReport {
  const ids = concat(uuidBytes(other), uuidBytes(self));
  return { token: hashText(utf8(LABEL), ids), proof: encode(sign(key, LABEL, ids)) };
}

const uuidBytes = (id: string): Bytes => Uint8Array.from(id.replaceAll("-", "").match(/../g)!, (two) => parseInt(two, 16));
