// Uploads sealed bytes and retries until they have arrived. The server stores the same bytes only
// once. It stores the pieces of a large submission as they arrive, so that an attempt continues
// where the one before it was cut.
import { encode, random } from "../bytes.ts";
import { type OfflineForm, translate } from "./offline_form.ts";
import { createElement, queryOne } from "./dom.ts";
import { leaving } from "./leaving.ts";
import { type Stored, stored } from "./submission_receipt.ts";

/** The reporter cancelled the upload. */
export class UploadCancelledError extends Error {}

/** The server rejects these bytes permanently. */
export class UploadRejectedError extends Error {}

const MAX_RETRY_DELAY_SECONDS = 60;

/** Idle timeout of the first attempt in seconds. It doubles with each attempt without progress. */
const IDLE_TIMEOUT_SECONDS = 120;

/** A submission of at least this length in bytes can be continued after a cut. */
const MIN_RESUMABLE_BYTES = 1024 * 1024;

/**
 * Uploads with visible progress. Resolves when the server confirms that the submission is stored
 * durably. Ends without a further request when the reporter leaves the page.
 */
export async function uploadWithRetry(offlineForm: OfflineForm, sealed: Blob, after: Element): Promise<Stored> {
  const status = createElement("div", { class: "sending", role: "status" });
  after.after(status);
  const upload: Upload = { sealed, id: sealed.size < MIN_RESUMABLE_BYTES ? undefined : encode(random(32)), offset: 0, whole: false };
  // Aborted by the button that stops sending, in each state in which it is shown.
  const cancellation = new AbortController();
  try {
    for (let wait = 2, idleTimeout = IDLE_TIMEOUT_SECONDS; ; wait = Math.min(wait * 2, MAX_RETRY_DELAY_SECONDS), idleTimeout *= 2) {
      leaving.throwIfAborted();
      const before = upload.offset;
      const outcome = await postRest(upload, idleTimeout, (share) => showProgress(offlineForm, status, share));
      if (typeof outcome === "object") return outcome;
      if (outcome === "refused") throw new UploadRejectedError();
      for (let next: UploadOutcome | undefined = outcome; next !== undefined; ) {
        leaving.throwIfAborted();
        await waitForRetry(offlineForm, status, next, wait, cancellation);
        leaving.throwIfAborted();
        const found = await findOffset(upload, cancellation.signal);
        if (typeof found === "object") return found;
        cancellation.signal.throwIfAborted();
        next = found;
      }
      // The space for pieces is smaller than that for submissions in one request.
      upload.whole = outcome === "full" && upload.offset === 0 && !upload.whole;
      if (upload.offset > before) [wait, idleTimeout] = [1, IDLE_TIMEOUT_SECONDS / 2];
    }
  } catch (error) {
    if (error instanceof UploadCancelledError) discard(upload);
    throw error;
  } finally {
    status.remove();
  }
}

/** A submission that is being uploaded. */
interface Upload {
  readonly sealed: Blob;
  /** The random id under which the server stores the pieces. A small submission has none. */
  readonly id: string | undefined;
  /** The number of bytes that the server has stored. */
  offset: number;
  /** Whether the next attempt sends all bytes in one request, which cannot be continued. */
  whole: boolean;
}

type RetryReason = "lost" | "busy" | "full";
type UploadOutcome = Stored | "refused" | RetryReason;

/** Timeout for the question how much has arrived, in milliseconds. */
const OFFSET_TIMEOUT_MS = 30_000;

/**
 * Asks how much of the upload the server has stored. Returns the confirmation if it is all, a
 * reason to ask again later, or undefined if the upload can continue.
 */
async function findOffset(upload: Upload, cancelled: AbortSignal): Promise<Stored | RetryReason | undefined> {
  if (upload.id === undefined) return undefined;
  const asking = new AbortController();
  const abort = () => asking.abort();
  const timer = setTimeout(abort, OFFSET_TIMEOUT_MS);
  cancelled.addEventListener("abort", abort);
  try {
    const response = await fetch(`/api/uploads/${upload.id}`, { cache: "no-store", signal: asking.signal });
    if (response.status === 201) return stored(await response.text());
    if (!response.ok) return "busy";
    const { offset } = (await response.json()) as { offset?: unknown };
    upload.offset = typeof offset === "number" && offset >= 0 && offset < upload.sealed.size ? offset : 0;
    return undefined;
  } catch {
    return "lost";
  } finally {
    clearTimeout(timer);
    cancelled.removeEventListener("abort", abort);
  }
}

/** Deletes the pieces of a cancelled upload. The server deletes them later if this fails. */
function discard({ id }: Upload): void {
  if (id !== undefined) void fetch(`/api/uploads/${id}/discard`, { method: "POST", keepalive: true }).catch(() => undefined);
}

/**
 * Makes one attempt. A browser waits without limit on a dead connection, for instance after a phone
 * changed its network. Such an attempt is aborted after `idleTimeout` seconds. A slow connection
 * needs longer for what the system has buffered, hence the doubling.
 */
function postRest({ sealed, id: resumable, offset, whole }: Upload, idleTimeout: number, progress: (share: number) => void): Promise<UploadOutcome> {
  const id = whole ? undefined : resumable;
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const abort = () => request.abort();
    const restart = () => {
      clearTimeout(timer);
      timer = setTimeout(abort, idleTimeout * 1000);
    };
    leaving.addEventListener("abort", abort);
    request.onloadend = () => {
      clearTimeout(timer);
      leaving.removeEventListener("abort", abort);
    };
    request.open("POST", id === undefined ? "/api/reports" : `/api/uploads/${id}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    if (id !== undefined) {
      request.setRequestHeader("upload-offset", String(offset));
      request.setRequestHeader("upload-length", String(sealed.size));
    }
    request.upload.onprogress = ({ loaded }) => {
      restart();
      progress(Math.min(1, (offset + loaded) / sealed.size));
    };
    request.onload = () => {
      const { status } = request;
      if (status === 201) resolve(stored(request.responseText));
      else if (status === 507) resolve("full");
      // 202, 409: the server has stored more or less of the upload than this attempt assumes.
      else resolve([202, 408, 409, 429].includes(status) || status >= 500 ? "busy" : "refused");
    };
    request.onerror = request.onabort = request.ontimeout = () => resolve("lost");
    progress(offset / sealed.size);
    restart();
    request.send(sealed.slice(offset));
  });
}

function showProgress(offlineForm: OfflineForm, status: HTMLElement, share: number): void {
  const done = Math.floor(share * 100);
  const bar = queryOne<HTMLProgressElement>("progress", status) ?? createElement("progress", { max: "100" });
  bar.value = done;
  const label = createElement("span", {}, translate(offlineForm, "send-progress", { done }));
  status.replaceChildren(label, " ", bar);
}

/**
 * Counts down, unless the reporter retries at once or cancels. The button that cancels stays on the
 * page afterwards, until the next attempt shows its progress.
 */
function waitForRetry(offlineForm: OfflineForm, status: HTMLElement, outcome: RetryReason, wait: number, cancellation: AbortController): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = wait;
    const key = { lost: "send-waiting", busy: "send-busy", full: "send-full" }[outcome];
    const text = createElement("p", {}, translate(offlineForm, key, { seconds: left }));
    const again = createElement("button", { type: "button", class: "button" }, translate(offlineForm, "send-again"));
    const stop = createElement("button", { type: "button", class: "quiet" }, translate(offlineForm, "send-stop"));
    status.replaceChildren(text, createElement("p", { class: "buttons" }, again, " ", stop));
    const end = (then: () => void) => {
      clearInterval(clock);
      removeEventListener("online", now);
      cancellation.signal.removeEventListener("abort", cancel);
      then();
    };
    const now = () => end(resolve);
    const cancel = () => end(() => reject(cancellation.signal.reason));
    const clock = setInterval(() => {
      left -= 1;
      text.textContent = translate(offlineForm, key, { seconds: left });
      if (left <= 0) now();
    }, 1000);
    again.onclick = now;
    stop.onclick = () => cancellation.abort(new UploadCancelledError());
    cancellation.signal.addEventListener("abort", cancel);
    addEventListener("online", now);
  });
}
