// The recorder beside the story: records, alters the voice, plays the result, and holds it until it
// is sent. The recorded voice stays in memory until it is altered.
import { createElement } from "../pages/dom.ts";
import type { AttachmentSource } from "../submission.ts";
import { Capture } from "./capture.ts";
import { MAX_SECONDS, RECORDING_TYPE, decodeRecording } from "./recording_file.ts";
import { SAMPLE_RATE } from "./resample.ts";
import { alterVoice } from "./voice.ts";

/** Returns a text of the page, with values in its places. */
export type Texts = (key: string, values?: Record<string, string | number>) => string;

type RecorderState = "idle" | "asking" | "recording" | "altering" | "ready" | "silent" | "failed" | "refused";

/** How often the page shows how long the recording is. */
const CLOCK_MS = 500;

export class VoiceRecorder {
  private state: RecorderState = "idle";
  private capture: Capture | undefined;
  private file: Uint8Array<ArrayBuffer> | undefined;
  /** The altered recording, as it is played. */
  private playing: AudioContext | undefined;
  private heard = false;
  /** Changes when the recording is removed, so that a result that comes later is dropped. */
  private turn = 0;
  private place: HTMLElement | undefined;
  private texts: Texts = (key) => key;

  /** `changed` is called when the recording appears, disappears or is heard. */
  constructor(private readonly changed: () => void) {
    // A microphone that is on while the page is not visible would surprise the reporter.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.leave();
    });
  }

  /** Whether this browser can record at all. */
  static get isSupported(): boolean {
    return navigator.mediaDevices?.getUserMedia !== undefined && typeof AudioContext === "function" && "createScriptProcessor" in AudioContext.prototype;
  }

  /** Whether there is a recording that can be sent or has to be heard first. */
  get hasRecording(): boolean {
    return this.file !== undefined;
  }

  /** Whether the reporter has played the altered recording. */
  get isHeard(): boolean {
    return this.heard;
  }

  /** Whether the reporter has to wait or to stop before going on. */
  get isBusy(): boolean {
    return this.state === "recording" || this.state === "altering" || this.state === "asking";
  }

  /** Whether the microphone cannot be used, so that a file is the only other way. */
  get isRefused(): boolean {
    return this.state === "refused";
  }

  /** How long the altered recording is, such as `0:42`. */
  get length(): string {
    return formatTime(this.file ? decodeRecording(this.file).length / SAMPLE_RATE : 0);
  }

  /** Shows the recorder in an element of the page. */
  show(place: HTMLElement, texts: Texts): void {
    this.place = place;
    this.texts = texts;
    this.render();
  }

  /** Returns the recording for sealing, or undefined if there is none. */
  attachment(): AttachmentSource | undefined {
    const { file } = this;
    if (!file || !this.heard) return undefined;
    const stream = () => new Blob([file]).stream();
    return { name: "recording.wav", mediaType: RECORDING_TYPE, treatment: { how: "voice-altered" }, stream };
  }

  /** Releases the microphone, and overwrites the recording. */
  clear(): void {
    this.turn += 1;
    this.capture?.stop().fill(0);
    this.capture = undefined;
    this.stopPlaying();
    this.file?.fill(0);
    this.file = undefined;
    this.heard = false;
    this.become("idle");
  }

  /** Ends what sounds or listens, when the page is left. The recording is altered and kept. */
  leave(): void {
    this.stopPlaying();
    if (this.state === "recording") void this.finish();
  }

  private async record(): Promise<void> {
    this.clear();
    const turn = this.turn;
    this.become("asking");
    try {
      const capture = await Capture.start(() => void this.finish());
      if (turn !== this.turn) return void capture.stop().fill(0);
      this.capture = capture;
      this.become("recording");
      this.showClock();
    } catch {
      if (turn === this.turn) this.become("refused");
    }
  }

  /** Ends the recording and alters the voice. */
  private async finish(): Promise<void> {
    const { capture, turn } = this;
    if (!capture) return;
    this.capture = undefined;
    const samples = capture.stop();
    this.become("altering");
    try {
      const file = await alterVoice(samples);
      if (turn !== this.turn) return void file?.fill(0);
      this.file = file;
      this.become(file ? "ready" : "silent");
    } catch {
      if (turn === this.turn) this.become("failed");
    } finally {
      samples.fill(0);
    }
  }

  /** Plays the altered recording, or stops it. */
  togglePlaying(): void {
    if (this.playing) return this.stopPlaying();
    const sound = decodeRecording(this.file!);
    const context = new AudioContext();
    const buffer = context.createBuffer(1, Math.max(sound.length, 1), SAMPLE_RATE);
    buffer.getChannelData(0).set(sound);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    source.onended = () => {
      if (this.playing === context) this.stopPlaying();
    };
    source.start();
    this.playing = context;
    this.heard = true;
    this.become("ready");
  }

  private stopPlaying(): void {
    if (!this.playing) return;
    void this.playing.close();
    this.playing = undefined;
    this.render();
  }

  private become(state: RecorderState): void {
    this.state = state;
    this.render();
    this.changed();
  }

  private showClock(): void {
    const clock = setInterval(() => {
      const place = this.place?.querySelector("[data-clock]");
      if (this.state !== "recording") clearInterval(clock);
      else if (place) place.textContent = this.clock();
    }, CLOCK_MS);
  }

  private clock(): string {
    return this.texts("recorder-clock", { time: formatTime(this.capture?.seconds ?? 0), limit: formatTime(MAX_SECONDS) });
  }

  private render(): void {
    if (!this.place) return;
    const focused = this.place.contains(document.activeElement);
    const line = (key: string, kind = "hint") => createElement("p", { class: kind }, this.texts(key));
    const lines: HTMLElement[] = [];
    if (this.state === "recording") lines.push(createElement("p", { class: "clock", "data-clock": "" }, this.clock()));
    else if (this.state === "altering" || this.state === "asking") lines.push(line(`recorder-${this.state}`));
    else if (this.state === "ready") lines.push(line("recorder-ready", this.heard ? "hint" : "careful"));
    else if (this.state !== "idle") lines.push(line(`recorder-${this.state}`, "careful"));
    const status = createElement("div", { role: "status" }, ...lines);
    this.place.replaceChildren(createElement("b", {}, this.texts("recorder-heading")), this.about(), status, createElement("p", { class: "act" }, ...this.buttons()));
    this.place.hidden = false;
    if (focused) this.place.querySelector("button")?.focus();
  }

  /** What altering a voice does, and what it does not do. */
  private about(): HTMLElement {
    const keys = ["recorder-about", "recorder-known", "recorder-noise"];
    return createElement("ul", { class: "hint" }, ...keys.map((key) => createElement("li", {}, this.texts(key))));
  }

  private buttons(): HTMLElement[] {
    const button = (key: string, act: () => void) => {
      const element = createElement("button", { type: "button", class: "quiet", "data-act": key }, this.texts(`recorder-${key}`));
      element.addEventListener("click", act);
      return element;
    };
    if (this.state === "recording") return [button("stop", () => void this.finish())];
    if (this.state === "altering" || this.state === "asking") return [button("cancel", () => this.clear())];
    if (this.state === "ready") {
      return [button(this.playing ? "pause" : "play", () => this.togglePlaying()), button("again", () => void this.record()), button("remove", () => this.clear())];
    }
    return [button("start", () => void this.record())];
  }
}

const formatTime = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
