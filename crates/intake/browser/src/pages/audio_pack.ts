// The file of an audio pack: the clips of the spoken help in one language. The Rust implementation
// in crates/intake/src/audio/pack.rs is the reference.
import { type Bytes, text, utf8 } from "../bytes.ts";

const MAGIC = utf8("burkindi-audio-1\n");
const INDEX_LEN_BYTES = 4;

interface PackIndex {
  clips: Record<string, { start: number; len: number }>;
}

/** The clips of one language, by the key of their text. */
export class AudioPack {
  private constructor(
    private readonly index: PackIndex,
    private readonly sound: Bytes,
  ) {}

  /** Reads a file that was checked against the manifest. Throws if it is no audio pack. */
  static parse(file: Bytes): AudioPack {
    const start = MAGIC.length + INDEX_LEN_BYTES;
    if (file.length < start || MAGIC.some((byte, at) => file[at] !== byte)) throw new Error("no audio pack");
    const end = start + new DataView(file.buffer, file.byteOffset).getUint32(MAGIC.length);
    return new AudioPack(JSON.parse(text(file.subarray(start, end))) as PackIndex, file.subarray(end));
  }

  /** Returns whether a text has a clip. */
  has(key: string): boolean {
    return Object.hasOwn(this.index.clips, key);
  }

  /** Returns a copy of a clip, which a decoder may take over. */
  clip(key: string): ArrayBuffer {
    const { start, len } = this.index.clips[key]!;
    return this.sound.slice(start, start + len).buffer;
  }
}
