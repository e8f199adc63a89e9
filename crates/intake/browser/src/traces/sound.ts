// MP3 with its labels before and behind (ID3, APE, Lyrics3), and FLAC.
import { Pipe, Broken, be, le, standsAt } from "./pipe.ts";
import { type Finding, add, asBytes, asText, toldBy } from "./rules.ts";

/** Of a label that is left out, so much is looked into. */
const LOOKED_AT = 65_536;
/** Labels behind the sound are looked for in so many last bytes. */
const TAIL = 65_536;
/** Lyrics3 without a length are no longer than this. */
const LYRICS = 5100;

/** Returns the number that is written with seven bits of each byte. */
export const sevenBits = (bytes: Uint8Array): number => bytes.reduce((size, byte) => size * 128 + (byte & 127), 0);

/** MP3, or FLAC behind such labels: labels go. */
export function stripSound(pipe: Pipe, found: Finding): void {
  while (standsAt(pipe.ahead(3), 0, "ID3")) {
    const head = pipe.need(10);
    const size = sevenBits(head.subarray(6));
    add(found.removed, ...toldBy(pipe.ahead(Math.min(LOOKED_AT, size))));
    pipe.skip(10 + size + (head[5]! & 0x10 ? 10 : 0));
  }
  if (standsAt(pipe.ahead(4), 0, "fLaC")) {
    blankFlac(pipe, found);
    return;
  }
  const rest = pipe.bytes.length - pipe.at;
  if (rest > TAIL) pipe.pass(rest - TAIL);
  const tail = pipe.ahead(TAIL);
  let end = tail.length;
  for (let len = labelLen(tail); len > 0; len = labelLen(tail.subarray(0, end))) end -= len;
  add(found.removed, ...toldBy(tail.subarray(end)));
  pipe.pass(end);
  pipe.skipRest();
}

/** Returns the length of the label that these bytes end with; 0 for none. */
function labelLen(sound: Uint8Array): number {
  const end = sound.length;
  const stands = (before: number, what: string) => end >= before && standsAt(sound, end - before, what);
  const within = (len: number) => (len > 0 && len <= end ? len : 0);
  if (stands(128, "TAG")) return 128;
  if (stands(227, "TAG+")) return 227;
  // With its header, where it has one.
  if (stands(32, "APETAGEX")) return within(le(sound, end - 20, 4)! + (sound[end - 9]! & 0x80 ? 32 : 0));
  // Head and foot are not counted.
  if (stands(10, "3DI")) return within(sevenBits(sound.subarray(end - 4)) + 20);
  if (stands(9, "LYRICS200")) {
    const size = asText(sound.subarray(Math.max(0, end - 15), end - 9));
    return /^\d{6}$/.test(size) ? within(Number(size) + 15) : 0;
  }
  if (stands(9, "LYRICSEND")) {
    const start = asText(sound.subarray(Math.max(0, end - LYRICS - 20))).lastIndexOf("LYRICSBEGIN");
    return start < 0 ? 0 : Math.min(end, LYRICS + 20) - start;
  }
  return 0;
}

/** FLAC: blocks that tell something become padding. */
function blankFlac(pipe: Pipe, found: Finding): void {
  const PADDING = 1;
  if (!standsAt(pipe.need(4), 0, "fLaC")) throw new Broken();
  pipe.pass(4);
  for (let isLast = false; !isLast; ) {
    const head = pipe.need(4);
    const [kind, len] = [head[0]! & 0x7f, be(head, 1, 3)!];
    isLast = (head[0]! & 0x80) !== 0;
    // What the stream is, and where to jump to.
    if (kind === 0 || kind === 3) {
      pipe.pass(4 + len);
      continue;
    }
    add(found.removed, ...toldBy(pipe.ahead(4 + Math.min(len, LOOKED_AT)).subarray(4)));
    pipe.write(asBytes(String.fromCharCode(PADDING | (isLast ? 0x80 : 0))));
    pipe.skip(1);
    pipe.pass(3);
    pipe.blank(len);
  }
  pipe.passRest();
}
