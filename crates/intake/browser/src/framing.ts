// Binary building blocks: a magic, a JSON header with its length, records of type and length.
import { type Bytes, concat, text, u32, utf8 } from "./bytes.ts";
import { type Decoder, canonicalJsonBytes, parseCanonical } from "./canonical.ts";

/** Bytes that a record takes on top of what it carries. */
export const RECORD_OVERHEAD = 5;

/** What a record carries. */
export const RecordType = {
  end: 0,
  grant: 1,
  capsule: 2,
  attachmentChunk: 3,
  attachmentEnd: 4,
  body: 5,
  mailboxRecipient: 6,
  caseRecipient: 7,
  sendingTag: 8,
  reply: 9,
} as const;
export type RecordType = (typeof RecordType)[keyof typeof RecordType];

/** The most bytes that a record of each type carries. */
const MAX_RECORD_LEN: readonly number[] = [0, 4 * 1024, 8 * 1024, 64 * 1024, 0, 256 * 1024, 1216, 1216, 32, 12 * 1024];
export const maxRecordLen = (type: RecordType): number => MAX_RECORD_LEN[type]!;

/** `magic ‖ u32 header length ‖ header JSON`. */
export function encodeHeader(magic: string, header: object): Bytes {
  const json = canonicalJsonBytes(header);
  return concat(utf8(magic), u32(json.length), json);
}

export function encodeRecordHeader(type: RecordType, length: number): Bytes {
  return concat(Uint8Array.of(type), u32(length));
}

/** Splits a head from what follows it; throws on any other shape. */
export function splitHeader<T>(
  magic: string,
  maxLen: number,
  bytes: Uint8Array,
  read: Decoder<T>,
): { header: T; rest: Uint8Array } {
  if (bytes.length < 8 || text(bytes.subarray(0, 4)) !== magic) throw new Error(`does not begin with ${magic}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset + 4, 4).getUint32(0);
  if (length > maxLen || 8 + length > bytes.length) throw new Error("ends too early");
  return { header: parseCanonical(bytes.subarray(8, 8 + length), read), rest: bytes.subarray(8 + length) };
}

/** The records up to the end record; after it there are only zeros. */
export function parseRecords(bytes: Uint8Array): { type: number; bytes: Uint8Array }[] {
  const found = [];
  for (let at = 0; ; ) {
    if (at + RECORD_OVERHEAD > bytes.length) throw new Error("ends too early");
    const type = bytes[at]!;
    const length = new DataView(bytes.buffer, bytes.byteOffset + at + 1, 4).getUint32(0);
    at += RECORD_OVERHEAD;
    if (type > RecordType.reply || length > MAX_RECORD_LEN[type]! || at + length > bytes.length) throw new Error("malformed record");
    if (type === RecordType.end) {
      if (length !== 0 || bytes.subarray(at).some((byte) => byte !== 0)) throw new Error("the padding is not all zeros");
      return found;
    }
    found.push({ type, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
}
