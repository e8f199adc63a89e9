// The story in another form than text: a recording, or the statement that it is in a file.
import type { AttachmentSource } from "../submission.ts";
import type { VoiceRecorder } from "../voice/recorder.ts";
import { createElement, queryOne } from "./dom.ts";
import { loadModule } from "./modules.ts";
import { type OfflineForm, translate } from "./offline_form.ts";

/** Why a recording cannot be sent yet. */
export type RecordingProblem = "unheard" | "busy";

export class SpokenStory {
  private recorder: VoiceRecorder | undefined;
  private inFile = false;

  /** Whether the story may be empty. */
  get isGiven(): boolean {
    return this.hasRecording || this.inFile;
  }

  get hasRecording(): boolean {
    return this.recorder?.hasRecording ?? false;
  }

  /** What the reporter has to do with the recording first, or undefined. */
  get problem(): RecordingProblem | undefined {
    if (this.recorder?.isBusy) return "busy";
    return this.hasRecording && !this.recorder?.isHeard ? "unheard" : undefined;
  }

  /** Stores the choice of the page, if it offers it. */
  captureField(form: HTMLFormElement): void {
    const choice = queryOne<HTMLInputElement>("input[name=story_in_file]", form);
    if (choice) this.inFile = choice.checked;
  }

  /** Shows the recorder on the page of the story, once its module is loaded. */
  async show(offlineForm: OfflineForm): Promise<void> {
    const place = queryOne<HTMLElement>(".recorder");
    if (!place) return this.recorder?.leave();
    const choice = queryOne<HTMLInputElement>("input[name=story_in_file]");
    if (choice) choice.checked = this.inFile;
    if (this.isGiven) place.closest("details")?.setAttribute("open", "");
    const { VoiceRecorder } = await loadModule("voice");
    if (!place.isConnected || !VoiceRecorder.isSupported) return;
    this.recorder ??= new VoiceRecorder(() => this.offerFile());
    // Without the recorder, the page of a story that may be empty has nothing to offer here.
    place.closest("details")?.removeAttribute("hidden");
    this.recorder.show(place, (key, values) => translate(offlineForm, key, values));
    this.offerFile();
  }

  /** A file keeps the voice as it is, so it is offered only where the microphone does not work. */
  private offerFile(): void {
    const choice = queryOne("label.in-file");
    choice?.toggleAttribute("hidden", !this.inFile && !(this.recorder?.isRefused ?? true));
  }

  /** Shows the recording on the review page, with buttons to play and to remove it. */
  showReview(offlineForm: OfflineForm, removed: () => void): void {
    queryOne(".recorded")?.remove();
    const { recorder } = this;
    if (!recorder?.hasRecording) return;
    const button = (key: string, act: () => void) => {
      const element = createElement("button", { type: "button", class: "change", "data-act": key }, translate(offlineForm, `recorder-${key}`));
      element.addEventListener("click", act);
      return element;
    };
    const remove = () => {
      recorder.clear();
      removed();
    };
    const row = createElement("div", { class: "recorded" });
    const label = createElement("dt", {}, translate(offlineForm, "review-recording"));
    const length = createElement("dd", {}, createElement("p", {}, recorder.length));
    row.append(label, length, createElement("dd", {}, button("play", () => recorder.togglePlaying()), " ", button("remove", remove)));
    queryOne("dl.given")?.append(row);
  }

  /** Returns the recording as a file, or no file. */
  attachments(): AttachmentSource[] {
    const recording = this.recorder?.attachment();
    return recording ? [recording] : [];
  }

  /** Releases the microphone and overwrites the recording. */
  clear(): void {
    this.recorder?.clear();
    this.inFile = false;
  }
}
