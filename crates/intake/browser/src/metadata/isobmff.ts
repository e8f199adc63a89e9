// ISO base media files (ISO/IEC 14496-12): video and audio of phones, and HEIC and AVIF pictures.
// They contain absolute offsets, so no byte may move: boxes with metadata become `free` boxes.
import { type Bytes, concat } from "../bytes.ts";
import { parseExif } from "./exif.ts";
import { EarlyMetadata, type ByteRange, processMetaBox } from "./heif.ts";
import { MalformedFileError, ByteRewriter, readBe, matchesAt } from "./stream.ts";
import { type ScrubFindings, addKinds, asBytes, asText, rules, classify } from "./rules.ts";

/** Bytes of an erased box that are classified. */
const INSPECT_LIMIT = 65_536;
/** Offset of the name in a handler box. */
const HANDLER_NAME_OFFSET = 12;
/** Exif metadata without entries, after its offset. */
const EMPTY_EXIF = concat(new Uint8Array(4), asBytes("MM\0*\0\0\0\x08\0\0\0\0\0\0"));

/** Scrubs video, audio and, with `isPicture`, HEIC and AVIF pictures. */
export function scrubBoxes(stream: ByteRewriter, found: ScrubFindings, isPicture: boolean): void {
  // The end of the `moov` box.
  let moovEnd = 0;
  let items: ByteRange[] = [];
  const early = new EarlyMetadata();
  while (!stream.isAtEnd) {
    const { kind, headerLen, payload } = readBoxHeader(stream);
    if (payload === undefined) {
      scrubLastBox(stream, found, kind, items);
      return;
    }
    const inMoov = stream.at < moovEnd;
    const len = headerLen + payload;
    if (kind === "moov") moovEnd = stream.at + len;
    const { boxes } = rules;
    if (boxes.containers.includes(kind) && (inMoov || kind === "moov")) stream.copy(headerLen);
    else if (boxes.stamped.includes(kind)) zeroTimestamps(stream, found, headerLen, payload);
    else if (kind === "hdlr" && inMoov) scrubHandler(stream, found, headerLen, payload);
    else if (kind === "meta" && isPicture && !inMoov) items = processMetaBox(stream, found, len, early);
    else if (boxes.erase.includes(kind) || !(inMoov ? boxes.movie : boxes.keep).includes(kind)) eraseBox(stream, found, headerLen, payload);
    else if (kind === "mdat" && isPicture && items.length === 0) early.scrubBox(stream, found, len);
    else copyExcept(stream, found, len, items);
  }
}

/** Returns the kind of a box, and its length unless it extends to the end of the file. */
export function measureBox(header: Bytes): { kind: string; len: number | undefined } {
  const { kind, headerLen, payload } = readBoxHeader(new ByteRewriter(header));
  return { kind, len: payload === undefined ? undefined : headerLen + payload };
}

function readBoxHeader(stream: ByteRewriter): { kind: string; headerLen: number; payload: number | undefined } {
  const short = stream.peekExact(8);
  const kind = asText(short.subarray(4));
  let [size, headerLen] = [readBe(short, 0, 4)!, 8];
  // The box extends to the end of the file.
  if (size === 0) return { kind, headerLen, payload: undefined };
  if (size === 1) [size, headerLen] = [readBe(stream.peekExact(16), 8, 8)!, 16];
  if (size < headerLen) throw new MalformedFileError();
  return { kind, headerLen, payload: size - headerLen };
}

/** Copies the last box, which states no length. */
function scrubLastBox(stream: ByteRewriter, found: ScrubFindings, kind: string, items: ByteRange[]): void {
  if (kind !== "mdat") throw new MalformedFileError();
  copyExcept(stream, found, stream.bytes.length - stream.at, items);
}

function eraseBox(stream: ByteRewriter, found: ScrubFindings, headerLen: number, payload: number): void {
  addKinds(found.removed, ...classify(stream.peek(headerLen + Math.min(payload, INSPECT_LIMIT)).subarray(headerLen)));
  stream.copy(4);
  stream.write(asBytes("free"));
  stream.skip(4);
  stream.copy(headerLen - 8);
  stream.zero(payload);
}

/** Overwrites the creation and modification times. */
function zeroTimestamps(stream: ByteRewriter, found: ScrubFindings, headerLen: number, payload: number): void {
  stream.copy(headerLen);
  const len = stream.peekExact(1)[0] === 1 ? 16 : 8;
  if (payload < 4 + len) throw new MalformedFileError();
  stream.copy(4);
  if (stream.peek(len).some((byte) => byte !== 0)) found.removed.add("date");
  stream.zero(len);
  stream.copy(payload - 4 - len);
}

/** Copies the handler of a track and overwrites its name, which a program chose. */
function scrubHandler(stream: ByteRewriter, found: ScrubFindings, headerLen: number, payload: number): void {
  if (payload < HANDLER_NAME_OFFSET) {
    stream.copy(headerLen + payload);
    return;
  }
  const kind = asText(stream.peek(headerLen + HANDLER_NAME_OFFSET).subarray(headerLen + 8));
  // Tracks other than picture and audio often contain places or times.
  if (kind === "tmcd") found.left.add("date");
  else if (!rules.boxes.shown.includes(kind)) addKinds(found.left, "place", "other");
  stream.copy(headerLen + HANDLER_NAME_OFFSET);
  stream.zero(payload - HANDLER_NAME_OFFSET);
}

/** Copies a box and overwrites the metadata items in it. */
function copyExcept(stream: ByteRewriter, found: ScrubFindings, len: number, items: ByteRange[]): void {
  const end = stream.at + len;
  for (const item of items) {
    if (item.start >= end || item.end <= item.start || item.start < stream.at) continue;
    stream.copy(item.start - stream.at);
    eraseItem(stream, found, Math.min(item.end, end) - stream.at);
  }
  stream.copy(end - stream.at);
}

/** Overwrites Exif metadata within a picture. An offset precedes it. */
function eraseItem(stream: ByteRewriter, found: ScrubFindings, len: number): void {
  const ahead = stream.peek(Math.min(len, INSPECT_LIMIT));
  let start = 0;
  while (start < 64 && !matchesAt(ahead, start, "II*\0") && !matchesAt(ahead, start, "MM\0*")) start += 1;
  addKinds(found.removed, ...(start < 64 ? parseExif(ahead.subarray(start)).kinds : classify(ahead)));
  if (len < EMPTY_EXIF.length) {
    stream.zero(len);
    return;
  }
  stream.write(EMPTY_EXIF);
  stream.skip(EMPTY_EXIF.length);
  stream.zero(len - EMPTY_EXIF.length);
}
