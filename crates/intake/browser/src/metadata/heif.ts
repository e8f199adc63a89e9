// HEIC and AVIF pictures: the item table states where the Exif and XMP metadata is.
import { exifExtent, orientationOnly, parseExif } from "./exif.ts";
import { MalformedFileError, ByteRewriter, readBe, indexOfText, matchesAt } from "./stream.ts";
import { type ScrubFindings, addKinds, asText, classify } from "./rules.ts";

/** Maximum length of the item table in bytes. */
const MAX_TABLE_LEN = 512 * 1024;
/** Maximum number of items: more than a picture has. */
const MAX_ITEMS = 16 * 1024;
/** Maximum number of metadata items: more than a picture has. */
const MAX_METADATA_ITEMS = 256;
/** Number of bytes that are searched at once for the beginning of metadata. */
const SCAN_WINDOW = 64 * 1024;
/** Maximum length of one metadata item in bytes. */
const MAX_METADATA_LEN = 1024 * 1024;
/** Upper bound of the bytes that mark the beginning of metadata, with the prefix before them. */
const MAX_PREFIX_LEN = 16;
/** Maximum padding in bytes after XMP metadata. */
const XMP_PADDING = 8 * 1024;
const XMP_END = "</x:xmpmeta>";

export interface ByteRange {
  start: number;
  end: number;
}

/** Metadata that comes before the item table. It is recognised by its first bytes. */
export class EarlyMetadata {
  /** The overwritten ranges, each with the number of padding bytes that may follow. */
  private readonly zeroed: { range: ByteRange; padding: number }[] = [];
  /**
   * Number of possible beginnings so far. The search stops after `MAX_METADATA_ITEMS`, so that a
   * malicious file cannot make it slow.
   */
  private attempts = 0;

  /** Copies a box and overwrites the metadata in it. */
  scrubBox(stream: ByteRewriter, found: ScrubFindings, len: number): void {
    const end = stream.at + len;
    while (stream.at < end) {
      const ahead = stream.peek(Math.min(SCAN_WINDOW, end - stream.at));
      if (ahead.length === 0) throw new MalformedFileError();
      const isLast = ahead.length === end - stream.at || ahead.length < SCAN_WINDOW;
      const start = this.attempts < MAX_METADATA_ITEMS ? findMetadataStart(ahead) : -1;
      if (start < 0) {
        stream.copy(isLast ? ahead.length : ahead.length - MAX_PREFIX_LEN);
        continue;
      }
      this.attempts += 1;
      stream.copy(start);
      this.scrubMetadata(stream, found, end - stream.at);
    }
  }

  /** Overwrites the metadata at the current position. At most `left` bytes belong to the box. */
  private scrubMetadata(stream: ByteRewriter, found: ScrubFindings, left: number): void {
    const start = stream.at;
    const ahead = stream.peek(Math.min(left, MAX_METADATA_LEN));
    const isXmp = matchesAt(ahead, 0, "<");
    const plain = isXmp ? new Uint8Array(0) : orientationOnly(undefined);
    let len = isXmp ? indexOfText(ahead, XMP_END) + XMP_END.length : exifExtent(ahead);
    if (len === undefined || len < Math.max(plain.length, XMP_END.length)) {
      stream.copy(1);
      return;
    }
    len = Math.min(len, ahead.length);
    const metadata = ahead.subarray(0, len);
    const isEmpty = !isXmp && plain.every((byte, at) => metadata[at] === byte) && metadata.subarray(plain.length).every((byte) => byte === 0);
    if (!isEmpty) addKinds(found.removed, ...(isXmp ? classify(metadata) : parseExif(ahead).kinds));
    stream.write(plain);
    stream.skip(plain.length);
    stream.zero(len - plain.length);
    this.zeroed.push({ range: { start, end: start + len }, padding: isXmp ? XMP_PADDING : 0 });
  }

  /** Returns whether an item was overwritten before the table named it as metadata. */
  covers({ start, end }: ByteRange): boolean {
    return this.zeroed.some(
      ({ range, padding }) => range.start >= start && range.start <= start + Math.min(XMP_PADDING, padding + MAX_PREFIX_LEN) && range.end + padding >= end,
    );
  }
}

/**
 * Returns where metadata begins: a byte order mark after `Exif`, or after a prefix of zeros.
 * Returns -1 if there is none.
 */
function findMetadataStart(ahead: Uint8Array): number {
  const starts: number[] = [];
  for (const order of ["MM\0*\0\0\0\x08", "II*\0\x08\0\0\0"]) {
    for (let at = indexOfText(ahead, order); at >= 0; at = indexOfText(ahead, order, at + 1)) {
      if ((at >= 6 && matchesAt(ahead, at - 6, "Exif\0\0")) || (at >= 4 && matchesAt(ahead, at - 4, "\0\0\0\0"))) {
        starts.push(at);
        break;
      }
    }
  }
  const xmp = indexOfText(ahead, "<x:xmpmeta");
  if (xmp >= 0) starts.push(xmp);
  return starts.length === 0 ? -1 : Math.min(...starts);
}

/** Copies the item table and returns the ranges of the items that are metadata. */
export function processMetaBox(stream: ByteRewriter, found: ScrubFindings, len: number, early: EarlyMetadata): ByteRange[] {
  if (len > MAX_TABLE_LEN) throw new MalformedFileError();
  const tableEnd = stream.at + len;
  const table = stream.peekExact(len).slice();
  // A size of 1 means that a 64-bit size follows.
  const children = childBoxes(table, (readBe(table, 0, 4) === 1 ? 16 : 8) + 4);
  const of = (kind: string) => children.find((child) => child.kind === kind)?.payload;
  const [list, locations, idat] = [of("iinf"), of("iloc"), of("idat")];
  if (!locations) throw new MalformedFileError();
  const items: ByteRange[] = [];
  for (const { inIdat, range } of itemLocations(locations, list ? metadataItemIds(list) : [])) {
    if (inIdat && idat) {
      const bytes = idat.subarray(range.start, range.end);
      if (range.end > idat.length) continue;
      addKinds(found.removed, ...classify(bytes));
      bytes.fill(0);
    } else if (!inIdat && range.start >= tableEnd) items.push(range);
    // The item has already been copied.
    else if (inIdat || !early.covers(range)) addKinds(found.left, "device", "date", "place", "other");
  }
  stream.write(table);
  stream.skip(len);
  return items.sort((first, second) => first.start - second.start);
}

/**
 * Returns kind and payload of the boxes from an offset on. Throws `MalformedFileError` if they are
 * malformed.
 */
function childBoxes(table: Uint8Array, from: number): { kind: string; payload: Uint8Array }[] {
  const children: { kind: string; payload: Uint8Array }[] = [];
  for (let at = from; at < table.length && children.length < MAX_ITEMS; ) {
    const size = readBe(table, at, 4) ?? 0;
    if (size < 8 || size > table.length - at) throw new MalformedFileError();
    children.push({ kind: asText(table.subarray(at + 4, at + 8)), payload: table.subarray(at + 8, at + size) });
    at += size;
  }
  return children;
}

/** Returns the ids of the items that are metadata: Exif or XMP. */
function metadataItemIds(list: Uint8Array): number[] {
  return childBoxes(list, list[0] === 0 ? 6 : 8).flatMap(({ kind, payload }) => {
    const wide = payload[0] === 2 ? 2 : payload[0] === 3 ? 4 : 0;
    if (kind !== "infe" || wide === 0) return [];
    const number = readBe(payload, 4, wide);
    const isMetadata = ["Exif", "mime", "uri "].some((type) => matchesAt(payload, 4 + wide + 2, type));
    return isMetadata && number !== undefined ? [number] : [];
  });
}

interface ItemLocation {
  /** True if the range is relative to `idat`, not to the beginning of the file. */
  inIdat: boolean;
  range: ByteRange;
}

function itemLocations(list: Uint8Array, metadataIds: number[]): ItemLocation[] {
  const version = list[0] ?? 0;
  let at = 6;
  const next = (count: number): number => {
    const number = readBe(list, at, count);
    if (number === undefined || count > 8) throw new MalformedFileError();
    at += count;
    return number;
  };
  const sizes = readBe(list, 4, 2);
  if (sizes === undefined) throw new MalformedFileError();
  const [offsetSize, lengthSize, baseSize, last] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15, sizes & 15];
  const indexSize = version === 0 ? 0 : last;
  const wide = version === 2 ? 4 : 2;
  const locations: ItemLocation[] = [];
  for (let count = Math.min(next(wide), MAX_ITEMS); count > 0; count -= 1) {
    const number = next(wide);
    const inIdat = version !== 0 && (next(2) & 15) === 1;
    next(2);
    const base = next(baseSize);
    for (let extents = next(2); extents > 0; extents -= 1) {
      next(indexSize);
      const [offset, length] = [next(offsetSize), next(lengthSize)];
      // If an extent has no fields, any number of extents fits into no bytes, so the loop would not
      // end.
      if (offsetSize + lengthSize + indexSize === 0 || locations.length >= MAX_METADATA_ITEMS) throw new MalformedFileError();
      if (!metadataIds.includes(number)) continue;
      const start = base + offset;
      locations.push({ inIdat, range: { start, end: start + length } });
    }
  }
  return locations;
}
