// Packages (ZIP, APPNOTE 6.3.10): read by their directory, and written with nothing that tells when or by what they were made.
import { type Bytes, concat, utf8 } from "../bytes.ts";
import { crc32 } from "./crc32.ts";
import { deflate, inflate } from "./deflate.ts";
import { Broken, le, standsAt } from "./pipe.ts";

/** More parts than any document has. */
const MOST_PARTS = 16 * 1024;
/** An end record with the longest comment. */
const LONGEST_END = 22 + 65_535;
/** A length or place that does not fit is in the extra field of 64 bits. */
const IN_EXTRA = 0xffff_ffff;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
/** Flag: the name is in UTF-8. */
const UTF8 = 1 << 11;
/** 1 January 1980 at midnight, the earliest date that the format can express. */
const NO_DATE = 0x210000;

/** A part of a package. */
export interface Part {
  name: Bytes;
  flags: number;
  method: number;
  crc: number;
  /** Length of what is unpacked, in bytes. */
  plain: number;
  data: Bytes;
  /** Place of its head in the package as it came. */
  at: number;
}

export interface Package {
  /** In the order of the directory. */
  parts: Part[];
  hasComment: boolean;
  /** Bytes behind the end. */
  hasMore: boolean;
}

/** Reads a package; throws `Broken` if its directory contradicts itself or the package. */
export function readPackage(bytes: Bytes): Package {
  const end = endOf(bytes);
  const [count, directory] = placeOfDirectory(bytes, end);
  if (count > MOST_PARTS) throw new Broken();
  const parts: Part[] = [];
  let hasComment = (le(bytes, end + 20, 2) ?? 0) > 0;
  let [at, packed] = [directory, 0];
  for (let n = 0; n < count; n += 1) {
    if (!standsAt(bytes, at, "PK\x01\x02")) throw new Broken();
    const number = (from: number, len: number) => known(le(bytes, at + from, len));
    const [nameLen, extraLen, commentLen] = [number(28, 2), number(30, 2), number(32, 2)];
    const name = bytes.slice(at + 46, at + 46 + nameLen);
    const extra = bytes.subarray(at + 46 + nameLen, at + 46 + nameLen + extraLen);
    const [plain, len, start] = long(extra, [number(24, 4), number(20, 4), number(42, 4)]);
    const from = start + 30 + known(le(bytes, start + 26, 2)) + known(le(bytes, start + 28, 2));
    if (!standsAt(bytes, start, "PK\x03\x04") || from + len > bytes.length || number(8, 2) & ENCRYPTED) throw new Broken();
    parts.push({ name, flags: number(8, 2) & UTF8, method: number(10, 2), crc: number(16, 4), plain, data: bytes.subarray(from, from + len), at: start });
    hasComment ||= commentLen > 0;
    packed += len;
    at += 46 + nameLen + extraLen + commentLen;
  }
  // Parts that share their bytes would make a package far longer than what came.
  if (count === 0 || packed > bytes.length || at > end) throw new Broken();
  return { parts, hasComment, hasMore: bytes.length > end + 22 + (le(bytes, end + 20, 2) ?? 0) };
}

function endOf(bytes: Bytes): number {
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - LONGEST_END); at -= 1) {
    if (bytes[at] === 0x50 && standsAt(bytes, at, "PK\x05\x06")) return at;
  }
  throw new Broken();
}

/** Returns how many parts there are, and where their directory begins. */
function placeOfDirectory(bytes: Bytes, end: number): [number, number] {
  if (standsAt(bytes, end - 20, "PK\x06\x07")) {
    const long = known(le(bytes, end - 12, 8));
    if (standsAt(bytes, long, "PK\x06\x06")) return [known(le(bytes, long + 32, 8)), known(le(bytes, long + 48, 8))];
  }
  return [known(le(bytes, end + 10, 2)), known(le(bytes, end + 16, 4))];
}

/** Lengths and place with what the extra field of 64 bits says. */
function long(extra: Uint8Array, numbers: [number, number, number]): [number, number, number] {
  if (!numbers.includes(IN_EXTRA)) return numbers;
  for (let at = 0; at + 4 <= extra.length; at += 4 + le(extra, at + 2, 2)!) {
    if (le(extra, at, 2) !== 1) continue;
    const field = extra.subarray(at + 4, at + 4 + le(extra, at + 2, 2)!);
    let place = 0;
    return numbers.map((number) => (number === IN_EXTRA ? known(le(field, 8 * place++, 8)) : number)) as [number, number, number];
  }
  throw new Broken();
}

function known(number: number | undefined): number {
  if (number === undefined) throw new Broken();
  return number;
}

/** Returns what a part unpacks to; throws if it is packed in another way, unsound, or unpacks to more than it announces. */
export async function unpack({ method, data, plain, crc }: Part): Promise<Bytes> {
  if (method !== STORED && method !== DEFLATED) throw new Error("packed in another way");
  // Some writers announce that an empty part is packed, and write nothing.
  const unpacked = method === STORED || data.length === 0 ? data : await inflate(data, "deflate-raw", plain);
  if (unpacked.length !== plain || crc32(unpacked) !== crc) throw new Error("not what was announced");
  return unpacked;
}

/** Returns the part with other content: stored where the browser cannot compress it. */
export async function pack(part: Part, plain: Bytes): Promise<Part> {
  const packed = await deflate(plain, "deflate-raw").catch(() => undefined);
  const [method, data] = packed ? [DEFLATED, packed] : [STORED, plain];
  return { ...part, method, crc: crc32(plain), plain: plain.length, data };
}

/** Writes a package with these parts, each at its place among the others. */
export function writePackage(parts: Part[]): Blob {
  const pieces: BlobPart[] = [];
  const entries = new Map<Part, Bytes>();
  let at = 0;
  for (const part of [...parts].sort((one, other) => one.at - other.at)) {
    const { name, flags, method, crc, data, plain } = part;
    const common = concat(u16(flags), u16(method), u32(NO_DATE), u32(crc), u32(data.length), u32(plain), u16(name.length));
    const head = concat(utf8("PK\x03\x04\x14\0"), common, u16(0), name);
    pieces.push(head, data);
    entries.set(part, concat(utf8("PK\x01\x02\x14\0\x14\0"), common, new Uint8Array(12), u32(at), name));
    at += head.length + data.length;
  }
  const directory = concat(...parts.map((part) => entries.get(part)!));
  const count = u16(parts.length);
  return new Blob([...pieces, directory, utf8("PK\x05\x06\0\0\0\0"), count, count, u32(directory.length), u32(at), u16(0)]);
}

const u16 = (n: number): Bytes => new Uint8Array([n, n >> 8]);
const u32 = (n: number): Bytes => new Uint8Array([n, n >> 8, n >> 16, n >> 24]);
