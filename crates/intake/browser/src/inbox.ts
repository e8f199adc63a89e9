// The reporter's mailbox, opened and checked.
import { type AgeIdentity, WrongRecipientError, type AgeRecipient, open, recipientFrom, recipientOf } from "./age.ts";
import { decode, text } from "./bytes.ts";
import { boolean, day, exactly, nullable, object, week, whole } from "./canonical.ts";
import { type ReplyCapsule, openCapsule } from "./reply_capsule.ts";
import { type VerifiedFrame, type FrameKind, type ThreadHead, type KeyRotation, peekFrame, readRotation, verifyFrame } from "./frame.ts";
import { type HashText, hashText } from "./hash.ts";
import type { Receipt } from "./receipt.ts";
import { RecordType, parseRecords, splitHeader } from "./framing.ts";

const MAX_HEADER = 1024;
const STAGES = ["received", "triaged", "assessing", "investigating", "decided", "referred", "closed", "purged"] as const;
export type Stage = (typeof STAGES)[number];

/** What a mailbox says besides its records. */
export interface MailboxHeader {
  v: 1;
  week: string;
  stage: Stage;
  released_to_oversight: boolean;
  next_update: string | null;
  received: number;
}

const readHeader = object<MailboxHeader>({
  v: exactly(1),
  week,
  stage: exactly(...STAGES),
  released_to_oversight: boolean,
  next_update: nullable(day),
  received: whole(0xffff_ffff),
});

/** One message to the reporter. */
export interface InboxMessage {
  seq: number;
  week: string;
  lang: string;
  kind: FrameKind;
  text: string;
}

/** Something that a reporter should know about the mailbox. `count` tells how many messages are missing. */
export type InboxFinding =
  | { kind: "forged" }
  | { kind: "earlier-not-shown"; count: number }
  | { kind: "withheld"; count: number }
  /** The investigators acknowledge a newer message of the reporter than the capsule knows. */
  | { kind: "older-state" }
  | { kind: "wrong-key" };

/** Everything shown has a valid signature; what has not is in `findings`. */
export interface ReporterInbox {
  header: MailboxHeader;
  messages: InboxMessage[];
  findings: InboxFinding[];
  /** May the reporter write? Not if the handler offers a wrong key. */
  canWrite: boolean;
  /** What a follow-up goes on from. */
  case: string;
  generation: number;
  caseRecipient: AgeRecipient;
  repliesKeys: string[];
  sent: ThreadHead;
  seen: ThreadHead | null;
}

/** There is a mailbox of this receipt, and it was damaged or forged. */
export class DamagedMailboxError extends Error {}

/**
 * Opens and checks a mailbox. Throws `OtherRecipient` if it is not of this receipt: nothing filed under it, or not yet. Throws
 * `Damaged` if it is, and cannot be used.
 */
export async function openInbox(receipt: Receipt, sealed: Uint8Array): Promise<ReporterInbox> {
  const plain = await open(receipt.mailboxIdentity(), sealed).catch((error: unknown) => {
    throw error instanceof WrongRecipientError ? error : new DamagedMailboxError(String(error));
  });
  return readMailbox(receipt, plain).catch((error: unknown) => {
    throw new DamagedMailboxError(String(error));
  });
}

async function readMailbox(receipt: Receipt, plain: Uint8Array): Promise<ReporterInbox> {
  const secret = receipt.mailboxIdentity();
  const { header, rest } = splitHeader("BKM1", MAX_HEADER, plain, readHeader);
  const [capsule, caseKey, ...replies] = parseRecords(rest);
  const shaped =
    capsule?.type === RecordType.capsule &&
    caseKey?.type === RecordType.caseRecipient &&
    replies.every((reply) => reply.type === RecordType.reply);
  if (!shaped) throw new Error("the mailbox's records are not those of a mailbox");
  const caseRecipient = recipientFrom(caseKey.bytes);
  const own = hashText((await recipientOf(secret)).raw);
  const reading = new ReplyReader(await openCapsule(capsule.bytes, secret, receipt.reporterKey()), own);
  for (const reply of replies) await reading.readReply(reply.bytes, secret);
  return reading.finish(header, caseRecipient);
}

/** Reads replies in order, following rotations from key to key. */
class ReplyReader {
  private generation: number;
  private caseRecipient: HashText;
  private readonly repliesKeys: string[];
  private readonly messages: InboxMessage[] = [];
  private readonly findings: InboxFinding[] = [];
  private newest: ThreadHead | null = null;
  /** The newest of the reporter's frames that the investigators acknowledge. */
  private acknowledged = 0;

  constructor(
    private readonly capsule: ReplyCapsule,
    private readonly own: HashText,
  ) {
    this.generation = capsule.generation;
    this.caseRecipient = capsule.case_recipient;
    this.repliesKeys = [...capsule.replies_keys];
  }

  async readReply(sealed: Uint8Array, secret: AgeIdentity): Promise<void> {
    let frame: VerifiedFrame;
    try {
      frame = this.verify(await open(secret, sealed));
    } catch {
      this.findings.push({ kind: "forged" });
      return;
    }
    if (!this.checkSequence(frame)) return;
    this.newest = headOf(frame);
    this.acknowledged = Math.max(this.acknowledged, frame.header.ack?.seq ?? 0);
    const { kind, seq, week, lang } = frame.header;
    if (kind === "rotation") this.rotate(frame);
    else if (kind === "report") this.findings.push({ kind: "forged" });
    else this.messages.push({ seq, week, lang, kind, text: text(frame.body) });
  }

  private verify(plain: Uint8Array): VerifiedFrame {
    const header = peekFrame(plain);
    const seen = this.capsule.seen;
    const known = seen !== null && header.seq <= seen.seq;
    if (this.newest === null && known && header.generation <= this.generation) {
      // The oldest frame still here, known from before: the rotations after it are read once more.
      this.generation = header.generation;
    }
    const signer = this.repliesKeys[this.generation];
    if (signer === undefined) throw new Error("of a generation that is not known");
    return verifyFrame(plain, {
      case: this.capsule.case,
      generation: this.generation,
      direction: "out",
      recipient: this.own,
      signer: decode(signer),
    });
  }

  /** Notes gaps; a frame that was shown already, or one that pretends another past, is not shown. */
  private checkSequence(frame: VerifiedFrame): boolean {
    const { seq, prev } = frame.header;
    const expected = this.newest === null ? 0 : this.newest.seq + 1;
    const seen = this.capsule.seen;
    const rewritten = seen !== null && seen.seq === seq && seen.hash !== frame.hash;
    const unchained = seq === expected && prev !== (this.newest?.hash ?? null);
    if (seq < expected || rewritten || unchained) {
      this.findings.push({ kind: "forged" });
      return false;
    }
    if (seq > expected) {
      const kind = this.newest === null ? "earlier-not-shown" : "withheld";
      this.findings.push({ kind, count: seq - expected });
    }
    return true;
  }

  private rotate(frame: VerifiedFrame): void {
    let rotation: KeyRotation | undefined;
    try {
      rotation = readRotation(frame.body);
    } catch {
      // Signed and still no rotation: told below.
    }
    if (rotation?.generation !== this.generation + 1) {
      this.findings.push({ kind: "forged" });
      return;
    }
    this.generation = rotation.generation;
    if (this.repliesKeys.length === rotation.generation) {
      this.repliesKeys.push(rotation.replies_key);
      this.caseRecipient = rotation.case_recipient;
    }
  }

  finish(header: MailboxHeader, caseRecipient: AgeRecipient): ReporterInbox {
    const wrong = hashText(caseRecipient.raw) !== this.caseRecipient;
    if (wrong) this.findings.push({ kind: "wrong-key" });
    // What the reporter had seen before must still be there, or somebody withholds the newest.
    const shown = this.newest === null ? 0 : this.newest.seq + 1;
    const seen = this.capsule.seen === null ? 0 : this.capsule.seen.seq + 1;
    if (shown < seen) this.findings.push({ kind: "withheld", count: seen - shown });
    if (this.acknowledged > this.capsule.sent.seq) this.findings.push({ kind: "older-state" });
    return {
      header,
      messages: this.messages,
      findings: this.findings,
      canWrite: !wrong,
      case: this.capsule.case,
      generation: this.repliesKeys.length - 1,
      caseRecipient,
      repliesKeys: this.repliesKeys,
      sent: this.capsule.sent,
      seen: this.newest ?? this.capsule.seen,
    };
  }
}

const headOf = (frame: VerifiedFrame): ThreadHead => ({ seq: frame.header.seq, hash: frame.hash });
