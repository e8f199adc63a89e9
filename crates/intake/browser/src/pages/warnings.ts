// Pointing at what could show who wrote it. Nothing is ever kept from being sent.
import type { Trace } from "../guard.ts";
import { make } from "./dom.ts";
import { type Kit, say } from "./kit.ts";

/** One kind of trace, its words, and what can be done about it. */
export interface Pointed {
  trace: Trace;
  words: string[];
  cover: () => void;
  /** A further button, such as one that leads to the words. */
  beside?: HTMLElement;
}

/** The section that points at traces. */
export function warningsOf(kit: Kit, pointed: Pointed[]): HTMLElement {
  const items = pointed.map(({ trace, words, cover, beside }) => {
    const text = say(kit, `guard-${trace}`);
    const what = make("span", {}, text, ...words.flatMap((found) => [" ", make("q", { dir: "auto" }, found)]));
    const label = say(kit, "cover");
    const button = make("button", { class: "quiet", type: "button", "aria-label": `${label} – ${text}` }, label);
    button.addEventListener("click", cover);
    return make("li", {}, what, " ", make("span", { class: "act" }, button, ...(beside ? [" ", beside] : [])));
  });
  const heading = make("h2", {}, say(kit, "review-warnings"));
  const list = make("ul", {}, ...items);
  return make("section", { class: "careful traces" }, heading, make("p", {}, say(kit, "review-warnings-what")), list);
}
