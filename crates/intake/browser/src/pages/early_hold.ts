// Holds a form with a code until the program of the page has loaded, so that the code does not go
// to the server from a page that opens the messages itself a moment later. It is part of the script
// that runs before the page is shown, so no tap is faster.
import { TAKEOVER } from "./takeover.ts";

/** Only forms with a code state what to show while the program loads. */
const FORM = "form[data-wait]";
/** Maximum time for which a form is held, in milliseconds. */
const MAX_LOADING_MS = 60_000;

/** Holds forms with a code from now on, until the program takes the page over or fails. */
export function holdUntilTakeover(): void {
  let held: { form: HTMLFormElement; button: HTMLElement | null } | undefined;
  const note = document.createElement("p");
  note.className = "hint waiting";
  note.setAttribute("role", "status");
  const seal = () => document.querySelector<HTMLElement>(`${FORM} .seal`);

  // Who opens the messages is not known yet. Scripts run before the page is complete.
  const parsing = new MutationObserver(() => {
    const sentence = seal();
    if (!sentence) return;
    parsing.disconnect();
    note.textContent = sentence.closest<HTMLElement>(FORM)!.dataset["wait"]!;
    sentence.hidden = true;
    sentence.after(note);
  });
  parsing.observe(document, { childList: true, subtree: true });

  const hold = (event: SubmitEvent) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches(FORM)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    held = { form, button: event.submitter };
    if (note.querySelector("progress")) return;
    const progress = document.createElement("progress");
    progress.setAttribute("aria-hidden", "true");
    note.prepend(progress, " ");
  };
  document.addEventListener("submit", hold, true);

  const end = (isTakenOver: boolean) => {
    parsing.disconnect();
    document.removeEventListener("submit", hold, true);
    note.remove();
    const sentence = seal();
    if (sentence) sentence.hidden = false;
    if (!held?.form.isConnected) return;
    const { form, button } = held;
    held = undefined;
    if (isTakenOver) return form.requestSubmit(button);
    // The page says that the server opens the messages. The reporter decides.
    note.textContent = form.dataset["bySite"]!;
    sentence?.after(note);
  };
  document.addEventListener(TAKEOVER, (event) => end((event as CustomEvent<boolean>).detail));
  // The program did not load, or this browser is too old for it. Other files are not needed.
  addEventListener("error", ({ target }) => (target instanceof Element && target.localName !== "script") || end(false), true);
  setTimeout(end, MAX_LOADING_MS, false);
}
