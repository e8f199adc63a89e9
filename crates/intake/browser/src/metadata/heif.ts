// HEIC and AVIF pictures: the table of a picture's parts says where the notes of the camera are.
import { exifExtent, orientationOnly, parseExif } from "./exif.ts";
import { MalformedFileError, ByteRewriter, readBe, indexOfText, matchesAt } from "./stream.ts";
import { type ScrubFindings, addKinds, asText, classify } from "./rules.ts";

/** The largest table that is read, in bytes. */
const MAX_TABLE_LEN = 512 * 1024;
/** More parts than any picture has. */
const MAX_ITEMS = 16 * 1024;
/** More notes than any picture has. */
const MAX_METADATA_ITEMS = 256;
/** Bytes that are looked at for the beginning of notes. */
const SCAN_WINDOW = 64 * 1024;
/** Of notes, so much is looked at. */
const MAX_METADATA_LEN = 1024 * 1024;
/** Longer than how notes begin, with what stands in front of them. */
const MAX_PREFIX_LEN = 16;
/** Padding behind notes in XML. */
const XMP_PADDING = 8 * 1024;
const XMP_END = "</x:xmpmeta>";

export interface ByteRange {
  start: number;
  end: number;
}

/** Notes that come before the table: they are known by how they begin. */
export class EarlyMetadata {
  /** What was overwritten, and how much may follow that tells nothing. */
  private readonly blanked: { range: ByteRange; padding: number }[] = [];
  /** How often notes seemed to begin: a file made to be slow is not looked into any further. */
  private tries = 0;

  /** Passes a box, with notes in it overwritten. */
  scrubBox(pipe: ByteRewriter, found: ScrubFindings, len: number): void {
    const end = pipe.at + len;
    while (pipe.at < end) {
      const ahead = pipe.peek(Math.min(SCAN_WINDOW, end - pipe.at));
      if (ahead.length === 0) throw new MalformedFileError();
      const isLast = ahead.length === end - pipe.at || ahead.length < SCAN_WINDOW;
      const start = this.tries < MAX_METADATA_ITEMS ? findMetadataStart(ahead) : -1;
      if (start < 0) {
        pipe.copy(isLast ? ahead.length : ahead.length - MAX_PREFIX_LEN);
        continue;
      }
      this.tries += 1;
      pipe.copy(start);
      this.scrubMetadata(pipe, found, end - pipe.at);
    }
  }

  /** Overwrites the notes at the front, of which no more than `left` bytes belong to the box. */
  private scrubMetadata(pipe: ByteRewriter, found: ScrubFindings, left: number): void {
    const start = pipe.at;
    const ahead = pipe.peek(Math.min(left, MAX_METADATA_LEN));
    const isXmp = matchesAt(ahead, 0, "<");
    const plain = isXmp ? new Uint8Array(0) : orientationOnly(undefined);
    let len = isXmp ? indexOfText(ahead, XMP_END) + XMP_END.length : exifExtent(ahead);
    if (len === undefined || len < Math.max(plain.length, XMP_END.length)) {
      pipe.copy(1);
      return;
    }
    len = Math.min(len, ahead.length);
    const notes = ahead.subarray(0, len);
    const isEmpty = !isXmp && plain.every((byte, at) => notes[at] === byte) && notes.subarray(plain.length).every((byte) => byte === 0);
    if (!isEmpty) addKinds(found.removed, ...(isXmp ? classify(notes) : parseExif(ahead).traces));
    pipe.write(plain);
    pipe.skip(plain.length);
    pipe.zero(len - plain.length);
    this.blanked.push({ range: { start, end: start + len }, padding: isXmp ? XMP_PADDING : 0 });
  }

  /** Whether a part was overwritten before the table said that it is one of notes. */
  covers({ start, end }: ByteRange): boolean {
    return this.blanked.some(
      ({ range, padding }) => range.start >= start && range.start <= start + Math.min(XMP_PADDING, padding + MAX_PREFIX_LEN) && range.end + padding >= end,
    );
  }
}

/** Returns where notes begin: with a byte order behind `Exif`, or behind a distance of nothing; -1 if they do not. */
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

/** Passes the table of a picture's parts. Returns where the parts stand that are notes. */
export function processMetaBox(pipe: ByteRewriter, found: ScrubFindings, len: number, early: EarlyMetadata): ByteRange[] {
  if (len > MAX_TABLE_LEN) throw new MalformedFileError();
  const tableEnd = pipe.at + len;
  const table = pipe.peekExact(len).slice();
  // A long head says 1 where the length is.
  const children = childBoxes(table, (readBe(table, 0, 4) === 1 ? 16 : 8) + 4);
  const of = (kind: string) => children.find((child) => child.kind === kind)?.payload;
  const [list, places, inner] = [of("iinf"), of("iloc"), of("idat")];
  if (!places) throw new MalformedFileError();
  const parts: ByteRange[] = [];
  for (const { isInside, range } of itemLocations(places, list ? metadataItemIds(list) : [])) {
    if (isInside && inner) {
      const bytes = inner.subarray(range.start, range.end);
      if (range.end > inner.length) continue;
      addKinds(found.removed, ...classify(bytes));
      bytes.fill(0);
    } else if (!isInside && range.start >= tableEnd) parts.push(range);
    // What stands before the table has passed already.
    else if (isInside || !early.covers(range)) addKinds(found.left, "device", "date", "place", "other");
  }
  pipe.write(table);
  pipe.skip(len);
  return parts.sort((one, other) => one.start - other.start);
}

/** Kind and payload of the boxes from a place on. Throws `Broken` for what are no boxes. */
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

/** The numbers of the parts that are notes: of cameras, or XMP. */
function metadataItemIds(list: Uint8Array): number[] {
  return childBoxes(list, list[0] === 0 ? 6 : 8).flatMap(({ kind, payload }) => {
    const wide = payload[0] === 2 ? 2 : payload[0] === 3 ? 4 : 0;
    if (kind !== "infe" || wide === 0) return [];
    const number = readBe(payload, 4, wide);
    const isNotes = ["Exif", "mime", "uri "].some((sort) => matchesAt(payload, 4 + wide + 2, sort));
    return isNotes && number !== undefined ? [number] : [];
  });
}

interface ItemLocation {
  /** Counted from the picture's inner store, not from the beginning of the file. */
  isInside: boolean;
  range: ByteRange;
}

function itemLocations(list: Uint8Array, notes: number[]): ItemLocation[] {
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
  const places: ItemLocation[] = [];
  for (let count = Math.min(next(wide), MAX_ITEMS); count > 0; count -= 1) {
    const number = next(wide);
    const isInside = version !== 0 && (next(2) & 15) === 1;
    next(2);
    const base = next(baseSize);
    for (let extents = next(2); extents > 0; extents -= 1) {
      next(indexSize);
      const [offset, length] = [next(offsetSize), next(lengthSize)];
      // Where no extent takes a byte, so many of them take none of the file either.
      if (offsetSize + lengthSize + indexSize === 0 || places.length >= MAX_METADATA_ITEMS) throw new MalformedFileError();
      if (!notes.includes(number)) continue;
      const start = base + offset;
      places.push({ isInside, range: { start, end: start + length } });
    }
  }
  return places;
}
