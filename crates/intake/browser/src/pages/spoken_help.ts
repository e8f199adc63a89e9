// Spoken help: buttons beside the texts of a page that play recorded clips. A tap on the name of a
// language fetches its whole pack, so that no request shows which clip is played. Nothing sounds
// without a tap. The clips are decoded in memory: no media element shows them outside of the page.
import { ProgramMismatchError } from "../program.ts";
import { AudioPack } from "./audio_pack.ts";
import { spokenElements } from "./clip_keys.ts";
import { createElement, queryAll, queryOne } from "./dom.ts";
import type { ProgramFiles } from "./program_files.ts";

/** Maximum length of the name of a button, in characters. */
const MAX_NAME_CHARS = 80;

export class SpokenHelp {
  /** The packs that were requested, by address. Only the memory of the page contains them. */
  private readonly packs = new Map<string, Promise<AudioPack>>();
  /** The addresses of the packs that have arrived. */
  private readonly arrived = new Set<string>();
  /** The address of the pack in use; empty for none. */
  private chosen = "";
  private context: AudioContext | undefined;
  private source: AudioBufferSourceNode | undefined;
  private playing: HTMLElement | undefined;
  /** Changes with each tap on a clip and with each page, so that what was begun before ends. */
  private turn = 0;

  /** `refuse` is called if a pack is not the file of the signed manifest. */
  constructor(
    private readonly files: ProgramFiles,
    private readonly refuse: (error: ProgramMismatchError) => void,
  ) {
    document.addEventListener("page", () => this.show());
    document.addEventListener("leave", () => this.end());
    // A phone that is put away is silent.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.stop();
    });
    this.show();
  }

  /** Shows the buttons of the languages, and those of the clips if a pack is in use. */
  private show(): void {
    this.stop();
    const bar = queryOne<HTMLElement>(".listen");
    if (!bar) return;
    bar.hidden = false;
    // Tor Browser has no Web Audio at its level "Safer".
    if (!("AudioContext" in globalThis)) return showUnsupported(bar);
    for (const button of queryAll<HTMLButtonElement>("button[data-pack]", bar)) {
      const listen = button.getAttribute("aria-label")!;
      const render = () => {
        const isChosen = button.dataset["pack"] === this.chosen;
        button.classList.toggle("playing", isChosen);
        button.setAttribute("aria-label", isChosen ? `${bar.dataset["off"]} – ${button.textContent.trim()}` : listen);
      };
      button.addEventListener("click", () => void this.choose(bar, button.dataset["pack"]!));
      bar.addEventListener("chosen", render);
      render();
    }
    if (this.chosen !== "") void this.offer(this.chosen, false);
  }

  /** Begins the spoken help in a language, or ends it. */
  private async choose(bar: HTMLElement, path: string): Promise<void> {
    this.stop();
    queryAll(".hear").forEach((button) => button.remove());
    this.chosen = this.chosen === path ? "" : path;
    bar.dispatchEvent(new Event("chosen"));
    showStatus(bar, "");
    if (this.chosen === "") return;
    // Browsers let a page play only after a tap.
    try {
      this.context ??= new AudioContext();
    } catch {
      // The device has no sound, or the browser refuses it.
      this.chosen = "";
      return showUnsupported(bar);
    }
    this.context.resume().catch(() => undefined);
    await this.offer(path, true);
  }

  /**
   * Fetches the pack of a language and adds the buttons of its clips to the page. After a tap, the
   * page says how to use them.
   */
  private async offer(path: string, isTap: boolean): Promise<void> {
    // The reporter may go to another page, or choose another language, meanwhile.
    const bar = () => (this.chosen === path ? queryOne(`[data-pack="${path}"]`)?.closest<HTMLElement>(".listen") : undefined);
    const waiting = bar();
    const isWaiting = !this.arrived.has(path);
    if (waiting && isWaiting) showStatus(waiting, waiting.dataset["wait"]!);
    try {
      const pack = await this.fetchPack(path);
      this.arrived.add(path);
      const shown = bar();
      if (!shown) return;
      this.addButtons(shown, pack);
      showStatus(shown, isTap || isWaiting ? shown.dataset["ready"]! : "");
    } catch (error) {
      if (error instanceof ProgramMismatchError) {
        this.end();
        return this.refuse(error);
      }
      const shown = bar();
      if (!shown) return;
      this.chosen = "";
      shown.dispatchEvent(new Event("chosen"));
      showStatus(shown, shown.dataset["failed"]!);
    }
  }

  /** Returns a pack. After a failure, the next call fetches it again. */
  private fetchPack(path: string): Promise<AudioPack> {
    const fetched = this.packs.get(path) ?? this.files.fetch(path).then((file) => AudioPack.parse(file));
    this.packs.set(path, fetched);
    fetched.catch(() => this.packs.delete(path));
    return fetched;
  }

  /** Adds a button to each text that has a clip. */
  private addButtons(bar: HTMLElement, pack: AudioPack): void {
    queryAll(".hear").forEach((button) => button.remove());
    const focused = document.activeElement;
    for (const [element, all] of spokenElements()) {
      const keys = all.filter((key) => pack.has(key));
      if (keys.length > 0) place(element, this.hearButton(bar, pack, keys, element.textContent ?? ""));
    }
    // A text that is moved beside its button loses the focus.
    if (focused instanceof HTMLElement && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  private hearButton(bar: HTMLElement, pack: AudioPack, keys: string[], words: string): HTMLElement {
    const name = `${bar.dataset["item"]} ${words.replaceAll(/\s+/g, " ").trim().slice(0, MAX_NAME_CHARS)}`;
    const button = createElement("button", { type: "button", class: "hear", "aria-label": name, "data-name": name });
    button.append(queryOne("svg", bar)!.cloneNode(true));
    button.addEventListener("click", (event) => {
      // Not the option or the question beside it.
      event.preventDefault();
      if (this.playing === button) return this.stop();
      void this.play(bar, button, keys.map((key) => pack.clip(key)));
    });
    return button;
  }

  /** Plays clips one after the other, and nothing else meanwhile. */
  private async play(bar: HTMLElement, button: HTMLElement, clips: ArrayBuffer[]): Promise<void> {
    this.stop();
    this.playing = button;
    button.classList.add("playing");
    button.setAttribute("aria-label", bar.dataset["stop"]!);
    const { turn } = this;
    try {
      for (const clip of clips) {
        const sound = await this.context!.decodeAudioData(clip);
        if (turn !== this.turn) return;
        await this.sound(sound);
        if (turn !== this.turn) return;
      }
      this.stop();
    } catch {
      if (turn !== this.turn) return;
      this.stop();
      showStatus(bar, bar.dataset["failed"]!);
    }
  }

  /** Plays a decoded clip to its end. */
  private sound(buffer: AudioBuffer): Promise<void> {
    const source = this.context!.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context!.destination);
    this.source = source;
    return new Promise((resolve) => {
      source.onended = () => resolve();
      source.start();
    });
  }

  /** Ends what is played or fetched for this page. */
  private stop(): void {
    this.turn += 1;
    this.source?.stop();
    this.source = undefined;
    const { playing } = this;
    this.playing = undefined;
    playing?.classList.remove("playing");
    playing?.setAttribute("aria-label", playing.dataset["name"]!);
  }

  /** Ends the spoken help. */
  private end(): void {
    this.stop();
    this.chosen = "";
    queryOne(".listen")?.remove();
    queryAll(".hear").forEach((button) => button.remove());
    void this.context?.close();
    this.context = undefined;
  }
}

/** Shows why there is no spoken help, instead of buttons that do nothing. */
function showUnsupported(bar: HTMLElement): void {
  queryAll("button", bar).forEach((button) => button.remove());
  showStatus(bar, bar.dataset["unsupported"]!);
}

const showStatus = (bar: HTMLElement, words: string): void => void (queryOne("[role=status]", bar)!.textContent = words);

/** Shows a button beside a text. */
function place(element: HTMLElement, button: HTMLElement): void {
  if (element.matches("legend")) return element.after(button);
  // A summary is itself a button, and its details may be closed.
  if (element.matches("summary")) return element.parentElement!.after(button);
  if (!element.matches("button, a, label")) return element.append(button);
  if (element.parentElement!.matches("li")) {
    element.parentElement!.classList.add("heard");
    return element.after(button);
  }
  if (!element.parentElement!.matches(".heard")) {
    const pair = createElement("span", { class: "heard" });
    element.replaceWith(pair);
    pair.append(element);
  }
  element.after(button);
}
