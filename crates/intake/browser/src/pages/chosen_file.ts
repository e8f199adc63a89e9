// A file that was chosen: what cleaning made of it, and what the reporter decided. Reading can fail at any time: files
// are moved, changed and deleted, and those of a cloud service may never come.
import type { Washed } from "../traces/washed.ts";
import { loadCleaner } from "./cleaner.ts";
import { redraw } from "./redraw.ts";

/** In milliseconds: a file of a cloud service that has not come by then is treated as unreadable. */
const TIMEOUT = 120_000;

export class ChosenFile {
  private static readonly known = new WeakMap<File, ChosenFile>();
  private static count = 0;

  /** Of its item on the page. */
  readonly id = `file-${(ChosenFile.count += 1)}`;
  /** Did the reporter decide to send a picture that cannot be redrawn? */
  sendsAsItIs = false;
  private washing: Promise<Washed> | undefined;

  private constructor(readonly file: File) {}

  static of(file: File): ChosenFile {
    const chosen = this.known.get(file) ?? new ChosenFile(file);
    this.known.set(file, chosen);
    return chosen;
  }

  /** Returns the cleaned file; rejects if it cannot be read. A failure is not kept: the next call reads again. */
  washed(): Promise<Washed> {
    this.washing ??= inTime(loadCleaner().then(({ wash }) => wash(this.file, redraw))).catch((error: unknown) => {
      this.washing = undefined;
      throw error;
    });
    return this.washing;
  }

  /** Returns the unchanged content, in memory, so that sealing and every retry find it; rejects if it cannot be read. */
  async original(): Promise<Blob> {
    const bytes = await inTime(this.file.arrayBuffer());
    if (bytes.byteLength !== this.file.size) throw new Error("the file has changed since it was chosen");
    return new Blob([bytes], { type: this.file.type });
  }
}

function inTime<T>(reading: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the file was not read in time")), TIMEOUT);
    reading.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
