// Opens and verifies the mailbox of a reporter.
import { WrongRecipientError, open, recipientOf } from "./age.ts";
import { text } from "./bytes.ts";
import { MAX_GENERATION, boolean, day, exactly, nullable, object, week, whole } from "./canonical.ts";
import { type ReplyCapsule, openCapsule } from "./reply_capsule.ts";
import { type VerifiedFrame, type FrameKind, type ThreadHead, peekFrame, verifyFrame } from "./frame.ts";
import { type HashText, hashText } from "./hash.ts";
import { type LogView, verifyLogRecord } from "./log.ts";
import type { VerifiedDirectory } from "./directory.ts";
import { REPLY_STEP, unpadText } from "./padding.ts";
import type { Receipt } from "./receipt.ts";
import { type AgeIdentity, type AgeRecipient, recipientFrom } from "./recipients.ts";
import { RecordType, parseRecords, splitHeader } from "./framing.ts";
import { TrustedKeys, readConfirmedRotation } from "./rotations.ts";

const MAX_HEADER = 1024;
const STAGES = ["received", "triaged", "assessing", "investigating", "decided", "referred", "closed", "purged"] as const;
export type Stage = (typeof STAGES)[number];

/** The header of a mailbox. */
export interface MailboxHeader {
  v: 1;
  week: string;
  stage: Stage;
  released_to_oversight: boolean;
  oversight_asked: boolean;
  unreadable: boolean;
  next_update: string | null;
  received: number;
}

const readHeader = object<MailboxHeader>({
  v: exactly(1),
  week,
  stage: exactly(...STAGES),
  released_to_oversight: boolean,
  oversight_asked: boolean,
  unreadable: boolean,
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

/** A fault of the mailbox that the reporter must see. `count` is the number of missing messages. */
export type InboxFinding =
  | { kind: "forged" }
  /** Messages that the reporter acknowledged are not in the mailbox any more. */
  | { kind: "earlier-not-shown"; count: number }
  /** Messages that the reporter never acknowledged are not in the mailbox any more. */
  | { kind: "unseen-not-shown"; count: number }
  | { kind: "withheld"; count: number }
  /**
   * The investigators signed two messages that do not follow each other, or the same message
   * occurs again. Each message is shown once.
   */
  | { kind: "sequence-conflict" }
  /** The investigators acknowledge a newer message of the reporter than the capsule knows. */
  | { kind: "older-state" }
  /**
   * The case handler ingested fewer submissions than the reporter had sent with the newest one that
   * it ingested.
   */
  | { kind: "missing-submissions"; count: number }
  /** The case handler states more submissions than the capsule counts. */
  | { kind: "surplus-submissions" }
  | { kind: "wrong-key" }
  /**
   * The investigators changed the keys of the case, and fewer than two members of the current
   * directory have confirmed it.
   */
  | { kind: "unconfirmed-rotation" };

/** A verified mailbox. All `messages` have valid signatures; faults are in `findings`. */
export interface ReporterInbox {
  header: MailboxHeader;
  messages: InboxMessage[];
  findings: InboxFinding[];
  /**
   * What the log shows about the reporter's submissions. Null if the mailbox was opened without a
   * directory, or the directory defines no signers of the log.
   */
  log: LogView | null;
  /**
   * The sequence number of the reporter's newest message that the author of an answer had read. The
   * report has the number 0. Null if no answer acknowledges a message of the reporter.
   */
  readUpTo: number | null;
  /**
   * Whether the reporter can write. False if the case handler presents a wrong case key, or one
   * that two members have not confirmed.
   */
  canWrite: boolean;
  /** The state that a follow-up continues. */
  case: string;
  generation: number;
  caseRecipient: AgeRecipient;
  repliesKeys: string[];
  /** The submission digest of the report. */
  report: HashText;
  sent: ThreadHead;
  seen: ThreadHead | null;
}

/** The mailbox of this receipt is damaged or forged. */
export class DamagedMailboxError extends Error {}

/**
 * Opens and verifies a mailbox. Throws `WrongRecipientError` if the mailbox is not sealed to this
 * receipt, because no report with this receipt has been collected yet. Throws `DamagedMailboxError`
 * if the mailbox of this receipt cannot be used. The members of the
 * directory confirm key rotations. With a directory, it also verifies the log record.
 */
export async function openInbox(receipt: Receipt, sealed: Uint8Array, directory?: VerifiedDirectory): Promise<ReporterInbox> {
  const plain = await open(receipt.mailboxIdentity(), sealed).catch((error: unknown) => {
    throw error instanceof WrongRecipientError ? error : new DamagedMailboxError(String(error));
  });
  return readMailbox(receipt, plain, directory).catch((error: unknown) => {
    throw new DamagedMailboxError(String(error));
  });
}

async function readMailbox(receipt: Receipt, plain: Uint8Array, directory: VerifiedDirectory | undefined): Promise<ReporterInbox> {
  const secret = receipt.mailboxIdentity();
  const { header, rest } = splitHeader("BKM1", MAX_HEADER, plain, readHeader);
  const [capsule, caseKey, ...others] = parseRecords(rest);
  const firstOther = others.findIndex(({ type }) => type !== RecordType.rotation);
  const rotations = firstOther < 0 ? others : others.slice(0, firstOther);
  const more = others.slice(rotations.length);
  const log = more[0]?.type === RecordType.log ? more[0].bytes : null;
  const replies = log === null ? more : more.slice(1);
  const shaped =
    capsule?.type === RecordType.capsule &&
    caseKey?.type === RecordType.caseRecipient &&
    rotations.length <= MAX_GENERATION &&
    replies.every((reply) => reply.type === RecordType.reply);
  if (!shaped) throw new Error("unexpected record sequence in mailbox");
  const caseRecipient = recipientFrom(caseKey.bytes);
  const own = hashText((await recipientOf(secret)).raw);
  const confirmed = rotations.map(({ bytes }) => readConfirmedRotation(bytes));
  const opened = await openCapsule(capsule.bytes, secret, receipt.reporterKey());
  const reading = new ReplyReader(opened, TrustedKeys.follow(opened, confirmed, directory), own);
  for (const reply of replies) await reading.readReply(reply.bytes, secret);
  return { ...reading.finish(header, caseRecipient), log: directory ? verifyLogRecord(log, reading.capsule, directory.document) : null };
}

/** Verifies replies in order. */
class ReplyReader {
  private readonly messages: InboxMessage[] = [];
  private readonly findings: InboxFinding[] = [];
  private newest: ThreadHead | null = null;
  private readonly read = new Set<HashText>();
  /** The newest frame of the reporter that the investigators acknowledge. */
  private acknowledged = 0;
  /** The newest frame of the reporter that the author of an answer had read. */
  private readUpTo: number | null = null;

  constructor(
    readonly capsule: ReplyCapsule,
    private readonly keys: TrustedKeys,
    private readonly own: HashText,
  ) {}

  async readReply(sealed: Uint8Array, secret: AgeIdentity): Promise<void> {
    let frame: VerifiedFrame;
    try {
      const plain = unpadText(await open(secret, sealed), REPLY_STEP);
      // Keys that two members have not confirmed signed it. It is not shown, and is no fault.
      if (this.keys.outcome === "unconfirmed" && peekFrame(plain).generation > this.keys.generation) return;
      frame = this.verify(plain);
    } catch {
      this.findings.push({ kind: "forged" });
      return;
    }
    if (this.read.has(frame.hash)) return this.addConflict();
    this.read.add(frame.hash);
    this.checkSequence(frame);
    this.newest = headOf(frame);
    this.acknowledged = Math.max(this.acknowledged, frame.header.ack?.seq ?? 0);
    const { kind, seq, week, lang } = frame.header;
    if (kind === "report" || kind === "facts") this.findings.push({ kind: "forged" });
    else {
      this.recordReading(frame.header.ack);
      this.messages.push({ seq, week, lang, kind, text: text(frame.body) });
    }
  }

  /**
   * Records up to which frame the author of an answer had read. The workbench sends an answer only
   * after it has displayed every message of the reporter that the answer acknowledges.
   */
  private recordReading(ack: ThreadHead | null): void {
    if (ack === null) return;
    const { sent } = this.capsule;
    // The reporter can send two messages with one number before the first one is collected. If the
    // author had read the other one, only the messages before it are known to be read.
    const other = ack.seq === sent.seq && ack.hash !== sent.hash;
    const readUpTo = other ? ack.seq - 1 : ack.seq;
    if (readUpTo >= 0) this.readUpTo = Math.max(this.readUpTo ?? 0, readUpTo);
  }

  private verify(plain: Uint8Array): VerifiedFrame {
    const { generation, seq } = peekFrame(plain);
    return verifyFrame(plain, {
      case: this.capsule.case,
      generation,
      direction: "out",
      recipient: this.own,
      signer: this.keys.signer(generation, seq),
    });
  }

  /**
   * Records gaps, and frames that do not follow the frame before them. Such a frame is shown,
   * because the investigators signed it: if a member sent the reporter another frame than the
   * record contains, the next message of an honest member follows the record.
   */
  private checkSequence(frame: VerifiedFrame): void {
    const { seq, prev } = frame.header;
    const expected = this.newest === null ? 0 : this.newest.seq + 1;
    const known = [this.capsule.seen, this.keys.newestBeforeRotation];
    const rewritten = known.some((head) => head !== null && head.seq === seq && head.hash !== frame.hash);
    const unchained = seq === expected && prev !== (this.newest?.hash ?? null);
    if (seq < expected || rewritten || unchained) this.addConflict();
    if (seq > expected) {
      if (this.newest === null) this.recordDropped(seq);
      else this.findings.push({ kind: "withheld", count: seq - expected });
    }
  }

  private addConflict(): void {
    if (this.findings.some(({ kind }) => kind === "sequence-conflict")) return;
    this.findings.push({ kind: "sequence-conflict" });
  }

  /** Records the first `dropped` messages, which the mailbox does not contain any more. */
  private recordDropped(dropped: number): void {
    const seen = Math.min(this.capsule.seen === null ? 0 : this.capsule.seen.seq + 1, dropped);
    if (seen > 0) this.findings.push({ kind: "earlier-not-shown", count: seen });
    if (dropped > seen) this.findings.push({ kind: "unseen-not-shown", count: dropped - seen });
  }

  finish(header: MailboxHeader, caseRecipient: AgeRecipient): ReporterInbox {
    const unconfirmed = this.keys.outcome === "unconfirmed";
    const wrong = this.keys.outcome === "invalid" || hashText(caseRecipient.raw) !== this.keys.caseRecipient;
    if (unconfirmed) this.findings.push({ kind: "unconfirmed-rotation" });
    else if (wrong) this.findings.push({ kind: "wrong-key" });
    // What the reporter had seen before, or what a rotation names, must still be there. Otherwise a
    // service withholds the newest.
    const shown = this.newest === null ? 0 : this.newest.seq + 1;
    const { seen } = this.capsule;
    const before = this.keys.newestBeforeRotation;
    const known = seen !== null && (before === null || before.seq <= seen.seq) ? seen : before;
    if (known !== null && !this.read.has(known.hash) && shown < known.seq + 1) {
      this.findings.push({ kind: "withheld", count: known.seq + 1 - shown });
    }
    this.checkSent(header.received);
    return {
      header,
      messages: this.messages,
      findings: this.findings,
      log: null,
      readUpTo: this.readUpTo,
      canWrite: !unconfirmed && !wrong,
      case: this.capsule.case,
      generation: this.keys.generation,
      caseRecipient,
      repliesKeys: this.keys.repliesKeys,
      report: this.capsule.report,
      sent: this.capsule.sent,
      seen: this.newest ?? this.capsule.seen,
    };
  }

  /**
   * Compares what the reporter had sent, by the capsule, with what the investigators acknowledge
   * and with the number of submissions that the case handler states. The capsule arrives with the
   * newest submission, so both numbers include exactly what was collected.
   */
  private checkSent(received: number): void {
    const sent = this.capsule.sent.seq + 1;
    if (this.acknowledged >= sent) this.findings.push({ kind: "older-state" });
    else if (received > sent) this.findings.push({ kind: "surplus-submissions" });
    if (received < sent) this.findings.push({ kind: "missing-submissions", count: sent - received });
  }
}

const headOf = (frame: VerifiedFrame): ThreadHead => ({ seq: frame.header.seq, hash: frame.hash });
