// Warns of details that could identify the reporter. A warning never prevents sending.
import type { DetailKind } from "../identifying_details.ts";
import { createElement } from "./dom.ts";
import { type OfflineForm, translate } from "./offline_form.ts";

/** One kind of detail, its words, and what the reporter can do about it. */
export interface WarningItem {
  trace: DetailKind;
  words: string[];
  cover: () => void;
  /** A further button, such as one that leads to the words. */
  beside?: HTMLElement;
}

/** Returns the section with the warnings. */
export function renderWarnings(offlineForm: OfflineForm, warnings: WarningItem[]): HTMLElement {
  const items = warnings.map(({ trace, words, cover, beside }) => {
    const text = translate(offlineForm, `guard-${trace}`);
    const what = createElement("span", {}, text, ...words.flatMap((found) => [" ", createElement("q", { dir: "auto" }, found)]));
    const label = translate(offlineForm, "cover");
    const button = createElement("button", { class: "quiet", type: "button", "aria-label": `${label} – ${text}` }, label);
    button.addEventListener("click", cover);
    return createElement("li", {}, what, " ", createElement("span", { class: "act" }, button, ...(beside ? [" ", beside] : [])));
  });
  const heading = createElement("h2", {}, translate(offlineForm, "review-warnings"));
  const list = createElement("ul", {}, ...items);
  return createElement("section", { class: "careful traces" }, heading, createElement("p", {}, translate(offlineForm, "review-warnings-what")), list);
}
