// The pitch of a voice over time: candidates from the autocorrelation, and the smoothest path
// through them.
import { SAMPLE_RATE } from "./resample.ts";

/** Samples between two frames: 10 ms. */
export const HOP = 80;

export const MIN_PITCH_HZ = 60;
export const MAX_PITCH_HZ = 400;

/** The pitch in one frame. */
export interface Pitch {
  /** In Hz, or 0 if the frame is not voiced. */
  hz: number;
  /** How periodic the frame is, from 0 to 1. */
  strength: number;
}

/** The pitch is searched at half the sample rate, because voices are below 400 Hz. */
const RATE = SAMPLE_RATE / 2;
const WINDOW = 120;
const MIN_LAG = Math.floor(RATE / MAX_PITCH_HZ);
const MAX_LAG = Math.ceil(RATE / MIN_PITCH_HZ);
const CANDIDATES = 4;
/** The correlation that an unvoiced frame competes with. */
const VOICING_THRESHOLD = 0.45;
/** The cost of a change by one octave, and of a change between voiced and unvoiced. */
const [OCTAVE_COST, SWITCH_COST] = [0.9, 0.15];

interface Candidate extends Pitch {
  score: number;
  /** The index of the best candidate of the frame before. */
  from: number;
}

/** Yields after each frame, and returns the pitch of each frame. */
export function* trackPitch(samples: Float32Array): Generator<void, Pitch[]> {
  const halved = new Float32Array(samples.length >> 1);
  for (let at = 0; at < halved.length; at += 1) halved[at] = (samples[2 * at]! + samples[2 * at + 1]!) / 2;
  const frames = Math.ceil(samples.length / HOP);
  const path: Candidate[][] = [];
  for (let frame = 0; frame < frames; frame += 1) {
    const found = candidates(halved, (frame * HOP) / 2);
    const before = path.at(-1);
    if (before) for (const one of found) connect(one, before);
    path.push(found);
    yield;
  }
  halved.fill(0);
  const pitches: Pitch[] = [];
  let best = bestIndex(path.at(-1) ?? [], ({ score }) => score);
  for (let frame = frames - 1; frame >= 0; frame -= 1) {
    const { hz, strength, from } = path[frame]![best]!;
    pitches.push({ hz, strength });
    best = from;
  }
  return pitches.reverse();
}

/** Adds the score of the best way to a candidate. */
function connect(one: Candidate, before: readonly Candidate[]): void {
  const cost = (other: Candidate): number => {
    if ((one.hz === 0) !== (other.hz === 0)) return SWITCH_COST;
    return one.hz === 0 ? 0 : OCTAVE_COST * Math.abs(Math.log2(one.hz / other.hz));
  };
  one.from = bestIndex(before, (other) => other.score - cost(other));
  const other = before[one.from]!;
  one.score += other.score - cost(other);
}

function bestIndex<T>(list: readonly T[], value: (one: T) => number): number {
  let best = 0;
  for (let at = 1; at < list.length; at += 1) if (value(list[at]!) > value(list[best]!)) best = at;
  return best;
}

/** Returns the highest peaks of the normalised autocorrelation, and the unvoiced candidate. */
function candidates(samples: Float32Array, center: number): Candidate[] {
  const start = Math.round(center) - (WINDOW + MAX_LAG) / 2;
  const sample = (at: number): number => samples[Math.floor(start) + at] ?? 0;
  const window = Float64Array.from({ length: WINDOW + MAX_LAG + 1 }, (_, at) => sample(at));
  const mean = window.reduce((sum, value) => sum + value, 0) / window.length;
  for (let at = 0; at < window.length; at += 1) window[at] = window[at]! - mean;
  const correlation = new Float64Array(MAX_LAG + 2);
  let energy = 0;
  for (let at = 0; at < WINDOW; at += 1) energy += window[at]! ** 2;
  let shifted = energy;
  for (let lag = 1; lag <= MAX_LAG; lag += 1) {
    shifted += window[lag + WINDOW - 1]! ** 2 - window[lag - 1]! ** 2;
    if (lag < MIN_LAG - 1) continue;
    let product = 0;
    for (let at = 0; at < WINDOW; at += 1) product += window[at]! * window[at + lag]!;
    correlation[lag] = product / Math.sqrt(energy * Math.max(shifted, 0) + 1e-9);
  }
  const peaks: Candidate[] = [];
  for (let lag = MIN_LAG; lag < MAX_LAG; lag += 1) {
    const [left, top, right] = [correlation[lag - 1]!, correlation[lag]!, correlation[lag + 1]!];
    if (top < 0.2 || top < left || top <= right) continue;
    const offset = (left - right) / (2 * (left - 2 * top + right) - 1e-12);
    // Twice the period correlates as well as the period.
    const score = top - 0.06 * Math.log2(lag / MIN_LAG);
    peaks.push({ hz: RATE / (lag + offset), strength: Math.min(top, 1), score, from: 0 });
  }
  peaks.sort((one, other) => other.score - one.score);
  const strength = Math.max(0, peaks[0]?.strength ?? 0);
  return [...peaks.slice(0, CANDIDATES), { hz: 0, strength: Math.min(strength, VOICING_THRESHOLD), score: VOICING_THRESHOLD, from: 0 }];
}
