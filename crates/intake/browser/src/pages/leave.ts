// Quick exit: by the link on every page, or by pressing Escape three times. This script is loaded
// before the page is shown, so that a reporter in a hurry waits for nothing. It also holds a form
// with a code until the program has loaded.
//
// The page is emptied at once. Then the browser goes back to the first of our pages in the history,
// and the ordinary page replaces that one: Back leads to what was open before. Browsers without the
// Navigation API do not tell a page which entries are ours. There only the steps of this page are
// left out, and Back can lead to the page of ours before it.

import { holdUntilTakeover } from "./early_hold.ts";

/** Maximum duration of three presses in milliseconds. */
const PRESS_WINDOW_MS = 2000;
/** Maximum milliseconds to go back in the history of this page, which is empty meanwhile. */
const MAX_STEP_WAIT_MS = 1000;
/** Maximum time until our first page begins to load, in milliseconds. */
const MAX_PAGE_WAIT_MS = 3000;
/** The name of the window while it goes back. Our first page reads and clears it. */
const LEAVING = "leaving";
/**
 * The state by which this script marks an entry of the history. The browser does not tell a page
 * the addresses of other entries, because we allow no referrer.
 */
const OWN_PAGE = "own";

/** The part of the Navigation API that is used here. */
interface Navigation {
  readonly currentEntry: HistoryEntry | null;
  entries(): HistoryEntry[];
  traverseTo(key: string): unknown;
  updateCurrentEntry(options: { state: unknown }): void;
}
interface HistoryEntry {
  readonly key: string;
  readonly index: number;
  getState(): unknown;
}

const navigation = (globalThis as { navigation?: Navigation }).navigation;

/** The address from the server, which also ends a visit there. */
const target = (): string => document.querySelector("a.leave")?.getAttribute("href") ?? "/leave";

/** Shows nothing of this page from now on. */
function hidePage(): void {
  document.documentElement.style.display = "none";
  document.title = "";
  document.body?.replaceChildren();
}

/** Goes back in the history of this page and continues, also if the browser does not go back. */
function goBack(steps: number, then: () => void): void {
  let isDone = false;
  const once = () => {
    // Only once: a second navigation would restart the first.
    if (!isDone) then();
    isDone = true;
  };
  addEventListener("popstate", once, { once: true });
  setTimeout(once, MAX_STEP_WAIT_MS);
  history.go(-steps);
}

/** Replaces this page by the ordinary one, and removes the entries after it from the history. */
function replacePage(address: string): void {
  // A new entry removes those after this one. Forward leads to it, and from there away again.
  history.pushState(null, "", "/leave");
  const end = Date.now() + MAX_STEP_WAIT_MS;
  // Browsers report no `popstate` before a page has loaded, and this one may never load.
  const watch = setInterval(() => {
    if (location.pathname === "/leave" && Date.now() < end) return;
    clearInterval(watch);
    location.replace(address);
  }, 10);
  history.back();
}

function leave(): void {
  const address = target();
  // The pages forget what was typed, and do not ask before they are left.
  document.dispatchEvent(new Event("leave"));
  hidePage();
  // A page of ours that is loading would replace this one, and the exit would be lost.
  stop();
  const here = navigation?.currentEntry;
  const first = navigation?.entries().find((entry) => entry.getState() === OWN_PAGE);
  if (navigation && here && first && first.index < here.index) {
    // The first page leaves by another address, so the visit ends now.
    if (address !== "/leave") void fetch(address, { redirect: "manual", keepalive: true }).catch(() => undefined);
    window.name = LEAVING;
    // Steps of the same page.
    addEventListener("popstate", () => finish("/leave"), { once: true });
    setTimeout(() => finish(address), MAX_PAGE_WAIT_MS);
    navigation.traverseTo(first.key);
    return;
  }
  const steps = (history.state as { at?: number } | null)?.at ?? 0;
  if (steps === 0) return replacePage(address);
  goBack(steps, () => replacePage(address));
}

/** Leaves if the window is still leaving. */
function finish(address: string): void {
  if (window.name !== LEAVING) return;
  window.name = "";
  // The first page, to which the browser went back, may be loading.
  window.stop();
  hidePage();
  replacePage(address);
}

finish("/leave");
holdUntilTakeover();
// A page that the browser had stored is shown again without loading.
addEventListener("pageshow", () => finish("/leave"));

// Only pages with this script lead on to the ordinary page.
navigation?.updateCurrentEntry({ state: OWN_PAGE });

let presses: number[] = [];
document.addEventListener("click", (event) => {
  if (!(event.target as Element).closest("a.leave")) return;
  event.preventDefault();
  leave();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.repeat) return;
  presses = [...presses.filter((at) => event.timeStamp - at < PRESS_WINDOW_MS), event.timeStamp];
  if (presses.length < 3) return;
  // Otherwise the browser stops loading.
  event.preventDefault();
  leave();
});
