// Seals a report while its files are being read.
import { recipientOf } from "./age.ts";
import { type Bytes, encode } from "./bytes.ts";
import { canonicalJsonBytes } from "./canonical.ts";
import { sealCapsule } from "./reply_capsule.ts";
import type { VerifiedDirectory } from "./directory.ts";
import type { ReportSecrets } from "./report_secrets.ts";
import { type AttachmentEntry, type FrameHeader, type Priority, signFrame } from "./frame.ts";
import { sealGrants } from "./key_grant.ts";
import { type HashText, hash, hashText } from "./hash.ts";
import { caseIdentity, frameSalt, repliesKey, sendingToken } from "./keys.ts";
import { type ReportBody, exclusionsIn, preferenceIn, refusesOversight } from "./report_body.ts";
import { type AttachmentSource, routingOf, sealSubmission } from "./submission.ts";
import { RecordType } from "./framing.ts";

export interface ReportDraft {
  body: ReportBody;
  lang: string;
  priority: Priority;
  /** ISO week, such as `2026-W48`. */
  week: string;
  /** The hash of the program that seals the report, if the installation has a manifest. */
  program?: HashText | undefined;
  files: readonly AttachmentSource[];
  /** Gets the signed frame, for the own copy of a reporter who asked for it. */
  onFrame?: ((frame: Bytes) => void) | undefined;
  /** Ends sealing when it is aborted. */
  signal?: AbortSignal | undefined;
}

/** Selects the readers of a report and seals it. */
export async function sealReport(directory: VerifiedDirectory, secrets: ReportSecrets, draft: ReportDraft): Promise<Blob> {
  const { receipt } = secrets;
  const { category, audience } = draft.body;
  const excluded = exclusionsIn(draft.body);
  const { desk, readers } = directory.recipientsFor(category, audience, excluded, refusesOversight(draft.body), preferenceIn(draft.body));
  const mailbox = await recipientOf(receipt.mailboxIdentity());
  const caseKey = await recipientOf(caseIdentity(secrets.secret));
  const envelope = {
    v: 1 as const,
    kind: "report" as const,
    desk: desk.id,
    lang: draft.lang,
    priority: draft.priority,
    mailbox: receipt.mailboxId(),
    case: { id: secrets.case, generation: 0 },
    directory: directory.hash,
    release_to_oversight: false,
    seq: 0,
  };
  const grant = {
    case: secrets.caseBytes,
    generation: 0,
    secret: secrets.secret,
    reporterKey: receipt.reporterKey(),
    mailboxRecipient: hash(mailbox.raw),
  };
  const grants = await sealGrants(grant, readers);
  return sealSubmission(directory.transport(), envelope, async function* (writer) {
    for (const sealed of grants) yield* writer.record(RecordType.grant, sealed);
    yield* writer.record(RecordType.mailboxRecipient, mailbox.raw);
    yield* writer.record(RecordType.caseRecipient, caseKey.raw);
    const attachments: AttachmentEntry[] = [];
    for (const file of draft.files) yield* writer.attachment(caseKey, file, attachments);
    const header: FrameHeader = {
      v: 2,
      case: secrets.case,
      generation: 0,
      direction: "in",
      seq: 0,
      prev: null,
      ack: null,
      recipient: hashText(caseKey.raw),
      kind: "report",
      lang: draft.lang,
      week: draft.week,
      salt: encode(frameSalt(secrets.secret)),
      routing: routingOf(envelope),
      program: draft.program,
      attachments,
      reporter_key: encode(receipt.reporterKey()),
    };
    const body = encodeReportBody(draft.body);
    const frame = signFrame(header, body, receipt.signingKey());
    draft.onFrame?.(frame);
    const sealed = await writer.sealBody(caseKey, envelope.case.generation, frame);
    const capsule = {
      case: secrets.case,
      generation: 0,
      case_recipient: hashText(caseKey.raw),
      replies_keys: [encode(repliesKey(secrets.secret))],
      report: sealed.digest,
      sent: { seq: 0, hash: hashText(frame) },
      sent_digest: sealed.digest,
      seen: null,
    };
    yield* writer.record(RecordType.capsule, await sealCapsule(capsule, mailbox, receipt.signingKey()));
    yield* writer.body(sealed, receipt.sendingTag(sendingToken(secrets.secret), body, attachments));
  }, draft.signal);
}

/**
 * Returns the bytes that are signed and sealed. Answers are in the order of their ids, as in the
 * Rust implementation.
 */
export function encodeReportBody(body: ReportBody): Bytes {
  const answers = Object.fromEntries(Object.entries(body.answers).sort(([one], [other]) => (one < other ? -1 : 1)));
  const { category, audience, story } = body;
  return canonicalJsonBytes({ category, audience, answers, story });
}
