// Posting sealed bytes, again and again until they have arrived: filing the same bytes twice is
// filing them once.
import { type OfflineForm, translate } from "./offline_form.ts";
import { createElement, queryOne } from "./dom.ts";
import { type Stored, stored } from "./submission_receipt.ts";

/** The person gave up waiting. */
export class UploadCancelledError extends Error {}

/** The server will not take these bytes, however often they are sent. */
export class UploadRejectedError extends Error {}

const MAX_RETRY_DELAY_SECONDS = 60;

/** How long an attempt may make no progress, in seconds; each attempt may take twice as long as the one before. */
const IDLE_TIMEOUT_SECONDS = 120;

/** Sends, with progress in words and in a bar. Resolves once the server has said that it is durable. */
export async function uploadWithRetry(kit: OfflineForm, sealed: Blob, after: Element): Promise<Stored> {
  const status = createElement("div", { class: "sending", role: "status" });
  after.after(status);
  try {
    for (let wait = 2, silence = IDLE_TIMEOUT_SECONDS; ; wait = Math.min(wait * 2, MAX_RETRY_DELAY_SECONDS), silence *= 2) {
      const outcome = await postSealed(sealed, silence, (share) => showProgress(kit, status, share));
      if (typeof outcome === "object") return outcome;
      if (outcome === "refused") throw new UploadRejectedError();
      await waitForRetry(kit, status, outcome, wait);
    }
  } finally {
    status.remove();
  }
}

type UploadOutcome = Stored | "refused" | "lost" | "busy" | "full";

/**
 * One attempt. A browser waits without limit on a line that went dead unnoticed, as it does when a phone changes its network.
 * Such an attempt is ended after `silence` seconds. A slow line needs longer for what the system has buffered, hence the doubling.
 */
function postSealed(sealed: Blob, silence: number, progress: (share: number) => void): Promise<UploadOutcome> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const restart = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), silence * 1000);
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

function showProgress(kit: OfflineForm, status: HTMLElement, share: number): void {
  const done = Math.floor(share * 100);
  const bar = queryOne<HTMLProgressElement>("progress", status) ?? createElement("progress", { max: "100" });
  bar.value = done;
  const label = createElement("span", {}, translate(kit, "send-progress", { done }));
  status.replaceChildren(label, " ", bar);
}

/** Counts down, unless the person wants to try at once, or to stop. */
function waitForRetry(kit: OfflineForm, status: HTMLElement, outcome: "lost" | "busy" | "full", wait: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = wait;
    const key = { lost: "send-waiting", busy: "send-busy", full: "send-full" }[outcome];
    const text = createElement("p", {}, translate(kit, key, { seconds: left }));
    const again = createElement("button", { type: "button", class: "button" }, translate(kit, "send-again"));
    const stop = createElement("button", { type: "button", class: "quiet" }, translate(kit, "send-stop"));
    status.replaceChildren(text, createElement("p", { class: "buttons" }, again, " ", stop));
    const end = (then: () => void) => {
      clearInterval(clock);
      removeEventListener("online", now);
      then();
    };
    const now = () => end(resolve);
    const clock = setInterval(() => {
      left -= 1;
      text.textContent = translate(kit, key, { seconds: left });
      if (left <= 0) now();
    }, 1000);
    again.onclick = now;
    stop.onclick = () => end(() => reject(new UploadCancelledError()));
    addEventListener("online", now);
  });
}
