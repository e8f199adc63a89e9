// Takes over the pages where something is typed, once everything that sealing needs is here and
// holds. Until then, and whenever something is missing, the server's own form goes on working, and
// says that the server seals.
import { DirectoryNotValidTodayError } from "../directory.ts";
import { loadScrubber } from "./scrubber.ts";
import { createElement, queryOne, showSealingNotice } from "./dom.ts";
import { type OfflineForm, fetchOfflineForm, translate } from "./offline_form.ts";
import { watchQuickExit } from "./quick_exit.ts";
import { ReportPages } from "./report_pages.ts";
import { ReturnPages } from "./return_pages.ts";
import { fetchDirectory } from "./service.ts";

async function hydrate(): Promise<void> {
  const [, lang = "", page = ""] = location.pathname.split("/");
  let pages: ReportPages | ReturnPages | undefined;
  // Before anything else is here: who is in a hurry does not wait for it.
  watchQuickExit(() => pages?.leave() ?? 0);
  if (page === "report" && !ReportPages.canHydrate()) return;
  const asked = fetchOfflineForm(lang);
  const verified = fetchDirectory().catch(async (error: unknown) => {
    if (error instanceof DirectoryNotValidTodayError) showWrongDateNotice(await asked);
    throw error;
  });
  const [kit, directory] = await Promise.all([asked, verified]);
  if (page === "report") {
    pages = new ReportPages(kit, directory);
  } else {
    pages = new ReturnPages(kit, directory);
    showSealingNotice(kit, "seal-here-return");
  }
  document.addEventListener("submit", (event) => {
    if (pages?.submit(event.target as HTMLFormElement, event.submitter)) event.preventDefault();
  });
  // Now that the form is usable. For everybody, so that no request tells who chooses files.
  void loadScrubber().catch(() => undefined);
}

/** A phone with a wrong date cannot tell a directory of today from an old one. */
function showWrongDateNotice(kit: OfflineForm): void {
  queryOne(".seal")?.after(createElement("p", { class: "hint" }, translate(kit, "seal-date")));
}

// Whatever is missing, the form of the server is there.
void hydrate().catch(() => undefined);
