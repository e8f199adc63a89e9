// A chosen file, the result of scrubbing it, and the reporter's decision. Reading can fail at any
// time: files are moved, changed and deleted, and files of a cloud service may never arrive.
import type { ScrubReport } from "../metadata/scrub_report.ts";
import { loadModule } from "./modules.ts";
import { redraw } from "./redraw.ts";

/**
 * Read timeout in milliseconds. A file of a cloud service that has not arrived by then is treated
 * as unreadable.
 */
const READ_TIMEOUT_MS = 120_000;
/** Maximum length of an unchanged file that is read into memory before it is sealed, in bytes. */
const MAX_LEN_IN_MEMORY = 8 * 1024 * 1024;

/** Reports that a file cannot be read any more while it is sealed. */
export class UnreadableFileError extends Error {
  constructor(readonly chosen: SelectedFile) {
    super("a chosen file cannot be read any more");
  }
}

export class SelectedFile {
  private static readonly known = new WeakMap<File, SelectedFile>();
  private static count = 0;

  /** The id of the file's item on the page. */
  readonly id = `file-${(SelectedFile.count += 1)}`;
  /** Whether the reporter decided to send a picture that cannot be redrawn. */
  sendsAsItIs = false;
  private isFullSize = false;
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
    const { isFullSize } = this;
    this.scrubbing ??= withTimeout(loadModule("files").then(({ scrub }) => scrub(this.file, (picture) => redraw(picture, isFullSize)))).catch((error: unknown) => {
      this.scrubbing = undefined;
      throw error;
    });
    return this.scrubbing;
  }

  /** Whether the reporter decided to keep the full size of a photo. */
  get keepsFullSize(): boolean {
    return this.isFullSize;
  }

  /** Sets whether a photo keeps its full size. The next call of `scrubbed` draws it again. */
  set keepsFullSize(keeps: boolean) {
    this.isFullSize = keeps;
    this.scrubbing = undefined;
  }

  /**
   * Returns the unchanged content. It is in memory, so that sealing uses the bytes that were read.
   * A large file is read while it is sealed: the browser then fails if it has changed. Rejects if
   * it cannot be read.
   */
  async original(): Promise<Blob> {
    if (this.file.size > MAX_LEN_IN_MEMORY) {
      await this.readEnds();
      return this.file;
    }
    const bytes = await withTimeout(this.file.arrayBuffer());
    if (bytes.byteLength !== this.file.size) throw new Error("the file has changed since it was chosen");
    return new Blob([bytes], { type: this.file.type });
  }

  /**
   * Returns the content of a report on this file. Rejects if it consists of parts of the file and
   * the file cannot be read any more. The next call of `scrubbed` then reads the file again.
   */
  async cleaned({ content, isReadLater }: ScrubReport): Promise<Blob> {
    if (isReadLater) await this.readEnds();
    return content!;
  }

  /** Returns a stream of content of this file. It fails with `UnreadableFileError`. */
  stream(content: Blob): ReadableStream<Uint8Array> {
    const reader = content.stream().getReader();
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const { done, value } = await reader.read().catch(() => {
          this.scrubbing = undefined;
          throw new UnreadableFileError(this);
        });
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => reader.cancel(),
    });
  }

  /** Reads the first and the last byte. Browsers refuse to read a file that has changed. */
  private async readEnds(): Promise<void> {
    const ends = [this.file.slice(0, 1), this.file.slice(-1)].map((end) => end.arrayBuffer());
    await withTimeout(Promise.all(ends)).catch((error: unknown) => {
      this.scrubbing = undefined;
      throw error;
    });
  }
}

function withTimeout<T>(reading: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("reading the file timed out")), READ_TIMEOUT_MS);
    reading.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
