// A frame: one signed message between reporter and investigators, the plaintext inside a seal.
import { type Bytes, concat } from "./bytes.ts";
import {
  MAX_GENERATION,
  MAX_SEQ,
  exactly,
  lang,
  list,
  nullable,
  object,
  optional,
  parse,
  string,
  uuid,
  week,
  whole,
} from "./canonical.ts";
import { type EarlierReport, readEarlier } from "./earlier.ts";
import { type HashText, hashText, readHash } from "./hash.ts";
import { readKey, sign, verify } from "./keys.ts";
import { TOP } from "./ladder.ts";
import { type Treatment, readTreatment } from "./treatment.ts";
import { head, splitHead } from "./wire.ts";

const MAGIC = "BKF1";
const LABEL = "burkindi/frame/v1\0";
const SIGNATURE = 64;
const MAX_HEADER = 64 * 1024;
/** The most files of one message. */
export const MAX_ATTACHMENTS = 32;

export type Direction = "in" | "out";
export type FrameKind = "report" | "message" | "status" | "rotation";

/** A frame's place in its direction. */
export interface Head {
  seq: number;
  hash: HashText;
}

/** One file of a message; length and hash are of its content. */
export interface Attachment {
  name: string;
  media_type: string;
  len: number;
  sha256: HashText;
  /** What the sender did with the file before sealing it. Absent: nothing is known. */
  treatment?: Treatment | undefined;
}

/** Everything about a frame but its text. The order of the fields is the order in which they are written. */
export interface FrameHeader {
  v: 1;
  case: string;
  generation: number;
  direction: Direction;
  seq: number;
  prev: HashText | null;
  ack: Head | null;
  recipient: HashText;
  kind: FrameKind;
  lang: string;
  week: string;
  attachments: Attachment[];
  reporter_key?: string | undefined;
  /** Another report of the same person, where one is named. */
  earlier?: EarlierReport | undefined;
}

/** The keys of the next generation, signed by the last one. */
export interface Rotation {
  generation: number;
  case_recipient: HashText;
  replies_key: string;
}

export const readHead = object<Head>({ seq: whole(MAX_SEQ), hash: readHash });

const readAttachment = object<Attachment>({
  name: string,
  media_type: string,
  len: whole(TOP),
  sha256: readHash,
  treatment: optional(readTreatment),
});

const readHeader = object<FrameHeader>({
  v: exactly(1),
  case: uuid,
  generation: whole(MAX_GENERATION),
  direction: exactly("in", "out"),
  seq: whole(MAX_SEQ),
  prev: nullable(readHash),
  ack: nullable(readHead),
  recipient: readHash,
  kind: exactly("report", "message", "status", "rotation"),
  lang,
  week,
  attachments: list(readAttachment, MAX_ATTACHMENTS),
  reporter_key: optional(readKey),
  earlier: optional(readEarlier),
});

const readRotationFields = object<Rotation>({
  generation: whole(MAX_GENERATION),
  case_recipient: readHash,
  replies_key: readKey,
});

/** Reads the body of a rotation frame; throws on anything else. */
export const readRotation = (body: Uint8Array): Rotation => parse(body, readRotationFields);

/** What a reader knows before reading, and a frame must agree with. */
export interface Expected {
  case: string;
  generation: number;
  direction: Direction;
  recipient: HashText;
  signer: Uint8Array;
}

/** A frame whose signature and context hold. */
export interface Frame {
  header: FrameHeader;
  body: Uint8Array;
  hash: HashText;
}

/** The bytes of a signed frame. */
export function signFrame(header: FrameHeader, body: Uint8Array, key: Uint8Array): Bytes {
  const signed = concat(head(MAGIC, header), body);
  return concat(signed, sign(key, LABEL, signed));
}

/** What a frame says of itself, unverified: for choosing the key to verify it with. */
export function peekFrame(bytes: Uint8Array): FrameHeader {
  return split(bytes).header;
}

/** Checks signature and context over the bytes as carried; throws if anything does not hold. */
export function verifyFrame(bytes: Uint8Array, expected: Expected): Frame {
  const { header, body, signed, signature } = split(bytes);
  if (!verify(expected.signer, LABEL, signed, signature)) throw new Error("the frame is forged");
  const holds =
    header.case === expected.case &&
    header.generation === expected.generation &&
    header.direction === expected.direction &&
    header.recipient === expected.recipient;
  if (!holds) throw new Error("the frame belongs elsewhere");
  return { header, body, hash: hashText(bytes) };
}

function split(bytes: Uint8Array) {
  if (bytes.length < SIGNATURE) throw new Error("ends too early");
  const signed = bytes.subarray(0, -SIGNATURE);
  const { header, rest } = splitHead(MAGIC, MAX_HEADER, signed, readHeader);
  return { header, body: rest, signed, signature: bytes.subarray(-SIGNATURE) };
}
