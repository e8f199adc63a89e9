// JPEG pictures (ITU T.81): only segments that the drawing needs are retained.
import { concat } from "../bytes.ts";
import { orientationOnly, parseExif } from "./exif.ts";
import { MalformedFileError, ByteRewriter, readBe, matchesAt } from "./stream.ts";
import { type ScrubFindings, type MetadataKind, addKinds, asBytes, classify } from "./rules.ts";

const [EOI, SOS, COM] = [0xd9, 0xda, 0xfe];
/** Maximum length of a segment in bytes, with its marker. */
const MAX_SEGMENT_LEN = 65_537;
/** Bytes after the picture that are classified. */
const INSPECT_LIMIT = 65_536;

/**
 * Removes the metadata of a picture. What follows its end is removed too: a second picture, a
 * video, or hidden data.
 */
export function stripJpeg(stream: ByteRewriter, found: ScrubFindings): void {
  if (!matchesAt(stream.peekExact(2), 0, "\xFF\xD8")) throw new MalformedFileError();
  stream.copy(2);
  for (let isDrawn = false; ; ) {
    const [first, marker] = stream.peekExact(2) as unknown as [number, number];
    if (first !== 0xff) skipBetweenSegments(stream, found);
    // Fill bytes.
    else if (marker === 0xff) stream.skip(1);
    else if (marker === EOI && isDrawn) {
      stream.copy(2);
      if (!stream.isAtEnd) addKinds(found.removed, ...classify(stream.peek(INSPECT_LIMIT)));
      stream.skipRest();
      return;
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) stream.copy(2);
    else if (marker >= 0xc0 && marker <= 0xfe && marker !== EOI) {
      processSegment(stream, found, marker);
      isDrawn ||= marker === SOS;
    } else throw new MalformedFileError();
  }
}

/** Removes bytes between two segments. JPEG readers ignore them. */
function skipBetweenSegments(stream: ByteRewriter, found: ScrubFindings): void {
  const ahead = stream.peek(MAX_SEGMENT_LEN);
  // Up to the marker of a segment. Another start of image would be a second picture.
  for (let at = ahead.indexOf(0xff); at >= 0; at = ahead.indexOf(0xff, at + 1)) {
    const marker = ahead[at + 1] ?? 0;
    if ((marker < 0xc0 || marker > 0xd7) && (marker < 0xda || marker > 0xfe)) continue;
    addKinds(found.removed, ...classify(ahead.subarray(0, at)));
    stream.skip(at);
    return;
  }
  throw new MalformedFileError();
}

function processSegment(stream: ByteRewriter, found: ScrubFindings, marker: number): void {
  const len = 2 + readBe(stream.peekExact(4), 2, 2)!;
  if (len < 4) throw new MalformedFileError();
  if (!isMetadataMarker(marker)) {
    stream.copy(len);
    if (marker === SOS) copyScan(stream);
    return;
  }
  const { kinds, replacement } = classifySegment(marker, stream.peekExact(len).subarray(4));
  if (replacement === "unchanged") {
    stream.copy(len);
    return;
  }
  stream.write(replacement);
  addKinds(found.removed, ...kinds);
  stream.skip(len);
}

const isMetadataMarker = (marker: number): boolean => marker === COM || (marker >= 0xe0 && marker <= 0xef);

/** Returns the metadata kinds of a segment, and its replacement. */
function classifySegment(marker: number, payload: Uint8Array): { kinds: Iterable<MetadataKind>; replacement: Uint8Array | "unchanged" } {
  const begins = (text: string) => matchesAt(payload, 0, text);
  const removed = new Uint8Array(0);
  if (marker === 0xe0 && begins("JFIF\0") && payload.length >= 14) {
    // The thumbnail size, and the thumbnail after it.
    if (payload.length === 14 && payload[12] === 0 && payload[13] === 0) return { kinds: [], replacement: "unchanged" };
    return { kinds: ["preview"], replacement: concat(asBytes("\xFF\xE0\0\x10"), payload.subarray(0, 12), new Uint8Array(2)) };
  }
  // The colour transform.
  if (marker === 0xee && begins("Adobe") && payload.length === 12) return { kinds: [], replacement: "unchanged" };
  if (marker === 0xee && begins("Adobe") && payload.length > 12) {
    return { kinds: classify(payload.subarray(12)), replacement: concat(asBytes("\xFF\xEE\0\x0E"), payload.subarray(0, 12)) };
  }
  if (marker === 0xe1 && begins("Exif\0") && payload.length >= 6) {
    const { kinds, orientation } = parseExif(payload.subarray(6));
    return { kinds, replacement: orientation === undefined ? removed : concat(asBytes("\xFF\xE1\0\x22Exif\0\0"), orientationOnly(orientation)) };
  }
  if (marker === 0xe2 && begins("MPF\0")) return { kinds: ["preview"], replacement: removed };
  if (marker === 0xe2 && begins("ICC_")) return { kinds: [], replacement: removed };
  return { kinds: marker === COM ? ["words"] : classify(payload), replacement: removed };
}

/** Copies the scan up to the next marker. */
function copyScan(stream: ByteRewriter): void {
  const { bytes } = stream;
  for (let at = bytes.indexOf(0xff, stream.at); at >= 0 && at + 1 < bytes.length; ) {
    const next = bytes[at + 1]!;
    if (next === 0 || (next >= 0xd0 && next <= 0xd7)) at = bytes.indexOf(0xff, at + 2);
    else if (next === 0xff) at += 1;
    else {
      stream.copy(at - stream.at);
      return;
    }
  }
  throw new MalformedFileError();
}

/** Overwrites the metadata at the beginning of a picture, where offsets must not change. */
export function zeroJpegSegments(picture: Uint8Array, found: ScrubFindings): void {
  for (let at = 2; picture[at] === 0xff; ) {
    const marker = picture[at + 1] ?? 0;
    const len = readBe(picture, at + 2, 2);
    if (marker < 0xc0 || (marker > 0xd7 && marker < 0xdb) || marker > 0xfe || len === undefined || len < 2 || at + 2 + len > picture.length) return;
    const payload = picture.subarray(at + 4, at + 2 + len);
    if (isMetadataMarker(marker) && payload.some((byte) => byte !== 0)) {
      const { kinds, replacement } = classifySegment(marker, payload);
      // The colour transform is retained.
      const rest = payload.subarray(marker === 0xee && matchesAt(payload, 0, "Adobe") ? 12 : 0);
      if (replacement !== "unchanged" && rest.some((byte) => byte !== 0)) {
        addKinds(found.removed, ...kinds);
        rest.fill(0);
      }
    }
    at += 2 + len;
  }
}
