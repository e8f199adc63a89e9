// PNG pictures (third edition): the chunks that draw stay.
import { concat, u32 } from "../bytes.ts";
import { crc32 } from "./crc32.ts";
import { onlyTurned, readNotes } from "./exif.ts";
import { Broken, Pipe, be } from "./pipe.ts";
import { type Finding, add, asBytes, asText, rules, toldBy } from "./rules.ts";

const SIGNATURE = 8;
/** Of a chunk that is left out, so much is looked into. */
const LOOKED_AT = 65_536;

export function stripPng(pipe: Pipe, found: Finding): void {
  pipe.pass(SIGNATURE);
  for (let isDrawn = false; ; ) {
    const head = pipe.need(8);
    const [len, kind] = [be(head, 0, 4)!, asText(head.subarray(4))];
    if (len > 0x7fff_ffff || !/^[A-Za-z]{4}$/.test(kind)) throw new Broken();
    if (rules.png.includes(kind)) pipe.pass(len + 12);
    else if (/^[A-Z]/.test(kind)) {
      // The format says that the picture cannot be drawn without it, and it is not known here.
      found.left.add("other");
      pipe.pass(len + 12);
    } else leaveOut(pipe, found, kind, len);
    isDrawn ||= kind === "IDAT";
    if (kind !== "IEND") continue;
    if (!isDrawn) throw new Broken();
    if (!pipe.isAtEnd) add(found.removed, ...toldBy(pipe.ahead(LOOKED_AT)));
    pipe.skipRest();
    return;
  }
}

function leaveOut(pipe: Pipe, found: Finding, kind: string, len: number): void {
  const payload = pipe.ahead(len + 8).subarray(8, LOOKED_AT);
  let turned: number | undefined;
  if (kind === "eXIf") {
    const notes = readNotes(payload);
    add(found.removed, ...notes.traces);
    turned = notes.turned;
  } else if (kind === "tIME") found.removed.add("date");
  // Compressed: the keyword alone can be read.
  else if (["tEXt", "zTXt", "iTXt"].includes(kind)) add(found.removed, ...toldBy(payload));
  else if (kind !== "iCCP") found.removed.add("other");
  pipe.skip(len + 12);
  if (turned === undefined) return;
  const checked = concat(asBytes("eXIf"), onlyTurned(turned));
  pipe.write(concat(u32(checked.length - 4), checked, u32(crc32(checked))));
}
