// Office files: packages that are written anew. Parts that say nothing but who made them are replaced, names in the others taken out.
import { type Bytes, concat, utf8 } from "../bytes.ts";
import { type Found, type Trace, asText, rules, toldBy } from "./rules.ts";

/** A part is looked into if it is packed in no more than this, and unpacks to no more than that. */
const LARGEST = 512 * 1024;
const UNPACKED = 16 * 1024 * 1024;
/** The first of January 1980. */
const NO_DATE = 0x210000;
const STORED = 0;
const DEFLATED = 8;

/** Gives a picture without its notes; undefined if it cannot be drawn. */
export type Redraw = (picture: Blob) => Promise<Blob | undefined>;

interface Part {
  name: Bytes;
  utf8: number;
  method: number;
  crc: number;
  plain: number;
  data: Bytes;
}

/** The package written anew; throws if it contradicts itself. */
export async function rewritePackage(bytes: Bytes, found: Found, redraw: Redraw): Promise<Blob> {
  const parts = partsOf(bytes);
  const [pieces, directory]: [BlobPart[], Bytes[]] = [[], []];
  let at = 0;
  for (const came of parts) {
    const part = await rewritePart(came, found, redraw);
    const common = concat(u16(part.utf8), u16(part.method), u32(NO_DATE), u32(part.crc), u32(part.data.length), u32(part.plain), u16(part.name.length));
    const head = concat(utf8("PK\x03\x04\x14\0"), common, u16(0), part.name);
    pieces.push(head, part.data);
    directory.push(utf8("PK\x01\x02\x14\0\x14\0"), common, new Uint8Array(12), u32(at), part.name);
    at += head.length + part.data.length;
  }
  const told = concat(...directory);
  const count = u16(parts.length);
  return new Blob([...pieces, told, utf8("PK\x05\x06\0\0\0\0"), count, count, u32(told.length), u32(at), u16(0)]);
}

function partsOf(bytes: Bytes): Part[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (view.getUint32(end, true) !== 0x06054b50) end -= 1;
  const parts: Part[] = [];
  let at = view.getUint32(end + 16, true);
  for (let n = view.getUint16(end + 10, true); n > 0; n -= 1) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new Error("no entry");
    const [nameLen, start, len] = [view.getUint16(at + 28, true), view.getUint32(at + 42, true), view.getUint32(at + 20, true)];
    const from = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
    if (view.getUint16(at + 8, true) & 1 || from + len > bytes.length) throw new Error("locked or cut off");
    parts.push({
      name: bytes.slice(at + 46, at + 46 + nameLen),
      utf8: view.getUint16(at + 8, true) & 0x800,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      plain: view.getUint32(at + 24, true),
      data: bytes.slice(from, from + len),
    });
    at += 46 + nameLen + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return parts;
}

async function rewritePart(part: Part, found: Found, redraw: Redraw): Promise<Part> {
  const name = asText(part.name).toLowerCase();
  const rule = rules.parts.find((one) => ("start" in one ? name.startsWith(one.start!) : name === one.end));
  if (rule) {
    toldBy((await unpack(part).catch(() => part.data)).subarray(0, 65_536), found.removed);
    return pack(part, utf8(rule.put));
  }
  if (/\.(jpe?g|png|webp)$/.test(name)) {
    const drawn = await unpack(part).then((plain) => redraw(new Blob([plain])), () => undefined);
    if (drawn) return pack(part, new Uint8Array(await drawn.arrayBuffer()));
    found.left.add("other");
  }
  if (!/\.(xml|rels)$/.test(name)) return part;
  if (part.data.length > LARGEST) {
    found.left.add("history");
    return part;
  }
  const plain = await unpack(part).catch(() => undefined);
  if (!plain) {
    found.left.add("other");
    return part;
  }
  const before = new TextDecoder().decode(plain);
  const after = withoutNames(before, found);
  return after === before ? part : pack(part, utf8(after));
}

/** Takes names out of the XML of a part. What is longer than 4,096 signs is no name. */
export function withoutNames(xml: string, found: Found): string {
  let text = xml;
  for (const { trace, find, until, put } of rules.values as { trace: Trace; find: string; until: string; put: string }[]) {
    text = text.split(find).map((piece, n) => {
      const end = n === 0 ? -1 : piece.slice(0, 4096).indexOf(until);
      if (end <= 0 || piece.slice(0, end) === put) return piece;
      found.removed.add(trace);
      return put + piece.slice(end);
    }).join(find);
  }
  return text;
}

async function unpack({ method, data }: Part): Promise<Bytes> {
  if (method === STORED) return data;
  if (method !== DEFLATED) throw new Error("packed in another way");
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const pieces: Uint8Array[] = [];
  for (let len = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return concat(...pieces);
    pieces.push(value);
    len += value.length;
    if (len > UNPACKED) {
      await reader.cancel();
      throw new Error("too much");
    }
  }
}

async function pack(part: Part, plain: Bytes): Promise<Part> {
  const packed = new Blob([plain]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const data = new Uint8Array(await new Response(packed).arrayBuffer());
  return { ...part, method: DEFLATED, crc: crc32(plain), plain: plain.length, data };
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

const crc32 = (bytes: Uint8Array): number => ~bytes.reduce((crc, byte) => TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8), -1) >>> 0;

const u16 = (n: number): Bytes => new Uint8Array([n, n >> 8]);
const u32 = (n: number): Bytes => new Uint8Array([n, n >> 8, n >> 16, n >> 24]);
