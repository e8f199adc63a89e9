// The sealed draft: the answers of an unfinished report, in a file or an address that the reporter
// asked for. Twelve words open it. They spell 16 random bytes as those of a receipt do, and are the
// whole secret.
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { type Bytes, concat, random, strictText, utf8 } from "./bytes.ts";
import { canonicalJsonBytes } from "./canonical.ts";
import { derive } from "./hash.ts";
import { padText, unpadText } from "./padding.ts";

const SECRET_LEN = 16;
const SALT = "burkindi/draft/v1";
const SALT_LEN = 16;
/** The length of a draft is a multiple of this, beside 32 bytes. */
const STEP = 512;
/** Maximum length of a file that is read as a draft. */
export const MAX_DRAFT_LEN = 512 * 1024;
/** Each draft has a key of its own, so the nonce does not vary. */
const NONCE = new Uint8Array(12);

/** What a draft contains. Files and recordings are not part of it. */
export interface DraftContent {
  v: 1;
  step: string;
  audience: string;
  family: string;
  category: string;
  /** The values of each field, such as `a.story`. */
  given: [string, string[]][];
}

/** The file is not a draft, or was changed, or the secret is that of another draft. */
export class DraftError extends Error {}

/** Draws the secret of a draft. */
export const drawSecret = (): Bytes => random(SECRET_LEN);

/** Seals a draft: `salt ‖ ChaCha20-Poly1305(padded JSON)`. Nothing in it names the service. */
export function sealDraft(secret: Uint8Array, content: DraftContent): Bytes {
  const salt = random(SALT_LEN);
  return concat(salt, cipher(secret, salt).encrypt(padText(canonicalJsonBytes(content), STEP)));
}

/** Opens a draft with one of the secrets. Throws `DraftError` if none of them opens it. */
export function openDraft(secrets: readonly Uint8Array[], sealed: Uint8Array): DraftContent {
  if (sealed.length > MAX_DRAFT_LEN) throw new DraftError("too long");
  const [salt, box] = [sealed.subarray(0, SALT_LEN), sealed.subarray(SALT_LEN)];
  for (const secret of secrets) {
    let plain: Uint8Array;
    try {
      plain = unpadText(cipher(secret, salt).decrypt(box), STEP);
    } catch {
      continue;
    }
    return readContent(JSON.parse(strictText(plain)));
  }
  throw new DraftError("no secret opens it");
}

const cipher = (secret: Uint8Array, salt: Uint8Array) => chacha20poly1305(derive(secret, SALT, concat(utf8("key"), salt)), NONCE);

/** Only our own program writes drafts. An older one may have written other fields. */
function readContent(value: unknown): DraftContent {
  const content = value as Partial<DraftContent>;
  const texts = [content.step, content.audience, content.family, content.category];
  const isField = (field: unknown): boolean =>
    Array.isArray(field) && field.length === 2 && typeof field[0] === "string" && Array.isArray(field[1]) && field[1].every((one) => typeof one === "string");
  const isSound = content.v === 1 && texts.every((one) => typeof one === "string") && Array.isArray(content.given) && content.given.every(isField);
  if (!isSound) throw new DraftError("a draft of another version");
  return content as DraftContent;
}
