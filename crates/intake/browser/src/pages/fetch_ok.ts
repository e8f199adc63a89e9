// Requests to the service.
import { type Bytes, concat, text } from "../bytes.ts";
import type { RootSignature } from "../directory.ts";
import { leaving } from "./leaving.ts";

/** The service has no file at an address. */
export class MissingFileError extends Error {}

/**
 * How long a response may bring nothing, in milliseconds. A browser waits without limit on a dead
 * connection. On a line of 50 kbit/s, 300 kB of other files arrive in this time.
 */
const IDLE_TIMEOUT_MS = 60_000;

/**
 * Returns the content of a response that is neither an error nor a redirect to one. Throws a
 * `TypeError` if nothing arrives any more, as `fetch` does for a lost connection. The request has
 * the credentials of the links of the pages: with others, a browser would open another connection,
 * and fetch again what a page has named. The service sets no cookie. The request ends with the
 * page.
 */
export async function fetchBytes(path: string, init?: RequestInit): Promise<Bytes> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  let stalled = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      stalled = true;
      stop();
    }, IDLE_TIMEOUT_MS);
  };
  if (leaving.aborted) stop();
  leaving.addEventListener("abort", stop);
  try {
    restart();
    const response = await fetch(path, { ...init, signal: controller.signal });
    if (response.status === 404) throw new MissingFileError(`${path}: 404`);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    const parts: Uint8Array[] = [];
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
      restart();
      parts.push(part.value);
    }
    return concat(...parts);
  } catch (error) {
    throw stalled ? new TypeError(`${path}: timeout`) : error;
  } finally {
    clearTimeout(timer);
    leaving.removeEventListener("abort", stop);
  }
}

/** Returns the signatures of the directory. */
export async function fetchSignatures(init?: RequestInit): Promise<RootSignature[]> {
  return JSON.parse(text(await fetchBytes("/directory.sig", init))) as RootSignature[];
}
