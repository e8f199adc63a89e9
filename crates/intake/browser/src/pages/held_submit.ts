// Handles every form of the page, and holds one that is submitted while what handles it is still
// loading, so that the server does not receive what this device can handle a moment later.
import { createElement, queryAll, queryOne } from "./dom.ts";
import { isOption } from "./server_form.ts";

/** Handles a form. Returns "later" to hold it. */
export type SubmitHandler = (form: HTMLFormElement, button: HTMLElement | null) => void | "later";

/** Handles forms from now on: holds them until `handleWith` or `leaveToServer` is called. */
export class SubmitHolder {
  private held: { form: HTMLFormElement; button: HTMLElement | null } | undefined;
  private handle: SubmitHandler = () => "later";
  /** Whether the server handles the forms of this page. */
  private passes = false;

  /**
   * `waiting` is shown while a form is held, and `bySite` if the server handles a form with typed
   * text after all. `failed` gets the errors of handlers.
   */
  constructor(
    private readonly waiting: string,
    private readonly bySite: string,
    private readonly failed: (error: unknown) => void,
  ) {
    document.addEventListener("submit", (event) => {
      if (this.passes) return;
      // Before everything that can fail: after an error, the browser would send the form in clear.
      event.preventDefault();
      this.submit(event.target as HTMLFormElement, event.submitter);
    });
  }

  /** Handles forms with `handle`, the held one first. */
  handleWith(handle: SubmitHandler): void {
    this.handle = handle;
    this.passes = false;
    const { held } = this;
    // The page of the form may be gone.
    if (held?.form.isConnected) this.submit(held.form, held.button);
    else this.drop();
  }

  /**
   * Leaves the forms to the server until `handleWith` is called, the held one first. A held form
   * with typed text is not sent: the page says who reads it, and the reporter decides.
   */
  leaveToServer(): void {
    const { held } = this;
    this.passes = true;
    this.drop();
    if (!held?.form.isConnected) return;
    if (hasTypedText(held.form)) this.showNote(held.form, held.button, this.bySite);
    else held.form.requestSubmit(held.button);
  }

  /** Forgets the form that is held. */
  drop(): void {
    this.held = undefined;
    queryAll(".waiting").forEach((note) => note.remove());
  }

  private submit(form: HTMLFormElement, button: HTMLElement | null): void {
    try {
      if (this.handle(form, button) === "later") return this.hold(form, button);
    } catch (error) {
      this.failed(error);
    }
    // Handled, or the reporter chose something else.
    this.drop();
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
}

/** Returns whether the reporter has typed something into a form. */
const hasTypedText = (form: HTMLFormElement): boolean =>
  queryAll<HTMLInputElement>("textarea, input", form).some((field) => !isOption(field) && field.type !== "hidden" && field.value.trim() !== "");
