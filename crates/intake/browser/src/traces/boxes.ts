// Films and sounds in boxes, and MP3: the same walk as at the intake. Nothing changes its place; boxes that tell something become free.
import { type Found, asText, rules, toldBy } from "./rules.ts";

const { keep, enter, stamped, erase } = rules.boxes;
/** Of a box that is looked into. */
const LOOKED_AT = 65_536;

/** Walks the whole file; false if it is not what it says it is. */
export function blankBoxes(bytes: Uint8Array, found: Found): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let film = 0;
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 8) return false;
    const kind = asText(bytes.subarray(at + 4, at + 8));
    let [size, head] = [view.getUint32(at), 8];
    if (size === 1 && bytes.length - at >= 16) [size, head] = [Number(view.getBigUint64(at + 8)), 16];
    if (size === 0) size = bytes.length - at;
    if (size < head || size > bytes.length - at) return false;
    const payload = bytes.subarray(at + head, at + size);
    const inside = at < film;
    if (kind === "moov") film = at + size;
    if (enter.includes(kind)) {
      at += head;
      continue;
    }
    if (stamped.includes(kind)) {
      const times = payload.subarray(4, payload[0] === 1 ? 20 : 12);
      if (times.some((byte) => byte !== 0)) found.removed.add("date");
      times.fill(0);
    } else if (kind === "hdlr" && inside) {
      // Beside picture and sound, something that runs along: places, often.
      if (["meta", "camm", "gpmd"].includes(asText(payload.subarray(8, 12)))) found.left.add("place");
      payload.subarray(12).fill(0);
    } else if (erase.includes(kind) || (!inside && !keep.includes(kind))) {
      toldBy(payload.subarray(0, LOOKED_AT), found.removed);
      payload.fill(0);
      bytes.set([0x66, 0x72, 0x65, 0x65], at + 4);
    }
    at += size;
  }
  return true;
}

/** The sound without its labels. */
export function stripMp3(bytes: Uint8Array, found: Found): Uint8Array {
  let sound = bytes;
  while (asText(sound.subarray(0, 3)) === "ID3" && sound.length > 10) {
    const len = 10 + sound.subarray(6, 10).reduce((size, byte) => (size << 7) | (byte & 127), 0) + (sound[5]! & 16 ? 10 : 0);
    toldBy(sound.subarray(10, Math.min(len, LOOKED_AT)), found.removed);
    sound = sound.subarray(len);
  }
  if (asText(sound.subarray(-128, -125)) === "TAG") {
    toldBy(sound.subarray(-128), found.removed);
    sound = sound.subarray(0, -128);
  }
  return sound;
}
