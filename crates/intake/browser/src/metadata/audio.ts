// MP3 with its tags before and after the audio (ID3, APE, Lyrics3), and FLAC.
import { ByteRewriter, MalformedFileError, readBe, readLe, matchesAt } from "./stream.ts";
import { type ScrubFindings, addKinds, asBytes, asText, classify } from "./rules.ts";

/** Bytes of a removed tag that are classified. */
const INSPECT_LIMIT = 65_536;
/** Number of last bytes in which trailing tags are searched. */
const TAIL_LEN = 65_536;
/** Maximum length of a Lyrics3 tag that states no length. */
const MAX_LYRICS_LEN = 5100;

/** Returns a number that is written with seven bits in each byte. */
export const readSyncsafe = (bytes: Uint8Array): number => bytes.reduce((size, byte) => size * 128 + (byte & 127), 0);

/** Removes the tags of an MP3 file, or of FLAC audio that follows an ID3 tag. */
export function stripAudio(stream: ByteRewriter, found: ScrubFindings): void {
  while (matchesAt(stream.peek(3), 0, "ID3")) {
    const header = stream.peekExact(10);
    const size = readSyncsafe(header.subarray(6));
    addKinds(found.removed, ...classify(stream.peek(Math.min(INSPECT_LIMIT, size))));
    stream.skip(10 + size + (header[5]! & 0x10 ? 10 : 0));
  }
  if (matchesAt(stream.peek(4), 0, "fLaC")) {
    zeroFlacMetadata(stream, found);
    return;
  }
  const rest = stream.bytes.length - stream.at;
  if (rest > TAIL_LEN) stream.copy(rest - TAIL_LEN);
  const tail = stream.peek(TAIL_LEN);
  let end = tail.length;
  for (let len = trailingTagLen(tail); len > 0; len = trailingTagLen(tail.subarray(0, end))) end -= len;
  addKinds(found.removed, ...classify(tail.subarray(end)));
  stream.copy(end);
  stream.skipRest();
}

/** Returns the length of the tag that ends these bytes, or 0 if there is none. */
function trailingTagLen(audio: Uint8Array): number {
  const end = audio.length;
  const isAt = (before: number, marker: string) => end >= before && matchesAt(audio, end - before, marker);
  const ifPossible = (len: number) => (len > 0 && len <= end ? len : 0);
  if (isAt(128, "TAG")) return 128;
  if (isAt(227, "TAG+")) return 227;
  // The length does not include the header, which is optional.
  if (isAt(32, "APETAGEX")) return ifPossible(readLe(audio, end - 20, 4)! + (audio[end - 9]! & 0x80 ? 32 : 0));
  // Header and footer are not counted.
  if (isAt(10, "3DI")) return ifPossible(readSyncsafe(audio.subarray(end - 4)) + 20);
  if (isAt(9, "LYRICS200")) {
    const size = asText(audio.subarray(Math.max(0, end - 15), end - 9));
    return /^\d{6}$/.test(size) ? ifPossible(Number(size) + 15) : 0;
  }
  if (isAt(9, "LYRICSEND")) {
    const start = asText(audio.subarray(Math.max(0, end - MAX_LYRICS_LEN - 20))).lastIndexOf("LYRICSBEGIN");
    return start < 0 ? 0 : Math.min(end, MAX_LYRICS_LEN + 20) - start;
  }
  return 0;
}

/** Turns FLAC metadata blocks into padding. */
function zeroFlacMetadata(stream: ByteRewriter, found: ScrubFindings): void {
  const PADDING = 1;
  if (!matchesAt(stream.peekExact(4), 0, "fLaC")) throw new MalformedFileError();
  stream.copy(4);
  for (let isLast = false; !isLast; ) {
    const header = stream.peekExact(4);
    const [kind, len] = [header[0]! & 0x7f, readBe(header, 1, 3)!];
    isLast = (header[0]! & 0x80) !== 0;
    // The stream info and the seek table are needed for playback.
    if (kind === 0 || kind === 3) {
      stream.copy(4 + len);
      continue;
    }
    addKinds(found.removed, ...classify(stream.peek(4 + Math.min(len, INSPECT_LIMIT)).subarray(4)));
    stream.write(asBytes(String.fromCharCode(PADDING | (isLast ? 0x80 : 0))));
    stream.skip(1);
    stream.copy(3);
    stream.zero(len);
  }
  stream.copyRest();
}
