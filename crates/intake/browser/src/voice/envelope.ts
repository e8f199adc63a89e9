// The spectral envelope of a voice over time in a few broad bands. Everything finer is discarded:
// the harmonics, the phase, and the shape of each glottal pulse.
import { Fft } from "./fft.ts";
import { HOP, type Pitch } from "./pitch.ts";
import { SAMPLE_RATE } from "./resample.ts";

/** Number of bands. */
export const BANDS = 18;

const FFT_SIZE = 512;
const [LOWEST_HZ, HIGHEST_HZ] = [100, 3750];
/** The pitch that the window of an unvoiced frame is made for. */
const UNVOICED_HZ = 160;
/** The power of silence, so that its logarithm is finite. */
const FLOOR = 1e-10;

/** A frequency scale that is linear below 1000 Hz and logarithmic above, as hearing is. */
const toScale = (hz: number): number => Math.log(1 + hz / 1000);
const STEP = (toScale(HIGHEST_HZ) - toScale(LOWEST_HZ)) / (BANDS - 1);

/** Returns the position of a frequency between the bands: 0 is the first, `BANDS - 1` the last. */
export const bandPosition = (hz: number): number => (toScale(hz) - toScale(LOWEST_HZ)) / STEP;

/** Returns the frequency in the middle of a band. */
export const bandHz = (band: number): number => 1000 * (Math.exp(toScale(LOWEST_HZ) + band * STEP) - 1);

/** Returns the value between the bands. Outside, it is that of the nearest band. */
export function interpolate(bands: Float32Array, position: number): number {
  const clamped = Math.min(Math.max(position, 0), BANDS - 1);
  const below = Math.min(Math.floor(clamped), BANDS - 2);
  const share = clamped - below;
  return (1 - share) * bands[below]! + share * bands[below + 1]!;
}

/** Yields after each frame, and returns the natural logarithm of the power in each band. */
export function* measureEnvelopes(samples: Float32Array, pitches: readonly Pitch[]): Generator<void, Float32Array[]> {
  const fft = new Fft(FFT_SIZE);
  const [re, im] = [new Float64Array(FFT_SIZE), new Float64Array(FFT_SIZE)];
  const envelopes: Float32Array[] = [];
  for (const [frame, { hz }] of pitches.entries()) {
    // Three periods, so that the result does not depend on where the pulses are.
    const width = Math.round((3 * SAMPLE_RATE) / (hz || UNVOICED_HZ));
    const start = frame * HOP - (width >> 1);
    let norm = 0;
    re.fill(0);
    im.fill(0);
    for (let at = 0; at < width; at += 1) {
      const weight = 0.5 - 0.5 * Math.cos((2 * Math.PI * (at + 0.5)) / width);
      re[at] = weight * (samples[start + at] ?? 0);
      norm += weight * weight;
    }
    fft.forward(re, im);
    envelopes.push(bandPowers(re, im, norm, hz || UNVOICED_HZ));
    yield;
  }
  re.fill(0);
  im.fill(0);
  return envelopes;
}

/** Returns the logarithms of the mean powers around each band. */
function bandPowers(re: Float64Array, im: Float64Array, norm: number, hz: number): Float32Array {
  const bins = FFT_SIZE / 2;
  const sums = new Float64Array(bins + 2);
  for (let bin = 0; bin <= bins; bin += 1) sums[bin + 1] = sums[bin]! + (re[bin]! ** 2 + im[bin]! ** 2) / norm;
  // The integral of the spectrum, which is constant around each bin.
  const integral = (bin: number): number => {
    const clamped = Math.min(Math.max(bin + 0.5, 0), bins + 1);
    const whole = Math.min(Math.floor(clamped), bins);
    return sums[whole]! + (clamped - whole) * (sums[whole + 1]! - sums[whole]!);
  };
  const binHz = SAMPLE_RATE / FFT_SIZE;
  return Float32Array.from({ length: BANDS }, (_, band) => {
    const center = bandHz(band);
    // At least one harmonic, so that the bands do not show the pitch.
    const half = Math.max(hz, bandHz(band + 1) - center) / 2 + 20;
    const [low, high] = [Math.max((center - half) / binHz, 0), Math.min((center + half) / binHz, bins)];
    return Math.log((integral(high) - integral(low)) / (high - low) + FLOOR);
  });
}
