// The part of the script that cleans files. It comes once the form is usable, and is held to the
// hash that stands in the page, as the script itself is.
import type { scrub } from "../metadata/scrub.ts";
import { createElement, queryOne } from "./dom.ts";

interface ScrubberModule {
  scrub: typeof scrub;
}

/** Read at the start, for the script's own element goes with the first page. */
const { files, filesIntegrity } = queryOne<HTMLScriptElement>("script[data-files]")?.dataset ?? {};
let loading: Promise<ScrubberModule> | undefined;
let attempts = 0;

/** Returns what cleans files; rejects if it does not come or has another hash. The next call then tries again. */
export function loadScrubber(): Promise<ScrubberModule> {
  loading ??= importScrubber().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function importScrubber(): Promise<ScrubberModule> {
  if (!files || !filesIntegrity) throw new Error("the page names no script that cleans files");
  // A browser remembers the failure of an address.
  const url = attempts === 0 ? files : `${files}?${attempts}`;
  attempts += 1;
  await new Promise((resolve, reject) => {
    const script = createElement("script", { type: "module", src: url, integrity: filesIntegrity });
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => reject(new Error("the script that cleans files did not load")));
    document.head.append(script);
  });
  // The module that was checked above, not another request.
  return (await import(url)) as ScrubberModule;
}
