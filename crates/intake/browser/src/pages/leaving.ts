// Ends everything that a page does when the reporter leaves it by the quick exit, or when the
// program is altered: no request follows, and nothing is shown any more.
const controller = new AbortController();

/** Aborted when the page ends. Every request, and sealing, depends on it. */
export const leaving: AbortSignal = controller.signal;

/** Ends the page. */
export const endPage = (): void => controller.abort();
