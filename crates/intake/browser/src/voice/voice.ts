// Alters a recorded voice.
import { type RandomNumber, alterFrames, browserRandom, drawAlteration } from "./alteration.ts";
import { measureEnvelopes } from "./envelope.ts";
import { trackPitch } from "./pitch.ts";
import { MAX_SAMPLES, encodeRecording } from "./recording_file.ts";
import { synthesize } from "./synthesis.ts";

/** How long the page is busy before it reacts to the reporter again. */
const SLICE_MS = 40;

/** Returns the file of a recording with the voice altered, or undefined if nothing was spoken. */
export async function alterVoice(samples: Float32Array, random: RandomNumber = browserRandom): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const sound = await inSlices(alter(samples, random));
  if (!sound) return undefined;
  const file = encodeRecording(sound.subarray(0, MAX_SAMPLES));
  sound.fill(0);
  return file;
}

/** Yields often, and returns the altered samples, or undefined if nothing was spoken. */
export function* alter(samples: Float32Array, random: RandomNumber): Generator<void, Float32Array | undefined> {
  const alteration = drawAlteration(random);
  const pitches = yield* trackPitch(samples);
  const envelopes = yield* measureEnvelopes(samples, pitches);
  const altered = alterFrames({ pitches, envelopes }, alteration);
  // They describe the voice almost as well as the samples do.
  envelopes.forEach((envelope) => envelope.fill(0));
  return altered && (yield* synthesize(altered, alteration.tempo, random));
}

/** Runs a long computation in slices, so that the page reacts between them. */
async function inSlices<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    const end = performance.now() + SLICE_MS;
    while (performance.now() < end) {
      const { done, value } = steps.next();
      if (done) return value;
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
