// Takes over the pages with input once everything that the form needs is loaded and verified. Until
// then, the server's own form works and states that the server seals. Afterwards no form goes to
// the server: what fails is stated on the page. If a file is not that of the signed manifest, the
// page refuses to be used.
import { DirectoryNotValidTodayError } from "../directory.ts";
import { ProgramMismatchError } from "../program.ts";
import { refuseProgram } from "./altered_program.ts";
import { createElement, queryOne, showSealingNotice, submitUrl } from "./dom.ts";
import { isProgramFailure, showFailure } from "./failure.ts";
import { fetchBytes } from "./fetch_ok.ts";
import { type SubmitHandler, SubmitHolder } from "./held_submit.ts";
import { endPage, leaving } from "./leaving.ts";
import { loadModule, loadModulesOf } from "./modules.ts";
import { type OfflineForm, completeForm, formPath, parseFormStart, translate } from "./offline_form.ts";
import { type ProgramFiles, ServiceUpdatedError, type VerifiedService, fetchService, ownScript } from "./program_files.ts";
import type { ReportPages } from "./report_pages.ts";
import type { ReturnPages } from "./return_pages.ts";
import { hasServerText, sealingKey } from "./server_form.ts";
import { announceTakeover } from "./takeover.ts";

let pages: ReportPages | ReturnPages | undefined;
/** The form in the language in which the page was loaded, once it is verified. */
let firstForm: OfflineForm | undefined;
/** Whether this device handles the forms of the page. */
let isTakenOver = false;
/** What is loaded for the steps of a report. */
const loaded = { rest: false, seal: false };
/** Why the rest will not load on this page. */
let failure: unknown;

/**
 * Maximum time for which a form waits until the page is taken over, in milliseconds. Then the
 * server handles it, and the page has stated so from the start.
 */
const MAX_LOADING_MS = 60_000;
/** Delays before something is loaded again, in milliseconds. The last one repeats. */
const RETRY_DELAYS_MS = [1000, 3000, 10_000];

async function hydrate(): Promise<void> {
  const [, lang = "", page = ""] = location.pathname.split("/");
  const form = queryOne<HTMLFormElement>("form#f");
  // Text that the server has read must not be called sealed here.
  if (page === "report" && (form === null || hasServerText(form))) return;
  const { wait = "", bySite = "" } = ownScript?.dataset ?? {};
  const holder = new SubmitHolder(wait, bySite, fail);
  document.addEventListener("leave", () => {
    endPage();
    pages?.leave();
    holder.drop();
  });
  const sendToServer = () => {
    if (isTakenOver || leaving.aborted) return;
    holder.leaveToServer();
    announceTakeover(false);
  };
  const timeout = setTimeout(sendToServer, MAX_LOADING_MS);
  try {
    const service = await retryWhileOffline(() => fetchService(formPath(lang))).catch(async (error: unknown) => {
      if (error instanceof DirectoryNotValidTodayError) await showWrongDateNotice(lang);
      throw error;
    });
    firstForm = parseFormStart(service.file);
    if (service.isUpdated) throw new ServiceUpdatedError();
    loadModulesOf(service.files);
    await (page === "report" ? takeOverReport(form!, service, firstForm, holder) : takeOverReturn(service, firstForm, holder));
  } catch (error) {
    // An altered program, or one of another version, has no form afterwards, and nothing is sent.
    if (!isTakenOver && !isProgramFailure(error)) return sendToServer();
    isTakenOver = true;
    failure = error;
    fail(error);
    holder.handleWith(handleForm);
    announceTakeover(true);
  } finally {
    clearTimeout(timeout);
  }
}

/** Handles a submitted form with the pages, once they have what it needs. */
const handleForm: SubmitHandler = (form, button) => {
  if (pages && isReady(form, button)) return pages.submit(form, button);
  if (failure === undefined) return "later";
  return fail(failure);
};

/** Returns whether what a form leads to is loaded. */
function isReady(form: HTMLFormElement, button: HTMLElement | null): boolean {
  return isSending(form, button) ? loaded.rest && loaded.seal : loaded.rest || isFirstStep(button);
}

/** Shows an error in the language of the page. */
function fail(error: unknown): void {
  const present = pages?.offlineForm ?? firstForm;
  if (present) showFailure(present, error);
  // Nothing else is verified.
  else if (error instanceof ProgramMismatchError) refuseProgram();
}

/**
 * Takes over a page of the form: from now on, this device handles its forms. Afterwards loads what
 * the later steps need, for all visitors, so that no request shows who chooses files, records or
 * sends.
 */
async function takeOverReport(form: HTMLFormElement, { directory, files }: VerifiedService, offlineForm: OfflineForm, holder: SubmitHolder): Promise<void> {
  isTakenOver = true;
  holder.handleWith(handleForm);
  showSealingNotice(offlineForm, sealingKey(form));
  const loading = {
    form: retryUntilLoaded(() => loadModule("form")),
    rest: retryUntilLoaded(() => completeForm(files, offlineForm)),
    seal: retryUntilLoaded(() => loadModule("seal")),
  };
  const all = Promise.all(Object.values(loading));
  // Reported by the awaits below.
  all.catch(() => undefined);
  const { ReportPages } = await loading.form;
  // A later page of the server asks questions that are in the other part.
  if (!FIRST_STEPS.includes(form.dataset["step"] ?? "")) await loading.rest;
  const reportPages = new ReportPages(offlineForm, directory, files);
  pages = reportPages;
  holder.handleWith(handleForm);
  const completing = loading.rest.then(() => {
    loaded.rest = true;
    reportPages.offerDrafts();
    holder.handleWith(handleForm);
  });
  const sealing = loading.seal.then((module) => {
    loaded.seal = true;
    reportPages.watchFiles(module);
    holder.handleWith(handleForm);
  });
  await Promise.all([completing, sealing]);
  void offerSpokenHelp(files).catch(showAltered);
  await loadLater([
    ...(["voice", "files", "draft", "qr"] as const).map((name) => () => loadModule(name)),
    // If the list is altered, the receipt page states it.
    () => reportPages.loadWords().catch(() => undefined),
  ]);
}

async function takeOverReturn({ directory, files }: VerifiedService, offlineForm: OfflineForm, holder: SubmitHolder): Promise<void> {
  const [{ ReturnPages }] = await Promise.all([retryUntilLoaded(() => loadModule("return")), retryUntilLoaded(() => completeForm(files, offlineForm))]);
  isTakenOver = true;
  loaded.rest = true;
  const returnPages = new ReturnPages(offlineForm, directory, files);
  pages = returnPages;
  showSealingNotice(offlineForm, "seal-here-return");
  holder.handleWith(handleForm);
  announceTakeover(true);
  void offerSpokenHelp(files).catch(showAltered);
  await loadLater([() => loadModule("files"), () => returnPages.loadWords().catch(() => undefined)]);
}

/**
 * Loads one after the other what the reporter may need later. What fails is loaded again when it is
 * needed, and the page then says what is missing. Throws if the program is altered.
 */
async function loadLater(loads: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const load of loads) {
    await load().catch((error: unknown) => {
      if (error instanceof ProgramMismatchError || leaving.aborted) throw error;
    });
  }
}

/**
 * Loads the spoken help once the service has an audio pack for the language of the page. The
 * reporter can choose such a language later.
 */
async function offerSpokenHelp(files: ProgramFiles): Promise<void> {
  if (!queryOne(".listen")) {
    document.addEventListener("page", () => void offerSpokenHelp(files).catch(showAltered), { once: true });
    return;
  }
  const { SpokenHelp } = await retryUntilLoaded(() => loadModule("listen"));
  new SpokenHelp(files, fail);
}

/** Shows that the program is altered. Without the spoken help, the page continues to work. */
function showAltered(error: unknown): void {
  if (error instanceof ProgramMismatchError) fail(error);
}

/** The steps that the first part of the offline form contains. */
const FIRST_STEPS: readonly string[] = ["subject", "case"];

/** Returns whether a button leads to a step of the first part of the offline form. */
const isFirstStep = (button: HTMLElement | null): boolean => /^(subject|family\.)/.test(button?.getAttribute("value") ?? "") && !button!.hasAttribute("formaction");

/** Returns whether a form sends the report, for which the module that seals is needed. */
const isSending = (form: HTMLFormElement, button: HTMLElement | null): boolean =>
  submitUrl(form, button).pathname.endsWith("/report/send") && button?.getAttribute("name") !== "go";

/** Repeats loading over a line that breaks. Throws if the program is altered or updated. */
async function retryUntilLoaded<T>(load: () => Promise<T>): Promise<T> {
  return retry(load, (error) => !isProgramFailure(error));
}

/** Repeats requests that get no response. `fetch` throws a `TypeError` for them. */
async function retryWhileOffline<T>(load: () => Promise<T>): Promise<T> {
  const end = Date.now() + MAX_LOADING_MS;
  return retry(load, (error) => error instanceof TypeError && Date.now() < end);
}

async function retry<T>(load: () => Promise<T>, isTemporary: (error: unknown) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await load();
    } catch (error) {
      if (leaving.aborted || !isTemporary(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAYS_MS[Math.min(attempt, RETRY_DELAYS_MS.length - 1)]));
    }
  }
}

/** A device with a wrong date cannot distinguish today's directory from an old one. */
async function showWrongDateNotice(lang: string): Promise<void> {
  const offlineForm = parseFormStart(await fetchBytes(formPath(lang)));
  queryOne(".seal")?.after(createElement("p", { class: "hint" }, translate(offlineForm, "seal-date")));
}

void hydrate();
