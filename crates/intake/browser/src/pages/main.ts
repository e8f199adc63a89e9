// Takes over the pages with input once everything that sealing needs is loaded and verified. Until
// then, and whenever something is missing, the server's own form works and states that the server
// seals.
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
  // First of all, so that a reporter in a hurry does not wait.
  watchQuickExit(() => pages?.leave() ?? 0);
  if (page === "report" && !ReportPages.canHydrate()) return;
  const formRequest = fetchOfflineForm(lang);
  const directoryRequest = fetchDirectory().catch(async (error: unknown) => {
    if (error instanceof DirectoryNotValidTodayError) showWrongDateNotice(await formRequest);
    throw error;
  });
  const [offlineForm, directory] = await Promise.all([formRequest, directoryRequest]);
  if (page === "report") {
    pages = new ReportPages(offlineForm, directory);
  } else {
    pages = new ReturnPages(offlineForm, directory);
    showSealingNotice(offlineForm, "seal-here-return");
  }
  document.addEventListener("submit", (event) => {
    if (pages?.submit(event.target as HTMLFormElement, event.submitter)) event.preventDefault();
  });
  // The form is usable now. The module is loaded for all visitors, so that no request shows who
  // chooses files.
  void loadScrubber().catch(() => undefined);
}

/** A device with a wrong date cannot distinguish today's directory from an old one. */
function showWrongDateNotice(offlineForm: OfflineForm): void {
  queryOne(".seal")?.after(createElement("p", { class: "hint" }, translate(offlineForm, "seal-date")));
}

// If something is missing, the server's form stays.
void hydrate().catch(() => undefined);
