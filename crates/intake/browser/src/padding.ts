// Padding inside a seal: the case handler stores sealed messages and files, and learns only the
// size class of each.
import { type Bytes, concat, u32 } from "./bytes.ts";

/** Messages of the reporter are padded to a multiple of this length in bytes. */
export const TEXT_STEP = 4096;
/** Replies to the reporter are padded to a multiple of this length in bytes. */
export const REPLY_STEP = 2048;
const MIN_FILE_LEN = 4096;
const LEN_PREFIX = 4;

const nextMultiple = (value: number, step: number): number => Math.ceil(value / step) * step;

/** Returns `u32 length ‖ text ‖ zeros`, up to a multiple of `step` bytes. */
export function padText(text: Uint8Array, step: number): Bytes {
  const plain = new Uint8Array(nextMultiple(LEN_PREFIX + text.length, step));
  plain.set(concat(u32(text.length), text));
  return plain;
}

/** Returns the text in what `padText` returned for the same `step`. Throws on any other form. */
export function unpadText(plain: Uint8Array, step: number): Uint8Array {
  if (plain.length < LEN_PREFIX) throw new Error("invalid padding");
  const length = new DataView(plain.buffer, plain.byteOffset, LEN_PREFIX).getUint32(0);
  const padding = plain.subarray(LEN_PREFIX + length);
  const sound = nextMultiple(LEN_PREFIX + length, step) === plain.length && padding.every((byte) => byte === 0);
  if (!sound) throw new Error("invalid padding");
  return plain.subarray(LEN_PREFIX, LEN_PREFIX + length);
}

/** Returns the size class of a file of `length` bytes: the length of `file ‖ zeros`. */
export function paddedFileLen(length: number): number {
  // Eight size classes between two powers of two.
  const step = Math.max(MIN_FILE_LEN, 2 ** (31 - Math.clz32(length)) / 8);
  return nextMultiple(Math.max(length, 1), step);
}
