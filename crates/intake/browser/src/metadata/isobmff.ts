// Boxes (ISO/IEC 14496-12): films and sounds of phones, and HEIC and AVIF pictures. They point into
// themselves by distance from the beginning, so nothing changes its place: boxes that tell
// something become free space.
import { concat } from "../bytes.ts";
import { parseExif } from "./exif.ts";
import { EarlyMetadata, type ByteRange, processMetaBox } from "./heif.ts";
import { MalformedFileError, ByteRewriter, readBe, matchesAt } from "./stream.ts";
import { type ScrubFindings, addKinds, asBytes, asText, rules, classify } from "./rules.ts";

/** Of a box that is erased, so much is looked into. */
const INSPECT_LIMIT = 65_536;
/** Bytes of a handler before its name. */
const HANDLER_NAME_OFFSET = 12;
/** Notes of a camera without any entry, behind the distance to them. */
const EMPTY_EXIF = concat(new Uint8Array(4), asBytes("MM\0*\0\0\0\x08\0\0\0\0\0\0"));

/** Walks films, sounds and, with `isPicture`, HEIC and AVIF pictures. */
export function scrubBoxes(pipe: ByteRewriter, found: ScrubFindings, isPicture: boolean): void {
  // Where the box with everything about the film ends.
  let film = 0;
  let parts: ByteRange[] = [];
  const early = new EarlyMetadata();
  while (!pipe.isAtEnd) {
    const { kind, before, payload } = readBoxHeader(pipe);
    if (payload === undefined) {
      scrubLastBox(pipe, found, kind, parts);
      return;
    }
    const inside = pipe.at < film;
    const whole = before + payload;
    if (kind === "moov") film = pipe.at + whole;
    const { boxes } = rules;
    if (boxes.containers.includes(kind) && (inside || kind === "moov")) pipe.copy(before);
    else if (boxes.stamped.includes(kind)) zeroTimestamps(pipe, found, before, payload);
    else if (kind === "hdlr" && inside) scrubHandler(pipe, found, before, payload);
    else if (kind === "meta" && isPicture && !inside) parts = processMetaBox(pipe, found, whole, early);
    else if (boxes.erase.includes(kind) || !(inside ? boxes.film : boxes.keep).includes(kind)) eraseBox(pipe, found, before, payload);
    else if (kind === "mdat" && isPicture && parts.length === 0) early.scrubBox(pipe, found, whole);
    else copyExcept(pipe, found, whole, parts);
  }
}

function readBoxHeader(pipe: ByteRewriter): { kind: string; before: number; payload: number | undefined } {
  const short = pipe.peekExact(8);
  const kind = asText(short.subarray(4));
  let [size, before] = [readBe(short, 0, 4)!, 8];
  // Up to the end of the file.
  if (size === 0) return { kind, before, payload: undefined };
  if (size === 1) [size, before] = [readBe(pipe.peekExact(16), 8, 8)!, 16];
  if (size < before) throw new MalformedFileError();
  return { kind, before, payload: size - before };
}

/** The last box, which has no length. */
function scrubLastBox(pipe: ByteRewriter, found: ScrubFindings, kind: string, parts: ByteRange[]): void {
  if (kind !== "mdat") throw new MalformedFileError();
  copyExcept(pipe, found, pipe.bytes.length - pipe.at, parts);
}

function eraseBox(pipe: ByteRewriter, found: ScrubFindings, before: number, payload: number): void {
  addKinds(found.removed, ...classify(pipe.peek(before + Math.min(payload, INSPECT_LIMIT)).subarray(before)));
  pipe.copy(4);
  pipe.write(asBytes("free"));
  pipe.skip(4);
  pipe.copy(before - 8);
  pipe.zero(payload);
}

/** When it was made and changed. */
function zeroTimestamps(pipe: ByteRewriter, found: ScrubFindings, before: number, payload: number): void {
  pipe.copy(before);
  const len = pipe.peekExact(1)[0] === 1 ? 16 : 8;
  if (payload < 4 + len) throw new MalformedFileError();
  pipe.copy(4);
  if (pipe.peek(len).some((byte) => byte !== 0)) found.removed.add("date");
  pipe.zero(len);
  pipe.copy(payload - 4 - len);
}

/** What a track holds, and the name that a program gave it. */
function scrubHandler(pipe: ByteRewriter, found: ScrubFindings, before: number, payload: number): void {
  if (payload < HANDLER_NAME_OFFSET) {
    pipe.copy(before + payload);
    return;
  }
  const kind = asText(pipe.peek(before + HANDLER_NAME_OFFSET).subarray(before + 8));
  // Beside picture and sound, something that runs along: places or times, often.
  if (kind === "tmcd") found.left.add("date");
  else if (!rules.boxes.shown.includes(kind)) addKinds(found.left, "place", "other");
  pipe.copy(before + HANDLER_NAME_OFFSET);
  pipe.zero(payload - HANDLER_NAME_OFFSET);
}

/** Passes a box, with the notes of a picture in it overwritten. */
function copyExcept(pipe: ByteRewriter, found: ScrubFindings, whole: number, parts: ByteRange[]): void {
  const end = pipe.at + whole;
  for (const part of parts) {
    if (part.start >= end || part.end <= part.start || part.start < pipe.at) continue;
    pipe.copy(part.start - pipe.at);
    eraseItem(pipe, found, Math.min(part.end, end) - pipe.at);
  }
  pipe.copy(end - pipe.at);
}

/** Notes of a camera within a picture: a distance, then the notes. */
function eraseItem(pipe: ByteRewriter, found: ScrubFindings, len: number): void {
  const ahead = pipe.peek(Math.min(len, INSPECT_LIMIT));
  let start = 0;
  while (start < 64 && !matchesAt(ahead, start, "II*\0") && !matchesAt(ahead, start, "MM\0*")) start += 1;
  addKinds(found.removed, ...(start < 64 ? parseExif(ahead.subarray(start)).traces : classify(ahead)));
  if (len < EMPTY_EXIF.length) {
    pipe.zero(len);
    return;
  }
  pipe.write(EMPTY_EXIF);
  pipe.skip(EMPTY_EXIF.length);
  pipe.zero(len - EMPTY_EXIF.length);
}
