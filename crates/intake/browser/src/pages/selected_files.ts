// Preserves the files chosen on the review page while other pages are shown.
import { queryOne } from "./dom.ts";

export class FileSelection {
  private files: File[] = [];
  private keep = false;

  hasFiles(): boolean {
    return this.files.length > 0;
  }

  /** Stores the files of the page, if it has a file input. */
  captureFromInput(): void {
    const input = queryOne<HTMLInputElement>("#files");
    if (!input) return;
    this.files = Array.from(input.files ?? []);
    this.keep = queryOne<HTMLInputElement>("input[name=keep]")?.checked ?? false;
  }

  /** Restores the files to the page, which lists them again. */
  restoreToInput(): void {
    const input = queryOne<HTMLInputElement>("#files");
    if (!input || this.files.length === 0) return;
    const all = new DataTransfer();
    for (const file of this.files) all.items.add(file);
    input.files = all.files;
    const keep = queryOne<HTMLInputElement>("input[name=keep]");
    if (keep) keep.checked = this.keep;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  clear(): void {
    this.files = [];
    this.keep = false;
  }
}
