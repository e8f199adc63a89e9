// Seals a message of a returning reporter.
import { recipientOf } from "./age.ts";
import { type Bytes, decode, utf8 } from "./bytes.ts";
import { MAX_SEQ } from "./canonical.ts";
import { sealCapsule } from "./reply_capsule.ts";
import type { VerifiedDirectory } from "./directory.ts";
import { type FactsBody, encodeFacts } from "./facts_body.ts";
import type { RelatedReport } from "./related_report.ts";
import { type AttachmentEntry, type FrameHeader, type ThreadHead, followUpSalt, signFrame } from "./frame.ts";
import { type HashText, hash, hashText } from "./hash.ts";
import type { ReporterInbox } from "./inbox.ts";
import type { Receipt } from "./receipt.ts";
import { type AttachmentSource, routingOf, sealSubmission } from "./submission.ts";
import { RecordType } from "./framing.ts";

/** The text of a message, or facts that the reporter adds to the report. */
export type FollowUpContent = { text: string } | { facts: FactsBody };

export interface FollowUp {
  content: FollowUpContent;
  lang: string;
  week: string;
  /** Whether the reporter gives the oversight body access to the case. */
  releaseToOversight: boolean;
  /** 32 random bytes for each composed message, which identify a second sending of it. */
  token: Uint8Array;
  /** Another report of the same person, if the reporter relates the two. */
  related?: RelatedReport | undefined;
  /** The hash of the program that seals the message, if the installation has a manifest. */
  program?: HashText | undefined;
  files: readonly AttachmentSource[];
  /** Ends sealing when it is aborted. */
  signal?: AbortSignal | undefined;
}

export interface SealedFollowUp {
  sealed: Blob;
  /**
   * The head for the next message of this visit. The mailbox contains it only after this message
   * has been collected.
   */
  sent: ThreadHead;
  /** The signed frame, for the own copy. */
  frame: Bytes;
}

/** Seals a message that continues the state of the inbox. */
export async function sealFollowUp(
  directory: VerifiedDirectory,
  receipt: Receipt,
  inbox: ReporterInbox,
  message: FollowUp,
): Promise<SealedFollowUp> {
  if (!inbox.canWrite) throw new Error("the case key is not signed by the reporter");
  if (inbox.sent.seq >= MAX_SEQ) throw new Error("the case has the maximum number of messages");
  const mailbox = await recipientOf(receipt.mailboxIdentity());
  const to = inbox.caseRecipient;
  const envelope = {
    v: 1 as const,
    kind: "follow-up" as const,
    // The case already has a desk and a priority, so a follow-up does not repeat them.
    desk: "",
    lang: message.lang,
    priority: "P4" as const,
    mailbox: receipt.mailboxId(),
    case: { id: inbox.case, generation: inbox.generation },
    directory: directory.hash,
    release_to_oversight: message.releaseToOversight,
    seq: inbox.sent.seq + 1,
  };
  let sent = inbox.sent;
  let signed: Bytes = new Uint8Array();
  const sealed = await sealSubmission(directory.transport(), envelope, async function* (writer) {
    const attachments: AttachmentEntry[] = [];
    for (const file of message.files) yield* writer.attachment(to, file, attachments);
    const header: FrameHeader = {
      v: 2,
      case: inbox.case,
      generation: inbox.generation,
      direction: "in",
      seq: envelope.seq,
      prev: inbox.sent.hash,
      ack: inbox.seen,
      recipient: hashText(to.raw),
      kind: "facts" in message.content ? "facts" : "message",
      lang: message.lang,
      week: message.week,
      salt: followUpSalt(message.token),
      routing: routingOf(envelope),
      program: message.program,
      attachments,
      related: message.related,
    };
    // The same text with a related report is a different message.
    const token = message.related ? hash(message.token, decode(message.related.token)) : message.token;
    const body = "facts" in message.content ? encodeFacts(message.content.facts) : utf8(message.content.text);
    const frame = signFrame(header, body, receipt.signingKey());
    sent = { seq: header.seq, hash: hashText(frame) };
    signed = frame;
    const sealed = await writer.sealBody(to, inbox.generation, frame);
    const capsule = {
      case: inbox.case,
      generation: inbox.generation,
      case_recipient: hashText(to.raw),
      replies_keys: inbox.repliesKeys,
      report: inbox.report,
      sent,
      sent_digest: sealed.digest,
      seen: inbox.seen,
    };
    yield* writer.record(RecordType.capsule, await sealCapsule(capsule, mailbox, receipt.signingKey()));
    yield* writer.body(sealed, receipt.sendingTag(token, body, attachments));
  }, message.signal);
  return { sealed, sent, frame: signed };
}
