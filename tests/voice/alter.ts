// Alters WAV files with the code of the pages: `node alter.mjs < list`, one line for each file with
// its path, the path of the result and a seed.
import { readFileSync, writeFileSync } from "node:fs";
import { alter } from "../../crates/intake/browser/src/voice/voice.ts";
import { decodeRecording, encodeRecording } from "../../crates/intake/browser/src/voice/recording_file.ts";
import { Downsampler, SAMPLE_RATE } from "../../crates/intake/browser/src/voice/resample.ts";

for (const line of readFileSync(0, "utf8").split("\n").filter((line) => line !== "")) {
  const [from, to, seed] = line.split("\t") as [string, string, string];
  const steps = alter(readWav(from), randomNumbers(Number(seed)));
  let step = steps.next();
  while (!step.done) step = steps.next();
  if (!step.value) throw new Error(`nothing is spoken in ${from}`);
  writeWav(to, decodeRecording(encodeRecording(step.value)));
}

/** Returns the samples of a WAV file with 16 bits and one channel, at `SAMPLE_RATE`. */
function readWav(path: string): Float32Array {
  const file = readFileSync(path);
  let at = 12;
  while (file.toString("latin1", at, at + 4) !== "data") at += 8 + file.readUInt32LE(at + 4);
  const length = Math.min(file.readUInt32LE(at + 4), file.length - at - 8) >> 1;
  const samples = Float32Array.from({ length }, (_, index) => file.readInt16LE(at + 8 + 2 * index) / 32768);
  const rate = file.readUInt32LE(24);
  return rate === SAMPLE_RATE ? samples : new Downsampler(rate).push(samples);
}

function writeWav(path: string, samples: Float32Array): void {
  const file = Buffer.alloc(44 + 2 * samples.length);
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + 2 * samples.length, 4);
  file.write("WAVEfmt ", 8);
  [16, 1 | (1 << 16), SAMPLE_RATE, 2 * SAMPLE_RATE, 2 | (16 << 16)].forEach((value, index) => file.writeUInt32LE(value, 16 + 4 * index));
  file.write("data", 36);
  file.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((sample, index) => file.writeInt16LE(Math.round(sample * 32767), 44 + 2 * index));
  writeFileSync(path, file);
}

/** Returns the same numbers for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
