// The own copy: a file with the messages of the reporter, sealed to the reporter. No service stores
// it. It opens only with the file and the receipt together.
import { open, recipientOf, seal } from "./age.ts";
import { type Bytes, concat, text, u32, utf8 } from "./bytes.ts";
import { type ThreadHead, type VerifiedFrame, peekFrame, verifyFrame } from "./frame.ts";
import type { ReporterInbox } from "./inbox.ts";
import { TEXT_STEP, padText, unpadText } from "./padding.ts";
import type { Receipt } from "./receipt.ts";
import type { AgeIdentity } from "./recipients.ts";

const MAGIC = "BKO1";
const LEN_PREFIX = 4;
/** Maximum length of an own copy in bytes. A reader refuses a longer file before it opens it. */
export const MAX_OWN_COPY_LEN = 192 * 1024;

/** The file is not an own copy of this report, or was changed. */
export class OwnCopyError extends Error {}

/** The messages of an own copy. Each has a valid signature and continues the one before it. */
export interface OwnCopy {
  messages: VerifiedFrame[];
  /** The frames as signed, to which the next message is added. */
  frames: Bytes[];
}

/** Seals the signed frames of the reporter, from the report on, to the reporter. */
export async function sealOwnCopy(receipt: Receipt, frames: readonly Uint8Array[]): Promise<Bytes> {
  const parts = frames.flatMap((frame) => [u32(frame.length), frame]);
  const recipient = await recipientOf(receipt.mailboxIdentity());
  return seal(recipient, padText(concat(utf8(MAGIC), ...parts), TEXT_STEP));
}

/** What an own copy is compared with. */
export type OwnCopyInbox = Pick<ReporterInbox, "case" | "sent"> & { header: Pick<ReporterInbox["header"], "received"> };

/**
 * Opens an own copy. Throws `OwnCopyError` unless it contains the first messages of this case, in
 * their order and without a gap, each signed by the reporter. A message with the number of the
 * newest one that was collected must be that message, unless more submissions were collected than
 * the reply capsule counts: then the reporter sent two messages with one number, from two pages.
 */
export async function openOwnCopy(receipt: Receipt, sealed: Uint8Array, inbox: OwnCopyInbox): Promise<OwnCopy> {
  try {
    if (sealed.length > MAX_OWN_COPY_LEN) throw new OwnCopyError("too long");
    return readOwnCopy(receipt, await openPadded(receipt.mailboxIdentity(), sealed), inbox);
  } catch (error) {
    throw error instanceof OwnCopyError ? error : new OwnCopyError(String(error));
  }
}

const openPadded = async (identity: AgeIdentity, sealed: Uint8Array): Promise<Uint8Array> => unpadText(await open(identity, sealed), TEXT_STEP);

function readOwnCopy(receipt: Receipt, plain: Uint8Array, inbox: OwnCopyInbox): OwnCopy {
  const frames = splitFrames(plain);
  const signer = receipt.reporterKey();
  const messages = frames.map((bytes) => {
    // The reporter seals to the key of the case of that time. The signature covers it.
    const { generation, recipient } = peekFrame(bytes);
    return verifyFrame(bytes, { case: inbox.case, generation, direction: "in", recipient, signer });
  });
  for (const [seq, { header, hash }] of messages.entries()) {
    const isNext = header.seq === seq && header.prev === (messages[seq - 1]?.hash ?? null) && (header.kind === "report") === (seq === 0);
    if (!isNext) throw new OwnCopyError("messages do not continue each other");
    const isOther = seq === inbox.sent.seq && hash !== inbox.sent.hash;
    if (isOther && inbox.header.received <= inbox.sent.seq + 1) throw new OwnCopyError("another message was collected");
  }
  return { messages, frames };
}

/** Returns whether an own copy contains a message. */
export const containsMessage = ({ messages }: OwnCopy, { seq, hash }: ThreadHead): boolean => messages[seq]?.hash === hash;

/**
 * Returns the message that the next one continues: the newest one of an opened own copy, if it
 * follows the `newest` one that is known otherwise. A message that is sent before the one before it
 * was collected would otherwise have the same number as that one.
 */
export function nextAfter(newest: ThreadHead, copy: OwnCopy): ThreadHead {
  const last = copy.messages.at(-1)!;
  return last.header.seq > newest.seq && containsMessage(copy, newest) ? { seq: last.header.seq, hash: last.hash } : newest;
}

function splitFrames(plain: Uint8Array): Bytes[] {
  if (text(plain.subarray(0, MAGIC.length)) !== MAGIC) throw new OwnCopyError("not an own copy");
  const frames: Bytes[] = [];
  for (let at = MAGIC.length; at < plain.length; ) {
    if (at + LEN_PREFIX > plain.length) throw new OwnCopyError("unexpected end");
    const length = new DataView(plain.buffer, plain.byteOffset + at, LEN_PREFIX).getUint32(0);
    at += LEN_PREFIX;
    if (at + length > plain.length) throw new OwnCopyError("unexpected end");
    frames.push(plain.slice(at, at + length) as Bytes);
    at += length;
  }
  if (frames.length === 0) throw new OwnCopyError("no message");
  return frames;
}
