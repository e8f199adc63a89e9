// Takes over the pages where something is typed, once everything that sealing needs is here and holds. Until then, and whenever
// something is missing, the server's own form goes on working, and says that the server seals.
import { WrongDay } from "../directory.ts";
import { loadCleaner } from "./cleaner.ts";
import { make, one, sayWhoSeals } from "./dom.ts";
import { type Kit, fetchKit, say } from "./kit.ts";
import { watchLeaving } from "./leaving.ts";
import { ReportPages } from "./report_pages.ts";
import { ReturnPages } from "./return_pages.ts";
import { fetchDirectory } from "./service.ts";

async function takeOver(): Promise<void> {
  const [, lang = "", page = ""] = location.pathname.split("/");
  let pages: ReportPages | ReturnPages | undefined;
  // Before anything else is here: who is in a hurry does not wait for it.
  watchLeaving(() => pages?.leave() ?? 0);
  if (page === "report" && !ReportPages.canTakeOver()) return;
  const asked = fetchKit(lang);
  const verified = fetchDirectory().catch(async (error: unknown) => {
    if (error instanceof WrongDay) tellOfTheDate(await asked);
    throw error;
  });
  const [kit, directory] = await Promise.all([asked, verified]);
  if (page === "report") {
    pages = new ReportPages(kit, directory);
  } else {
    pages = new ReturnPages(kit, directory);
    sayWhoSeals(kit, "seal-here-return");
  }
  document.addEventListener("submit", (event) => {
    if (pages?.submit(event.target as HTMLFormElement, event.submitter)) event.preventDefault();
  });
  // Now that the form is usable. For everybody, so that no request tells who chooses files.
  void loadCleaner().catch(() => undefined);
}

/** A phone with a wrong date cannot tell a directory of today from an old one. */
function tellOfTheDate(kit: Kit): void {
  one(".seal")?.after(make("p", { class: "hint" }, say(kit, "seal-date")));
}

// Whatever is missing, the form of the server is there.
void takeOver().catch(() => undefined);
