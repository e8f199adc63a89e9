// Uploads sealed bytes and retries until they have arrived. The server stores the same bytes only
// once.
import { type OfflineForm, translate } from "./offline_form.ts";
import { createElement, queryOne } from "./dom.ts";
import { type Stored, stored } from "./submission_receipt.ts";

/** The reporter cancelled the upload. */
export class UploadCancelledError extends Error {}

/** The server rejects these bytes permanently. */
export class UploadRejectedError extends Error {}

const MAX_RETRY_DELAY_SECONDS = 60;

/** Idle timeout of the first attempt in seconds. It doubles with each attempt. */
const IDLE_TIMEOUT_SECONDS = 120;

/**
 * Uploads with visible progress. Resolves when the server confirms that the submission is stored
 * durably.
 */
export async function uploadWithRetry(offlineForm: OfflineForm, sealed: Blob, after: Element): Promise<Stored> {
  const status = createElement("div", { class: "sending", role: "status" });
  after.after(status);
  try {
    for (let wait = 2, idleTimeout = IDLE_TIMEOUT_SECONDS; ; wait = Math.min(wait * 2, MAX_RETRY_DELAY_SECONDS), idleTimeout *= 2) {
      const outcome = await postSealed(sealed, idleTimeout, (share) => showProgress(offlineForm, status, share));
      if (typeof outcome === "object") return outcome;
      if (outcome === "refused") throw new UploadRejectedError();
      await waitForRetry(offlineForm, status, outcome, wait);
    }
  } finally {
    status.remove();
  }
}

type UploadOutcome = Stored | "refused" | "lost" | "busy" | "full";

/**
 * Makes one attempt. A browser waits without limit on a dead connection, for instance after a phone
 * changed its network. Such an attempt is aborted after `idleTimeout` seconds. A slow connection
 * needs longer for what the system has buffered, hence the doubling.
 */
function postSealed(sealed: Blob, idleTimeout: number, progress: (share: number) => void): Promise<UploadOutcome> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const restart = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), idleTimeout * 1000);
    };
    request.onloadend = () => clearTimeout(timer);
    request.open("POST", "/api/reports");
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.onprogress = ({ loaded, total }) => {
      restart();
      progress(total > 0 ? loaded / total : 0);
    };
    request.onload = () => {
      if (request.status === 201) resolve(stored(request.responseText));
      else if (request.status === 507) resolve("full");
      else resolve(request.status === 408 || request.status === 429 || request.status >= 500 ? "busy" : "refused");
    };
    request.onerror = request.onabort = request.ontimeout = () => resolve("lost");
    progress(0);
    restart();
    request.send(sealed);
  });
}

function showProgress(offlineForm: OfflineForm, status: HTMLElement, share: number): void {
  const done = Math.floor(share * 100);
  const bar = queryOne<HTMLProgressElement>("progress", status) ?? createElement("progress", { max: "100" });
  bar.value = done;
  const label = createElement("span", {}, translate(offlineForm, "send-progress", { done }));
  status.replaceChildren(label, " ", bar);
}

/** Counts down, unless the reporter retries at once or cancels. */
function waitForRetry(offlineForm: OfflineForm, status: HTMLElement, outcome: "lost" | "busy" | "full", wait: number): Promise<void> {
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
      then();
    };
    const now = () => end(resolve);
    const clock = setInterval(() => {
      left -= 1;
      text.textContent = translate(offlineForm, key, { seconds: left });
      if (left <= 0) now();
    }, 1000);
    again.onclick = now;
    stop.onclick = () => end(() => reject(new UploadCancelledError()));
    addEventListener("online", now);
  });
}
