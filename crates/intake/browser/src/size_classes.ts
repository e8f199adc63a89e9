// The size classes: every submission has exactly one of twelve lengths.
const KIB = 1024;
const MIB = 1024 * KIB;

/** The size classes in bytes, smallest first. */
export const SIZE_CLASSES: readonly number[] = [32, 128, 512].map((n) => n * KIB).concat([1, 2, 4, 8, 16, 32, 64, 128, 256].map((n) => n * MIB));

/** The largest size class. */
export const MAX_SIZE = 256 * MIB;

/** Returns the smallest size class that holds so many bytes. */
export const sizeClassFor = (sealedLen: number): number | undefined => SIZE_CLASSES.find((size) => size >= sealedLen);

/**
 * Returns the length of the plaintext that yields an age file of exactly `target` bytes, or
 * undefined if there is none.
 */
export function plaintextLenFor(target: number, headerLen: number): number | undefined {
  const [chunk, tag] = [64 * KIB, 16];
  const payload = target - headerLen - 16;
  if (payload < 0) return undefined;
  const [full, rest] = [Math.floor(payload / (chunk + tag)), payload % (chunk + tag)];
  if (rest === 0) return full * chunk;
  return rest <= tag ? undefined : full * chunk + rest - tag;
}
