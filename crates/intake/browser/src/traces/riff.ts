// RIFF: WebP pictures, WAV sounds, AVI films. The length of the whole stands in front, so nothing changes its place: chunks that tell
// something become chunks of zeros.
import { onlyTurned, readNotes } from "./exif.ts";
import { Broken, Pipe, le, standsAt } from "./pipe.ts";
import { type Finding, add, asBytes, asText, rules, toldBy } from "./rules.ts";

/** Of a chunk that is erased, so much is looked into. */
const LOOKED_AT = 65_536;
/** Flags of `VP8X`: a colour profile, and XMP. Notes keep theirs, for they may say how the picture is turned. */
const PROFILE_AND_XMP = 0x20 | 0x04;

export function blankRiff(pipe: Pipe, found: Finding): void {
  const head = pipe.need(12);
  const [end, form] = [8 + le(head, 4, 4)!, asText(head.subarray(8))];
  if (end < 12) throw new Broken();
  pipe.pass(12);
  let isDrawn = false;
  while (pipe.at < end) {
    if (end - pipe.at < 8) throw new Broken();
    const chunk = pipe.need(8);
    const [kind, len] = [asText(chunk.subarray(0, 4)), le(chunk, 4, 4)!];
    const padded = len + (len % 2);
    if (padded > end - pipe.at - 8) throw new Broken();
    isDrawn ||= ["VP8 ", "VP8L", "ANMF"].includes(kind);
    const list = kind === "LIST" ? asText(pipe.ahead(12).subarray(8)) : "";
    // Lists of headers, whose chunks follow one by one.
    if (["hdrl", "strl", "odml"].includes(list)) pipe.pass(12);
    else if (list === "movi") pipe.pass(8 + padded);
    else if (kind === "VP8X" && len === 10) {
      const picture = pipe.need(18).slice();
      picture[8]! &= ~PROFILE_AND_XMP;
      pipe.write(picture);
      pipe.skip(18);
    } else if (kind === "EXIF") blankNotes(pipe, found, padded);
    else if (rules.riff[form]?.includes(kind)) pipe.pass(8 + padded);
    else {
      if (kind !== "ICCP") add(found.removed, ...toldBy(pipe.ahead(8 + Math.min(len, LOOKED_AT)).subarray(8)));
      erase(pipe, padded);
    }
  }
  if (pipe.isAtEnd) return;
  // Long films go on behind their end, and recorders do not always come to write the length.
  if (!isDrawn) throw new Broken();
  found.removed.add("other");
  pipe.skipRest();
}

function erase(pipe: Pipe, padded: number): void {
  pipe.write(asBytes("JUNK"));
  pipe.skip(4);
  pipe.pass(4);
  pipe.blank(padded);
}

function blankNotes(pipe: Pipe, found: Finding, padded: number): void {
  const payload = pipe.ahead(8 + Math.min(padded, LOOKED_AT)).subarray(8);
  const { traces, turned } = readNotes(payload.subarray(standsAt(payload, 0, "Exif\0\0") ? 6 : 0));
  add(found.removed, ...traces);
  const plain = onlyTurned(turned);
  if (padded < plain.length) {
    erase(pipe, padded);
    return;
  }
  pipe.pass(8);
  pipe.write(plain);
  pipe.skip(plain.length);
  pipe.blank(padded - plain.length);
}
