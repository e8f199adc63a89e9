// A reporter in front of the form.
import { type Page, expect } from "@playwright/test";
import { type RunningInstallation, waitUntil } from "./office.ts";

export interface ReportInput {
  story: string;
  place?: string;
  files?: { name: string; mimeType: string; buffer: Buffer }[];
}

/** Waits until the browser has taken the form over. */
export async function waitForHydration(page: Page): Promise<void> {
  await expect(page.locator(".seal[data-sealed=here]").first()).toBeVisible();
}

/** Fills the form in up to the review page. */
export async function fillReport(page: Page, told: ReportInput): Promise<void> {
  await page.click("button[name=go][value=audience]");
  await page.click("button[value='audience.trader']");
  await page.click("button[value='family.money']");
  await page.click("button[value='category.FAC']");
  if (told.place) {
    const place = page.locator("[name='a.place']");
    await place.evaluate((field) => field.closest("details")?.setAttribute("open", ""));
    await place.fill(told.place);
  }
  await page.fill("[name='a.story']", told.story);
  await page.click("button[value=review]:not(.enter)");
  if (told.files) await page.setInputFiles("input[type=file]", told.files);
}

/** Presses send, and gives the code of the receipt. */
export async function sendReport(page: Page): Promise<string> {
  await page.locator("form[action$='/report/send'] .button:visible").first().click();
  return receiptCode(page);
}

/** Files a report, and gives the id of the case that came of it, once somebody has it. */
export async function submitCase(page: Page, office: RunningInstallation, handle: string, told: ReportInput): Promise<string> {
  const [row] = await office.waitForNewCases(handle, 1, async () => {
    await page.goto(`${office.url}/fr/report`);
    await fillReport(page, told);
    await sendReport(page);
  });
  return row!.id;
}

/** The code on the page, as it is written down. */
export async function receiptCode(page: Page): Promise<string> {
  const code = page.locator(".code");
  await expect(code).toBeVisible({ timeout: 30_000 });
  return (await code.innerText()).replaceAll(/\s+/g, " ").trim();
}

/** Types a receipt and opens what is there. */
export async function openMailbox(page: Page, office: RunningInstallation, lang: string, receipt: string): Promise<void> {
  await page.goto(`${office.url}/${lang}/return`);
  await page.fill("textarea[name=receipt]", receipt);
  await page.locator("form[action$='/return'] .button:visible").first().click();
}

/** Comes back again and again, until the mailbox is there, and leaves the page on which a message is written open. */
export async function openThread(page: Page, office: RunningInstallation, scripts: boolean, receipt: string): Promise<void> {
  await waitUntil(async () => {
    await page.goto(`${office.url}/fr/return`);
    if (scripts) await waitForHydration(page);
    await page.fill("textarea[name=receipt]", receipt);
    await page.locator("form[action$='/return'] .button:visible").first().click();
    await page.waitForTimeout(300);
    return (await page.locator("#message").count()) > 0 ? true : undefined;
  });
}

/** Everything that a browser could have kept of a visit. */
export async function storedBrowserData(page: Page): Promise<unknown> {
  return page.evaluate(async () => ({
    cookies: document.cookie,
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    history: JSON.stringify(history.state),
  }));
}
