// The file of a recording: WAV with IMA ADPCM, four bits a sample, at 8000 samples a second. Every
// recording has the same length, so that no length shows how long the reporter spoke. The
// workbench decodes it (crates/workbench/src/recording).
import { MIN_TEMPO } from "./alteration.ts";
import { SAMPLE_RATE } from "./resample.ts";

/** The length of every recording in bytes, which is a class of `paddedFileLen`. */
export const RECORDING_LEN = 768 * 1024;
/** How long a reporter can speak. */
export const MAX_SECONDS = 180;
export const RECORDING_TYPE = "audio/wav";

const HEADER_LEN = 60;
const CHUNK_HEADER_LEN = 8;
const BLOCK_LEN = 256;
/** One sample in the header of a block, and two in each byte after it. */
const BLOCK_SAMPLES = 1 + 2 * (BLOCK_LEN - 4);
/** The chunk of padding needs a header. */
const MAX_BLOCKS = Math.floor((RECORDING_LEN - HEADER_LEN - CHUNK_HEADER_LEN) / BLOCK_LEN);

/** The largest number of samples in a recording. */
export const MAX_SAMPLES = MAX_BLOCKS * BLOCK_SAMPLES;
if (MAX_SAMPLES < (MAX_SECONDS * SAMPLE_RATE) / MIN_TEMPO) throw new Error("a recording does not fit into its file");

const INDEX_CHANGES = [-1, -1, -1, -1, 2, 4, 6, 8];
/** The step sizes of IMA ADPCM: each is about a tenth larger than the one before. */
const STEPS = [
  7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724,
  796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350,
  22385, 24623, 27086, 29794, 32767,
];

/** The state of encoder and decoder between two samples. */
interface Predictor {
  value: number;
  index: number;
}

/** Encodes samples from -1 to 1. Samples beyond `MAX_SAMPLES` are left out. */
export function encodeRecording(samples: Float32Array): Uint8Array<ArrayBuffer> {
  const count = Math.min(samples.length, MAX_SAMPLES);
  const blocks = Math.ceil(count / BLOCK_SAMPLES);
  const file = new Uint8Array(RECORDING_LEN);
  writeHeaders(new DataView(file.buffer), count, blocks);
  const sample = (at: number): number => Math.round(Math.min(Math.max(at < count ? samples[at]! : 0, -1), 1) * 32767);
  const predictor = { value: 0, index: 0 };
  for (let block = 0; block < blocks; block += 1) {
    const [start, first] = [HEADER_LEN + block * BLOCK_LEN, block * BLOCK_SAMPLES];
    predictor.value = sample(first);
    new DataView(file.buffer).setInt16(start, predictor.value, true);
    file[start + 2] = predictor.index;
    for (let byte = 0; byte < BLOCK_LEN - 4; byte += 1) {
      const low = encodeSample(predictor, sample(first + 1 + 2 * byte));
      file[start + 4 + byte] = low | (encodeSample(predictor, sample(first + 2 + 2 * byte)) << 4);
    }
  }
  return file;
}

/** Decodes what `encodeRecording` returned, so that the reporter hears what is sent. */
export function decodeRecording(file: Uint8Array): Float32Array {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const samples = new Float32Array(view.getUint32(48, true));
  const predictor = { value: 0, index: 0 };
  for (let at = 0; at < samples.length; at += 1) {
    const [block, offset] = [HEADER_LEN + Math.floor(at / BLOCK_SAMPLES) * BLOCK_LEN, at % BLOCK_SAMPLES];
    if (offset === 0) {
      predictor.value = view.getInt16(block, true);
      predictor.index = Math.min(view.getUint8(block + 2), STEPS.length - 1);
    } else {
      const byte = view.getUint8(block + 4 + ((offset - 1) >> 1));
      decodeSample(predictor, offset % 2 === 1 ? byte & 15 : byte >> 4);
    }
    samples[at] = predictor.value / 32768;
  }
  return samples;
}

function encodeSample(predictor: Predictor, sample: number): number {
  const difference = sample - predictor.value;
  const code = (difference < 0 ? 8 : 0) | Math.min(7, Math.floor((4 * Math.abs(difference)) / STEPS[predictor.index]!));
  decodeSample(predictor, code);
  return code;
}

/** Moves the predictor by a code of four bits: the sign and three bits of magnitude. */
function decodeSample(predictor: Predictor, code: number): void {
  const step = STEPS[predictor.index]!;
  const magnitude = (code & 4 ? step : 0) + (code & 2 ? step >> 1 : 0) + (code & 1 ? step >> 2 : 0) + (step >> 3);
  const value = predictor.value + (code & 8 ? -magnitude : magnitude);
  predictor.value = Math.min(Math.max(value, -32768), 32767);
  predictor.index = Math.min(Math.max(predictor.index + INDEX_CHANGES[code & 7]!, 0), STEPS.length - 1);
}

function writeHeaders(view: DataView, samples: number, blocks: number): void {
  const name = (at: number, text: string) => [...text].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  const u16 = (at: number, value: number) => view.setUint16(at, value, true);
  const u32 = (at: number, value: number) => view.setUint32(at, value, true);
  name(0, "RIFF");
  u32(4, RECORDING_LEN - 8);
  name(8, "WAVEfmt ");
  u32(16, 20);
  u16(20, 0x11); // IMA ADPCM
  u16(22, 1); // channels
  u32(24, SAMPLE_RATE);
  u32(28, Math.round((SAMPLE_RATE * BLOCK_LEN) / BLOCK_SAMPLES));
  u16(32, BLOCK_LEN);
  u16(34, 4); // bits a sample
  u16(36, 2);
  u16(38, BLOCK_SAMPLES);
  name(40, "fact");
  u32(44, 4);
  u32(48, samples);
  name(52, "data");
  u32(56, blocks * BLOCK_LEN);
  const padding = HEADER_LEN + blocks * BLOCK_LEN;
  name(padding, "JUNK");
  u32(padding + 4, RECORDING_LEN - padding - CHUNK_HEADER_LEN);
}
