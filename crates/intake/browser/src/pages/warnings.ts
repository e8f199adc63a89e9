// Pointing at what could show who wrote it. Nothing is ever kept from being sent.
import type { DetailKind } from "../identifying_details.ts";
import { createElement } from "./dom.ts";
import { type OfflineForm, translate } from "./offline_form.ts";

/** One kind of trace, its words, and what can be done about it. */
export interface WarningItem {
  trace: DetailKind;
  words: string[];
  cover: () => void;
  /** A further button, such as one that leads to the words. */
  beside?: HTMLElement;
}

/** The section that points at traces. */
export function renderWarnings(kit: OfflineForm, pointed: WarningItem[]): HTMLElement {
  const items = pointed.map(({ trace, words, cover, beside }) => {
    const text = translate(kit, `guard-${trace}`);
    const what = createElement("span", {}, text, ...words.flatMap((found) => [" ", createElement("q", { dir: "auto" }, found)]));
    const label = translate(kit, "cover");
    const button = createElement("button", { class: "quiet", type: "button", "aria-label": `${label} – ${text}` }, label);
    button.addEventListener("click", cover);
    return createElement("li", {}, what, " ", createElement("span", { class: "act" }, button, ...(beside ? [" ", beside] : [])));
  });
  const heading = createElement("h2", {}, translate(kit, "review-warnings"));
  const list = createElement("ul", {}, ...items);
  return createElement("section", { class: "careful traces" }, heading, createElement("p", {}, translate(kit, "review-warnings-what")), list);
}
