// Loads the module that scrubs files once the form is usable. The browser checks it against the
// hash in the page, as it checks the script itself.
import type { scrub } from "../metadata/scrub.ts";
import { createElement, queryOne } from "./dom.ts";

interface ScrubberModule {
  scrub: typeof scrub;
}

/** Read at the start, because the script's own element is removed with the first page. */
const { files, filesIntegrity } = queryOne<HTMLScriptElement>("script[data-files]")?.dataset ?? {};
let loading: Promise<ScrubberModule> | undefined;
let attempts = 0;

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
  // A browser caches the failure of an address.
  const url = attempts === 0 ? files : `${files}?${attempts}`;
  attempts += 1;
  await new Promise((resolve, reject) => {
    const script = createElement("script", { type: "module", src: url, integrity: filesIntegrity });
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => reject(new Error("failed to load the scrubber module")));
    document.head.append(script);
  });
  // The verified module, not another request.
  return (await import(url)) as ScrubberModule;
}
