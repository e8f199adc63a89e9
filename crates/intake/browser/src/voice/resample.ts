// Reduces recorded sound to 8000 samples a second while it is recorded, so that the full-rate
// samples are in memory for a fraction of a second only.

/** Samples per second of a recording. */
export const SAMPLE_RATE = 8000;
/** The frequency in Hz above which nothing is kept. */
const CUTOFF_HZ = 3700;
/** Output periods on each side of a sample that the filter covers. */
const FILTER_PERIODS = 12;
const TABLE_STEPS = 64;

/** Converts a stream of samples at `inputRate` to `SAMPLE_RATE`. */
export class Downsampler {
  /** Input samples on each side that the filter covers. */
  private readonly reach: number;
  /** The weights by their distance in steps of 1 / `TABLE_STEPS` input samples. */
  private readonly weights: Float64Array;
  private pending: Float32Array;
  /** The position of the next output sample in `pending`. */
  private position: number;

  /** `inputRate` is at least `SAMPLE_RATE`. */
  constructor(private readonly inputRate: number) {
    if (inputRate < SAMPLE_RATE) throw new Error("the device records too few samples a second");
    this.reach = Math.ceil((FILTER_PERIODS * inputRate) / SAMPLE_RATE);
    const cutoff = (2 * CUTOFF_HZ) / inputRate;
    this.weights = Float64Array.from({ length: this.reach * TABLE_STEPS + 1 }, (_, at) => {
      const distance = at / TABLE_STEPS;
      const sinc = at === 0 ? 1 : Math.sin(Math.PI * cutoff * distance) / (Math.PI * cutoff * distance);
      return cutoff * sinc * (0.5 + 0.5 * Math.cos((Math.PI * distance) / this.reach));
    });
    this.pending = new Float32Array(this.reach);
    this.position = this.reach;
  }

  /** Returns the output samples that the input so far determines. */
  push(input: Float32Array): Float32Array {
    const samples = new Float32Array(this.pending.length + input.length);
    samples.set(this.pending);
    samples.set(input, this.pending.length);
    this.pending.fill(0);
    const output: number[] = [];
    while (this.position + this.reach < samples.length) {
      output.push(this.filter(samples, this.position));
      this.position += this.inputRate / SAMPLE_RATE;
    }
    const start = Math.max(0, Math.floor(this.position) - this.reach);
    this.pending = samples.slice(start);
    this.position -= start;
    samples.fill(0);
    return Float32Array.from(output);
  }

  /** Overwrites the samples that are still in memory. */
  clear(): void {
    this.pending.fill(0);
  }

  /** Returns one sample: a low-pass filter with a Hann window at a fractional position. */
  private filter(samples: Float32Array, position: number): number {
    const last = Math.floor(position + this.reach);
    let sum = 0;
    for (let at = Math.max(Math.ceil(position - this.reach), 0); at <= last; at += 1) {
      sum += this.weights[Math.round(Math.abs(at - position) * TABLE_STEPS)]! * samples[at]!;
    }
    return sum;
  }
}
