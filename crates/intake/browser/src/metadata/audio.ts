// MP3 with its labels before and behind (ID3, APE, Lyrics3), and FLAC.
import { ByteRewriter, MalformedFileError, readBe, readLe, matchesAt } from "./stream.ts";
import { type ScrubFindings, addKinds, asBytes, asText, classify } from "./rules.ts";

/** Of a label that is left out, so much is looked into. */
const INSPECT_LIMIT = 65_536;
/** Labels behind the sound are looked for in so many last bytes. */
const TAIL_LEN = 65_536;
/** Lyrics3 without a length are no longer than this. */
const MAX_LYRICS_LEN = 5100;

/** Returns the number that is written with seven bits of each byte. */
export const readSyncsafe = (bytes: Uint8Array): number => bytes.reduce((size, byte) => size * 128 + (byte & 127), 0);

/** MP3, or FLAC behind such labels: labels go. */
export function stripAudio(pipe: ByteRewriter, found: ScrubFindings): void {
  while (matchesAt(pipe.peek(3), 0, "ID3")) {
    const head = pipe.peekExact(10);
    const size = readSyncsafe(head.subarray(6));
    addKinds(found.removed, ...classify(pipe.peek(Math.min(INSPECT_LIMIT, size))));
    pipe.skip(10 + size + (head[5]! & 0x10 ? 10 : 0));
  }
  if (matchesAt(pipe.peek(4), 0, "fLaC")) {
    zeroFlacMetadata(pipe, found);
    return;
  }
  const rest = pipe.bytes.length - pipe.at;
  if (rest > TAIL_LEN) pipe.copy(rest - TAIL_LEN);
  const tail = pipe.peek(TAIL_LEN);
  let end = tail.length;
  for (let len = trailingTagLen(tail); len > 0; len = trailingTagLen(tail.subarray(0, end))) end -= len;
  addKinds(found.removed, ...classify(tail.subarray(end)));
  pipe.copy(end);
  pipe.skipRest();
}

/** Returns the length of the label that these bytes end with; 0 for none. */
function trailingTagLen(sound: Uint8Array): number {
  const end = sound.length;
  const stands = (before: number, what: string) => end >= before && matchesAt(sound, end - before, what);
  const within = (len: number) => (len > 0 && len <= end ? len : 0);
  if (stands(128, "TAG")) return 128;
  if (stands(227, "TAG+")) return 227;
  // With its header, where it has one.
  if (stands(32, "APETAGEX")) return within(readLe(sound, end - 20, 4)! + (sound[end - 9]! & 0x80 ? 32 : 0));
  // Head and foot are not counted.
  if (stands(10, "3DI")) return within(readSyncsafe(sound.subarray(end - 4)) + 20);
  if (stands(9, "LYRICS200")) {
    const size = asText(sound.subarray(Math.max(0, end - 15), end - 9));
    return /^\d{6}$/.test(size) ? within(Number(size) + 15) : 0;
  }
  if (stands(9, "LYRICSEND")) {
    const start = asText(sound.subarray(Math.max(0, end - MAX_LYRICS_LEN - 20))).lastIndexOf("LYRICSBEGIN");
    return start < 0 ? 0 : Math.min(end, MAX_LYRICS_LEN + 20) - start;
  }
  return 0;
}

/** FLAC: blocks that tell something become padding. */
function zeroFlacMetadata(pipe: ByteRewriter, found: ScrubFindings): void {
  const PADDING = 1;
  if (!matchesAt(pipe.peekExact(4), 0, "fLaC")) throw new MalformedFileError();
  pipe.copy(4);
  for (let isLast = false; !isLast; ) {
    const head = pipe.peekExact(4);
    const [kind, len] = [head[0]! & 0x7f, readBe(head, 1, 3)!];
    isLast = (head[0]! & 0x80) !== 0;
    // What the stream is, and where to jump to.
    if (kind === 0 || kind === 3) {
      pipe.copy(4 + len);
      continue;
    }
    addKinds(found.removed, ...classify(pipe.peek(4 + Math.min(len, INSPECT_LIMIT)).subarray(4)));
    pipe.write(asBytes(String.fromCharCode(PADDING | (isLast ? 0x80 : 0))));
    pipe.skip(1);
    pipe.copy(3);
    pipe.zero(len);
  }
  pipe.copyRest();
}
