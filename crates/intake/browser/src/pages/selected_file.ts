// A file that was chosen: what cleaning made of it, and what the reporter decided. Reading can fail
// at any time: files are moved, changed and deleted, and those of a cloud service may never come.
import type { ScrubReport } from "../metadata/scrub_report.ts";
import { loadScrubber } from "./scrubber.ts";
import { redraw } from "./redraw.ts";

/** In milliseconds: a file of a cloud service that has not come by then is treated as unreadable. */
const READ_TIMEOUT_MS = 120_000;

export class SelectedFile {
  private static readonly known = new WeakMap<File, SelectedFile>();
  private static count = 0;

  /** Of its item on the page. */
  readonly id = `file-${(SelectedFile.count += 1)}`;
  /** Did the reporter decide to send a picture that cannot be redrawn? */
  sendsAsItIs = false;
  private washing: Promise<ScrubReport> | undefined;

  private constructor(readonly file: File) {}

  static of(file: File): SelectedFile {
    const chosen = this.known.get(file) ?? new SelectedFile(file);
    this.known.set(file, chosen);
    return chosen;
  }

  /** Returns the cleaned file; rejects if it cannot be read. A failure is not kept: the next call reads again. */
  scrubbed(): Promise<ScrubReport> {
    this.washing ??= withTimeout(loadScrubber().then(({ scrub }) => scrub(this.file, redraw))).catch((error: unknown) => {
      this.washing = undefined;
      throw error;
    });
    return this.washing;
  }

  /** Returns the unchanged content, in memory, so that sealing and every retry find it; rejects if it cannot be read. */
  async original(): Promise<Blob> {
    const bytes = await withTimeout(this.file.arrayBuffer());
    if (bytes.byteLength !== this.file.size) throw new Error("the file has changed since it was chosen");
    return new Blob([bytes], { type: this.file.type });
  }
}

function withTimeout<T>(reading: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the file was not read in time")), READ_TIMEOUT_MS);
    reading.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
