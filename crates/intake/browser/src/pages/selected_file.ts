// A chosen file, the result of scrubbing it, and the reporter's decision. Reading can fail at any
// time: files are moved, changed and deleted, and files of a cloud service may never arrive.
import type { ScrubReport } from "../metadata/scrub_report.ts";
import { loadScrubber } from "./scrubber.ts";
import { redraw } from "./redraw.ts";

/**
 * Read timeout in milliseconds. A file of a cloud service that has not arrived by then is treated
 * as unreadable.
 */
const READ_TIMEOUT_MS = 120_000;

export class SelectedFile {
  private static readonly known = new WeakMap<File, SelectedFile>();
  private static count = 0;

  /** The id of the file's item on the page. */
  readonly id = `file-${(SelectedFile.count += 1)}`;
  /** Whether the reporter decided to send a picture that cannot be redrawn. */
  sendsAsItIs = false;
  private scrubbing: Promise<ScrubReport> | undefined;

  private constructor(readonly file: File) {}

  static of(file: File): SelectedFile {
    const chosen = this.known.get(file) ?? new SelectedFile(file);
    this.known.set(file, chosen);
    return chosen;
  }

  /**
   * Returns the scrubbed file. Rejects if it cannot be read. A failure is not stored: the next call
   * reads again.
   */
  scrubbed(): Promise<ScrubReport> {
    this.scrubbing ??= withTimeout(loadScrubber().then(({ scrub }) => scrub(this.file, redraw))).catch((error: unknown) => {
      this.scrubbing = undefined;
      throw error;
    });
    return this.scrubbing;
  }

  /**
   * Returns the unchanged content in memory, so that sealing and every retry use the same bytes.
   * Rejects if it cannot be read.
   */
  async original(): Promise<Blob> {
    const bytes = await withTimeout(this.file.arrayBuffer());
    if (bytes.byteLength !== this.file.size) throw new Error("the file has changed since it was chosen");
    return new Blob([bytes], { type: this.file.type });
  }
}

function withTimeout<T>(reading: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("reading the file timed out")), READ_TIMEOUT_MS);
    reading.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
