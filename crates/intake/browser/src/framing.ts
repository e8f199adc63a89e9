// Binary framing: a magic, a JSON header with its length, and records with type and length.
import { type Bytes, concat, text, u32, utf8 } from "./bytes.ts";
import { type Decoder, canonicalJsonBytes, parseCanonical } from "./canonical.ts";

/** Bytes of a record in addition to its content. */
export const RECORD_OVERHEAD = 5;

/** Types of records. */
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
  log: 10,
  rotation: 11,
} as const;
export type RecordType = (typeof RecordType)[keyof typeof RecordType];

/** Maximum bytes in a record of each type. */
const MAX_RECORD_LEN: Readonly<Record<number, number>> = {
  0: 0,
  1: 4 * 1024,
  2: 8 * 1024,
  3: 64 * 1024,
  4: 0,
  5: 256 * 1024,
  6: 1216,
  7: 1216,
  8: 32,
  9: 12 * 1024,
  10: 12 * 1024,
  11: 1024,
};
export const maxRecordLen = (type: RecordType): number => MAX_RECORD_LEN[type]!;

/** Encodes `magic ‖ u32 header length ‖ header JSON`. */
export function encodeHeader(magic: string, header: object): Bytes {
  const json = canonicalJsonBytes(header);
  return concat(utf8(magic), u32(json.length), json);
}

export function encodeRecordHeader(type: RecordType, length: number): Bytes {
  return concat(Uint8Array.of(type), u32(length));
}

/** Splits a header from the bytes after it. Throws on any other form. */
export function splitHeader<T>(
  magic: string,
  maxLen: number,
  bytes: Uint8Array,
  read: Decoder<T>,
): { header: T; rest: Uint8Array } {
  if (bytes.length < 8 || text(bytes.subarray(0, 4)) !== magic) throw new Error(`bad magic (expected ${magic})`);
  const length = new DataView(bytes.buffer, bytes.byteOffset + 4, 4).getUint32(0);
  if (length > maxLen || 8 + length > bytes.length) throw new Error("unexpected end of input");
  return { header: parseCanonical(bytes.subarray(8, 8 + length), read), rest: bytes.subarray(8 + length) };
}

/** Returns the records before the end record. Throws if anything other than zeros follows it. */
export function parseRecords(bytes: Uint8Array): { type: number; bytes: Uint8Array }[] {
  const found = [];
  for (let at = 0; ; ) {
    if (at + RECORD_OVERHEAD > bytes.length) throw new Error("unexpected end of input");
    const type = bytes[at]!;
    const length = new DataView(bytes.buffer, bytes.byteOffset + at + 1, 4).getUint32(0);
    at += RECORD_OVERHEAD;
    const maxLen = MAX_RECORD_LEN[type];
    if (maxLen === undefined || length > maxLen || at + length > bytes.length) throw new Error("malformed record");
    if (type === RecordType.end) {
      if (length !== 0 || bytes.subarray(at).some((byte) => byte !== 0)) throw new Error("non-zero padding");
      return found;
    }
    found.push({ type, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
}
