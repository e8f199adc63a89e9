// A browser without scripts: Back, forward and reload lose nothing, and nothing readable remains.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { confirmReceipt, expectAbsent, fillReport, sendReport } from "./src/reporting.ts";
import { expect, test } from "./src/installation.ts";

const STORIES = { fr: "Un récit CANARI-RETOUR-5151.", ar: "بلاغ CANARI-RETOUR-5151." };

/** Returns the files below a folder that contain a text as UTF-8 or UTF-16. */
function filesContaining(folder: string, text: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesContaining(path, text);
    if (!entry.isFile()) return [];
    const bytes = readFileSync(path);
    return ["utf8", "utf16le"].some((code) => bytes.includes(Buffer.from(text, code as BufferEncoding))) ? [path] : [];
  });
}

for (const [lang, story] of Object.entries(STORIES))
  test(`Back, forward and reload keep the form and the receipt, and the disk keeps neither: ${lang}`, async ({ installation, launchOptions }) => {
    const folder = mkdtempSync(join(tmpdir(), "profile-"));
    const options = { ...launchOptions, javaScriptEnabled: false, viewport: { width: 360, height: 760 } };
    const context = await chromium.launchPersistentContext(folder, options);
    const page = await context.newPage();
    await page.goto(`${installation.url}/${lang}/report`);
    await fillReport(page, { story, place: undefined });
    await expect(page.getByText(story)).toBeVisible();
    // Back to the questions and further, then forward again.
    await page.goBack();
    await expect(page.locator("[name='a.story']")).toHaveValue(story);
    await page.goBack();
    await expect(page.locator("button[value='category.FAC']")).toBeVisible();
    await page.goForward();
    await expect(page.locator("[name='a.story']")).toHaveValue(story);
    await page.goForward();
    await expect(page.getByText(story)).toBeVisible();
    await page.reload();
    await expect(page.getByText(story)).toBeVisible();
    let code = "";
    await installation.waitForNewCases("inspector-1", 1, async () => {
      code = await sendReport(page);
    });
    // The receipt stays after each of these.
    await page.reload();
    await expect(page.locator(".code")).toContainText(code.slice(0, 4));
    await page.goBack();
    await expect(page.locator(".code")).toContainText(code.slice(0, 4));
    await page.goForward();
    await expect(page.locator(".code")).toContainText(code.slice(0, 4));
    // Chromium saves its tabs a few seconds later.
    await page.waitForTimeout(4000);
    await confirmReceipt(page);
    await expect(page).toHaveURL(`${installation.url}/${lang}`);
    await page.goBack();
    await expectAbsent(page, code.slice(0, 4));
    await context.close();
    for (const secret of ["CANARI-RETOUR", "category.FAC", code, code.replaceAll(" ", "-")]) expect(filesContaining(folder, secret), secret).toEqual([]);
    rmSync(folder, { recursive: true });
  });

test("after a quick exit, Back shows nothing that was typed", async ({ browser, installation }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 760 } });
  const page = await context.newPage();
  // The service gets the request; the browser does not load the destination.
  await context.route("**/leave/*", async (route) => {
    await route.fetch({ maxRedirects: 0 });
    await route.fulfill({ body: "elsewhere", contentType: "text/html" });
  });
  await page.goto(`${installation.url}/fr/report`);
  await fillReport(page, { story: "Quelqu’un entre." });
  await page.locator("a.leave").click();
  await page.waitForURL("**/leave/*");
  expect(await page.content()).toContain("elsewhere");
  for (let step = 0; step < 3; step++) {
    // The addresses of the visit redirect away again, to a name that no service here has.
    const failed = await page.goBack().then(() => "", (error: Error) => error.message);
    expect(failed === "" || failed.includes("ERR_NAME_NOT_RESOLVED"), failed).toBe(true);
    await page.waitForTimeout(300);
    await expectAbsent(page, "entre");
    await expect(page.locator("textarea, input")).toHaveCount(0);
  }
  await context.close();
});

test("Back and reload keep an open mailbox, the disk has no receipt, and a copied link shows nothing", async ({ installation, browser, launchOptions }) => {
  const folder = mkdtempSync(join(tmpdir(), "profile-"));
  const options = { ...launchOptions, javaScriptEnabled: false, viewport: { width: 360, height: 760 } };
  const context = await chromium.launchPersistentContext(folder, options);
  const page = await context.newPage();
  await page.goto(`${installation.url}/fr/report`);
  await fillReport(page, { story: "Un récit.", place: undefined });
  let code = "";
  await installation.waitForNewCases("inspector-1", 1, async () => {
    code = await sendReport(page);
  });
  await confirmReceipt(page);
  // A mistyped receipt, then the right one until the mailbox is published.
  await page.goto(`${installation.url}/fr/return`);
  const open = async (receipt: string) => {
    await page.fill("textarea[name=receipt]", receipt);
    await page.locator("form[action$='/return'] .button:visible").first().click();
  };
  await open(code.slice(0, -4));
  await expect(page.locator("textarea[name=receipt]")).toHaveValue(code.slice(0, -4));
  for (let turn = 0; turn < 60 && (await page.locator("#message").count()) === 0; turn++) {
    await open(code);
    await page.waitForTimeout(300);
  }
  await expect(page.locator("#message")).toBeVisible();
  const address = page.url();
  expect(address).toMatch(/\/fr\/return\/[0-9a-f]{32}$/);
  await page.reload();
  await expect(page.locator("#message")).toBeVisible();
  await page.locator("a[href='/fr/protect'], footer a").first().click();
  await page.goBack();
  await expect(page.locator("#message")).toBeVisible();
  await page.fill("#message", "Encore un mot.");
  await page.locator("form[action$='/return/send'] .button:visible").first().click();
  await expect(page.locator(".done")).toBeVisible();
  await page.reload();
  await expect(page.locator(".done")).toBeVisible();
  // Checking for messages and changing the language keep the draft.
  await page.fill("#message", "Pas encore fini.");
  await page.locator("main button[value=look]").click();
  await expect(page.locator("#message")).toHaveValue("Pas encore fini.");
  await page.locator(".langs [lang=es]").click();
  await expect(page.locator("html")).toHaveAttribute("lang", "es");
  await expect(page.locator("#message")).toHaveValue("Pas encore fini.");
  await page.reload();
  await expect(page.locator("#message")).toHaveValue("Pas encore fini.");
  await page.locator(".langs [lang=fr]").click();
  await expect(page).toHaveURL(address);
  // The link in another browser.
  const other = await browser.newContext({ javaScriptEnabled: false });
  const otherPage = await other.newPage();
  await otherPage.goto(address);
  await expect(otherPage).toHaveURL(`${installation.url}/fr/return`);
  await other.close();
  await page.waitForTimeout(4000);
  await page.locator("a[href$='/close']").click();
  await expect(page).toHaveURL(`${installation.url}/fr`);
  await page.goBack();
  await expectAbsent(page, "Encore un mot.");
  await expect(page.locator("#message")).toHaveCount(0);
  await context.close();
  for (const secret of [code, code.replaceAll(" ", "-"), "Encore un mot", "Pas encore fini"]) expect(filesContaining(folder, secret), secret).toEqual([]);
  rmSync(folder, { recursive: true });
});
