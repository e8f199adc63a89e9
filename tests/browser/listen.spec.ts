// Spoken help: a tap fetches the pack of a language, and each text that has a clip can be heard.
import type { Page } from "@playwright/test";
import { checkScreen } from "./src/barriers.ts";
import { expect, test } from "./src/installation.ts";
import { tabTo } from "./src/keyboard.ts";
import { fillReport, waitForHydration } from "./src/reporting.ts";

const FRENCH = "button[data-pack*='/fr.']";
const MOORE = "button[data-pack*='/mos.']";

/** Returns the paths of the packs that the page requests from now on. */
function recordPacks(page: Page): string[] {
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/audio/")) asked.push(pathname);
  });
  return asked;
}

/** Opens the form and begins the spoken help. */
async function listen(page: Page, url: string, language: string): Promise<void> {
  await page.goto(`${url}/fr/report`);
  await waitForHydration(page);
  await page.click(language);
  await expect(page.locator(".hear").first()).toBeVisible({ timeout: 15_000 });
}

test("a tap fetches one pack for the whole visit, and no request names what is heard", async ({ page, installation }) => {
  const asked = recordPacks(page);
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await expect(page.locator(FRENCH)).toHaveText("Écouter : Français (2 Mo)");
  await expect(page.locator(MOORE)).toHaveText("Écouter : Mooré (1 Mo)");
  await page.waitForTimeout(500);
  expect(asked).toEqual([]);
  await page.click(FRENCH);
  const subject = page.locator("li:has([value='family.money']) .hear");
  await expect(subject).toHaveAttribute("aria-label", /^Écouter\s: Argent ou cadeau demandé$/);
  const box = (await subject.boundingBox())!;
  expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(44);
  await checkScreen(page, "fr", "spoken help on the subjects");
  await subject.click();
  await expect(subject).toHaveClass("hear playing");
  await expect(page.locator(".hear.playing")).toHaveCount(1);
  await page.click("button[value='family.money']");
  await expect(page.locator("li:has([value='category.FAC']) .hear")).toBeVisible();
  await expect(page.locator(".hear.playing")).toHaveCount(0);
  await page.click("button[value='category.FAC']");
  await expect(page.locator("h1 .hear")).toBeVisible();
  await checkScreen(page, "fr", "spoken help beside the story");
  await page.fill("[name='a.story']", "Un récit.");
  await page.click("button[name=go][value=facts]");
  await expect(page.locator("#q-audience .radios .hear")).toHaveCount(7);
  await checkScreen(page, "fr", "spoken help on the further facts");
  await page.click("button[value=review]:not(.enter)");
  await expect(page.locator("h1 .hear")).toBeVisible();
  await checkScreen(page, "fr", "spoken help on the review");
  expect(asked).toHaveLength(1);
});

test("one clip plays at a time, ends by itself or by a tap, and works with the keyboard", async ({ page, installation }) => {
  await listen(page, installation.url, FRENCH);
  const buttons = page.locator(".cards .hear");
  await buttons.nth(0).click();
  await buttons.nth(1).click();
  await expect(page.locator(".hear.playing")).toHaveCount(1);
  await expect(buttons.nth(1)).toHaveAttribute("aria-label", "Arrêter");
  await buttons.nth(1).click();
  await expect(page.locator(".hear.playing")).toHaveCount(0);
  await expect(buttons.nth(1)).toHaveAttribute("aria-label", /^Écouter\s: Marchandises, déclarations, contrôles$/);
  await page.focus(FRENCH);
  await tabTo(page, ".cards .hear");
  await page.keyboard.press("Enter");
  await expect(buttons.nth(0)).toHaveClass("hear playing");
  // The clip lasts a second.
  await expect(buttons.nth(0)).toHaveClass("hear", { timeout: 5_000 });
  // The page has not chosen a subject.
  await expect(page.locator("h1")).toContainText("De quoi s’agit-il");
});

test("a language without texts speaks what it has, and ends with a tap", async ({ page, installation }) => {
  const asked = recordPacks(page);
  await listen(page, installation.url, MOORE);
  await expect(page.locator(".hear")).toHaveCount(9);
  await page.click(FRENCH);
  await expect(page.locator("h1 .hear")).toBeVisible();
  await expect(page.locator(MOORE)).toHaveText("Écouter : Mooré (1 Mo)");
  await page.click(MOORE);
  await expect(page.locator(".hear")).toHaveCount(9);
  await page.click(MOORE);
  await expect(page.locator(".hear")).toHaveCount(0);
  expect(new Set(asked).size).toBe(asked.length);
  // Pages in English have no pack.
  await page.locator("button[formaction^='/en/']").first().click();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(page.locator(".listen, .hear")).toHaveCount(0);
});

test("the page refuses a server that swaps an audio pack", async ({ page, installation }) => {
  await page.route("**/audio/*", async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body[body.length - 1]! ^= 1;
    await route.fulfill({ response, body });
  });
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await page.click(FRENCH);
  await expect(page.locator(".altered[role=alert]")).toBeVisible();
  await expect(page.locator("main form, .hear, .listen")).toHaveCount(0);
});

test("a lost connection leaves the form, and the next tap tries again", async ({ page, installation }) => {
  await page.route("**/audio/*", (route) => route.abort());
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await page.click(FRENCH);
  await expect(page.locator(".listen [role=status]")).toHaveText("Le son n’est pas arrivé. Vérifiez la connexion, puis réessayez.");
  await expect(page.locator(FRENCH)).toHaveText("Écouter : Français (2 Mo)");
  await page.unroute("**/audio/*");
  await page.click(FRENCH);
  await expect(page.locator("h1 .hear")).toBeVisible();
  await fillReport(page, { story: "Un récit." });
  await expect(page.getByText("Un récit.")).toBeVisible();
});

test("without scripts, no page offers spoken help or fetches a pack", async ({ browser, installation }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const asked = recordPacks(page);
  for (const path of ["/fr", "/fr/report", "/fr/return"]) {
    await page.goto(`${installation.url}${path}`);
    await expect(page.locator("button[data-pack]:visible")).toHaveCount(0);
  }
  expect(asked).toEqual([]);
  await context.close();
});
