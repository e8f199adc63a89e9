// RIFF: WebP pictures, WAV sounds, AVI films. The length of the whole stands in front, so nothing
// changes its place: chunks that tell something become chunks of zeros.
import { orientationOnly, parseExif } from "./exif.ts";
import { MalformedFileError, ByteRewriter, readLe, matchesAt } from "./stream.ts";
import { type ScrubFindings, addKinds, asBytes, asText, rules, classify } from "./rules.ts";

/** Of a chunk that is erased, so much is looked into. */
const INSPECT_LIMIT = 65_536;
/** Flags of `VP8X`: a colour profile, and XMP. Notes keep theirs, for they may say how the picture is turned. */
const PROFILE_AND_XMP = 0x20 | 0x04;

export function scrubRiff(pipe: ByteRewriter, found: ScrubFindings): void {
  const head = pipe.peekExact(12);
  const [end, form] = [8 + readLe(head, 4, 4)!, asText(head.subarray(8))];
  if (end < 12) throw new MalformedFileError();
  pipe.copy(12);
  let isDrawn = false;
  while (pipe.at < end) {
    if (end - pipe.at < 8) throw new MalformedFileError();
    const chunk = pipe.peekExact(8);
    const [kind, len] = [asText(chunk.subarray(0, 4)), readLe(chunk, 4, 4)!];
    const padded = len + (len % 2);
    if (padded > end - pipe.at - 8) throw new MalformedFileError();
    isDrawn ||= ["VP8 ", "VP8L", "ANMF"].includes(kind);
    const list = kind === "LIST" ? asText(pipe.peek(12).subarray(8)) : "";
    // Lists of headers, whose chunks follow one by one.
    if (["hdrl", "strl", "odml"].includes(list)) pipe.copy(12);
    else if (list === "movi") pipe.copy(8 + padded);
    else if (kind === "VP8X" && len === 10) {
      const picture = pipe.peekExact(18).slice();
      picture[8]! &= ~PROFILE_AND_XMP;
      pipe.write(picture);
      pipe.skip(18);
    } else if (kind === "EXIF") scrubExifChunk(pipe, found, padded);
    else if (rules.riff[form]?.includes(kind)) pipe.copy(8 + padded);
    else {
      if (kind !== "ICCP") addKinds(found.removed, ...classify(pipe.peek(8 + Math.min(len, INSPECT_LIMIT)).subarray(8)));
      eraseChunk(pipe, padded);
    }
  }
  if (pipe.isAtEnd) return;
  // Long films go on behind their end, and recorders do not always come to write the length.
  if (!isDrawn) throw new MalformedFileError();
  found.removed.add("other");
  pipe.skipRest();
}

function eraseChunk(pipe: ByteRewriter, padded: number): void {
  pipe.write(asBytes("JUNK"));
  pipe.skip(4);
  pipe.copy(4);
  pipe.zero(padded);
}

function scrubExifChunk(pipe: ByteRewriter, found: ScrubFindings, padded: number): void {
  const payload = pipe.peek(8 + Math.min(padded, INSPECT_LIMIT)).subarray(8);
  const { traces, turned } = parseExif(payload.subarray(matchesAt(payload, 0, "Exif\0\0") ? 6 : 0));
  addKinds(found.removed, ...traces);
  const plain = orientationOnly(turned);
  if (padded < plain.length) {
    eraseChunk(pipe, padded);
    return;
  }
  pipe.copy(8);
  pipe.write(plain);
  pipe.skip(plain.length);
  pipe.zero(padded - plain.length);
}
