// Loads the form of another language while the reporter goes on with the page.
import { ProgramMismatchError } from "../program.ts";
import { showOfflineNotice } from "./dom.ts";
import { isProgramFailure, showFailure } from "./failure.ts";
import { type OfflineForm, fetchOfflineForm } from "./offline_form.ts";
import type { ProgramFiles } from "./program_files.ts";

export class LanguageSwitch {
  private pending = new AbortController();

  constructor(private readonly files: ProgramFiles) {}

  /** Drops the switch that is pending. */
  cancel(): void {
    this.pending.abort();
  }

  /**
   * Calls `show` with the form of a language once it is loaded, unless another switch or `cancel`
   * comes first. Otherwise the page stays as it is, and says why in its present language.
   */
  async to(lang: string, present: OfflineForm, show: (offlineForm: OfflineForm) => void): Promise<void> {
    this.cancel();
    const { signal } = (this.pending = new AbortController());
    const loaded = await fetchOfflineForm(this.files, lang).catch((error: unknown) => {
      if (signal.aborted && !(error instanceof ProgramMismatchError)) return undefined;
      if (isProgramFailure(error)) showFailure(present, error);
      else showOfflineNotice(present);
      return undefined;
    });
    if (!loaded || signal.aborted) return;
    try {
      show(loaded);
    } catch (error) {
      showFailure(loaded, error);
    }
  }
}
