// Takes over the pages with input once everything that the form needs is loaded and verified. Until
// then, and whenever something is missing, the server's own form works and states that the server
// seals. If a file is not that of the signed manifest, the page refuses to be used.
import { DirectoryNotValidTodayError } from "../directory.ts";
import { ProgramMismatchError } from "../program.ts";
import { refuseIfAltered } from "./altered_program.ts";
import { createElement, queryOne, showSealingNotice, submitUrl } from "./dom.ts";
import { fetchOk } from "./fetch_ok.ts";
import { SubmitHolder } from "./held_submit.ts";
import { loadModule, loadModulesOf } from "./modules.ts";
import { completeForm, formPath, parseFormStart, translate } from "./offline_form.ts";
import { type ProgramFiles, type VerifiedService, fetchService, ownScript } from "./program_files.ts";
import type { ReportPages } from "./report_pages.ts";
import type { ReturnPages } from "./return_pages.ts";
import { hasServerText, sealingKey } from "./server_form.ts";
import { announceTakeover } from "./takeover.ts";

let pages: ReportPages | ReturnPages | undefined;
/** Whether this device handles the forms of the page. */
let isTakenOver = false;

/**
 * Maximum time for which a form waits until the page is taken over, in milliseconds. Then the
 * server handles it, and the page has stated so from the start.
 */
const MAX_LOADING_MS = 60_000;
/** Delays before something is loaded again, in milliseconds. The last one repeats. */
const RETRY_DELAYS_MS = [1000, 3000, 10_000];

async function hydrate(): Promise<void> {
  const [, lang = "", page = ""] = location.pathname.split("/");
  document.addEventListener("leave", () => pages?.leave());
  const form = queryOne<HTMLFormElement>("form#f");
  // Text that the server has read must not be called sealed here.
  if (page === "report" && (form === null || hasServerText(form))) return;
  const { wait = "", bySite = "" } = ownScript?.dataset ?? {};
  const holder = new SubmitHolder(wait, bySite);
  const sendToServer = () => {
    if (isTakenOver) return;
    holder.leaveToServer();
    announceTakeover(false);
  };
  const timeout = setTimeout(sendToServer, MAX_LOADING_MS);
  try {
    const service = await retryWhileOffline(() => fetchService(formPath(lang))).catch(async (error: unknown) => {
      if (error instanceof DirectoryNotValidTodayError) await showWrongDateNotice(lang);
      throw error;
    });
    loadModulesOf(service.files);
    await (page === "report" ? takeOverReport(form!, service, holder) : takeOverReturn(service, holder));
  } catch (error) {
    // An altered program has no form afterwards, and nothing is sent.
    if (!(error instanceof ProgramMismatchError)) sendToServer();
    throw error;
  } finally {
    clearTimeout(timeout);
  }
}

/**
 * Takes over a page of the form: from now on, this device handles its forms. Afterwards loads what
 * the later steps need, for all visitors, so that no request shows who chooses files, records or
 * sends.
 */
async function takeOverReport(form: HTMLFormElement, { directory, files, file }: VerifiedService, holder: SubmitHolder): Promise<void> {
  const offlineForm = parseFormStart(file);
  isTakenOver = true;
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
  const loaded = { rest: false, seal: false };
  const handleLoaded = () =>
    holder.handleWith((form, button) => {
      const canHandle = isSending(form, button) ? loaded.rest && loaded.seal : loaded.rest || isFirstStep(button);
      return canHandle ? reportPages.submit(form, button) : "later";
    });
  handleLoaded();
  const completing = loading.rest.then(() => {
    loaded.rest = true;
    reportPages.offerDrafts(location.hash);
    handleLoaded();
  });
  const sealing = loading.seal.then((module) => {
    loaded.seal = true;
    reportPages.watchFiles(module);
    handleLoaded();
  });
  await Promise.all([completing, sealing]);
  await offerSpokenHelp(files);
  for (const name of ["voice", "files", "draft", "qr"] as const) await loadModule(name);
  // If the list is altered, the receipt page states it.
  await reportPages.loadWords().catch(() => undefined);
}

async function takeOverReturn({ directory, files, file }: VerifiedService, holder: SubmitHolder): Promise<void> {
  const offlineForm = parseFormStart(file);
  const [{ ReturnPages }] = await Promise.all([retryUntilLoaded(() => loadModule("return")), retryUntilLoaded(() => completeForm(files, offlineForm))]);
  isTakenOver = true;
  const returnPages = new ReturnPages(offlineForm, directory, files);
  pages = returnPages;
  showSealingNotice(offlineForm, "seal-here-return");
  holder.handleWith((form, button) => returnPages.submit(form, button));
  announceTakeover(true);
  await offerSpokenHelp(files);
  await loadModule("files");
  await returnPages.loadWords().catch(() => undefined);
}

/**
 * Loads the spoken help once the service has an audio pack for the language of the page. The
 * reporter can choose such a language later.
 */
async function offerSpokenHelp(files: ProgramFiles): Promise<void> {
  if (!queryOne(".listen")) {
    document.addEventListener("page", () => void offerSpokenHelp(files), { once: true });
    return;
  }
  const { SpokenHelp } = await retryUntilLoaded(() => loadModule("listen"));
  new SpokenHelp(files, (error) => refuseIfAltered(error, pages));
}

/** The steps that the first part of the offline form contains. */
const FIRST_STEPS: readonly string[] = ["subject", "case"];

/** Returns whether a button leads to a step of the first part of the offline form. */
const isFirstStep = (button: HTMLElement | null): boolean => /^(subject|family\.)/.test(button?.getAttribute("value") ?? "") && !button!.hasAttribute("formaction");

/** Returns whether a form sends the report, for which the module that seals is needed. */
const isSending = (form: HTMLFormElement, button: HTMLElement | null): boolean =>
  submitUrl(form, button).pathname.endsWith("/report/send") && button?.getAttribute("name") !== "go";

/** Repeats loading over a line that breaks. Throws if the program is altered. */
async function retryUntilLoaded<T>(load: () => Promise<T>): Promise<T> {
  return retry(load, (error) => !(error instanceof ProgramMismatchError));
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
      if (!isTemporary(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAYS_MS[Math.min(attempt, RETRY_DELAYS_MS.length - 1)]));
    }
  }
}

/** A device with a wrong date cannot distinguish today's directory from an old one. */
async function showWrongDateNotice(lang: string): Promise<void> {
  const offlineForm = parseFormStart(new Uint8Array(await (await fetchOk(formPath(lang))).arrayBuffer()));
  queryOne(".seal")?.after(createElement("p", { class: "hint" }, translate(offlineForm, "seal-date")));
}

// If something is missing, the server's form stays.
hydrate()
  .catch((error: unknown) => refuseIfAltered(error, pages))
  .catch(() => undefined);
