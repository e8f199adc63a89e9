// HEIC and AVIF pictures: the table of a picture's parts says where the notes of the camera are.
import { extentOfNotes, onlyTurned, readNotes } from "./exif.ts";
import { Broken, Pipe, be, find, standsAt } from "./pipe.ts";
import { type Finding, add, asText, toldBy } from "./rules.ts";

/** The largest table that is read, in bytes. */
const LARGEST_TABLE = 512 * 1024;
/** More parts than any picture has. */
const MOST_PARTS = 16 * 1024;
/** More notes than any picture has. */
const MOST_NOTES = 256;
/** Bytes that are looked at for the beginning of notes. */
const WINDOW = 64 * 1024;
/** Of notes, so much is looked at. */
const LONGEST_NOTES = 1024 * 1024;
/** Longer than how notes begin, with what stands in front of them. */
const BEGINNING = 16;
/** Padding behind notes in XML. */
const PADDING = 8 * 1024;
const XMP_END = "</x:xmpmeta>";

export interface Range {
  start: number;
  end: number;
}

/** Notes that come before the table: they are known by how they begin. */
export class Early {
  /** What was overwritten, and how much may follow that tells nothing. */
  private readonly blanked: { range: Range; padding: number }[] = [];
  /** How often notes seemed to begin: a file made to be slow is not looked into any further. */
  private tries = 0;

  /** Passes a box, with notes in it overwritten. */
  blank(pipe: Pipe, found: Finding, len: number): void {
    const end = pipe.at + len;
    while (pipe.at < end) {
      const ahead = pipe.ahead(Math.min(WINDOW, end - pipe.at));
      if (ahead.length === 0) throw new Broken();
      const isLast = ahead.length === end - pipe.at || ahead.length < WINDOW;
      const start = this.tries < MOST_NOTES ? beginningOf(ahead) : -1;
      if (start < 0) {
        pipe.pass(isLast ? ahead.length : ahead.length - BEGINNING);
        continue;
      }
      this.tries += 1;
      pipe.pass(start);
      this.blankNote(pipe, found, end - pipe.at);
    }
  }

  /** Overwrites the notes at the front, of which no more than `left` bytes belong to the box. */
  private blankNote(pipe: Pipe, found: Finding, left: number): void {
    const start = pipe.at;
    const ahead = pipe.ahead(Math.min(left, LONGEST_NOTES));
    const isXmp = standsAt(ahead, 0, "<");
    const plain = isXmp ? new Uint8Array(0) : onlyTurned(undefined);
    let len = isXmp ? find(ahead, XMP_END) + XMP_END.length : extentOfNotes(ahead);
    if (len === undefined || len < Math.max(plain.length, XMP_END.length)) {
      pipe.pass(1);
      return;
    }
    len = Math.min(len, ahead.length);
    const notes = ahead.subarray(0, len);
    const isEmpty = !isXmp && plain.every((byte, at) => notes[at] === byte) && notes.subarray(plain.length).every((byte) => byte === 0);
    if (!isEmpty) add(found.removed, ...(isXmp ? toldBy(notes) : readNotes(ahead).traces));
    pipe.write(plain);
    pipe.skip(plain.length);
    pipe.blank(len - plain.length);
    this.blanked.push({ range: { start, end: start + len }, padding: isXmp ? PADDING : 0 });
  }

  /** Whether a part was overwritten before the table said that it is one of notes. */
  covers({ start, end }: Range): boolean {
    return this.blanked.some(
      ({ range, padding }) => range.start >= start && range.start <= start + Math.min(PADDING, padding + BEGINNING) && range.end + padding >= end,
    );
  }
}

/** Returns where notes begin: with a byte order behind `Exif`, or behind a distance of nothing; -1 if they do not. */
function beginningOf(ahead: Uint8Array): number {
  const starts: number[] = [];
  for (const order of ["MM\0*\0\0\0\x08", "II*\0\x08\0\0\0"]) {
    for (let at = find(ahead, order); at >= 0; at = find(ahead, order, at + 1)) {
      if ((at >= 6 && standsAt(ahead, at - 6, "Exif\0\0")) || (at >= 4 && standsAt(ahead, at - 4, "\0\0\0\0"))) {
        starts.push(at);
        break;
      }
    }
  }
  const xmp = find(ahead, "<x:xmpmeta");
  if (xmp >= 0) starts.push(xmp);
  return starts.length === 0 ? -1 : Math.min(...starts);
}

/** Passes the table of a picture's parts. Returns where the parts stand that are notes. */
export function blankTable(pipe: Pipe, found: Finding, len: number, early: Early): Range[] {
  if (len > LARGEST_TABLE) throw new Broken();
  const tableEnd = pipe.at + len;
  const table = pipe.need(len).slice();
  // A long head says 1 where the length is.
  const children = childrenOf(table, (be(table, 0, 4) === 1 ? 16 : 8) + 4);
  const of = (kind: string) => children.find((child) => child.kind === kind)?.payload;
  const [list, places, inner] = [of("iinf"), of("iloc"), of("idat")];
  if (!places) throw new Broken();
  const parts: Range[] = [];
  for (const { isInside, range } of placesOf(places, list ? notesIn(list) : [])) {
    if (isInside && inner) {
      const bytes = inner.subarray(range.start, range.end);
      if (range.end > inner.length) continue;
      add(found.removed, ...toldBy(bytes));
      bytes.fill(0);
    } else if (!isInside && range.start >= tableEnd) parts.push(range);
    // What stands before the table has passed already.
    else if (isInside || !early.covers(range)) add(found.left, "device", "date", "place", "other");
  }
  pipe.write(table);
  pipe.skip(len);
  return parts.sort((one, other) => one.start - other.start);
}

/** Kind and payload of the boxes from a place on. Throws `Broken` for what are no boxes. */
function childrenOf(table: Uint8Array, from: number): { kind: string; payload: Uint8Array }[] {
  const children: { kind: string; payload: Uint8Array }[] = [];
  for (let at = from; at < table.length && children.length < MOST_PARTS; ) {
    const size = be(table, at, 4) ?? 0;
    if (size < 8 || size > table.length - at) throw new Broken();
    children.push({ kind: asText(table.subarray(at + 4, at + 8)), payload: table.subarray(at + 8, at + size) });
    at += size;
  }
  return children;
}

/** The numbers of the parts that are notes: of cameras, or XMP. */
function notesIn(list: Uint8Array): number[] {
  return childrenOf(list, list[0] === 0 ? 6 : 8).flatMap(({ kind, payload }) => {
    const wide = payload[0] === 2 ? 2 : payload[0] === 3 ? 4 : 0;
    if (kind !== "infe" || wide === 0) return [];
    const number = be(payload, 4, wide);
    const isNotes = ["Exif", "mime", "uri "].some((sort) => standsAt(payload, 4 + wide + 2, sort));
    return isNotes && number !== undefined ? [number] : [];
  });
}

interface Place {
  /** Counted from the picture's inner store, not from the beginning of the file. */
  isInside: boolean;
  range: Range;
}

function placesOf(list: Uint8Array, notes: number[]): Place[] {
  const version = list[0] ?? 0;
  let at = 6;
  const next = (count: number): number => {
    const number = be(list, at, count);
    if (number === undefined || count > 8) throw new Broken();
    at += count;
    return number;
  };
  const sizes = be(list, 4, 2);
  if (sizes === undefined) throw new Broken();
  const [offsetSize, lengthSize, baseSize, last] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15, sizes & 15];
  const indexSize = version === 0 ? 0 : last;
  const wide = version === 2 ? 4 : 2;
  const places: Place[] = [];
  for (let count = Math.min(next(wide), MOST_PARTS); count > 0; count -= 1) {
    const number = next(wide);
    const isInside = version !== 0 && (next(2) & 15) === 1;
    next(2);
    const base = next(baseSize);
    for (let extents = next(2); extents > 0; extents -= 1) {
      next(indexSize);
      const [offset, length] = [next(offsetSize), next(lengthSize)];
      // Where no extent takes a byte, so many of them take none of the file either.
      if (offsetSize + lengthSize + indexSize === 0 || places.length >= MOST_NOTES) throw new Broken();
      if (!notes.includes(number)) continue;
      const start = base + offset;
      places.push({ isInside, range: { start, end: start + length } });
    }
  }
  return places;
}
