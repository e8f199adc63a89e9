// Writes and reads age files with exactly one post-quantum recipient, as crates/age-hybrid does.
import { Decrypter, Encrypter, Stanza, identityToRecipient } from "age-encryption";
import { type Bytes, random, randomBelow } from "./bytes.ts";
import { type AgeIdentity, type AgeRecipient, decodeRecipient } from "./recipients.ts";

/** The tag of the stanza. */
export const STANZA_TAG = "mlkem768x25519";
const GREASE_SUFFIX = "-grease";
/**
 * Maximum length of a header. Our headers are much shorter; readers reject longer ones before they
 * parse them.
 */
const MAX_HEADER_LEN = 4096;
/** Length of the nonce before the first chunk in bytes. */
export const NONCE_LEN = 16;
/** Number of plaintext bytes in one chunk of a payload. */
export const CHUNK_LEN = 64 * 1024;
const TAG_LEN = 16;

/** Returns the recipient of an identity. */
export async function recipientOf(secret: AgeIdentity): Promise<AgeRecipient> {
  return decodeRecipient(await identityToRecipient(secret));
}

/** Encrypts an age file in memory. */
export const seal = async (to: AgeRecipient, plain: Uint8Array): Promise<Bytes> =>
  (await encrypter(to).encrypt(plain)) as Bytes;

/** An age file as a stream, and the length of its header. */
export interface SealedStream {
  readonly stream: ReadableStream<Uint8Array>;
  readonly headerLen: number;
}

/**
 * Encrypts a stream with constant memory. The plaintext is read only after the header is complete.
 */
export async function sealStream(to: AgeRecipient, plain: ReadableStream<Uint8Array>): Promise<SealedStream> {
  const stream = await encrypter(to).encrypt(plain);
  return { stream, headerLen: stream.size(0) - NONCE_LEN - TAG_LEN };
}

/** Returns the length of an age file with a header and a plaintext of these lengths. */
export const sealedLen = (headerLen: number, plainLen: number): number =>
  headerLen + NONCE_LEN + plainLen + TAG_LEN * Math.max(1, Math.ceil(plainLen / CHUNK_LEN));

/**
 * The file is sealed to another key, or its encapsulation is damaged. The two cannot be
 * distinguished.
 */
export class WrongRecipientError extends Error {}

/** Decrypts a file that is sealed to this key and to no other recipient. Throws otherwise. */
export async function open(secret: AgeIdentity, sealed: Uint8Array): Promise<Bytes> {
  checkRecipients(sealed);
  const decrypter = new Decrypter();
  decrypter.addIdentity(secret);
  try {
    return (await decrypter.decrypt(sealed)) as Bytes;
  } catch (error) {
    // The library has no error class for this case.
    const other = error instanceof Error && error.message.startsWith("no identity matched");
    throw other ? new WrongRecipientError(error.message) : error;
  }
}

function encrypter(to: AgeRecipient): Encrypter {
  const encrypter = new Encrypter();
  encrypter.addRecipient(to.text);
  // The Rust implementation of age adds a grease stanza after the others. Without one, a file would
  // reveal which implementation sealed it.
  encrypter.addRecipient({ wrapFileKey: () => [greaseStanza()] });
  return encrypter;
}

/**
 * Returns a stanza with a tag of 1 to 8 printable characters and a suffix, 0 to 4 arguments of 1 to
 * 8 characters, and 0 to 99 bytes.
 */
function greaseStanza(): Stanza {
  const word = (): string => {
    const letters = Array.from({ length: 1 + randomBelow(8) }, () => 33 + randomBelow(94));
    return String.fromCharCode(...letters);
  };
  const tag = word() + GREASE_SUFFIX;
  const args = Array.from({ length: randomBelow(5) }, word);
  return new Stanza([tag, ...args], random(randomBelow(100)));
}

/** Throws unless the header has exactly one hybrid stanza and otherwise only grease. */
function checkRecipients(sealed: Uint8Array): void {
  const head = String.fromCharCode(...sealed.subarray(0, MAX_HEADER_LEN));
  const end = head.indexOf("\n---");
  if (end < 0) throw new Error("no header of an age file");
  const tags = head
    .slice(0, end)
    .split("\n")
    .filter((line) => line.startsWith("-> "))
    .map((line) => line.split(" ")[1] ?? "");
  const hybrid = tags.filter((tag) => tag === STANZA_TAG).length;
  const others = tags.filter((tag) => tag !== STANZA_TAG && !tag.endsWith(GREASE_SUFFIX)).length;
  if (hybrid !== 1 || others !== 0) throw new Error("sealed to another recipient as well");
}
