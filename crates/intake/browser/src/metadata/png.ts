// PNG pictures (third edition): the chunks that draw stay.
import { concat, u32 } from "../bytes.ts";
import { crc32 } from "./crc32.ts";
import { orientationOnly, parseExif } from "./exif.ts";
import { MalformedFileError, ByteRewriter, readBe } from "./stream.ts";
import { type ScrubFindings, addKinds, asBytes, asText, rules, classify } from "./rules.ts";

const SIGNATURE_LEN = 8;
/** Of a chunk that is left out, so much is looked into. */
const INSPECT_LIMIT = 65_536;

export function stripPng(pipe: ByteRewriter, found: ScrubFindings): void {
  pipe.copy(SIGNATURE_LEN);
  for (let isDrawn = false; ; ) {
    const head = pipe.peekExact(8);
    const [len, kind] = [readBe(head, 0, 4)!, asText(head.subarray(4))];
    if (len > 0x7fff_ffff || !/^[A-Za-z]{4}$/.test(kind)) throw new MalformedFileError();
    if (rules.png.includes(kind)) pipe.copy(len + 12);
    else if (/^[A-Z]/.test(kind)) {
      // The format says that the picture cannot be drawn without it, and it is not known here.
      found.left.add("other");
      pipe.copy(len + 12);
    } else removeChunk(pipe, found, kind, len);
    isDrawn ||= kind === "IDAT";
    if (kind !== "IEND") continue;
    if (!isDrawn) throw new MalformedFileError();
    if (!pipe.isAtEnd) addKinds(found.removed, ...classify(pipe.peek(INSPECT_LIMIT)));
    pipe.skipRest();
    return;
  }
}

function removeChunk(pipe: ByteRewriter, found: ScrubFindings, kind: string, len: number): void {
  const payload = pipe.peek(len + 8).subarray(8, INSPECT_LIMIT);
  let turned: number | undefined;
  if (kind === "eXIf") {
    const notes = parseExif(payload);
    addKinds(found.removed, ...notes.traces);
    turned = notes.turned;
  } else if (kind === "tIME") found.removed.add("date");
  // Compressed: the keyword alone can be read.
  else if (["tEXt", "zTXt", "iTXt"].includes(kind)) addKinds(found.removed, ...classify(payload));
  else if (kind !== "iCCP") found.removed.add("other");
  pipe.skip(len + 12);
  if (turned === undefined) return;
  const checked = concat(asBytes("eXIf"), orientationOnly(turned));
  pipe.write(concat(u32(checked.length - 4), checked, u32(crc32(checked))));
}
