// How a voice is altered, drawn at random for each recording, and the alteration of its frames. A
// frame is its pitch and its envelope; the samples of the voice are not used.
import { BANDS, bandHz, bandPosition, interpolate } from "./envelope.ts";
import { HOP, type Pitch } from "./pitch.ts";
import { SAMPLE_RATE } from "./resample.ts";

/** Returns a random number from 0 up to and without 1. */
export type RandomNumber = () => number;

/** The parameters of one recording. docs/VOICE.md states how their ranges were chosen. */
export interface Alteration {
  /** The median pitch of the result, whatever that of the voice is. */
  pitchHz: number;
  /** The share of the movement of the pitch that remains. */
  pitchRange: number;
  /** Periods in seconds and phases of two slow movements that are added to the pitch. */
  pitchDrift: readonly { seconds: number; phase: number }[];
  /** The factors by which the formants near `WARP_HZ` move. */
  formants: readonly number[];
  /** The share of the mean spectrum of the voice that is replaced by the common one. */
  equalization: number;
  /** How much shorter the result is. */
  tempo: number;
}

/** Where the factors of the formants apply. Between them, they are interpolated. */
export const WARP_HZ: readonly number[] = [400, 1100, 2300, 3700];
const [MIN_PITCH_TARGET_HZ, MAX_PITCH_TARGET_HZ] = [95, 215];
/** The formants move down or up by a factor in one of these ranges. */
const DOWN = [0.8, 0.89] as const;
const UP = [1.12, 1.25] as const;
/** How far the factors of a recording differ from each other. */
const WARP_SPREAD = 0.05;
/** How far the drift moves the pitch, in octaves. */
const DRIFT_OCTAVES = 0.05;
/** The slowest tempo. The size of a recording allows for it. */
export const MIN_TEMPO = 0.94;
const MAX_TEMPO = 1.1;

/** Draws the parameters of a recording. */
export function drawAlteration(random: RandomNumber): Alteration {
  const between = (low: number, high: number): number => low + random() * (high - low);
  const [low, high] = random() < 0.5 ? DOWN : UP;
  const factor = between(low, high);
  return {
    pitchHz: MIN_PITCH_TARGET_HZ * (MAX_PITCH_TARGET_HZ / MIN_PITCH_TARGET_HZ) ** random(),
    pitchRange: between(0.4, 0.8),
    pitchDrift: [1, 2].map((count) => ({ seconds: between(2, 4) * count, phase: between(0, 2 * Math.PI) })),
    formants: WARP_HZ.map(() => factor * between(1 - WARP_SPREAD, 1 + WARP_SPREAD)),
    equalization: between(0.7, 1),
    tempo: between(MIN_TEMPO, MAX_TEMPO),
  };
}

/** Returns numbers from the generator of the browser. */
export const browserRandom: RandomNumber = () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;

/** What is spoken in a recording, in frames of `HOP` samples. */
export interface Frames {
  pitches: readonly Pitch[];
  envelopes: readonly Float32Array[];
}

/** Frames within this many nepers of the loud ones count as speech. */
const SPEECH_RANGE = 6;
/** Frames before and after the speech that remain: 0.15 s. */
const MARGIN = 15;
/** The share of the dynamic range that remains. */
const DYNAMIC_RANGE = 0.65;
/** The mean power of speech in the result, as a natural logarithm. */
const SPEECH_LEVEL = Math.log(0.012);

/** Returns the mean of the powers of a frame, as a natural logarithm. */
const level = (envelope: Float32Array): number => Math.log(envelope.reduce((sum, value, band) => sum + Math.exp(value) * bandHz(band), 0) / envelope.reduce((sum, _, band) => sum + bandHz(band), 0));

/** Returns the altered frames without silence at both ends, or undefined if there is no speech. */
export function alterFrames({ pitches, envelopes }: Frames, alteration: Alteration): Frames | undefined {
  const levels = envelopes.map(level);
  const loud = percentile(levels, 0.95);
  const isSpeech = levels.map((one) => one > Math.max(loud - SPEECH_RANGE, SILENCE));
  const first = isSpeech.indexOf(true);
  if (first < 0) return undefined;
  const [start, end] = [Math.max(0, first - MARGIN), Math.min(levels.length, isSpeech.lastIndexOf(true) + 1 + MARGIN)];
  const spoken = envelopes.filter((_, frame) => isSpeech[frame]);
  const spokenLevel = spoken.reduce((sum, one) => sum + level(one), 0) / spoken.length;
  const correction = equalizer(spoken, alteration.equalization);
  const source = Array.from({ length: BANDS }, (_, band) => bandPosition(sourceHz(bandHz(band), alteration.formants)));
  const alterEnvelope = (envelope: Float32Array, frame: number): Float32Array => {
    const corrected = envelope.map((value, band) => value + correction[band]!);
    const warped = Float32Array.from(source, (position) => interpolate(corrected, position));
    const relative = levels[frame]! - spokenLevel;
    const wanted = SPEECH_LEVEL + (relative < -SPEECH_RANGE ? relative + SPEECH_RANGE * (1 - DYNAMIC_RANGE) : relative * DYNAMIC_RANGE);
    const gain = wanted - level(warped);
    return warped.map((value) => value + gain);
  };
  const voiced = pitches.filter((_, frame) => isSpeech[frame]).flatMap(({ hz }) => (hz > 0 ? [Math.log2(hz)] : []));
  const median = percentile(voiced, 0.5);
  return {
    pitches: pitches.slice(start, end).map((pitch, at) => ({ ...pitch, hz: pitch.hz > 0 ? alterPitch(pitch.hz, median, at, alteration) : 0 })),
    envelopes: envelopes.slice(start, end).map((envelope, at) => alterEnvelope(envelope, start + at)),
  };
}

/** The level below which a recording is silence, as a natural logarithm of the power. */
const SILENCE = Math.log(1e-7);

/** Moves the median to the drawn pitch, flattens the movement, and adds the drift. */
function alterPitch(hz: number, median: number, frame: number, { pitchHz, pitchRange, pitchDrift }: Alteration): number {
  const seconds = (frame * HOP) / SAMPLE_RATE;
  const drift = pitchDrift.reduce((sum, one) => sum + DRIFT_OCTAVES * Math.sin((2 * Math.PI * seconds) / one.seconds + one.phase), 0);
  // An octave at most, because a larger distance is an error of the measurement.
  const movement = Math.min(Math.max(Math.log2(hz) - median, -1), 1);
  return pitchHz * 2 ** (movement * pitchRange + drift);
}

/** Returns the frequency of the voice that is heard at a frequency of the result. */
export function sourceHz(hz: number, formants: readonly number[]): number {
  const after = WARP_HZ.findIndex((at) => at > hz);
  const upper = after < 0 ? WARP_HZ.length - 1 : after;
  const lower = Math.max(upper - 1, 0);
  const [low, high] = [WARP_HZ[lower]!, WARP_HZ[upper]!];
  const share = upper === lower ? 0 : Math.min(Math.max((hz - low) / (high - low), 0), 1);
  return hz / ((1 - share) * formants[lower]! + share * formants[upper]!);
}

/**
 * Returns what replaces the mean spectrum of a voice, its microphone and its room by a common one:
 * flat up to 500 Hz and falling above.
 */
function equalizer(spoken: readonly Float32Array[], share: number): Float32Array {
  const mean = Float32Array.from({ length: BANDS }, (_, band) => spoken.reduce((sum, envelope) => sum + envelope[band]!, 0) / spoken.length);
  const common = Float32Array.from({ length: BANDS }, (_, band) => -2 * Math.log(Math.max(bandHz(band), 500) / 500));
  const offset = (mean.reduce((sum, value) => sum + value, 0) - common.reduce((sum, value) => sum + value, 0)) / BANDS;
  return mean.map((value, band) => share * (common[band]! + offset - value));
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? 0;
}
