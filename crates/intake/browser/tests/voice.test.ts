// Recordings: the alteration of the voice and the file.
import assert from "node:assert/strict";
import test from "node:test";
import { paddedFileLen } from "../src/padding.ts";
import { type Alteration, WARP_HZ, drawAlteration, sourceHz } from "../src/voice/alteration.ts";
import { Fft } from "../src/voice/fft.ts";
import { trackPitch } from "../src/voice/pitch.ts";
import { MAX_SAMPLES, MAX_SECONDS, RECORDING_LEN, decodeRecording, encodeRecording } from "../src/voice/recording_file.ts";
import { Downsampler, SAMPLE_RATE } from "../src/voice/resample.ts";
import { alter, alterVoice } from "../src/voice/voice.ts";

/** Returns the same numbers for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

function finish<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

const sine = (hz: number, rate: number, seconds: number): Float32Array =>
  Float32Array.from({ length: rate * seconds }, (_, at) => 0.5 * Math.sin((2 * Math.PI * hz * at) / rate));

const power = (samples: Float32Array): number => samples.reduce((sum, value) => sum + value * value, 0) / samples.length;

/** Returns a vowel: pulses through two resonances, with a pitch that rises and falls a little. */
function vowel(pitchHz: number, formants: readonly number[], seconds: number): Float32Array {
  const samples = new Float32Array(SAMPLE_RATE * seconds);
  for (let at = 0; at < samples.length; at += SAMPLE_RATE / (pitchHz * (1 + 0.05 * Math.sin(at / 2000)))) samples[Math.floor(at)] = 1;
  for (const hz of formants) {
    const [radius, angle] = [Math.exp((-Math.PI * 80) / SAMPLE_RATE), (2 * Math.PI * hz) / SAMPLE_RATE];
    for (let at = 2; at < samples.length; at += 1) samples[at]! += 2 * radius * Math.cos(angle) * samples[at - 1]! - radius * radius * samples[at - 2]!;
  }
  const largest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return samples.map((value) => (0.5 * value) / largest);
}

const medianPitch = (samples: Float32Array): number => {
  const voiced = finish(trackPitch(samples)).flatMap(({ hz }) => (hz > 0 ? [hz] : [])).sort((one, other) => one - other);
  return voiced[voiced.length >> 1] ?? 0;
};

/** Returns the frequency of the highest peak of the smoothed spectrum in a range. */
function peakHz(samples: Float32Array, low: number, high: number): number {
  const size = 1024;
  const fft = new Fft(size);
  const sums = new Float64Array(size / 2);
  for (let start = 0; start + size <= samples.length; start += size / 2) {
    const re = Float64Array.from({ length: size }, (_, at) => samples[start + at]! * Math.sin((Math.PI * at) / size) ** 2);
    const im = new Float64Array(size);
    fft.forward(re, im);
    for (let bin = 0; bin < sums.length; bin += 1) sums[bin]! += re[bin]! ** 2 + im[bin]! ** 2;
  }
  const smooth = (bin: number) => sums.slice(bin - 12, bin + 13).reduce((sum, value) => sum + value, 0);
  const bins = Array.from({ length: size / 2 }, (_, bin) => bin).filter((bin) => (bin * SAMPLE_RATE) / size >= low && (bin * SAMPLE_RATE) / size <= high);
  return (bins.reduce((best, bin) => (smooth(bin) > smooth(best) ? bin : best), bins[0]!) * SAMPLE_RATE) / size;
}

test("a transform and its inverse return the samples, and a sine is one line", () => {
  const fft = new Fft(64);
  const re = Float64Array.from({ length: 64 }, (_, at) => Math.cos((2 * Math.PI * 5 * at) / 64));
  const im = new Float64Array(64);
  const before = re.slice();
  fft.forward(re, im);
  re.forEach((value, bin) => assert.ok(Math.abs(value - (bin === 5 || bin === 59 ? 32 : 0)) < 1e-9, `${bin}`));
  fft.inverse(re, im);
  re.forEach((value, at) => assert.ok(Math.abs(value - before[at]!) < 1e-12));
});

test("sound is reduced to 8000 samples a second, without what is above", () => {
  for (const rate of [16_000, 44_100, 48_000]) {
    const reduced = (hz: number) => new Downsampler(rate).push(sine(hz, rate, 1)).slice(200, -200);
    assert.ok(Math.abs(reduced(1000).length - 7500) < 200, `${rate}`);
    assert.ok(Math.abs(power(reduced(1000)) / 0.125 - 1) < 0.02, `${rate}`);
    assert.ok(power(reduced(5000)) < 1e-6, `${rate}`);
  }
});

test("the result does not depend on the pieces in which the device delivers sound", () => {
  const sound = sine(700, 44_100, 0.5);
  const whole = new Downsampler(44_100).push(sound);
  const device = new Downsampler(44_100);
  const pieces: number[] = [];
  for (let at = 0; at < sound.length; at += 128) pieces.push(...device.push(sound.subarray(at, at + 128)));
  assert.equal(pieces.length, whole.length);
  pieces.forEach((value, at) => assert.ok(Math.abs(value - whole[at]!) < 1e-5, `${at}`));
});

test("the pitch of voices is found, and noise has none", () => {
  for (const hz of [90, 140, 220, 300]) assert.ok(Math.abs(medianPitch(vowel(hz, [600, 1300], 1)) / hz - 1) < 0.06, `${hz}: ${medianPitch(vowel(hz, [600, 1300], 1))}`);
  const random = randomNumbers(1);
  const noise = Float32Array.from({ length: SAMPLE_RATE }, () => random() - 0.5);
  const voiced = finish(trackPitch(noise)).filter(({ hz }) => hz > 0);
  assert.ok(voiced.length < 15, `${voiced.length} frames of noise have a pitch`);
});

test("every recording draws parameters of its own, in the documented ranges", () => {
  const draws = Array.from({ length: 200 }, (_, seed) => drawAlteration(randomNumbers(seed * 7919)));
  for (const { pitchHz, pitchRange, formants, equalization, tempo } of draws) {
    assert.ok(pitchHz >= 95 && pitchHz <= 215);
    assert.ok(pitchRange >= 0.4 && pitchRange <= 0.8);
    assert.ok(equalization >= 0.7 && equalization <= 1);
    assert.ok(tempo >= 0.94 && tempo <= 1.1);
    // Never the formants of the voice.
    assert.ok(formants.every((factor) => factor < 0.94 || factor > 1.06), `${formants}`);
  }
  const values = (one: Alteration) => [one.pitchHz, one.pitchRange, ...one.formants, one.equalization, one.tempo, one.pitchDrift[0]!.phase];
  values(draws[0]!).forEach((_, index) => assert.ok(new Set(draws.map((one) => values(one)[index])).size > 150));
  const up = draws.filter(({ formants }) => formants[0]! > 1).length;
  assert.ok(up > 60 && up < 140, `${up} of 200 move up`);
});

test("formants keep their order when they move", () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const { formants } = drawAlteration(randomNumbers(seed * 104729));
    WARP_HZ.forEach((hz, index) => assert.ok(Math.abs(sourceHz(hz, formants) - hz / formants[index]!) < 1e-9));
    for (let hz = 50; hz < 4000; hz += 10) assert.ok(sourceHz(hz + 10, formants) > sourceHz(hz, formants), `${formants} at ${hz}`);
  }
});

test("two voices have the same pitch after the same alteration, and their formants have moved", () => {
  for (const seed of [3, 11, 23, 42]) {
    const { pitchHz, formants } = drawAlteration(randomNumbers(seed));
    for (const hz of [105, 210]) {
      const altered = finish(alter(vowel(hz, [700, 1200], 2), randomNumbers(seed)))!;
      assert.ok(Math.abs(medianPitch(altered) / pitchHz - 1) < 0.08, `${hz} became ${medianPitch(altered)}, not ${pitchHz}`);
      const moved = peakHz(altered, 300, 950);
      assert.ok(formants[0]! < 1 ? moved < 690 : moved > 710, `700 became ${moved} with ${formants}`);
    }
  }
});

test("the result contains no waveform of the voice", () => {
  const voice = vowel(130, [500, 1500], 1);
  const altered = finish(alter(voice, randomNumbers(5)))!;
  const window = voice.slice(2000, 4000);
  let largest = 0;
  for (let start = 0; start + window.length <= altered.length; start += 1) {
    const other = altered.subarray(start, start + window.length);
    const product = window.reduce((sum, value, at) => sum + value * other[at]!, 0);
    largest = Math.max(largest, Math.abs(product) / Math.sqrt(power(window) * power(other)) / window.length);
  }
  assert.ok(largest < 0.5, `a part of the voice correlates by ${largest}`);
});

test("silence at both ends is removed, and silence alone is no recording", async () => {
  const voice = vowel(150, [600, 1700], 1);
  const silent = new Float32Array(SAMPLE_RATE * 3);
  silent.set(voice, SAMPLE_RATE);
  const altered = finish(alter(silent, randomNumbers(9)))!;
  const { tempo } = drawAlteration(randomNumbers(9));
  assert.ok(Math.abs(altered.length / SAMPLE_RATE - 1.3 / tempo) < 0.15, `${altered.length / SAMPLE_RATE} s`);
  assert.equal(await alterVoice(new Float32Array(SAMPLE_RATE), randomNumbers(1)), undefined);
  assert.equal(await alterVoice(new Float32Array(0), randomNumbers(1)), undefined);
});

test("quiet and loud speech are nearly equally loud in the result", () => {
  const voice = vowel(150, [600, 1700], 2).map((value, at) => (at < SAMPLE_RATE ? value * 0.1 : value));
  const altered = finish(alter(voice, randomNumbers(2)))!;
  const half = altered.length >> 1;
  const ratio = power(altered.subarray(half)) / power(altered.subarray(0, half));
  // The ratio of the powers was 100.
  assert.ok(ratio > 2 && ratio < 35, `${ratio}`);
});

test("every recording has the length of one size class", () => {
  assert.equal(paddedFileLen(RECORDING_LEN), RECORDING_LEN);
  for (const length of [0, 1, 505, 506, 8000, MAX_SAMPLES, MAX_SAMPLES + 1]) assert.equal(encodeRecording(new Float32Array(length)).length, RECORDING_LEN, `${length}`);
  const slowest = drawAlteration(() => 0).tempo;
  assert.ok((MAX_SECONDS * SAMPLE_RATE) / slowest <= MAX_SAMPLES);
});

test("a recording decodes to what was encoded, apart from a little noise", () => {
  const voice = vowel(150, [600, 1700], 2);
  const decoded = decodeRecording(encodeRecording(voice));
  assert.equal(decoded.length, voice.length);
  const noise = decoded.map((value, at) => value - voice[at]!);
  assert.ok(10 * Math.log10(power(voice) / power(noise)) > 14, `${10 * Math.log10(power(voice) / power(noise))} dB`);
  // Bytes beyond the sound are zeros.
  const file = encodeRecording(voice);
  assert.ok(file.subarray(60 + 256 * Math.ceil(voice.length / 505) + 8).every((byte) => byte === 0));
});
