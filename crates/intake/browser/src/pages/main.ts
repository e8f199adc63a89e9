// Takes over the pages with input once everything that sealing needs is loaded and verified. Until
// then, and whenever something is missing, the server's own form works and states that the server
// seals. If a file is not that of the signed manifest, the page refuses to be used.
import { DirectoryNotValidTodayError } from "../directory.ts";
import { refuseIfAltered } from "./altered_program.ts";
import { loadModulesOf } from "./program_module.ts";
import { loadDraft } from "./draft_module.ts";
import { loadScrubber } from "./scrubber.ts";
import { createElement, queryOne, showSealingNotice } from "./dom.ts";
import { type OfflineForm, formPath, parseOfflineForm, translate } from "./offline_form.ts";
import { fetchOk } from "./fetch_ok.ts";
import { fetchService } from "./program_files.ts";
import { loadVoice } from "./voice_module.ts";
import { ReportPages } from "./report_pages.ts";
import { ReturnPages } from "./return_pages.ts";
import { SpokenHelp } from "./spoken_help.ts";

let pages: ReportPages | ReturnPages | undefined;

async function hydrate(): Promise<void> {
  const [, lang = "", page = ""] = location.pathname.split("/");
  document.addEventListener("leave", () => pages?.leave());
  if (page === "report" && !ReportPages.canHydrate()) return;
  const service = await fetchService(formPath(lang)).catch(async (error: unknown) => {
    if (error instanceof DirectoryNotValidTodayError) await showWrongDateNotice(lang);
    throw error;
  });
  const { directory, files } = service;
  const offlineForm = parseOfflineForm(service.file);
  if (page === "report") {
    pages = new ReportPages(offlineForm, directory, files);
  } else {
    pages = new ReturnPages(offlineForm, directory, files);
    showSealingNotice(offlineForm, "seal-here-return");
  }
  document.addEventListener("submit", (event) => {
    if (pages?.submit(event.target as HTMLFormElement, event.submitter)) event.preventDefault();
  });
  new SpokenHelp(files, (error) => refuseIfAltered(error, pages));
  // The form is usable now. The modules are loaded for all visitors, so that no request shows who
  // chooses files, records or keeps a draft.
  loadModulesOf(files);
  await loadScrubber();
  if (page !== "report") return;
  await loadVoice();
  await loadDraft();
}

/** A device with a wrong date cannot distinguish today's directory from an old one. */
async function showWrongDateNotice(lang: string): Promise<void> {
  const offlineForm = (await (await fetchOk(formPath(lang))).json()) as OfflineForm;
  queryOne(".seal")?.after(createElement("p", { class: "hint" }, translate(offlineForm, "seal-date")));
}

// If something is missing, the server's form stays.
hydrate()
  .catch((error: unknown) => refuseIfAltered(error, pages))
  .catch(() => undefined);
