// The part of the script that cleans files. It comes once the form is usable, and is held to the hash that stands in the page, as the
// script itself is.
import type { wash } from "../traces/wash.ts";
import { make, one } from "./dom.ts";

interface Cleaner {
  wash: typeof wash;
}

/** Read at the start, for the script's own element goes with the first page. */
const { files, filesIntegrity } = one<HTMLScriptElement>("script[data-files]")?.dataset ?? {};
let loading: Promise<Cleaner> | undefined;
let attempts = 0;

/** Returns what cleans files; rejects if it does not come or has another hash. The next call then tries again. */
export function loadCleaner(): Promise<Cleaner> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<Cleaner> {
  if (!files || !filesIntegrity) throw new Error("the page names no script that cleans files");
  // A browser remembers the failure of an address.
  const url = attempts === 0 ? files : `${files}?${attempts}`;
  attempts += 1;
  await new Promise((resolve, reject) => {
    const script = make("script", { type: "module", src: url, integrity: filesIntegrity });
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => reject(new Error("the script that cleans files did not load")));
    document.head.append(script);
  });
  // The module that was checked above, not another request.
  return (await import(url)) as Cleaner;
}
