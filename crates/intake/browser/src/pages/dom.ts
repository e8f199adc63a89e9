// Small help with the document. Texts are set as texts, never as markup; markup comes from the kit
// alone.
import { type OfflineForm, type PageTemplate, translate } from "./offline_form.ts";

export const queryAll = <T extends Element>(selector: string, within: ParentNode = document): T[] =>
  Array.from(within.querySelectorAll<T>(selector));

export const queryOne = <T extends Element>(selector: string, within: ParentNode = document): T | null =>
  within.querySelector<T>(selector);

/** An element with attributes and children. */
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

/** Puts a page of the kit in the place of the one that is shown. */
export function showPage(kit: OfflineForm, page: PageTemplate, seal: string): void {
  document.documentElement.lang = kit.lang;
  document.documentElement.dir = kit.dir;
  const parsed = new DOMParser().parseFromString(`<title>${page.title}</title>${page.body}`, "text/html");
  // The script runs already.
  queryAll("script", parsed).forEach((script) => script.remove());
  document.title = parsed.title;
  document.body.replaceChildren(...Array.from(parsed.body.childNodes));
  showSealingNotice(kit, seal);
  scrollTo(0, 0);
  queryOne<HTMLElement>("main")?.focus({ preventScroll: true });
}

/** Where a form would go. */
export function submitUrl(form: HTMLFormElement, button: HTMLElement | null): URL {
  return new URL(button?.getAttribute("formaction") ?? form.getAttribute("action") ?? "", location.href);
}

/** The one sentence that says which way of sealing is in force. */
export function showSealingNotice(kit: OfflineForm, key: string): void {
  for (const seal of queryAll<HTMLElement>(".seal")) {
    seal.textContent = translate(kit, key);
    seal.dataset["sealed"] = "here";
  }
  // What is true only where the server seals.
  queryAll("[data-server-seals]").forEach((element) => element.remove());
  // And what is true only here.
  queryAll("[data-browser-seals]").forEach((element) => element.removeAttribute("hidden"));
}

/** The error summary, at the beginning of the page: each error leads to its place. */
export function showErrors(kit: OfflineForm, errors: { target: string; text: string }[]): void {
  clearErrors(kit);
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
  summary.append(createElement("h2", {}, translate(kit, "wrong-heading")), createElement("ul", {}, ...items));
  queryOne("main")?.prepend(summary);
  for (const { target, text } of errors) {
    const place = document.getElementById(target);
    place?.closest("details")?.setAttribute("open", "");
    if (place?.matches("input, select, textarea")) markField(kit, place, text);
  }
  document.title = translate(kit, "wrong-title") + document.title;
  summary.focus();
}

/** The error once more beside its field, as the server writes it. */
function markField(kit: OfflineForm, field: Element, text: string): void {
  const error = createElement("p", { class: "error", id: `e-${field.id}` }, createElement("b", {}, translate(kit, "wrong-title")), text);
  field.before(error);
  field.setAttribute("aria-invalid", "true");
  const described = field.getAttribute("aria-describedby");
  field.setAttribute("aria-describedby", described ? `${described} ${error.id}` : error.id);
  field.closest(".q")?.classList.add("bad");
}

/** Takes back what was complained of: the next attempt begins. */
export function clearErrors(kit: OfflineForm): void {
  queryAll(".wrong[role=alert], .error").forEach((error) => error.remove());
  queryAll(".bad").forEach((question) => question.classList.remove("bad"));
  queryAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
  const marked = translate(kit, "wrong-title");
  if (document.title.startsWith(marked)) document.title = document.title.slice(marked.length);
}
