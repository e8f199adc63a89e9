// The files that were chosen on the review page, while other pages are shown.
import { one } from "./dom.ts";

export class ChosenFiles {
  private files: File[] = [];
  private keep = false;

  hasFiles(): boolean {
    return this.files.length > 0;
  }

  /** Takes over what the page shows, if it is the one with the files. */
  take(): void {
    const input = one<HTMLInputElement>("#files");
    if (!input) return;
    this.files = Array.from(input.files ?? []);
    this.keep = one<HTMLInputElement>("input[name=keep]")?.checked ?? false;
  }

  /** Puts them back into the page, which tells about them again. */
  put(): void {
    const input = one<HTMLInputElement>("#files");
    if (!input || this.files.length === 0) return;
    const all = new DataTransfer();
    for (const file of this.files) all.items.add(file);
    input.files = all.files;
    const keep = one<HTMLInputElement>("input[name=keep]");
    if (keep) keep.checked = this.keep;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  forget(): void {
    this.files = [];
    this.keep = false;
  }
}
