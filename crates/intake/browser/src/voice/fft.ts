// The discrete Fourier transform of a power of two of complex numbers, in place.

/** Transforms arrays of one length. The tables are computed once. */
export class Fft {
  private readonly cos: Float64Array;
  private readonly sin: Float64Array;
  private readonly reversed: Uint32Array;

  /** `size` is a power of two. */
  constructor(readonly size: number) {
    const bits = Math.log2(size);
    if (!Number.isInteger(bits)) throw new Error("the size of a transform is a power of two");
    this.cos = Float64Array.from({ length: size / 2 }, (_, at) => Math.cos((2 * Math.PI * at) / size));
    this.sin = Float64Array.from({ length: size / 2 }, (_, at) => Math.sin((2 * Math.PI * at) / size));
    this.reversed = new Uint32Array(size);
    for (let at = 1; at < size; at += 1) this.reversed[at] = (this.reversed[at >> 1]! >> 1) | ((at & 1) << (bits - 1));
  }

  /** Replaces the samples by their spectrum. */
  forward(re: Float64Array, im: Float64Array): void {
    for (let at = 0; at < this.size; at += 1) {
      const other = this.reversed[at]!;
      if (other <= at) continue;
      [re[at], re[other]] = [re[other]!, re[at]!];
      [im[at], im[other]] = [im[other]!, im[at]!];
    }
    for (let half = 1; half < this.size; half *= 2) this.combine(re, im, half);
  }

  /** Combines transforms of `half` numbers each into transforms of twice as many. */
  private combine(re: Float64Array, im: Float64Array, half: number): void {
    const { cos, sin, size } = this;
    const step = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half) {
      for (let at = 0; at < half; at += 1) {
        const one = start + at;
        const two = one + half;
        const c = cos[at * step]!;
        const s = sin[at * step]!;
        const x = re[two]! * c + im[two]! * s;
        const y = im[two]! * c - re[two]! * s;
        re[two] = re[one]! - x;
        im[two] = im[one]! - y;
        re[one] = re[one]! + x;
        im[one] = im[one]! + y;
      }
    }
  }

  /** Replaces a spectrum by its samples. */
  inverse(re: Float64Array, im: Float64Array): void {
    // The inverse transform is the transform with both parts exchanged.
    this.forward(im, re);
    for (let at = 0; at < this.size; at += 1) {
      re[at] = re[at]! / this.size;
      im[at] = im[at]! / this.size;
    }
  }
}
