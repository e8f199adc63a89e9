// Every screen of the workbench is accessible in each language, light and dark. Drafts survive the
// lock.
import { rmSync } from "node:fs";
import type { Page } from "@playwright/test";
import { checkScreen, takeScreenshots } from "./src/barriers.ts";
import { type ReportInput, submitCase } from "./src/reporting.ts";
import { RunningInstallation, expect } from "./src/installation.ts";
import { test } from "./src/workbench.ts";

const [ME, LEAD] = ["inspector-2", "inspector-1"] as const;
const STORY = "À Dakola, l’agent Ouédraogo a retenu mon camion 11 KJ 4521 et demandé 50 000 francs sans quittance.";

/**
 * Three cases: `full` has every kind of content, `plain` is only claimed, and `new` has no
 * declaration.
 */
let cases: { full: string; plain: string; new: string };
let installation: RunningInstallation;

const submitReport = (page: Page, files: ReportInput["files"] = []) => submitCase(page, installation, ME, { story: STORY, place: "Dakola", files });

test.beforeAll(async ({ browser }) => {
  test.setTimeout(180_000);
  installation = await RunningInstallation.open();
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const photo = await page.screenshot();
  const full = await submitReport(page, [
    { name: "photo du camion.png", mimeType: "image/png", buffer: photo },
    { name: "quittance.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4 une page") },
  ]);
  cases = { full, plain: await submitReport(page), new: await submitReport(page) };
  await context.close();
  for (const id of [full, cases.plain]) installation.runAs(ME, "claim", id);
  for (const [kind, text] of [["fact", "Trois passages au registre."], ["hypothesis", "Un seul agent, ou toute une équipe ?"]])
    installation.runAs(ME, "note", full, "--kind", kind!, "--text", text!);
  installation.runAs(ME, "show", full);
  installation.runAs(ME, "reply", full, "--text", "Merci. Depuis quand, et combien de fois ?");
  installation.runAs(ME, "move", full, "triaged");
  installation.runAs(LEAD, "declare", full);
  installation.runAs(LEAD, "propose", full, "lower", "P4");
  installation.runAs(LEAD, "declare", cases.plain);
  installation.runAs(LEAD, "rotate", cases.plain);
  // The lead has a new key from now on. The old key still opens all three cases.
  installation.replaceKey(LEAD);
});
test.afterAll(() => installation?.close());

for (const lang of ["fr", "en"]) {
  test(`no barrier on any screen of the workbench: ${lang}`, async ({ openWorkbench }) => {
    test.setTimeout(300_000);
    // Axe adds its own scripts, which the policy of the pages would refuse.
    const workbench = await openWorkbench(installation, ME, { locale: lang, bypassCSP: true });
    await workbench.enter();
    const { page } = workbench;
    const screen = (where: string) => checkScreen(page, lang, where);
    const room = page.url().replace(/\/(fr|en)\b.*/, `/${lang}`);
    const go = (path: string) => page.goto(room + path);
    const post = (button: string) => page.locator(button).click();

    await screen("unlock");
    await workbench.unlock("wrong");
    await screen("unlock with an error");
    const late = await page.context().newPage();
    await late.goto(workbench.link);
    await checkScreen(late, lang, "void link");
    await late.close();
    await workbench.unlock();

    for (const part of ["mine", "open", "due", "closed"]) {
      await go(`/queue/${part}`);
      await screen(`queue ${part}`);
    }
    await go(`/case/${cases.new}`);
    await screen("declare");
    for (const tab of ["", "/messages", "/notes", "/actions", "/related", "/timeline", "/file/1", "/file/2", "/export", "/routing"]) {
      await go(`/case/${cases.full}${tab}`);
      await screen(`case ${tab}`);
    }
    await go(`/case/${cases.full}`);
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    await expect(page.locator("#main .text")).toBeVisible();
    for (const onlyOnScreen of [".top", ".tabs", ".up"]) await expect(page.locator(onlyOnScreen)).toBeHidden();
    await takeScreenshots(page, `workbench case print ${lang}`);
    await page.emulateMedia({ media: "screen" });
    await go(`/case/${cases.plain}/actions`);
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
    await screen("acts");
    await go(`/case/${cases.full}/messages`);
    await page.selectOption("#template", "facts");
    await post("button[value=template]");
    await screen("message with a template");
    await page.fill("#text", "Quel est votre nom ? Le camion 11 KJ 4521 ?");
    await post("button[value=send]");
    await screen("message that could expose");
    await go(`/case/${cases.full}/notes`);
    await post(".writing .button");
    await screen("note with an error");
    await go("/search");
    await screen("search");
    await post("form[role=search] .button");
    await screen("search without words");
    await page.fill("#words", "ouedraogo");
    await post("form[role=search] .button");
    await screen("search with hits");
    for (const path of ["/keys", "/absence", "/administration", "/administration/former", "/administration/log", "/help", "/nowhere"]) {
      await go(path);
      await screen(path);
    }
    await go(`/administration/former/${cases.plain}`);
    await expect(page.locator("#main form .buttons")).toBeVisible();
    await screen("approval of new keys");
    await go("/administration/route");
    for (const unit of ["regional", "internal_affairs"]) await page.check(`[name=excluded][value=${unit}]`);
    await page.locator("details summary").click();
    await post("#route .button");
    await screen("who would read this");
    await go("/administration/log");
    await post("#verify .button");
    await expect(page.locator("#verify .answer")).toBeVisible();
    await screen("log verified");
  });
}

test("the first search shows its progress", async ({ openWorkbench }) => {
  // An earlier search would have filled the index already.
  rmSync(`${installation.home(ME)}/index.age`, { force: true });
  // With a timeout of zero each request reads one case.
  const workbench = await openWorkbench(installation, ME, { bypassCSP: true, flags: ["--page-timeout", "0"] });
  const { page } = workbench;
  await workbench.enter();
  await workbench.unlock();
  await page.goto(page.url().replace(/\/queue.*/, "/search"));
  // The script asks again and gets no response before the picture is taken.
  let answer = () => {};
  const looked = new Promise<void>((resolve) => (answer = resolve));
  await page.route("**/reading", async (route) => (await looked, await route.continue()));
  await page.fill("#words", "ouedraogo");
  await page.locator("form[role=search] .button").click();
  await expect(page.locator("[data-reading] progress")).toBeVisible();
  await checkScreen(page, "fr", "reading");
  answer();
  await expect(page.locator(".hits > li")).toHaveCount(2);
  expect(workbench.history.join()).not.toContain("ouedraogo");
});

const REPLY_TEXT = "Depuis quand, et à quelle étape du dédouanement ?";

test("after a time without activity the screen is locked and empty, and the passphrase restores the draft", async ({ openWorkbench }) => {
  const workbench = await openWorkbench(installation, ME);
  const { page } = workbench;
  await page.clock.install();
  await workbench.enter();
  await workbench.unlock();
  await workbench.queue("mine");
  await workbench.row(cases.plain).getByRole("link").click();
  for (const tab of ["messages", "notes"] as const) {
    await workbench.tab(tab);
    await page.fill("#text", REPLY_TEXT);
    await page.clock.fastForward("09:10");
    await expect(page.locator(".locks-soon")).toBeVisible();
    await page.clock.fastForward("00:50");
    await expect(page.locator("#passphrase")).toBeFocused();
    await expect(page.locator(".warn")).toContainText("Votre texte est gardé");
    expect(await page.content()).not.toContain(REPLY_TEXT);
    await workbench.unlock();
    await expect(page.locator("#text")).toHaveValue(REPLY_TEXT);
  }
});

test("without scripts a text that is sent after the lock is kept as well", async ({ openWorkbench }) => {
  const workbench = await openWorkbench(installation, ME, { javaScriptEnabled: false });
  const { page } = workbench;
  await page.goto(workbench.link);
  await page.locator(".button").click();
  await workbench.unlock();
  await page.goto(`${page.url().replace(/\/queue\/.*/, "")}/case/${cases.plain}/messages`);
  await page.fill("#text", REPLY_TEXT);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.locator("form[action$='/lock'] button").click();
  await page.locator("button[value=send]").click();
  expect(await page.content()).not.toContain(REPLY_TEXT);
  await workbench.unlock();
  await expect(page.locator("#text")).toHaveValue(REPLY_TEXT);
  await expect(page.locator(".messages .ours")).toHaveCount(0);
});
