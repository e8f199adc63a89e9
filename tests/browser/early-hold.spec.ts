// A code that is typed before the program has loaded stays on the device. The server gets it only
// after the page has stated so and the reporter presses the button again.
import type { Page, Route } from "@playwright/test";
import { type RunningInstallation, expect, test } from "./src/installation.ts";

const CODE = "0000-0000-0000-0000-0000-0000-006X";
const OPEN = "form[action$='/return'] .button";

/** Records the requests of a page that contain the code, or send the form. */
function recordSentCodes(page: Page): string[] {
  const sent: string[] = [];
  page.on("request", (request) => {
    const body = request.postData() ?? "";
    if (body.includes("006X") || new URL(request.url()).pathname.endsWith("/return") && request.method() === "POST") sent.push(`${request.url()} ${body}`);
  });
  return sent;
}

/** Opens the page without waiting for its program, types a code and opens the messages. */
async function typeEarly(page: Page, installation: RunningInstallation, button = OPEN): Promise<void> {
  await page.goto(`${installation.url}/fr/return`, { waitUntil: "commit" });
  await page.fill("textarea[name=receipt]", CODE);
  await page.locator(button).first().click({ noWaitAfter: true });
}

/** What the program needs, in the order of loading. */
const PARTS = ["**/assets/reporter.*", "**/directory.json", "**/assets/return.*", "**/form-rest.json"];

for (const part of PARTS)
  test(`a code waits on the device for ${part}`, async ({ page, installation }) => {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    await page.route(part, async (route) => {
      await opened;
      await route.continue();
    });
    const sent = recordSentCodes(page);
    await typeEarly(page, installation);
    await expect(page.locator(".waiting progress")).toBeVisible();
    await expect(page.locator(".waiting")).toContainText("Le formulaire se charge");
    // Until the program has loaded, the page does not say who opens the messages.
    await expect(page.locator(".seal:visible")).toHaveCount(0);
    // Neither does the Enter key or another language send it.
    await page.locator(".langs [lang=ar]").click({ noWaitAfter: true });
    await page.locator(OPEN).click({ noWaitAfter: true });
    await expect(page.locator(".waiting")).toHaveCount(1);
    expect(sent).toEqual([]);
    open();
    await expect(page.getByText("Il n’y a rien ici")).toBeVisible({ timeout: 20_000 });
    await expect(page.locator(".seal")).toContainText("Votre appareil ouvre vos messages lui-même");
    await expect(page.locator(".waiting")).toHaveCount(0);
    expect(sent).toEqual([]);
  });

const FAILURES: [string, string, (route: Route) => Promise<void>][] = [
  ["the script does not load", "**/assets/reporter.*", (route) => route.abort()],
  ["there is no directory", "**/directory.json", (route) => route.fulfill({ status: 503 })],
];
for (const [what, part, fail] of FAILURES)
  test(`the reporter decides whether the site opens the messages: ${what}`, async ({ page, installation }) => {
    let failNow: () => void = () => undefined;
    const failing = new Promise<void>((resolve) => (failNow = resolve));
    await page.route(part, async (route) => {
      await failing;
      await fail(route);
    });
    const sent = recordSentCodes(page);
    await typeEarly(page, installation);
    await expect(page.locator(".waiting progress")).toBeVisible();
    failNow();
    await expect(page.locator(".waiting")).toContainText("Touchez encore : notre site le fait pour vous.");
    await expect(page.locator(".seal")).toContainText("Notre site ouvre vos messages pour vous.");
    expect(sent).toEqual([]);
    await page.locator(OPEN).click();
    await expect(page.getByText("Il n’y a rien ici")).toBeVisible();
    expect(sent).toHaveLength(1);
  });

test("a program that fails before anything is typed leaves the page to the site, which says so", async ({ page, installation }) => {
  await page.route("**/assets/reporter.*", (route) => route.abort());
  const sent = recordSentCodes(page);
  await page.goto(`${installation.url}/fr/return`);
  await expect(page.locator(".seal")).toContainText("Notre site ouvre vos messages pour vous.");
  await expect(page.locator(".waiting")).toHaveCount(0);
  await page.fill("textarea[name=receipt]", CODE);
  await page.locator(OPEN).click();
  await expect(page.getByText("Il n’y a rien ici")).toBeVisible();
  expect(sent).toHaveLength(1);
});

test("a story is not sent to the site by itself after it waited for the program", async ({ browser, installation }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  // The first pages of the form are those of the server, because the reporter is fast.
  await page.route("**/assets/reporter.*", (route) => route.abort());
  await page.goto(`${installation.url}/fr/report`);
  await page.click("button[value='family.money']");
  await page.click("button[value='category.FAC']");
  await expect(page.locator("[name='a.story']")).toBeVisible();
  await page.unroute("**/assets/reporter.*");
  let fail: () => void = () => undefined;
  const failing = new Promise<void>((resolve) => (fail = resolve));
  await page.route("**/directory.json", async (route) => {
    await failing;
    await route.fulfill({ status: 503 });
  });
  await page.reload({ waitUntil: "domcontentloaded" });
  await page.fill("[name='a.story']", "Un récit CANARI-ATTENTE.");
  const posted: string[] = [];
  page.on("request", (request) => request.method() === "POST" && posted.push(request.url()));
  await page.locator("button[value=review]:not(.enter)").click({ noWaitAfter: true });
  await expect(page.locator(".waiting progress")).toBeVisible();
  fail();
  await expect(page.locator(".waiting")).toContainText("Touchez encore : notre site le fait pour vous.");
  expect(posted).toEqual([]);
  await page.locator("button[value=review]:not(.enter)").click();
  await expect(page.getByText("CANARI-ATTENTE")).toBeVisible();
  expect(posted).toHaveLength(1);
  await context.close();
});
