// Records the microphone into one buffer in memory, which is overwritten when it is used up.
import { MAX_SECONDS } from "./recording_file.ts";
import { Downsampler, SAMPLE_RATE } from "./resample.ts";

/** Samples that the device delivers at once. */
const BUFFER_SAMPLES = 4096;

/** A running recording. */
export class Capture {
  private readonly samples = new Float32Array(MAX_SECONDS * SAMPLE_RATE);
  private used = 0;
  private readonly downsampler: Downsampler;
  private readonly source: MediaStreamAudioSourceNode;
  // An audio worklet would be a file that the browser executes without a check of its hash.
  private readonly tap: ScriptProcessorNode;

  private constructor(
    private readonly stream: MediaStream,
    private readonly context: AudioContext,
    whenFull: () => void,
  ) {
    this.downsampler = new Downsampler(context.sampleRate);
    this.source = context.createMediaStreamSource(stream);
    this.tap = context.createScriptProcessor(BUFFER_SAMPLES, 1, 1);
    this.tap.onaudioprocess = ({ inputBuffer }) => {
      this.add(inputBuffer.getChannelData(0));
      if (this.used === this.samples.length) whenFull();
    };
    this.source.connect(this.tap);
    // A node without a destination gets no samples. It plays silence.
    this.tap.connect(context.destination);
  }

  /** Asks for the microphone. Throws if there is none or the reporter does not allow it. */
  static async start(whenFull: () => void): Promise<Capture> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false } });
    try {
      const context = new AudioContext();
      await context.resume();
      return new Capture(stream, context, whenFull);
    } catch (error) {
      stream.getTracks().forEach((track) => track.stop());
      throw error;
    }
  }

  /** How long the recording is. */
  get seconds(): number {
    return this.used / SAMPLE_RATE;
  }

  /** Releases the microphone and returns the samples. The caller overwrites them. */
  stop(): Float32Array {
    this.tap.onaudioprocess = null;
    this.source.disconnect();
    this.tap.disconnect();
    this.stream.getTracks().forEach((track) => track.stop());
    void this.context.close();
    this.downsampler.clear();
    return this.samples.subarray(0, this.used);
  }

  private add(input: Float32Array): void {
    const reduced = this.downsampler.push(input);
    input.fill(0);
    const taken = reduced.subarray(0, this.samples.length - this.used);
    this.samples.set(taken, this.used);
    this.used += taken.length;
    reduced.fill(0);
  }
}
