// Loads a module of the program once the form is usable. The browser checks it against the hash in
// the manifest, or without a manifest against the hash in the page.
import { createElement, queryOne } from "./dom.ts";
import type { ProgramFiles } from "./program_files.ts";

/** Read at the start, because the script's own element is removed with the first page. */
const addresses = { ...queryOne<HTMLScriptElement>("script[data-files]")?.dataset };
let program: ProgramFiles | undefined;

/** Sets the program that the modules belong to. */
export const loadModulesOf = (files: ProgramFiles): void => void (program = files);

/** A module with the name that the page gives it. */
export class ProgramModule<Exports> {
  private loading: Promise<Exports> | undefined;
  private attempts = 0;

  constructor(private readonly name: string) {}

  /**
   * Returns the module. Rejects if it does not load or has another hash. The next call tries again.
   */
  load(): Promise<Exports> {
    this.loading ??= this.import().catch((error: unknown) => {
      this.loading = undefined;
      throw error;
    });
    return this.loading;
  }

  private async import(): Promise<Exports> {
    const [path, integrityOfPage] = [addresses[this.name], addresses[`${this.name}Integrity`]];
    if (!path || !integrityOfPage) throw new Error(`the page names no module ${this.name}`);
    // Distinguishes a wrong file from a lost connection. The browser then takes it from its cache.
    if (program?.hash) await program.fetch(path);
    const integrity = program?.integrity(path) ?? integrityOfPage;
    // A browser caches the failure of an address.
    const url = this.attempts === 0 ? path : `${path}?${this.attempts}`;
    this.attempts += 1;
    await new Promise((resolve, reject) => {
      const script = createElement("script", { type: "module", src: url, integrity });
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => reject(new Error(`failed to load the module ${this.name}`)));
      document.head.append(script);
    });
    // The verified module, not another request.
    return (await import(url)) as Exports;
  }
}
