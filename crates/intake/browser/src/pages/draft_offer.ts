// The place of a page where the reporter keeps or continues a draft. The module loads when the
// reporter opens it.
import { createElement, queryOne } from "./dom.ts";
import { FRAGMENT } from "./draft_address.ts";
import { loadModule } from "./modules.ts";
import type { DraftPages } from "./draft_panel.ts";

/** Shows the place after the form. It is open if the address of the page contains a draft. */
export function offerDraft(purpose: "keep" | "continue", fragment: string, pages: DraftPages & { failed(error: unknown): never }): void {
  queryOne("details.draft")?.remove();
  const place = createElement("details", { class: "draft" }, createElement("summary", {}, pages.text(`draft-${purpose}`)));
  place.addEventListener("toggle", () => {
    if (!place.open) return;
    const shown = loadModule("draft").then(({ showContinuing, showKeeping }) => (purpose === "keep" ? showKeeping(place, pages) : showContinuing(place, pages, fragment)));
    shown.catch(pages.failed).catch(() => place.append(createElement("p", { class: "error", role: "alert" }, pages.text("draft-failed"))));
  });
  queryOne("form#f")?.after(place);
  if (fragment.startsWith(FRAGMENT) && purpose === "continue") place.open = true;
}
