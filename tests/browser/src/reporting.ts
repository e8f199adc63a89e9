// A reporter who uses the form.
import { type Page, expect } from "@playwright/test";
import { type RunningInstallation, waitUntil } from "./installation.ts";

export interface ReportInput {
  story: string;
  place?: string;
  files?: { name: string; mimeType: string; buffer: Buffer }[];
}

/** Waits until the script controls the form. */
export async function waitForHydration(page: Page): Promise<void> {
  await expect(page.locator(".seal[data-sealed=here]").first()).toBeVisible({ timeout: 15_000 });
}

/** After Back, Forward or the exit, the page must not contain this text. */
export async function expectAbsent(page: Page, text: string): Promise<void> {
  let content = "";
  // The content cannot be read while the browser changes the page. Only reading is repeated: a page
  // that shows the text for a moment is a fault.
  await expect(async () => void (content = await page.content())).toPass({ timeout: 10_000 });
  expect(content).not.toContain(text);
}

/** Chooses whether files are sent unchanged. The choice is folded on the review page. */
export async function keepOriginals(page: Page, keep = true): Promise<void> {
  const choice = page.locator("input[name=keep]");
  if (!(await choice.isVisible())) await page.locator("details:has(input[name=keep]) > summary").click();
  await choice.setChecked(keep);
}

/** Fills the form in up to the review page. */
export async function fillReport(page: Page, input: ReportInput): Promise<void> {
  await page.click("button[value='family.money']");
  await page.click("button[value='category.FAC']");
  if (input.place) await page.fill("[name='a.place']", input.place);
  await page.fill("[name='a.story']", input.story);
  await page.click("button[value=review]:not(.enter)");
  if (input.files) await page.setInputFiles("input[type=file]", input.files);
}

/** Sends the report and returns the code of the receipt. */
export async function sendReport(page: Page): Promise<string> {
  await page.locator("form[action$='/report/send'] .button:visible").first().click();
  return receiptCode(page);
}

/** Submits a report and returns the id of its case once it is in the member's queue. */
export async function submitCase(page: Page, installation: RunningInstallation, handle: string, input: ReportInput): Promise<string> {
  const [row] = await installation.waitForNewCases(handle, 1, async () => {
    await page.goto(`${installation.url}/fr/report`);
    await fillReport(page, input);
    await sendReport(page);
  });
  return row!.id;
}

/** Returns the code on the page as a reporter writes it down. */
export async function receiptCode(page: Page): Promise<string> {
  const code = page.locator(".code");
  await expect(code).toBeVisible({ timeout: 30_000 });
  return (await code.innerText()).replaceAll(/\s+/g, " ").trim();
}

/** Says twice that the receipt is noted. The page then shows it no more. */
export async function confirmReceipt(page: Page): Promise<void> {
  await page.locator(".confirm > summary").click();
  await page.locator(".confirm .noted").click();
}

/** Types a receipt and opens its mailbox. */
export async function openMailbox(page: Page, installation: RunningInstallation, lang: string, receipt: string): Promise<void> {
  await page.goto(`${installation.url}/${lang}/return`);
  await page.fill("textarea[name=receipt]", receipt);
  await page.locator("form[action$='/return'] .button:visible").first().click();
}

/** Opens the mailbox repeatedly until it is published. Ends on the page for a message. */
export async function openThread(page: Page, installation: RunningInstallation, scripts: boolean, receipt: string): Promise<void> {
  await waitUntil(async () => {
    await page.goto(`${installation.url}/fr/return`);
    if (scripts) await waitForHydration(page);
    await page.fill("textarea[name=receipt]", receipt);
    await page.locator("form[action$='/return'] .button:visible").first().click();
    // A slow machine takes seconds to open the mailbox and to verify what is in it.
    return page.locator("#message").first().waitFor({ timeout: 5_000 }).then(() => true, () => undefined);
  });
}

/** Returns everything that a browser could have stored of a visit. */
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
