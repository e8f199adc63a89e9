// Posting sealed bytes, again and again until they have arrived: filing the same bytes twice is filing them once.
import { type Kit, say } from "./kit.ts";
import { make, one } from "./dom.ts";
import { type Stored, stored } from "./stored.ts";

/** The person gave up waiting. */
export class Stopped extends Error {}

/** The server will not take these bytes, however often they are sent. */
export class Refused extends Error {}

const LONGEST_WAIT = 60;

/** How long an attempt may make no progress, in seconds; each attempt may take twice as long as the one before. */
const LONGEST_SILENCE = 120;

/** Sends, with progress in words and in a bar. Resolves once the server has said that it is durable. */
export async function send(kit: Kit, sealed: Blob, after: Element): Promise<Stored> {
  const status = make("div", { class: "sending", role: "status" });
  after.after(status);
  try {
    for (let wait = 2, silence = LONGEST_SILENCE; ; wait = Math.min(wait * 2, LONGEST_WAIT), silence *= 2) {
      const outcome = await post(sealed, silence, (share) => progress(kit, status, share));
      if (typeof outcome === "object") return outcome;
      if (outcome === "refused") throw new Refused();
      await pause(kit, status, outcome, wait);
    }
  } finally {
    status.remove();
  }
}

type Outcome = Stored | "refused" | "lost" | "busy" | "full";

/**
 * One attempt. A browser waits without limit on a line that went dead unnoticed, as it does when a phone changes its network.
 * Such an attempt is ended after `silence` seconds. A slow line needs longer for what the system has buffered, hence the doubling.
 */
function post(sealed: Blob, silence: number, progress: (share: number) => void): Promise<Outcome> {
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

function progress(kit: Kit, status: HTMLElement, share: number): void {
  const done = Math.floor(share * 100);
  const bar = one<HTMLProgressElement>("progress", status) ?? make("progress", { max: "100" });
  bar.value = done;
  const label = make("span", {}, say(kit, "send-progress", { done }));
  status.replaceChildren(label, " ", bar);
}

/** Counts down, unless the person wants to try at once, or to stop. */
function pause(kit: Kit, status: HTMLElement, outcome: "lost" | "busy" | "full", wait: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = wait;
    const key = { lost: "send-waiting", busy: "send-busy", full: "send-full" }[outcome];
    const text = make("p", {}, say(kit, key, { seconds: left }));
    const again = make("button", { type: "button", class: "button" }, say(kit, "send-again"));
    const stop = make("button", { type: "button", class: "quiet" }, say(kit, "send-stop"));
    status.replaceChildren(text, make("p", { class: "buttons" }, again, " ", stop));
    const end = (then: () => void) => {
      clearInterval(clock);
      removeEventListener("online", now);
      then();
    };
    const now = () => end(resolve);
    const clock = setInterval(() => {
      left -= 1;
      text.textContent = say(kit, key, { seconds: left });
      if (left <= 0) now();
    }, 1000);
    again.onclick = now;
    stop.onclick = () => end(() => reject(new Stopped()));
    addEventListener("online", now);
  });
}
