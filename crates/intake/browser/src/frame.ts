// A frame: one signed message between reporter and investigators. It is the plaintext of a sealed
// body.
import { type Bytes, concat, encode } from "./bytes.ts";
import {
  MAX_GENERATION,
  MAX_SEQ,
  MalformedJsonError,
  boolean,
  exactly,
  lang,
  list,
  nullable,
  object,
  optional,
  string,
  uuid,
  week,
  whole,
} from "./canonical.ts";
import { type RelatedReport, readRelatedReport } from "./related_report.ts";
import { type HashText, derive, hashText, readHash } from "./hash.ts";
import { readKey, sign, verify } from "./keys.ts";
import { MAX_SIZE } from "./size_classes.ts";
import { type FileTreatment, readTreatment } from "./treatment.ts";
import { encodeHeader, splitHeader } from "./framing.ts";

const MAGIC = "BKF2";
const LABEL = "burkindi/frame/v2\0";
const MESSAGE_SALT = "burkindi/message/v2";
const SIGNATURE_LEN = 64;
const MAX_HEADER = 64 * 1024;
/** Maximum number of files in one message. */
export const MAX_ATTACHMENTS = 32;

export type Direction = "in" | "out";
export type FrameKind = "report" | "message" | "status" | "facts";

/** The sequence number and the hash of a frame in its direction. */
export interface ThreadHead {
  seq: number;
  hash: HashText;
}

/** A file of a message, with the length and the hash of its content. */
export interface AttachmentEntry {
  name: string;
  media_type: string;
  len: number;
  sha256: HashText;
  /** What the sender did to the file before sealing it. Absent if it is not known. */
  treatment?: FileTreatment | undefined;
}

export type Priority = "P1" | "P2" | "P3" | "P4";

/**
 * The routing of a submission: what its envelope states in clear to the case handler. The reporter
 * signs it inside the frame, so that the readers notice when the envelope was changed.
 */
export interface Routing {
  /** The desk that the reporter's side chose. Empty in follow-ups. */
  desk: string;
  /** P4 in follow-ups. */
  priority: Priority;
  release_to_oversight: boolean;
  directory: HashText;
}

/** The header of a frame. Its fields are encoded in this order. */
export interface FrameHeader {
  v: 2;
  case: string;
  generation: number;
  direction: Direction;
  seq: number;
  prev: HashText | null;
  ack: ThreadHead | null;
  recipient: HashText;
  kind: FrameKind;
  lang: string;
  week: string;
  /** 32 bytes that make the hash of the frame confirm no guess of its content. */
  salt: HashText;
  /** Present in every frame of direction "in", and in no other. */
  routing?: Routing | undefined;
  /**
   * The hash of the manifest of the program that sealed the frame, as that program states it. Only
   * in direction "in".
   */
  program?: HashText | undefined;
  attachments: AttachmentEntry[];
  reporter_key?: string | undefined;
  /** Another report of the same person, if the reporter named one. */
  related?: RelatedReport | undefined;
}

export const readHead = object<ThreadHead>({ seq: whole(MAX_SEQ), hash: readHash });

const readAttachment = object<AttachmentEntry>({
  name: string,
  media_type: string,
  len: whole(MAX_SIZE),
  sha256: readHash,
  treatment: optional(readTreatment),
});

const readRouting = object<Routing>({
  desk: string,
  priority: exactly("P1", "P2", "P3", "P4"),
  release_to_oversight: boolean,
  directory: readHash,
});

const readHeaderFields = object<FrameHeader>({
  v: exactly(2),
  case: uuid,
  generation: whole(MAX_GENERATION),
  direction: exactly("in", "out"),
  seq: whole(MAX_SEQ),
  prev: nullable(readHash),
  ack: nullable(readHead),
  recipient: readHash,
  kind: exactly("report", "message", "status", "facts"),
  lang,
  week,
  salt: readHash,
  routing: optional(readRouting),
  program: optional(readHash),
  attachments: list(readAttachment, MAX_ATTACHMENTS),
  reporter_key: optional(readKey),
  related: optional(readRelatedReport),
});

function readHeader(value: unknown): FrameHeader {
  const header = readHeaderFields(value);
  if ((header.routing !== undefined) !== (header.direction === "in")) throw new MalformedJsonError("routing: wrong direction");
  if (header.kind === "facts" && header.direction !== "in") throw new MalformedJsonError("kind: wrong direction");
  if (header.program !== undefined && header.direction !== "in") throw new MalformedJsonError("program: wrong direction");
  return header;
}

/** The context that a reader knows in advance and that a frame must match. */
export interface ExpectedFrame {
  case: string;
  generation: number;
  direction: Direction;
  recipient: HashText;
  signer: Uint8Array;
}

/** A frame with a valid signature and context. */
export interface VerifiedFrame {
  header: FrameHeader;
  body: Uint8Array;
  hash: HashText;
}

/**
 * Returns the salt of a follow-up, derived from the token of the message. The receipt does not
 * reveal the token.
 */
export const followUpSalt = (token: Uint8Array): HashText => encode(derive(token, MESSAGE_SALT, "frame-salt"));

/** Signs a frame and returns its bytes. */
export function signFrame(header: FrameHeader, body: Uint8Array, key: Uint8Array): Bytes {
  const signed = concat(encodeHeader(MAGIC, header), body);
  return concat(signed, sign(key, LABEL, signed));
}

/** Returns the unverified header of a frame, which selects the key to verify it with. */
export function peekFrame(bytes: Uint8Array): FrameHeader {
  return splitSignature(bytes).header;
}

/** Verifies the signature and the context of a frame. Throws if one of them is wrong. */
export function verifyFrame(bytes: Uint8Array, expected: ExpectedFrame): VerifiedFrame {
  const { header, body, signed, signature } = splitSignature(bytes);
  if (!verify(expected.signer, LABEL, signed, signature)) throw new Error("invalid frame signature");
  const matches =
    header.case === expected.case &&
    header.generation === expected.generation &&
    header.direction === expected.direction &&
    header.recipient === expected.recipient;
  if (!matches) throw new Error("frame is for a different case, generation, direction or recipient");
  return { header, body, hash: hashText(bytes) };
}

function splitSignature(bytes: Uint8Array) {
  if (bytes.length < SIGNATURE_LEN) throw new Error("unexpected end of input");
  const signed = bytes.subarray(0, -SIGNATURE_LEN);
  const { header, rest } = splitHeader(MAGIC, MAX_HEADER, signed, readHeader);
  return { header, body: rest, signed, signature: bytes.subarray(-SIGNATURE_LEN) };
}
