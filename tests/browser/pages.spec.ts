// Every page against the rules of WCAG 2.2 AA: in each language, light and dark, with and without
// the
// script.
import type { Browser, Page } from "@playwright/test";
import { takeScreenshots, expectAccessible, expectNoHorizontalScroll } from "./src/barriers.ts";
import { fillReport, sendReport, waitForHydration } from "./src/reporting.ts";
import { type RunningInstallation, expect, test, waitUntil } from "./src/installation.ts";
import { tabTo } from "./src/keyboard.ts";
import { LANGUAGES } from "./src/languages.ts";

async function checkPage(page: Page, where: string): Promise<void> {
  // Targets are smaller before the style sheet has arrived.
  await page.waitForLoadState();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page, `${colorScheme} ${where}`);
    await takeScreenshots(page, `${test.info().title.split(": ")[1]!.replace(",", `, ${colorScheme},`)} ${where}`);
  }
  await expectNoHorizontalScroll(page, where);
}

/** Axe needs its own scripts in the page, so "without" means without ours. */
async function openReporterPage(browser: Browser, installation: RunningInstallation, scripts: boolean): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 360, height: 760 }, bypassCSP: true });
  const page = await context.newPage();
  if (!scripts) await page.route(`${installation.url}/assets/*.js`, (route) => route.abort());
  return page;
}

async function visitEveryPage(page: Page, installation: RunningInstallation, lang: string, scripts: boolean): Promise<void> {
  for (const path of ["", "/learn", "/protect", "/nowhere", "/return"]) {
    await page.goto(`${installation.url}/${lang}${path}`);
    await checkPage(page, `/${lang}${path}`);
  }
  await page.goto(`${installation.url}/${lang}/report`);
  if (scripts) await waitForHydration(page);
  const openDetails = () => page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
  await checkPage(page, "subject");
  await page.click("button[value='family.money']");
  await checkPage(page, "case");
  await page.click("button[value='category.FAC']");
  await openDetails();
  await checkPage(page, "tell");
  await page.click("button[name=go][value=facts]");
  await openDetails();
  await checkPage(page, "facts");
  await page.click("button[value=review]:not(.enter)");
  await checkPage(page, "tell with an error");
  // The error is beside the field too, wherever the report is sealed.
  await expect(page.locator(".bad .error")).toHaveCount(1);

  await page.goto(`${installation.url}/${lang}/report`);
  if (scripts) await waitForHydration(page);
  await fillReport(page, { story: "My name is Awa. Call me at 70 12 34 56. Je suis la seule à le savoir." });
  await checkPage(page, "review");
  const code = await sendReport(page);
  await checkPage(page, "receipt");

  await waitUntil(async () => {
    await page.goto(`${installation.url}/${lang}/return`);
    if (scripts) await waitForHydration(page);
    await page.fill("textarea[name=receipt]", code);
    await page.locator("form[action$='/return'] .button:visible").first().click();
    await page.waitForTimeout(300);
    return (await page.locator("#message").count()) > 0 ? true : undefined;
  });
  await checkPage(page, "thread");
  await page.locator("form[action$='/return/send'] .button:visible").first().click();
  await checkPage(page, "thread with an error");
  await expect(page.locator(".bad .error")).toHaveCount(1);
  await page.fill("#message", "Appelez le 70 12 34 56 le 3 mai 2026.");
  await page.locator("form[action$='/return/send'] .button:visible").first().click();
  await expect(page.locator(".traces")).toBeVisible();
  // The earlier error is corrected.
  await expect(page.locator(".wrong, .bad, .error, [aria-invalid]")).toHaveCount(0);
  await page.locator("details:has(#earlier) summary").click();
  await checkPage(page, "thread with traces");
}

for (const lang of LANGUAGES) {
  for (const scripts of [true, false]) {
    test(`no barrier on any page: ${lang}, ${scripts ? "sealing here" : "sealing at the server"}`, async ({ browser, installation }) => {
      const page = await openReporterPage(browser, installation, scripts);
      await visitEveryPage(page, installation, lang, scripts);
      await page.context().close();
    });
  }
}

test("the whole form goes by keyboard alone", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  const press = (selector: string) => tabTo(page, selector);
  await installation.waitForNewCases("inspector-1", 1, async () => {
    for (const go of ["family.money", "category.FAC"]) {
      await press(`button[value='${go}']`);
      await page.keyboard.press("Enter");
    }
    await press("textarea[name='a.story']");
    await page.keyboard.type("Tapé sans souris.");
    await press("button[value=review]:not(.enter)");
    await page.keyboard.press("Enter");
    await expect(page.getByText("Tapé sans souris.")).toBeVisible();
    await press("form[action$='/report/send'] .button");
    await page.keyboard.press("Enter");
    await expect(page.locator(".code")).toBeVisible();
  });
});
