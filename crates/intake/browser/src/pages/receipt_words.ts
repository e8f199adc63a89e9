// The lists in which the pages search typed texts for the words of a receipt. Only the list of the
// language of the page is requested, and at the same moment for all visitors: a request that
// depends on a text would show that the text resembles a receipt.
import type { WordLists } from "../typed_receipt.ts";
import type { ProgramFiles } from "./program_files.ts";
import { fetchWordList } from "./service.ts";

export class ReceiptWords {
  private readonly loaded = new Map<string, readonly string[]>();

  constructor(private readonly files: ProgramFiles) {}

  /** The lists that are loaded. */
  get lists(): WordLists {
    return [...this.loaded.values()];
  }

  /** Loads the list of a language of the pages, unless it is loaded. */
  async load(lang: string): Promise<void> {
    if (!this.loaded.has(lang)) this.loaded.set(lang, await fetchWordList(this.files, lang));
  }
}
