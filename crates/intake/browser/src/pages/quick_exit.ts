// Quick exit: by the link on every page, or by pressing Escape three times.
import { queryOne } from "./dom.ts";

/** Maximum duration of three presses in milliseconds. */
const PRESS_WINDOW_MS = 2000;
/** Maximum time to go back in the history, in milliseconds. */
const MAX_HISTORY_WAIT_MS = 200;

/** Clears all state of a page. Returns the number of steps that the page added to the history. */
export type ClearState = () => number;

/**
 * Watches for the quick exit. The page is emptied at once. Then its steps are removed from the
 * history, so that Back leads past it.
 */
export function watchQuickExit(clearState: ClearState): void {
  // The address from the server also ends the visit there.
  const target = queryOne<HTMLAnchorElement>("a.leave")?.getAttribute("href") ?? "/leave";
  let presses: number[] = [];
  document.addEventListener("click", (event) => {
    if (!(event.target as Element).closest("a.leave")) return;
    event.preventDefault();
    quickExit(target, clearState());
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.repeat) return;
    presses = [...presses.filter((at) => event.timeStamp - at < PRESS_WINDOW_MS), event.timeStamp];
    if (presses.length < 3) return;
    // Otherwise the browser stops loading.
    event.preventDefault();
    quickExit(target, clearState());
  });
}

function quickExit(target: string, steps: number): void {
  document.title = "";
  document.body.replaceChildren();
  let isGone = false;
  const away = () => {
    // Only once: a second navigation would restart the first.
    if (!isGone) location.replace(target);
    isGone = true;
  };
  if (steps === 0) return away();
  addEventListener("popstate", away, { once: true });
  setTimeout(away, MAX_HISTORY_WAIT_MS);
  history.go(-steps);
}
