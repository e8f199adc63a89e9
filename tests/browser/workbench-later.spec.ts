// Screens that need time or a second member: overdue cases, claims of a conflict of interest,
// decisions
// by two members, and purged cases.
import { type Page } from "@playwright/test";
import { checkScreen } from "./src/barriers.ts";
import { RunningInstallation, expect } from "./src/installation.ts";
import { submitCase } from "./src/reporting.ts";
import { type Workbench, test } from "./src/workbench.ts";

const [ME, LEAD, OUTSIDE] = ["inspector-2", "inspector-1", "outside-1"] as const;
const LANGUAGES = ["fr", "en"] as const;
const STORY = "Le dossier attend depuis des mois sans raison.";
const FEEDBACK = "Les faits ont été vérifiés ; une procédure a été changée, et l’affaire est close.";

/**
 * No member opened `late`. A conflict is claimed in `judged`, and in `barred` before the
 * declaration. The closing of `proposed` is proposed, and `closed` is closed.
 */
let cases: Record<"late" | "judged" | "proposed" | "closed" | "barred", string>;
let installation: RunningInstallation;

test.describe.configure({ mode: "serial" });

test.beforeAll(async ({ browser }) => {
  test.setTimeout(240_000);
  installation = await RunningInstallation.open();
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const file = () => submitCase(page, installation, ME, { story: STORY, place: "Bobo" });
  cases = { late: await file(), judged: await file(), proposed: await file(), closed: await file(), barred: await file() };
  await context.close();
  const CLOSING = ["close", "process-fix-adopted", "--reason", "procedure"];
  const me = (...command: string[]) => installation.runAs(ME, ...command);
  const lead = (...command: string[]) => installation.runAs(LEAD, ...command);
  for (const id of [cases.judged, cases.proposed, cases.closed]) {
    me("claim", id);
    lead("declare", id);
  }
  lead("challenge", cases.judged, "--who", ME);
  lead("link", cases.judged, "--to", cases.proposed);
  lead("declare", cases.barred);
  lead("challenge", cases.barred, "--who", ME);
  for (const id of [cases.proposed, cases.closed]) {
    me("show", id);
    me("move", id, "triaged");
    me("reply", id, "--feedback", "--text", FEEDBACK);
    me("propose", id, ...CLOSING);
  }
  lead("approve", cases.closed, ...CLOSING);
});
test.afterAll(() => installation?.close());

/** A member's workbench on the current date of the installation. */
async function openAt(openWorkbench: (installation: RunningInstallation, handle: string, options: object) => Promise<Workbench>, handle: string) {
  // Axe adds its own scripts, which the policy of the pages would refuse.
  const workbench = await openWorkbench(installation, handle, { bypassCSP: true });
  await workbench.enter();
  await workbench.unlock();
  const { page } = workbench;
  const room = page.url().replace(/\/(fr|en)\b.*/, "");
  /** Opens a page in each language. */
  const screens = async (path: string, where: string) => {
    for (const lang of [...LANGUAGES].reverse()) {
      await page.goto(`${room}/${lang}${path}`);
      await checkScreen(page, lang, `later ${where}`);
    }
  };
  return { workbench, page, screens, open: (path: string) => page.goto(`${room}/fr${path}`) };
}

/** Takes the action of this name and confirms it if the page asks. */
async function pressAction(page: Page, act: string): Promise<void> {
  await page.locator(`form[action$='/act/${act}'] button`).click();
  const confirmed = page.locator(`form[action$='/act/${act}'] [name=confirmed]`);
  await expect(confirmed.or(page.locator(".done")).first()).toBeVisible();
  if (await confirmed.isVisible()) await confirmed.click();
  await expect(page.locator(".done")).toBeVisible();
}

test("after ten days an untouched case is overdue, and the oversight body has it", async ({ openWorkbench }) => {
  test.setTimeout(240_000);
  await installation.advanceDays(10);
  const lead = await openAt(openWorkbench, LEAD);
  await lead.open("/queue/due");
  await expect(lead.workbench.row(cases.late).locator(".late")).toBeVisible();
  await lead.screens("/queue/due", "queue due");
  await lead.open(`/case/${cases.late}/declare`);
  await lead.screens(`/case/${cases.late}/declare`, "declare");
  await pressAction(lead.page, "declare");
  await lead.screens(`/case/${cases.late}`, "case");
  await lead.screens(`/case/${cases.late}/timeline`, "timeline");
  await lead.open(`/case/${cases.proposed}/actions`);
  await expect(lead.page.locator("form[action$='/act/approve-close']")).toBeVisible();
  await lead.screens(`/case/${cases.proposed}/actions`, "proposed");
  await lead.open(`/case/${cases.judged}/related`);
  await expect(lead.page.locator(".hits").first()).toContainText(cases.proposed.slice(0, 8));
  await lead.screens(`/case/${cases.judged}/related`, "linked");

  const me = await openAt(openWorkbench, ME);
  await me.open(`/case/${cases.barred}`);
  await expect(me.page.locator("main .warn")).toContainText("conflit d’intérêts");
  await expect(me.page.locator("main")).not.toContainText(STORY);
  await me.screens(`/case/${cases.barred}`, "barred");

  const outside = await openAt(openWorkbench, OUTSIDE);
  await outside.screens("/queue/open", "outside queue");
  await outside.open(`/case/${cases.judged}/declare`);
  await pressAction(outside.page, "declare");
  await outside.open(`/case/${cases.judged}/actions`);
  await expect(outside.page.locator("form[action$='/act/resolve-challenge']")).toContainText(ME);
  await outside.screens(`/case/${cases.judged}/actions`, "judge");
  await outside.screens("/administration/log", "log whole");
  await outside.open("/administration/log");
  await outside.page.locator("#verify .button").click();
  await expect(outside.page.locator("#verify .answer code")).toBeVisible();
  await expect(outside.page.locator("#verify .wrong")).toHaveCount(0);
});

test("after the retention two members purge the content, and the events stay", async ({ openWorkbench }) => {
  test.setTimeout(240_000);
  await installation.advanceDays(40);
  const me = await openAt(openWorkbench, ME);
  await me.screens("/queue/closed", "queue closed");
  await me.screens(`/case/${cases.closed}/actions`, "may be purged");
  await me.open(`/case/${cases.closed}/actions`);
  await pressAction(me.page, "propose-purge");
  await me.screens(`/case/${cases.closed}/actions`, "purge waits");

  const lead = await openAt(openWorkbench, LEAD);
  await lead.screens(`/case/${cases.closed}/actions`, "approve purge");
  await lead.open(`/case/${cases.closed}/actions`);
  await pressAction(lead.page, "approve-purge");
  await lead.open(`/case/${cases.closed}`);
  await expect(lead.page.locator("main")).not.toContainText(STORY);
  await expect(lead.page.locator("h1")).toHaveText("Détruit");
  await lead.screens(`/case/${cases.closed}`, "purged");
});
