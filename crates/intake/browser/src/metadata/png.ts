// PNG pictures (third edition): only chunks that the drawing needs are retained.
import { concat, u32 } from "../bytes.ts";
import { crc32 } from "./crc32.ts";
import { orientationOnly, parseExif } from "./exif.ts";
import { MalformedFileError, ByteRewriter, readBe } from "./stream.ts";
import { type ScrubFindings, addKinds, asBytes, asText, rules, classify } from "./rules.ts";

const SIGNATURE_LEN = 8;
/** Bytes of a removed chunk that are classified. */
const INSPECT_LIMIT = 65_536;

export function stripPng(stream: ByteRewriter, found: ScrubFindings): void {
  stream.copy(SIGNATURE_LEN);
  for (let isDrawn = false; ; ) {
    const head = stream.peekExact(8);
    const [len, kind] = [readBe(head, 0, 4)!, asText(head.subarray(4))];
    if (len > 0x7fff_ffff || !/^[A-Za-z]{4}$/.test(kind)) throw new MalformedFileError();
    if (rules.png.includes(kind)) stream.copy(len + 12);
    else if (/^[A-Z]/.test(kind)) {
      // The format says that the picture cannot be drawn without this chunk, which we do not know.
      found.left.add("other");
      stream.copy(len + 12);
    } else removeChunk(stream, found, kind, len);
    isDrawn ||= kind === "IDAT";
    if (kind !== "IEND") continue;
    if (!isDrawn) throw new MalformedFileError();
    if (!stream.isAtEnd) addKinds(found.removed, ...classify(stream.peek(INSPECT_LIMIT)));
    stream.skipRest();
    return;
  }
}

function removeChunk(stream: ByteRewriter, found: ScrubFindings, kind: string, len: number): void {
  const payload = stream.peek(len + 8).subarray(8, INSPECT_LIMIT);
  let orientation: number | undefined;
  if (kind === "eXIf") {
    const metadata = parseExif(payload);
    addKinds(found.removed, ...metadata.kinds);
    orientation = metadata.orientation;
  } else if (kind === "tIME") found.removed.add("date");
  // The text may be compressed. The keyword never is.
  else if (["tEXt", "zTXt", "iTXt"].includes(kind)) addKinds(found.removed, ...classify(payload));
  else if (kind !== "iCCP") found.removed.add("other");
  stream.skip(len + 12);
  if (orientation === undefined) return;
  const checked = concat(asBytes("eXIf"), orientationOnly(orientation));
  stream.write(concat(u32(checked.length - 4), checked, u32(crc32(checked))));
}
