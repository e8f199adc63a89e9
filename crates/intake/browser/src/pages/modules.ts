// Loads the modules of the program that the first page does not need. The browser checks each
// against the hash in the manifest, or without a manifest against the hash in the page. A module
// imports only this script, which is loaded already: another import would be executed without that
// check.
import { encode, random } from "../bytes.ts";
import type { scrub } from "../metadata/scrub.ts";
import { createElement } from "./dom.ts";
import { type ProgramFiles, ownScript } from "./program_files.ts";

/** What each module exports. `modules.mjs` has the file of each. */
export interface ProgramModules {
  /** The pages of a report. */
  form: typeof import("./report_pages.ts");
  /** Sealing, uploading and the receipt page. */
  seal: typeof import("./sealing.ts");
  /** The pages of a returning reporter. */
  return: typeof import("./return_pages.ts");
  /** The QR code of a receipt. */
  qr: typeof import("./qr.ts");
  /** Removal of metadata from files. */
  files: { scrub: typeof scrub };
  /** Drafts. */
  draft: typeof import("./draft_panel.ts");
  /** Spoken help. */
  listen: typeof import("./spoken_help.ts");
  /** Recording, and alteration of voices. */
  voice: typeof import("../voice/recorder.ts");
}

/**
 * How long a script may take to load, in milliseconds. A browser does not report its progress. The
 * largest one takes 7 seconds on a line of 50 kbit/s, and is mostly in the cache already.
 */
const SCRIPT_TIMEOUT_MS = 120_000;

/** The addresses and hashes in the page. Read at the start, because the first page removes them. */
const addresses = { ...ownScript?.dataset };
let program: ProgramFiles | undefined;
const loading = new Map<string, Promise<unknown>>();
/** Sets the program that the modules belong to. */
export const loadModulesOf = (files: ProgramFiles): void => void (program = files);

/**
 * Returns a module. Rejects if it does not load or has another hash. The next call tries again.
 */
export function loadModule<Name extends keyof ProgramModules>(name: Name): Promise<ProgramModules[Name]> {
  const known = loading.get(name);
  if (known) return known as Promise<ProgramModules[Name]>;
  const module = importModule(name).catch((error: unknown) => {
    loading.delete(name);
    throw error;
  });
  loading.set(name, module);
  return module as Promise<ProgramModules[Name]>;
}

async function importModule(name: string): Promise<unknown> {
  const [path, integrityOfPage] = [addresses[name], addresses[`${name}Integrity`]];
  if (!path || !integrityOfPage) throw new Error(`the page names no module ${name}`);
  // Distinguishes a wrong file, and a service that was updated, from a lost connection. The browser
  // then takes it from its cache.
  await program?.fetch(path);
  const integrity = program?.integrity(path) ?? integrityOfPage;
  // A browser loads each address once, fragment included. The page may have named the address of
  // the module before, without a hash, and the browser stores the failure of an address.
  const url = `${path}#${encode(random(8))}`;
  await new Promise((resolve, reject) => {
    const script = createElement("script", { type: "module", src: url, integrity });
    script.addEventListener("load", resolve);
    const fail = () => reject(new Error(`failed to load the module ${name}`));
    script.addEventListener("error", fail);
    setTimeout(fail, SCRIPT_TIMEOUT_MS);
    document.head.append(script);
  });
  // The verified module, not another request.
  return import(url);
}
