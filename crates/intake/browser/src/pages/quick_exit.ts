// Leaving in a hurry: by the link on every page, or by pressing Escape three times.
import { queryOne } from "./dom.ts";

/** How long three presses may take, in milliseconds. */
const PRESS_WINDOW_MS = 2000;
/** How long the history may take to go back, in milliseconds. */
const MAX_HISTORY_WAIT_MS = 200;

/** What a page does when the reporter leaves: it forgets everything, and returns how many steps it has put into the history. */
export type ClearState = () => number;

/** Watches for the wish to leave. The page is emptied at once; then its steps go from the history, so that Back leads past it. */
export function watchQuickExit(forget: ClearState): void {
  // The address that the server gave: it ends the visit there, too.
  const target = queryOne<HTMLAnchorElement>("a.leave")?.getAttribute("href") ?? "/leave";
  let presses: number[] = [];
  document.addEventListener("click", (event) => {
    if (!(event.target as Element).closest("a.leave")) return;
    event.preventDefault();
    quickExit(target, forget());
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.repeat) return;
    presses = [...presses.filter((at) => event.timeStamp - at < PRESS_WINDOW_MS), event.timeStamp];
    if (presses.length < 3) return;
    // Or the browser takes the key as the wish to stop loading.
    event.preventDefault();
    quickExit(target, forget());
  });
}

function quickExit(target: string, steps: number): void {
  document.title = "";
  document.body.replaceChildren();
  let isGone = false;
  const away = () => {
    // Once: a second navigation would begin the first one again.
    if (!isGone) location.replace(target);
    isGone = true;
  };
  if (steps === 0) return away();
  addEventListener("popstate", away, { once: true });
  setTimeout(away, MAX_HISTORY_WAIT_MS);
  history.go(-steps);
}
