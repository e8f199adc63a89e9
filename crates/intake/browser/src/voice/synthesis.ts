// Makes sound from pitches and envelopes. Pulses and noise are the same for every voice.
import type { Frames, RandomNumber } from "./alteration.ts";
import { bandPosition, interpolate } from "./envelope.ts";
import { Fft } from "./fft.ts";
import { HOP } from "./pitch.ts";
import { SAMPLE_RATE } from "./resample.ts";

const FFT_SIZE = 256;
const BINS = FFT_SIZE / 2;
/** The frequency in Hz above which voiced sounds contain noise. */
const NOISE_ABOVE_HZ = 2000;
/** The largest amplitude of a sample. */
const PEAK = 0.95;

/** Yields often, and returns the sound of the frames, `tempo` times as fast. */
export function* synthesize({ pitches, envelopes }: Frames, tempo: number, random: RandomNumber): Generator<void, Float32Array> {
  const output = new Float32Array(Math.floor((pitches.length * HOP) / tempo) + FFT_SIZE);
  const synthesizer = new Synthesizer(output);
  const frameAt = (sample: number): number => Math.min(Math.floor((sample * tempo) / HOP), pitches.length - 1);
  for (let at = 0; at < output.length - FFT_SIZE; at += HOP) {
    const frame = frameAt(at);
    synthesizer.addNoise(at, envelopes[frame]!, pitches[frame]!.hz > 0 ? pitches[frame]!.strength : 0, random);
    yield;
  }
  for (let at = 0; at < output.length - FFT_SIZE; ) {
    const { hz, strength } = pitches[frameAt(at)]!;
    const period = hz > 0 ? SAMPLE_RATE / hz : HOP;
    if (hz > 0) synthesizer.addPulse(at, envelopes[frameAt(at)]!, strength, period);
    at += period;
    yield;
  }
  for (let at = 0; at < output.length; at += 1) output[at] = limit(output[at]!);
  return output;
}

/** Bends large amplitudes, so that none is cut off. */
const limit = (value: number): number => PEAK * Math.tanh(value / PEAK);

class Synthesizer {
  private readonly fft = new Fft(FFT_SIZE);
  private readonly re = new Float64Array(FFT_SIZE);
  private readonly im = new Float64Array(FFT_SIZE);
  private readonly log = new Float64Array(BINS + 1);
  private readonly positions = Float64Array.from({ length: BINS + 1 }, (_, bin) => bandPosition(binHz(bin)));

  constructor(private readonly output: Float32Array) {}

  /** Adds a frame of noise with the envelope, in overlapping windows of two hops. */
  addNoise(at: number, envelope: Float32Array, strength: number, random: RandomNumber): void {
    const { fft, re, im } = this;
    for (let bin = 1; bin < BINS; bin += 1) {
      // White noise has a random spectrum. Uniform numbers of the variance one for each sample.
      const gain = Math.exp(interpolate(envelope, this.positions[bin]!) / 2) * Math.sqrt(6 * FFT_SIZE * (1 - periodicity(bin, strength))) * edge(bin);
      re[bin] = re[FFT_SIZE - bin] = gain * (random() - 0.5);
      im[bin] = gain * (random() - 0.5);
      im[FFT_SIZE - bin] = -im[bin]!;
    }
    re[0] = im[0] = re[BINS] = im[BINS] = 0;
    fft.inverse(re, im);
    for (let offset = 0; offset < 2 * HOP; offset += 1) {
      // The squares of two overlapping windows add up to one.
      this.output[at + offset]! += re[offset]! * Math.sin((Math.PI * (offset + 0.5)) / (2 * HOP));
    }
  }

  /** Adds one pulse with the envelope and minimum phase. `at` can lie between two samples. */
  addPulse(at: number, envelope: Float32Array, strength: number, period: number): void {
    const { fft, re, im, log } = this;
    for (let bin = 0; bin <= BINS; bin += 1) {
      log[bin] = interpolate(envelope, this.positions[bin]!) / 2 + Math.log(periodicity(bin, strength) + 1e-6) / 2 + Math.log(edge(bin) + 1e-4);
      re[bin] = log[bin]!;
      if (bin > 0 && bin < BINS) re[FFT_SIZE - bin] = log[bin]!;
    }
    im.fill(0);
    fft.inverse(re, im);
    // The cepstrum of minimum phase has no part at negative times.
    for (let time = 1; time < BINS; time += 1) re[time] = 2 * re[time]!;
    re.fill(0, BINS + 1);
    im.fill(0);
    fft.forward(re, im);
    const start = Math.floor(at);
    for (let bin = 0; bin <= BINS; bin += 1) {
      const amplitude = Math.exp(re[bin]!) * Math.sqrt(period);
      const phase = im[bin]! - (2 * Math.PI * bin * (at - start)) / FFT_SIZE;
      const isReal = bin === 0 || bin === BINS;
      re[bin] = amplitude * Math.cos(phase);
      im[bin] = isReal ? 0 : amplitude * Math.sin(phase);
      if (isReal) continue;
      re[FFT_SIZE - bin] = re[bin]!;
      im[FFT_SIZE - bin] = -im[bin]!;
    }
    fft.inverse(re, im);
    for (let offset = 0; offset < FFT_SIZE; offset += 1) this.output[start + offset]! += re[offset]!;
  }
}

const binHz = (bin: number): number => (bin * SAMPLE_RATE) / FFT_SIZE;

/** Returns the share of the power at a frequency that is periodic. */
function periodicity(bin: number, strength: number): number {
  const voiced = Math.min(Math.max((strength - 0.3) / 0.4, 0), 1);
  return voiced * Math.min(1, Math.max(0.2, 1 - (0.8 * (binHz(bin) - NOISE_ABOVE_HZ)) / NOISE_ABOVE_HZ));
}

/** Returns the amplitude below the lowest and above the highest frequency of telephones. */
function edge(bin: number): number {
  const hz = binHz(bin);
  return Math.min(1, hz / 90) * Math.min(1, Math.max(0, (3950 - hz) / 250));
}
