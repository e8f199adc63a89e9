// JPEG pictures (ITU T.81): everything but what the picture is drawn from goes.
import { concat } from "../bytes.ts";
import { orientationOnly, parseExif } from "./exif.ts";
import { MalformedFileError, ByteRewriter, readBe, matchesAt } from "./stream.ts";
import { type ScrubFindings, type MetadataKind, addKinds, asBytes, classify } from "./rules.ts";

const [EOI, SOS, COM] = [0xd9, 0xda, 0xfe];
/** Longest segment, with its marker. */
const MAX_SEGMENT_LEN = 65_537;
/** Of what stands behind the picture, so much is looked into. */
const INSPECT_LIMIT = 65_536;

/** The whole picture. What stands behind its end is a second picture, a film or a hiding place, and goes as well. */
export function stripJpeg(pipe: ByteRewriter, found: ScrubFindings): void {
  if (!matchesAt(pipe.peekExact(2), 0, "\xFF\xD8")) throw new MalformedFileError();
  pipe.copy(2);
  for (let isDrawn = false; ; ) {
    const [first, marker] = pipe.peekExact(2) as unknown as [number, number];
    if (first !== 0xff) skipBetweenSegments(pipe, found);
    // Bytes that only fill.
    else if (marker === 0xff) pipe.skip(1);
    else if (marker === EOI && isDrawn) {
      pipe.copy(2);
      if (!pipe.isAtEnd) addKinds(found.removed, ...classify(pipe.peek(INSPECT_LIMIT)));
      pipe.skipRest();
      return;
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) pipe.copy(2);
    else if (marker >= 0xc0 && marker <= 0xfe && marker !== EOI) {
      processSegment(pipe, found, marker);
      isDrawn ||= marker === SOS;
    } else throw new MalformedFileError();
  }
}

/** Leaves out what stands between two segments: decoders ignore it. */
function skipBetweenSegments(pipe: ByteRewriter, found: ScrubFindings): void {
  const ahead = pipe.peek(MAX_SEGMENT_LEN);
  // Up to the marker of a segment; a second beginning is another picture.
  for (let at = ahead.indexOf(0xff); at >= 0; at = ahead.indexOf(0xff, at + 1)) {
    const marker = ahead[at + 1] ?? 0;
    if ((marker < 0xc0 || marker > 0xd7) && (marker < 0xda || marker > 0xfe)) continue;
    addKinds(found.removed, ...classify(ahead.subarray(0, at)));
    pipe.skip(at);
    return;
  }
  throw new MalformedFileError();
}

function processSegment(pipe: ByteRewriter, found: ScrubFindings, marker: number): void {
  const len = 2 + readBe(pipe.peekExact(4), 2, 2)!;
  if (len < 4) throw new MalformedFileError();
  if (!isMetadataMarker(marker)) {
    pipe.copy(len);
    if (marker === SOS) copyScan(pipe);
    return;
  }
  const { said, instead } = classifySegment(marker, pipe.peekExact(len).subarray(4));
  if (instead === "itself") {
    pipe.copy(len);
    return;
  }
  pipe.write(instead);
  addKinds(found.removed, ...said);
  pipe.skip(len);
}

const isMetadataMarker = (marker: number): boolean => marker === COM || (marker >= 0xe0 && marker <= 0xef);

/** What a segment tells, and what comes in its place. */
function classifySegment(marker: number, payload: Uint8Array): { said: Iterable<MetadataKind>; instead: Uint8Array | "itself" } {
  const begins = (what: string) => matchesAt(payload, 0, what);
  const gone = new Uint8Array(0);
  if (marker === 0xe0 && begins("JFIF\0") && payload.length >= 14) {
    // The size of the thumbnail that comes behind.
    if (payload.length === 14 && payload[12] === 0 && payload[13] === 0) return { said: [], instead: "itself" };
    return { said: ["preview"], instead: concat(asBytes("\xFF\xE0\0\x10"), payload.subarray(0, 12), new Uint8Array(2)) };
  }
  // Says how colours are to be read.
  if (marker === 0xee && begins("Adobe") && payload.length === 12) return { said: [], instead: "itself" };
  if (marker === 0xee && begins("Adobe") && payload.length > 12) {
    return { said: classify(payload.subarray(12)), instead: concat(asBytes("\xFF\xEE\0\x0E"), payload.subarray(0, 12)) };
  }
  if (marker === 0xe1 && begins("Exif\0") && payload.length >= 6) {
    const { traces, turned } = parseExif(payload.subarray(6));
    return { said: traces, instead: turned === undefined ? gone : concat(asBytes("\xFF\xE1\0\x22Exif\0\0"), orientationOnly(turned)) };
  }
  if (marker === 0xe2 && begins("MPF\0")) return { said: ["preview"], instead: gone };
  if (marker === 0xe2 && begins("ICC_")) return { said: [], instead: gone };
  return { said: marker === COM ? ["words"] : classify(payload), instead: gone };
}

/** Passes the picture itself, up to the next marker. */
function copyScan(pipe: ByteRewriter): void {
  const { bytes } = pipe;
  for (let at = bytes.indexOf(0xff, pipe.at); at >= 0 && at + 1 < bytes.length; ) {
    const next = bytes[at + 1]!;
    if (next === 0 || (next >= 0xd0 && next <= 0xd7)) at = bytes.indexOf(0xff, at + 2);
    else if (next === 0xff) at += 1;
    else {
      pipe.copy(at - pipe.at);
      return;
    }
  }
  throw new MalformedFileError();
}

/** Overwrites what the beginning of a picture at this place tells, where nothing may change its place. */
export function zeroJpegSegments(picture: Uint8Array, found: ScrubFindings): void {
  for (let at = 2; picture[at] === 0xff; ) {
    const marker = picture[at + 1] ?? 0;
    const len = readBe(picture, at + 2, 2);
    if (marker < 0xc0 || (marker > 0xd7 && marker < 0xdb) || marker > 0xfe || len === undefined || len < 2 || at + 2 + len > picture.length) return;
    const payload = picture.subarray(at + 4, at + 2 + len);
    if (isMetadataMarker(marker) && payload.some((byte) => byte !== 0)) {
      const { said, instead } = classifySegment(marker, payload);
      // How colours are to be read stays where it stands.
      const rest = payload.subarray(marker === 0xee && matchesAt(payload, 0, "Adobe") ? 12 : 0);
      if (instead !== "itself" && rest.some((byte) => byte !== 0)) {
        addKinds(found.removed, ...said);
        rest.fill(0);
      }
    }
    at += 2 + len;
  }
}
