// The secrets of a report. None of the three can be derived from another.
import { type Bytes, concat } from "./bytes.ts";
import { derive, hash } from "./hash.ts";
import { Receipt } from "./receipt.ts";

const SALT = "burkindi/report-secrets/v1";

export interface ReportSecrets {
  receipt: Receipt;
  /** The 16 bytes of the case id, which is a UUID of version 4. */
  caseBytes: Bytes;
  case: string;
  secret: Bytes;
}

/**
 * Derives the secrets from the seed and the content of a form. Sending the same form again yields
 * the same report and the same receipt.
 */
export function deriveReportSecrets(seed: Uint8Array, content: Uint8Array): ReportSecrets {
  const ikm = concat(seed, hash(content));
  const caseBytes = derive(ikm, SALT, "case", 16);
  caseBytes[6] = (caseBytes[6]! & 0x0f) | 0x40;
  caseBytes[8] = (caseBytes[8]! & 0x3f) | 0x80;
  return {
    receipt: new Receipt(derive(ikm, SALT, "receipt", 16)),
    caseBytes,
    case: formatUuid(caseBytes),
    secret: derive(ikm, SALT, "secret"),
  };
}

function formatUuid(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
