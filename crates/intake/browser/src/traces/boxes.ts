// Boxes (ISO/IEC 14496-12): films and sounds of phones, and HEIC and AVIF pictures. They point into themselves by distance from the
// beginning, so nothing changes its place: boxes that tell something become free space.
import { concat } from "../bytes.ts";
import { readNotes } from "./exif.ts";
import { Early, type Range, blankTable } from "./picture_boxes.ts";
import { Broken, Pipe, be, standsAt } from "./pipe.ts";
import { type Finding, add, asBytes, asText, rules, toldBy } from "./rules.ts";

/** Of a box that is erased, so much is looked into. */
const LOOKED_AT = 65_536;
/** Bytes of a handler before its name. */
const NAMELESS = 12;
/** Notes of a camera without any entry, behind the distance to them. */
const EMPTY_NOTES = concat(new Uint8Array(4), asBytes("MM\0*\0\0\0\x08\0\0\0\0\0\0"));

/** Walks films, sounds and, with `isPicture`, HEIC and AVIF pictures. */
export function blankBoxes(pipe: Pipe, found: Finding, isPicture: boolean): void {
  // Where the box with everything about the film ends.
  let film = 0;
  let parts: Range[] = [];
  const early = new Early();
  while (!pipe.isAtEnd) {
    const { kind, before, payload } = headOf(pipe);
    if (payload === undefined) {
      blankLast(pipe, found, kind, parts);
      return;
    }
    const inside = pipe.at < film;
    const whole = before + payload;
    if (kind === "moov") film = pipe.at + whole;
    const { boxes } = rules;
    if (boxes.containers.includes(kind) && (inside || kind === "moov")) pipe.pass(before);
    else if (boxes.stamped.includes(kind)) blankStamps(pipe, found, before, payload);
    else if (kind === "hdlr" && inside) blankHandler(pipe, found, before, payload);
    else if (kind === "meta" && isPicture && !inside) parts = blankTable(pipe, found, whole, early);
    else if (boxes.erase.includes(kind) || !(inside ? boxes.film : boxes.keep).includes(kind)) erase(pipe, found, before, payload);
    else if (kind === "mdat" && isPicture && parts.length === 0) early.blank(pipe, found, whole);
    else passBut(pipe, found, whole, parts);
  }
}

function headOf(pipe: Pipe): { kind: string; before: number; payload: number | undefined } {
  const short = pipe.need(8);
  const kind = asText(short.subarray(4));
  let [size, before] = [be(short, 0, 4)!, 8];
  // Up to the end of the file.
  if (size === 0) return { kind, before, payload: undefined };
  if (size === 1) [size, before] = [be(pipe.need(16), 8, 8)!, 16];
  if (size < before) throw new Broken();
  return { kind, before, payload: size - before };
}

/** The last box, which has no length. */
function blankLast(pipe: Pipe, found: Finding, kind: string, parts: Range[]): void {
  if (kind !== "mdat") throw new Broken();
  passBut(pipe, found, pipe.bytes.length - pipe.at, parts);
}

function erase(pipe: Pipe, found: Finding, before: number, payload: number): void {
  add(found.removed, ...toldBy(pipe.ahead(before + Math.min(payload, LOOKED_AT)).subarray(before)));
  pipe.pass(4);
  pipe.write(asBytes("free"));
  pipe.skip(4);
  pipe.pass(before - 8);
  pipe.blank(payload);
}

/** When it was made and changed. */
function blankStamps(pipe: Pipe, found: Finding, before: number, payload: number): void {
  pipe.pass(before);
  const len = pipe.need(1)[0] === 1 ? 16 : 8;
  if (payload < 4 + len) throw new Broken();
  pipe.pass(4);
  if (pipe.ahead(len).some((byte) => byte !== 0)) found.removed.add("date");
  pipe.blank(len);
  pipe.pass(payload - 4 - len);
}

/** What a track holds, and the name that a program gave it. */
function blankHandler(pipe: Pipe, found: Finding, before: number, payload: number): void {
  if (payload < NAMELESS) {
    pipe.pass(before + payload);
    return;
  }
  const kind = asText(pipe.ahead(before + NAMELESS).subarray(before + 8));
  // Beside picture and sound, something that runs along: places or times, often.
  if (kind === "tmcd") found.left.add("date");
  else if (!rules.boxes.shown.includes(kind)) add(found.left, "place", "other");
  pipe.pass(before + NAMELESS);
  pipe.blank(payload - NAMELESS);
}

/** Passes a box, with the notes of a picture in it overwritten. */
function passBut(pipe: Pipe, found: Finding, whole: number, parts: Range[]): void {
  const end = pipe.at + whole;
  for (const part of parts) {
    if (part.start >= end || part.end <= part.start || part.start < pipe.at) continue;
    pipe.pass(part.start - pipe.at);
    erasePart(pipe, found, Math.min(part.end, end) - pipe.at);
  }
  pipe.pass(end - pipe.at);
}

/** Notes of a camera within a picture: a distance, then the notes. */
function erasePart(pipe: Pipe, found: Finding, len: number): void {
  const ahead = pipe.ahead(Math.min(len, LOOKED_AT));
  let start = 0;
  while (start < 64 && !standsAt(ahead, start, "II*\0") && !standsAt(ahead, start, "MM\0*")) start += 1;
  add(found.removed, ...(start < 64 ? readNotes(ahead.subarray(start)).traces : toldBy(ahead)));
  if (len < EMPTY_NOTES.length) {
    pipe.blank(len);
    return;
  }
  pipe.write(EMPTY_NOTES);
  pipe.skip(EMPTY_NOTES.length);
  pipe.blank(len - EMPTY_NOTES.length);
}
