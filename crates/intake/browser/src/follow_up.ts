// Sealing a message of a reporter who came back.
import { recipientOf } from "./age.ts";
import { decode, utf8 } from "./bytes.ts";
import { MAX_SEQ } from "./canonical.ts";
import { sealCapsule } from "./reply_capsule.ts";
import type { VerifiedDirectory } from "./directory.ts";
import type { RelatedReport } from "./related_report.ts";
import { type AttachmentEntry, type FrameHeader, type ThreadHead, signFrame } from "./frame.ts";
import { hash, hashText } from "./hash.ts";
import type { ReporterInbox } from "./inbox.ts";
import type { Receipt } from "./receipt.ts";
import { type AttachmentSource, sealSubmission } from "./submission.ts";
import { RecordType } from "./framing.ts";

export interface FollowUp {
  text: string;
  lang: string;
  week: string;
  /** Ask for the outside body to read along. */
  releaseToOversight: boolean;
  /** 32 bytes, drawn once for each message that is composed: a second sending is known by them. */
  token: Uint8Array;
  /** Another report of the same person, if the two are to be seen together. */
  earlier?: RelatedReport | undefined;
  files: readonly AttachmentSource[];
}

export interface SealedFollowUp {
  sealed: Blob;
  /** What the next message of this visit goes on from: the mailbox tells it only once this one has been collected. */
  sent: ThreadHead;
}

/** Goes on where the inbox stands. */
export async function sealFollowUp(
  directory: VerifiedDirectory,
  receipt: Receipt,
  inbox: ReporterInbox,
  message: FollowUp,
): Promise<SealedFollowUp> {
  if (!inbox.canWrite) throw new Error("the key to write to is not vouched for");
  if (inbox.sent.seq >= MAX_SEQ) throw new Error("the case takes no more messages");
  const mailbox = await recipientOf(receipt.mailboxIdentity());
  const to = inbox.caseRecipient;
  const envelope = {
    v: 1 as const,
    kind: "follow-up" as const,
    // The case has its desk and urgency; a follow-up does not repeat them.
    desk: "",
    lang: message.lang,
    urgency: "P4" as const,
    mailbox: receipt.mailboxId(),
    case: { id: inbox.case, generation: inbox.generation },
    directory: directory.hash,
    release_to_oversight: message.releaseToOversight,
  };
  let sent = inbox.sent;
  const sealed = await sealSubmission(directory.transport(), envelope, async function* (writer) {
    const attachments: AttachmentEntry[] = [];
    for (const file of message.files) yield* writer.attachment(to, file, attachments);
    const header: FrameHeader = {
      v: 1,
      case: inbox.case,
      generation: inbox.generation,
      direction: "in",
      seq: inbox.sent.seq + 1,
      prev: inbox.sent.hash,
      ack: inbox.seen,
      recipient: hashText(to.raw),
      kind: "message",
      lang: message.lang,
      week: message.week,
      attachments,
      earlier: message.earlier,
    };
    // The same message that names another report as well is another message.
    const token = message.earlier ? hash(message.token, decode(message.earlier.token)) : message.token;
    const body = utf8(message.text);
    const frame = signFrame(header, body, receipt.signingKey());
    sent = { seq: header.seq, hash: hashText(frame) };
    const capsule = {
      case: inbox.case,
      generation: inbox.generation,
      case_recipient: hashText(to.raw),
      replies_keys: inbox.repliesKeys,
      sent,
      seen: inbox.seen,
    };
    yield* writer.record(RecordType.capsule, await sealCapsule(capsule, mailbox, receipt.signingKey()));
    yield* writer.body(to, frame, receipt.sendingTag(token, body, attachments));
  });
  return { sealed, sent };
}
