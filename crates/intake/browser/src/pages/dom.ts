// Helpers for the document. Texts are set as text, never as markup. Markup comes only from the
// offline form.
import { leaving } from "./leaving.ts";
import { type OfflineForm, type PageTemplate, translate } from "./offline_form.ts";

export const queryAll = <T extends Element>(selector: string, within: ParentNode = document): T[] =>
  Array.from(within.querySelectorAll<T>(selector));

export const queryOne = <T extends Element>(selector: string, within: ParentNode = document): T | null =>
  within.querySelector<T>(selector);

/** Creates an element with attributes and children. */
export function createElement<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Opens every folded part that contains the element. */
export function unfold(element: Element): void {
  for (let part = element.closest("details"); part; part = part.parentElement!.closest("details")) part.open = true;
}

/**
 * Replaces the current page by a page of the offline form. Throws, and changes nothing, if the form
 * has no such page or the reporter has left.
 */
export function showPage(offlineForm: OfflineForm, page: PageTemplate | undefined, seal: string): void {
  leaving.throwIfAborted();
  if (!page) throw new Error("the form has no such page");
  document.documentElement.lang = offlineForm.lang;
  document.documentElement.dir = offlineForm.dir;
  const parsed = parsePage(offlineForm, page);
  // The script is already running.
  queryAll("script", parsed).forEach((script) => script.remove());
  document.title = parsed.title;
  document.body.replaceChildren(...Array.from(parsed.body.childNodes));
  // On paper, a receipt is printed without the rest of its page.
  document.documentElement.className = queryOne(".ticket") ? "paper" : "";
  showSealingNotice(offlineForm, seal);
  document.dispatchEvent(new Event("page"));
  scrollTo(0, 0);
  queryOne<HTMLElement>("main")?.focus({ preventScroll: true });
}

/** Returns a page of the offline form with its shared parts. */
export function parsePage({ parts }: OfflineForm, { title, body }: PageTemplate): Document {
  const whole = body.replace(/\u0001(\d+)\u0001/g, (_, part: string) => parts[Number(part)] ?? "");
  return new DOMParser().parseFromString(`<title>${title}</title>${whole}`, "text/html");
}

/** Returns the address that a form would be sent to. */
export function submitUrl(form: HTMLFormElement, button: HTMLElement | null): URL {
  return new URL(button?.getAttribute("formaction") ?? form.getAttribute("action") ?? "", location.href);
}

/** Shows the sentence that states where the report is sealed. */
export function showSealingNotice(offlineForm: OfflineForm, key: string): void {
  for (const seal of queryAll<HTMLElement>(".seal")) {
    const shown = "short" in seal.dataset ? "seal-here-short" : key;
    seal.textContent = translate(offlineForm, shown);
    seal.dataset["sealed"] = "here";
    seal.dataset["clip"] = shown;
  }
  // True only where the server seals, or where no script hides the questions that do not apply.
  queryAll("[data-server-seals]").forEach((element) => element.remove());
  // True only where the browser seals.
  queryAll("[data-browser-seals]").forEach((element) => element.removeAttribute("hidden"));
}

/** Says that the language cannot change without a connection. The page stays as it is. */
export function showOfflineNotice(offlineForm: OfflineForm): void {
  queryOne(".offline")?.remove();
  const notice = createElement("p", { class: "careful offline", role: "alert", tabindex: "-1" }, translate(offlineForm, "switch-offline"));
  queryOne("main")?.prepend(notice);
  notice.focus();
}

/** Shows the error summary at the beginning of the page. Each error links to its field. */
export function showErrors(offlineForm: OfflineForm, errors: { target: string; text: string }[]): void {
  clearErrors(offlineForm);
  const items = errors.map(({ target, text }) => {
    const link = createElement("a", { href: `#${target}` }, text);
    link.addEventListener("click", (event) => {
      // Following the link would add to the history, which holds the steps of the form.
      event.preventDefault();
      document.getElementById(target)?.focus();
    });
    return createElement("li", {}, link);
  });
  const summary = createElement("div", { class: "wrong", role: "alert", tabindex: "-1" });
  summary.append(createElement("h2", {}, translate(offlineForm, "wrong-heading")), createElement("ul", {}, ...items));
  queryOne("main")?.prepend(summary);
  for (const { target, text } of errors) {
    const place = document.getElementById(target);
    if (place) unfold(place);
    if (place?.matches("input, select, textarea")) markField(offlineForm, place, text);
  }
  document.title = translate(offlineForm, "wrong-title") + document.title;
  summary.focus();
}

/** Shows the error beside its field, as the server does. */
function markField(offlineForm: OfflineForm, field: Element, text: string): void {
  const error = createElement("p", { class: "error", id: `e-${field.id}` }, createElement("b", {}, translate(offlineForm, "wrong-title")), text);
  field.before(error);
  field.setAttribute("aria-invalid", "true");
  const described = field.getAttribute("aria-describedby");
  field.setAttribute("aria-describedby", described ? `${described} ${error.id}` : error.id);
  field.closest(".q")?.classList.add("bad");
}

/** Removes all errors before the next attempt. */
export function clearErrors(offlineForm: OfflineForm): void {
  queryAll(".wrong[role=alert], .error, .nearest").forEach((error) => error.remove());
  queryAll(".bad").forEach((question) => question.classList.remove("bad"));
  queryAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
  const marked = translate(offlineForm, "wrong-title");
  if (document.title.startsWith(marked)) document.title = document.title.slice(marked.length);
}
