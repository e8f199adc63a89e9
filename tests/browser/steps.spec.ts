// At each step of the report, of a message and of the return page, Back, reload and another
// language lose nothing of what was typed, and after the quick exit Back shows nothing of it.
import type { Page } from "@playwright/test";
import { confirmReceipt, expectAbsent, fillReport, openThread, sendReport, waitForHydration } from "./src/reporting.ts";
import { type RunningInstallation, expect, test } from "./src/installation.ts";

/** A step with typed text: how to come to it, and what must stay. */
interface Step {
  name: string;
  reach(page: Page): Promise<unknown>;
  stays(page: Page, scripts: boolean): Promise<unknown>;
  /** Whether the address of the step contains what was typed, without scripts. */
  stored: boolean;
}

const STORY = "Un récit CANARI-ETAPE.";
const story = (page: Page) => expect(page.locator("[name='a.story']")).toHaveValue(STORY);
const onReview = (page: Page) => expect(page.locator("dl.given")).toContainText(STORY);

async function reachStory(page: Page): Promise<void> {
  await page.click("button[value='family.money']");
  await page.click("button[value='category.FAC']");
  await page.fill("[name='a.story']", STORY);
}

const STEPS: Step[] = [
  { name: "case", stored: true, reach: (page) => page.click("button[value='family.money']"), stays: (page) => expect(page.locator("button[value='category.FAC']")).toBeVisible() },
  { name: "story", stored: false, reach: reachStory, stays: story },
  {
    name: "further facts",
    stored: false,
    reach: async (page) => {
      await reachStory(page);
      await page.click(".buttons button[value=facts]");
      await page.click(".part:has(#q-audience) > summary");
      await page.locator("input[name=audience][value=trader]").check();
    },
    stays: (page) => expect(page.locator("input[name=audience][value=trader]")).toBeChecked(),
  },
  {
    name: "review",
    stored: true,
    reach: async (page) => {
      await reachStory(page);
      await page.click("button[value=review]:not(.enter)");
    },
    stays: onReview,
  },
];

async function changeLanguage(page: Page, to: string): Promise<void> {
  await page.locator(`.langs [lang=${to}]`).click();
  await expect(page.locator("html")).toHaveAttribute("lang", to);
}

/** Reloads the page. With scripts the browser asks before it loses the text. The answer is no. */
async function reload(page: Page, asks: boolean): Promise<void> {
  if (!asks) return void (await page.reload());
  const asked = page.waitForEvent("dialog");
  const reloading = page.reload({ timeout: 3000 }).catch(() => undefined);
  const dialog = await asked;
  expect(dialog.type()).toBe("beforeunload");
  await dialog.dismiss();
  await reloading;
}

async function leaveAndGoBack(page: Page): Promise<void> {
  await page.context().route(/\/leave(\/|$)/, async (route) => {
    if (route.request().url().includes("/leave/")) await route.fetch({ maxRedirects: 0 }).catch(() => undefined);
    await route.fulfill({ body: "elsewhere", contentType: "text/html" });
  });
  await page.locator("a.leave").first().click();
  await expect(page.getByText("elsewhere")).toBeVisible();
  for (let times = 0; times < 3; times++) {
    await page.goBack().catch(() => undefined);
    await page.waitForTimeout(200);
    await expectAbsent(page, "CANARI");
    await expect(page.locator("textarea:not(#receipt), dl.given")).toHaveCount(0);
  }
}

for (const scripts of [true, false])
  for (const lang of ["fr", "ar"])
    for (const step of STEPS)
      test(`${step.name}: Back, reload and another language lose nothing: ${lang}, ${scripts ? "with scripts" : "without scripts"}`, async ({ browser, installation }) => {
        const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: { width: 360, height: 760 } });
        const page = await context.newPage();
        await page.goto(`${installation.url}/${lang}`);
        await page.goto(`${installation.url}/${lang}/report`);
        if (scripts) await waitForHydration(page);
        await step.reach(page);
        await changeLanguage(page, "pt");
        await step.stays(page, scripts);
        // Now the address contains the typed text too.
        if (!scripts || step.name !== "case") await reload(page, scripts);
        await step.stays(page, scripts);
        await page.goBack();
        await expect(page.locator("form#f")).toBeVisible();
        await page.goForward();
        await step.stays(page, scripts);
        await changeLanguage(page, lang);
        await step.stays(page, scripts);
        await leaveAndGoBack(page);
        await context.close();
      });

/** Sends a report and opens its messages. */
async function openMessages(page: Page, installation: RunningInstallation, scripts: boolean): Promise<string> {
  await page.goto(`${installation.url}/fr/report`);
  if (scripts) await waitForHydration(page);
  await fillReport(page, { story: "Un récit." });
  const code = await sendReport(page);
  await confirmReceipt(page);
  await expect(page).toHaveURL(`${installation.url}/fr`);
  await openThread(page, installation, scripts, code);
  return code;
}

for (const scripts of [true, false])
  test(`a message: Back, reload and another language lose nothing: ${scripts ? "with scripts" : "without scripts"}`, async ({ browser, installation }) => {
    const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: { width: 360, height: 760 } });
    const page = await context.newPage();
    await openMessages(page, installation, scripts);
    const text = "Un message CANARI-ETAPE.";
    await page.fill("#message", text);
    await changeLanguage(page, "ar");
    await expect(page.locator("#message")).toHaveValue(text);
    await reload(page, scripts);
    await expect(page.locator("#message")).toHaveValue(text);
    if (!scripts) {
      await page.goBack();
      await page.goForward();
      await expect(page.locator("#message")).toHaveValue(text);
    }
    await changeLanguage(page, "fr");
    await expect(page.locator("#message")).toHaveValue(text);
    if (scripts) {
      await context.setOffline(true);
      await page.locator(".langs [lang=es]").click();
      await expect(page.locator(".offline")).toBeVisible();
      await expect(page.locator("#message")).toHaveValue(text);
      await context.setOffline(false);
    } else {
      await page.context().route("**/leave/**", async (route) => {
        await route.fetch({ maxRedirects: 0 }).catch(() => undefined);
        await route.fulfill({ body: "elsewhere", contentType: "text/html" });
      });
    }
    await leaveAndGoBack(page);
    await context.close();
  });

for (const scripts of [true, false])
  test(`a typed code: another language and reload lose nothing, and open nothing: ${scripts ? "with scripts" : "without scripts"}`, async ({ browser, installation }) => {
    const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: { width: 360, height: 760 } });
    const page = await context.newPage();
    for (const typed of ["ABCD", "0000-0000-0000-0000-0000-0000-006X"]) {
      await page.goto(`${installation.url}/fr/return`);
      if (scripts) await waitForHydration(page);
      await page.fill("#receipt", typed);
      await changeLanguage(page, "ar");
      await expect(page.locator("#receipt")).toHaveValue(typed);
      await expect(page.locator(".wrong, .aside")).toHaveCount(0);
      if (!scripts) await page.reload();
      await expect(page.locator("#receipt")).toHaveValue(typed);
      await changeLanguage(page, "fr");
      await expect(page.locator("#receipt")).toHaveValue(typed);
    }
    await context.close();
  });
