// RIFF: WebP pictures, WAV audio, AVI video. The header contains the total length, so no offset may
// change: chunks with metadata become chunks of zeros.
import type { Bytes } from "../bytes.ts";
import { orientationOnly, parseExif } from "./exif.ts";
import { MalformedFileError, ByteRewriter, readLe, matchesAt } from "./stream.ts";
import { type ScrubFindings, addKinds, asBytes, asText, rules, classify } from "./rules.ts";

/** Bytes of an erased chunk that are classified. */
const INSPECT_LIMIT = 65_536;
/**
 * Flags of `VP8X` that are cleared: colour profile and XMP. The Exif flag is kept because the chunk
 * may still contain the orientation.
 */
const PROFILE_AND_XMP = 0x20 | 0x04;

export function scrubRiff(stream: ByteRewriter, found: ScrubFindings): void {
  const head = stream.peekExact(12);
  const [end, form] = [8 + readLe(head, 4, 4)!, asText(head.subarray(8))];
  if (end < 12) throw new MalformedFileError();
  stream.copy(12);
  let isDrawn = false;
  while (stream.at < end) {
    if (end - stream.at < 8) throw new MalformedFileError();
    const { kind, len, padded, copied } = measureChunk(stream.peek(CHUNK_HEADER_LEN), form);
    if (padded > end - stream.at - 8) throw new MalformedFileError();
    isDrawn ||= ["VP8 ", "VP8L", "ANMF"].includes(kind);
    if (kind === "VP8X" && len === 10) {
      const picture = stream.peekExact(18).slice();
      picture[8]! &= ~PROFILE_AND_XMP;
      stream.write(picture);
      stream.skip(18);
    } else if (kind === "EXIF") scrubExifChunk(stream, found, padded);
    else if (copied !== undefined) stream.copy(copied);
    else {
      if (kind !== "ICCP") addKinds(found.removed, ...classify(stream.peek(8 + Math.min(len, INSPECT_LIMIT)).subarray(8)));
      eraseChunk(stream, padded);
    }
  }
  if (stream.isAtEnd) return;
  // Long AVI files continue after the stated end, and some recorders stop before they write the
  // length.
  if (!isDrawn) throw new MalformedFileError();
  found.removed.add("other");
  stream.skipRest();
}

/** Bytes of a chunk that `measureChunk` reads, if there are so many. */
export const CHUNK_HEADER_LEN = 12;

/**
 * Returns the kind of a chunk, its length, its length with padding, and how many bytes of it are
 * copied before the next chunk. A chunk that is not copied contains metadata. Throws
 * `MalformedFileError` if the file ends.
 */
export function measureChunk(header: Bytes, form: string): { kind: string; len: number; padded: number; copied: number | undefined } {
  if (header.length < 8) throw new MalformedFileError();
  const [kind, len] = [asText(header.subarray(0, 4)), readLe(header, 4, 4)!];
  const padded = len + (len % 2);
  const list = kind === "LIST" ? asText(header.subarray(8)) : "";
  // The chunks of a header list are processed one by one.
  if (["hdrl", "strl", "odml"].includes(list)) return { kind, len, padded, copied: CHUNK_HEADER_LEN };
  const isCopied = list === "movi" || (rules.riff[form]?.includes(kind) ?? false);
  return { kind, len, padded, copied: isCopied ? 8 + padded : undefined };
}

function eraseChunk(stream: ByteRewriter, padded: number): void {
  stream.write(asBytes("JUNK"));
  stream.skip(4);
  stream.copy(4);
  stream.zero(padded);
}

function scrubExifChunk(stream: ByteRewriter, found: ScrubFindings, padded: number): void {
  const payload = stream.peek(8 + Math.min(padded, INSPECT_LIMIT)).subarray(8);
  const { kinds, orientation } = parseExif(payload.subarray(matchesAt(payload, 0, "Exif\0\0") ? 6 : 0));
  addKinds(found.removed, ...kinds);
  const plain = orientationOnly(orientation);
  if (padded < plain.length) {
    eraseChunk(stream, padded);
    return;
  }
  stream.copy(8);
  stream.write(plain);
  stream.skip(plain.length);
  stream.zero(padded - plain.length);
}
