// Whether the log contains the reporter's submissions, by the log record of the mailbox. The
// formats are those of C2SP (signed-note, tlog-checkpoint, tlog-cosignature) and RFC 6962.
import { base64 } from "@scure/base";
import { type Bytes, decode, equal, utf8 } from "./bytes.ts";
import { type Decoder, MalformedJsonError, checked, exactly, list, matching, nullable, object, optional, parseCanonical, string, uuid, whole } from "./canonical.ts";
import type { DirectoryDocument } from "./directory.ts";
import { type HashText, hash, readHash } from "./hash.ts";
import { verify } from "./keys.ts";
import type { ReplyCapsule } from "./reply_capsule.ts";
import { submissionDigest } from "./submission.ts";

const EVENT_LABEL = "burkindi/event/v2\0";
const LEAF_LABEL = "burkindi/leaf/v2\0";
const HANDLER_ACTOR = "case-handler";
const BATCH_LEAVES = 256;
const MAX_SIGNATURES = 64;
/** The last second of the year 9999, in seconds since 1970. */
const LAST_SECOND = 253_402_300_799n;
const MAX_TIME = 2n ** 63n - 1n;

/** What the log shows about one submission. */
export type LogStatus =
  /**
   * The log contains it, and the oversight body has countersigned the tree that contains it. `day`
   * (UTC) is the day on which the last cosigner of the quorum countersigned, as that cosigner
   * states it.
   */
  | { kind: "countersigned"; day: string }
  /** The log contains it. The oversight body has not countersigned that tree yet. */
  | { kind: "logged" }
  /**
   * The case handler has signed that it recorded the submission. The proof that the log contains it
   * follows.
   */
  | { kind: "waiting" }
  /** The mailbox does not show that the case handler recorded this submission. */
  | { kind: "missing" }
  /** The mailbox contains a proof that is not valid. */
  | { kind: "wrong" };

/** What the log shows about the reporter's submissions. */
export interface LogView {
  report: LogStatus;
  /** The newest message. Null if the reporter has sent the report only. */
  newestMessage: LogStatus | null;
}

interface SignedEvent {
  bytes: string;
  signature: string;
}

interface RecordedLeaf {
  salt: HashText;
  index: number;
  path: HashText[];
}

interface RecordedEvent {
  event: SignedEvent;
  leaf: RecordedLeaf | null;
}

interface LogRecord {
  events: RecordedEvent[];
  checkpoint: string | null;
}

const readRecord = object<LogRecord>({
  events: list(
    object<RecordedEvent>({
      event: object<SignedEvent>({ bytes: checked(decode), signature: checked(decode) }),
      leaf: nullable(object<RecordedLeaf>({ salt: readHash, index: whole(Number.MAX_SAFE_INTEGER), path: list(readHash) })),
    }),
  ),
  checkpoint: nullable(string),
});

interface HandlerEvent<T> {
  v: 2;
  case: string;
  seq: number;
  prev: HashText | null;
  at: string;
  actor: typeof HANDLER_ACTOR;
  action: string;
  data: T;
}

/** Decodes an event of the case handler. */
const handlerEvent = <T>(action: string, data: Decoder<T>): Decoder<HandlerEvent<T>> =>
  object<HandlerEvent<T>>({
    v: exactly(2),
    case: uuid,
    seq: whole(0xffff_ffff),
    prev: nullable(readHash),
    at: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, "a time"),
    actor: exactly(HANDLER_ACTOR),
    action: exactly(action),
    data,
  });

interface ReportCommitment {
  keys: HashText;
  grants: HashText[];
  parts: HashText[];
}

interface ReceivedData {
  desk: string;
  priority: string;
  "retention-months": number;
  commitment: ReportCommitment;
  "oversight-refused"?: true | undefined;
}

/** The only spelling of a fact that is absent if it is false. */
const readTrue: Decoder<true> = (value) => {
  if (value !== true) throw new MalformedJsonError("not true");
  return true;
};

const readReceived = handlerEvent(
  "received",
  object<ReceivedData>({
    desk: string,
    priority: exactly("P1", "P2", "P3", "P4"),
    "retention-months": whole(0xffff),
    commitment: object<ReportCommitment>({ keys: readHash, grants: list(readHash), parts: list(readHash) }),
    "oversight-refused": optional(readTrue),
  }),
);

const readFollowedUp = handlerEvent(
  "followed-up",
  object<{ generation: number; parts: HashText[] }>({ generation: whole(0xffff_ffff), parts: list(readHash) }),
);

/** A recorded submission: its case and its submission digest. */
interface RecordedSubmission {
  case: string;
  digest: HashText;
}

function reportIn(bytes: Uint8Array): RecordedSubmission {
  const event = parseCanonical(bytes, readReceived);
  return { case: event.case, digest: submissionDigest(0, event.data.commitment.parts.map(decode)) };
}

function messageIn(bytes: Uint8Array): RecordedSubmission {
  const event = parseCanonical(bytes, readFollowedUp);
  return { case: event.case, digest: submissionDigest(event.data.generation, event.data.parts.map(decode)) };
}

/** A key in signature lines. Type 1 signs the text, type 4 makes cosignatures. */
interface NoteKey {
  name: string;
  type: 1 | 4;
  key: Bytes;
}

/** The signers of the log that a directory defines. */
interface LogPolicy {
  log: NoteKey;
  oversight: NoteKey[];
  witnesses: NoteKey[];
}

/** Spaces, control characters and plus signs, which no name of a key contains. */
const NOT_IN_NAMES = /[\p{White_Space}\p{Cc}+]/u;

/** Returns null if a handle cannot be part of the name of a key. */
function logPolicy({ instance, handler_key, log, members, desks, oversight }: DirectoryDocument): LogPolicy | null {
  const handles = desks.find((desk) => desk.id === oversight)!.members;
  if (handles.some((handle) => NOT_IN_NAMES.test(handle))) return null;
  const cosigner = (name: string, key: string): NoteKey => ({ name, type: 4, key: decode(key) });
  const device = (handle: string): string => members.find((member) => member.handle === handle)!.device;
  return {
    log: { name: `burkindi/log/${instance}/${log.epoch}`, type: 1, key: decode(handler_key) },
    oversight: handles.map((handle) => cosigner(`burkindi/member/${instance}/${handle}`, device(handle))),
    witnesses: log.witnesses.map(({ name, key }) => cosigner(name, key)),
  };
}

/** A signature line: the name of the key, the first bytes of its id, and the signature. */
interface NoteSignature {
  name: string;
  keyId: Uint8Array;
  bytes: Uint8Array;
}

/** What a verified checkpoint shows. */
interface LogEvidence {
  size: number;
  root: Bytes;
  /** Since when the quorum is reached, in seconds since 1970. */
  countersigned: bigint | null;
}

/**
 * Verifies a checkpoint. Throws if the log has not signed it, or a signature of a known key is
 * invalid.
 */
function verifyCheckpoint(note: string, policy: LogPolicy, { quorum }: DirectoryDocument["log"]): LogEvidence {
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n")) throw new Error("malformed note");
  const body = note.slice(0, end + 1);
  if (/[\0-\x09\x0b-\x1f\x7f]/.test(body)) throw new Error("control character in note");
  const lines = note.slice(end + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw new Error("too many signatures");
  const signatures = lines.map(parseSignature);
  const [origin, size, root, rest, ...more] = body.split("\n");
  if (rest !== "" || more.length > 0 || origin !== policy.log.name) throw new Error("not a checkpoint of this log");
  if (!/^(0|[1-9]\d*)$/.test(size!) || !Number.isSafeInteger(Number(size))) throw new Error("invalid size");
  const signedBy = (key: NoteKey) => signatures.filter((line) => line.name === key.name && equal(line.keyId, keyId(key)));
  const byLog = signedBy(policy.log);
  if (byLog.length === 0 || !byLog.every(({ bytes }) => verify(policy.log.key, "", utf8(body), bytes))) {
    throw new Error("the log has not signed the checkpoint");
  }
  const rootBytes = base64.decode(root!) as Bytes;
  if (Number(size) % BATCH_LEAVES !== 0 || rootBytes.length !== 32) throw new Error("invalid checkpoint");
  const times = (cosigners: NoteKey[]) => cosigners.flatMap((key) => cosignedAt(signedBy(key), key, body)).sort(ascending);
  const reached = [nth(times(policy.oversight), quorum.oversight), nth(times(policy.witnesses), quorum.witnesses)];
  const countersigned = reached.includes(null) ? null : (reached as bigint[]).sort(ascending)[1]!;
  return { size: Number(size), root: rootBytes, countersigned };
}

const ascending = (one: bigint, other: bigint): number => (one < other ? -1 : one > other ? 1 : 0);

/** Returns when the n-th cosigner has cosigned. For `n` = 0 it is the beginning of time. */
const nth = (times: readonly bigint[], n: number): bigint | null => (n === 0 ? 0n : (times[n - 1] ?? null));

function parseSignature(line: string): NoteSignature {
  const [, name, encoded] = /^— ([^ ]+) (.*)$/.exec(line) ?? [];
  if (name === undefined || NOT_IN_NAMES.test(name)) throw new Error("malformed signature line");
  const bytes = base64.decode(encoded!);
  if (bytes.length <= 4) throw new Error("a signature is too short");
  return { name, keyId: bytes.subarray(0, 4), bytes: bytes.subarray(4) };
}

const keyId = ({ name, type, key }: NoteKey): Uint8Array => hash(utf8(`${name}\n`), Uint8Array.of(type), key).subarray(0, 4);

/** Returns the earliest time of the cosignatures by a key, or nothing. Throws if one is invalid. */
function cosignedAt(signatures: readonly NoteSignature[], { key }: NoteKey, body: string): bigint[] {
  const times = signatures.map(({ bytes }) => {
    if (bytes.length !== 72) throw new Error("malformed cosignature");
    const time = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
    const message = utf8(`cosignature/v1\ntime ${time}\n${body}`);
    if (time > MAX_TIME || !verify(key, "", message, bytes.subarray(8))) throw new Error("invalid cosignature");
    return time;
  });
  return times.sort(ascending).slice(0, 1);
}

/** Returns whether the path leads from the leaf to the root (RFC 9162, section 2.1.3.2). */
function isIncluded(leaf: Bytes, index: number, path: readonly Bytes[], { size, root }: LogEvidence): boolean {
  if (index >= size) return false;
  let [at, last, computed] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return false;
    const right = at % 2 === 1 || at === last;
    computed = right ? node(sibling, computed) : node(computed, sibling);
    if (right) {
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && equal(computed, root);
}

const node = (left: Uint8Array, right: Uint8Array): Bytes => hash(Uint8Array.of(1), left, right);

/** Returns the leaf of an event, as the tree hashes it. */
const leafOf = (event: Bytes, salt: HashText): Bytes => hash(Uint8Array.of(0), hash(utf8(LEAF_LABEL), decode(salt), event));

/**
 * Returns what the log record of a mailbox shows. `record` is null if the mailbox has none. The
 * result is null if the directory defines no signers of the log. The directory and the signature of
 * the capsule are verified.
 */
export function verifyLogRecord(record: Uint8Array | null, capsule: ReplyCapsule, directory: DirectoryDocument): LogView | null {
  const policy = logPolicy(directory);
  if (policy === null) return null;
  const messageSent = capsule.sent.seq > 0;
  const both = (status: LogStatus): LogView => ({ report: status, newestMessage: messageSent ? status : null });
  if (record === null) return both({ kind: "missing" });
  let read: LogRecord;
  let evidence: LogEvidence | null;
  try {
    read = parseCanonical(record, readRecord);
    evidence = read.checkpoint === null ? null : verifyCheckpoint(read.checkpoint, policy, directory.log);
  } catch {
    return both({ kind: "wrong" });
  }
  const status = (digest: HashText, find: (bytes: Uint8Array) => RecordedSubmission): LogStatus => {
    const recorded = read.events.find(({ event }) => {
      try {
        const found = find(decode(event.bytes));
        return found.case === capsule.case && found.digest === digest;
      } catch {
        return false;
      }
    });
    return recorded === undefined ? { kind: "missing" } : eventStatus(recorded, evidence, policy.log.key);
  };
  return {
    report: status(capsule.report, reportIn),
    newestMessage: messageSent ? status(capsule.sent_digest, messageIn) : null,
  };
}

function eventStatus({ event, leaf }: RecordedEvent, evidence: LogEvidence | null, logKey: Bytes): LogStatus {
  const [bytes, signature] = [decode(event.bytes), decode(event.signature)];
  // Without a leaf, the signature is the only statement of the case handler.
  if (leaf === null) return { kind: verify(logKey, EVENT_LABEL, bytes, signature) ? "waiting" : "wrong" };
  const hashed = leafOf(hash(utf8(EVENT_LABEL), signature, bytes), leaf.salt);
  if (evidence === null || !isIncluded(hashed, leaf.index, leaf.path.map(decode), evidence)) return { kind: "wrong" };
  const { countersigned } = evidence;
  if (countersigned === null) return { kind: "logged" };
  if (countersigned > LAST_SECOND) return { kind: "wrong" };
  return { kind: "countersigned", day: new Date(Number(countersigned) * 1000).toISOString().slice(0, 10) };
}
