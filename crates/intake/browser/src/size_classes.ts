// The size ladder: every submission has one of ten sizes, exact to the byte.
const KIB = 1024;
const MIB = 1024 * KIB;

/** The sizes of a whole submission in bytes, smallest first. */
export const SIZE_CLASSES: readonly number[] = [32, 128, 512].map((n) => n * KIB).concat([1, 2, 4, 8, 16, 32, 64].map((n) => n * MIB));

/** The largest submission. */
export const MAX_SIZE = 64 * MIB;

/** The smallest rung that holds so many bytes. */
export const sizeClassFor = (sealedLen: number): number | undefined => SIZE_CLASSES.find((rung) => rung >= sealedLen);

/** How many bytes of plaintext make an age file of exactly `target` bytes; undefined where none do. */
export function plaintextLenFor(target: number, headerLen: number): number | undefined {
  const [chunk, tag] = [64 * KIB, 16];
  const payload = target - headerLen - 16;
  if (payload < 0) return undefined;
  const [full, rest] = [Math.floor(payload / (chunk + tag)), payload % (chunk + tag)];
  if (rest === 0) return full * chunk;
  return rest <= tag ? undefined : full * chunk + rest - tag;
}
