// ZIP packages (APPNOTE 6.3.10): read by their directory, and written without timestamps and
// without the program that made them.
import { type Bytes, concat, utf8 } from "../bytes.ts";
import { crc32 } from "./crc32.ts";
import { deflate, inflate } from "./deflate.ts";
import { MalformedFileError, readLe, matchesAt } from "./stream.ts";

/** Maximum number of parts: more than a document has. */
const MAX_PARTS = 16 * 1024;
/** Maximum length of an end record with its comment in bytes. */
const MAX_END_RECORD_LEN = 22 + 65_535;
/** A length or offset that does not fit is in the zip64 extra field. */
const ZIP64_PLACEHOLDER = 0xffff_ffff;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
/** Flag: the name is in UTF-8. */
const UTF8_NAME = 1 << 11;
/** 1 January 1980 at midnight, the earliest date that the format can express. */
const NO_DATE = 0x210000;

/** A part of a package. */
export interface ZipEntry {
  name: Bytes;
  flags: number;
  method: number;
  crc: number;
  /** Decompressed length in bytes. */
  plain: number;
  data: Bytes;
  /** Offset of the header in the original package. */
  at: number;
}

export interface ZipArchive {
  /** In the order of the directory. */
  parts: ZipEntry[];
  hasComment: boolean;
  /** Whether bytes follow the end record. */
  hasMore: boolean;
}

/**
 * Reads a package. Throws `MalformedFileError` if the directory contradicts itself or the package.
 */
export function readPackage(bytes: Bytes): ZipArchive {
  const end = findEndRecord(bytes);
  const [count, directory] = locateDirectory(bytes, end);
  if (count > MAX_PARTS) throw new MalformedFileError();
  const parts: ZipEntry[] = [];
  let hasComment = (readLe(bytes, end + 20, 2) ?? 0) > 0;
  let [at, packed] = [directory, 0];
  for (let n = 0; n < count; n += 1) {
    if (!matchesAt(bytes, at, "PK\x01\x02")) throw new MalformedFileError();
    const number = (from: number, len: number) => requirePlausible(readLe(bytes, at + from, len));
    const [nameLen, extraLen, commentLen] = [number(28, 2), number(30, 2), number(32, 2)];
    const name = bytes.slice(at + 46, at + 46 + nameLen);
    const extra = bytes.subarray(at + 46 + nameLen, at + 46 + nameLen + extraLen);
    const [plain, len, start] = resolveZip64(extra, [number(24, 4), number(20, 4), number(42, 4)]);
    const from = start + 30 + requirePlausible(readLe(bytes, start + 26, 2)) + requirePlausible(readLe(bytes, start + 28, 2));
    if (!matchesAt(bytes, start, "PK\x03\x04") || from + len > bytes.length || number(8, 2) & ENCRYPTED) throw new MalformedFileError();
    parts.push({ name, flags: number(8, 2) & UTF8_NAME, method: number(10, 2), crc: number(16, 4), plain, data: bytes.subarray(from, from + len), at: start });
    hasComment ||= commentLen > 0;
    packed += len;
    at += 46 + nameLen + extraLen + commentLen;
  }
  // Parts that share their bytes would make the package much longer than the original.
  if (count === 0 || packed > bytes.length || at > end) throw new MalformedFileError();
  return { parts, hasComment, hasMore: bytes.length > end + 22 + (readLe(bytes, end + 20, 2) ?? 0) };
}

function findEndRecord(bytes: Bytes): number {
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - MAX_END_RECORD_LEN); at -= 1) {
    if (bytes[at] === 0x50 && matchesAt(bytes, at, "PK\x05\x06")) return at;
  }
  throw new MalformedFileError();
}

/** Returns the number of parts, and the offset of the directory. */
function locateDirectory(bytes: Bytes, end: number): [number, number] {
  if (matchesAt(bytes, end - 20, "PK\x06\x07")) {
    const zip64End = requirePlausible(readLe(bytes, end - 12, 8));
    if (matchesAt(bytes, zip64End, "PK\x06\x06")) return [requirePlausible(readLe(bytes, zip64End + 32, 8)), requirePlausible(readLe(bytes, zip64End + 48, 8))];
  }
  return [requirePlausible(readLe(bytes, end + 10, 2)), requirePlausible(readLe(bytes, end + 16, 4))];
}

/** Returns lengths and offset, resolved through the zip64 extra field. */
function resolveZip64(extra: Uint8Array, numbers: [number, number, number]): [number, number, number] {
  if (!numbers.includes(ZIP64_PLACEHOLDER)) return numbers;
  for (let at = 0; at + 4 <= extra.length; at += 4 + readLe(extra, at + 2, 2)!) {
    if (readLe(extra, at, 2) !== 1) continue;
    const field = extra.subarray(at + 4, at + 4 + readLe(extra, at + 2, 2)!);
    let index = 0;
    return numbers.map((number) => (number === ZIP64_PLACEHOLDER ? requirePlausible(readLe(field, 8 * index++, 8)) : number)) as [number, number, number];
  }
  throw new MalformedFileError();
}

function requirePlausible(number: number | undefined): number {
  if (number === undefined) throw new MalformedFileError();
  return number;
}

/**
 * Returns the decompressed content of a part. Throws if the compression method is unsupported, the
 * data is malformed, or it decompresses to another length than announced.
 */
export async function unpack({ method, data, plain, crc }: ZipEntry): Promise<Bytes> {
  if (method !== STORED && method !== DEFLATED) throw new Error("unsupported compression method");
  // Some writers announce a compressed empty part and write no data.
  const unpacked = method === STORED || data.length === 0 ? data : await inflate(data, "deflate-raw", plain);
  if (unpacked.length !== plain || crc32(unpacked) !== crc) throw new Error("content does not match its declared length or checksum");
  return unpacked;
}

/** Returns the part with other content. It is stored if the browser cannot compress it. */
export async function pack(part: ZipEntry, plain: Bytes): Promise<ZipEntry> {
  const packed = await deflate(plain, "deflate-raw").catch(() => undefined);
  const [method, data] = packed ? [DEFLATED, packed] : [STORED, plain];
  return { ...part, method, crc: crc32(plain), plain: plain.length, data };
}

/** Writes a package with these parts in their original order. */
export function writePackage(parts: ZipEntry[]): Blob {
  const chunks: BlobPart[] = [];
  const entries = new Map<ZipEntry, Bytes>();
  let at = 0;
  for (const part of [...parts].sort((first, second) => first.at - second.at)) {
    const { name, flags, method, crc, data, plain } = part;
    const commonFields = concat(u16(flags), u16(method), u32(NO_DATE), u32(crc), u32(data.length), u32(plain), u16(name.length));
    const header = concat(utf8("PK\x03\x04\x14\0"), commonFields, u16(0), name);
    chunks.push(header, data);
    entries.set(part, concat(utf8("PK\x01\x02\x14\0\x14\0"), commonFields, new Uint8Array(12), u32(at), name));
    at += header.length + data.length;
  }
  const directory = concat(...parts.map((part) => entries.get(part)!));
  const count = u16(parts.length);
  return new Blob([...chunks, directory, utf8("PK\x05\x06\0\0\0\0"), count, count, u32(directory.length), u32(at), u16(0)]);
}

const u16 = (n: number): Bytes => new Uint8Array([n, n >> 8]);
const u32 = (n: number): Bytes => new Uint8Array([n, n >> 8, n >> 16, n >> 24]);
