// Loads the module that scrubs files once the form is usable. The browser checks it against the
// hash in the manifest, or without a manifest against the hash in the page.
import type { scrub } from "../metadata/scrub.ts";
import { createElement, queryOne } from "./dom.ts";
import type { ProgramFiles } from "./program_files.ts";

interface ScrubberModule {
  scrub: typeof scrub;
}

/** Read at the start, because the script's own element is removed with the first page. */
const { files, filesIntegrity } = queryOne<HTMLScriptElement>("script[data-files]")?.dataset ?? {};
let program: ProgramFiles | undefined;
let loading: Promise<ScrubberModule> | undefined;
let attempts = 0;

/** Sets the program that the module belongs to. */
export const scrubWith = (files: ProgramFiles): void => void (program = files);

/**
 * Returns the module. Rejects if it does not load or has another hash. The next call tries again.
 */
export function loadScrubber(): Promise<ScrubberModule> {
  loading ??= importScrubber().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function importScrubber(): Promise<ScrubberModule> {
  if (!files || !filesIntegrity) throw new Error("the page names no scrubber module");
  // Distinguishes a wrong file from a lost connection. The browser then takes it from its cache.
  if (program?.hash) await program.fetch(files);
  const integrity = program?.integrity(files) ?? filesIntegrity;
  // A browser caches the failure of an address.
  const url = attempts === 0 ? files : `${files}?${attempts}`;
  attempts += 1;
  await new Promise((resolve, reject) => {
    const script = createElement("script", { type: "module", src: url, integrity });
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => reject(new Error("failed to load the scrubber module")));
    document.head.append(script);
  });
  // The verified module, not another request.
  return (await import(url)) as ScrubberModule;
}
