// Holds a form that is submitted while what handles it is still loading, so that the server does
// not receive what this device can handle a moment later.
import { createElement, queryAll, queryOne } from "./dom.ts";
import { isOption } from "./server_form.ts";

/** Handles a form. Returns false if the server handles it, and "later" to hold it. */
export type SubmitHandler = (form: HTMLFormElement, button: HTMLElement | null) => boolean | "later";

/** Handles forms from now on: holds them until `handleWith` is called. */
export class SubmitHolder {
  private held: { form: HTMLFormElement; button: HTMLElement | null } | undefined;
  private handle: SubmitHandler = () => "later";

  /**
   * `waiting` is shown while a form is held, and `bySite` if the server handles a form with typed
   * text after all.
   */
  constructor(
    private readonly waiting: string,
    private readonly bySite: string,
  ) {
    document.addEventListener("submit", (event) => {
      if (this.submit(event.target as HTMLFormElement, event.submitter)) event.preventDefault();
    });
  }

  /** Handles forms with `handle`, the held one first. */
  handleWith(handle: SubmitHandler): void {
    this.handle = handle;
    const { held } = this;
    if (held === undefined) return;
    // A page that was left meanwhile.
    const handled = held.form.isConnected ? handle(held.form, held.button) : true;
    if (handled === "later") return;
    this.stopWaiting();
    if (!handled) held.form.requestSubmit(held.button);
  }

  /**
   * Leaves forms to the server from now on. A held form with typed text is not sent: the page says
   * who reads it, and the reporter decides.
   */
  leaveToServer(): void {
    const { held } = this;
    if (!held || !hasTypedText(held.form)) return this.handleWith(() => false);
    this.handle = () => false;
    this.stopWaiting();
    this.showNote(held.form, held.button, this.bySite);
  }

  private submit(form: HTMLFormElement, button: HTMLElement | null): boolean {
    const handled = this.handle(form, button);
    // The reporter chose something else.
    if (handled !== "later") this.stopWaiting();
    else this.hold(form, button);
    return handled !== false;
  }

  private hold(form: HTMLFormElement, button: HTMLElement | null): void {
    this.held = { form, button };
    if (queryOne(".waiting")) return;
    this.showNote(form, button, createElement("progress", { "aria-hidden": "true" }), " ", this.waiting);
  }

  private showNote(form: HTMLFormElement, button: HTMLElement | null, ...parts: (Node | string)[]): void {
    const note = createElement("p", { class: "sending waiting", role: "status" });
    (button?.closest(".buttons, ul") ?? form).after(note);
    // Screen readers announce a text that changes after its element was inserted.
    setTimeout(() => note.append(...parts));
  }

  private stopWaiting(): void {
    this.held = undefined;
    queryAll(".waiting").forEach((note) => note.remove());
  }
}

/** Returns whether the reporter has typed something into a form. */
const hasTypedText = (form: HTMLFormElement): boolean =>
  queryAll<HTMLInputElement>("textarea, input", form).some((field) => !isOption(field) && field.type !== "hidden" && field.value.trim() !== "");
