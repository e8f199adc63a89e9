// Spoken help: a tap fetches the pack of a language, and each text that has a clip can be heard.
import type { Page } from "@playwright/test";
import { checkScreen } from "./src/barriers.ts";
import { expect, test } from "./src/installation.ts";
import { tabTo } from "./src/keyboard.ts";
import { fillReport, sendReport, waitForHydration } from "./src/reporting.ts";
import { recordTransfers } from "./src/slow_line.ts";

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
  await expect(page.locator(FRENCH)).toHaveAttribute("aria-label", /^Écouter\s: Français 2\sMo$/);
  await expect(page.locator(MOORE)).toHaveText(/^\s*Mooré 1\sMo$/);
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
  await expect(page.locator(MOORE)).toHaveAttribute("aria-label", /^Écouter\s: Mooré/);
  await page.click(MOORE);
  await expect(page.locator(".hear")).toHaveCount(9);
  await expect(page.locator(MOORE)).toHaveAttribute("aria-label", /^Arrêter l’aide – Mooré/);
  await page.click(MOORE);
  await expect(page.locator(".hear")).toHaveCount(0);
  expect(new Set(asked).size).toBe(asked.length);
  // Pages in English have no pack.
  await page.locator("button[formaction^='/en/']").first().click();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(page.locator(".listen, .hear")).toHaveCount(0);
});

test("a language chosen later has spoken help, and it continues after another language", async ({ page, installation }) => {
  const asked = recordPacks(page);
  const choose = async (lang: string) => {
    await page.locator(`button[formaction^='/${lang}/']`).first().click();
    await expect(page.locator("html")).toHaveAttribute("lang", lang);
  };
  for (const path of ["report", "return"]) {
    await page.goto(`${installation.url}/en/${path}`);
    await waitForHydration(page);
    await expect(page.locator(".listen")).toHaveCount(0);
    await choose("fr");
    await page.click(FRENCH);
    await expect(page.locator("h1 .hear")).toBeVisible();
    await choose("en");
    await expect(page.locator(".listen, .hear")).toHaveCount(0);
    await choose("fr");
    await expect(page.locator("h1 .hear")).toBeVisible();
  }
  expect(asked).toHaveLength(2);
});

for (const [what, script] of [
  ["has no Web Audio", "delete globalThis.AudioContext"],
  ["refuses to play", "globalThis.AudioContext = function () { throw new Error('refused') }"],
] as const)
  test(`a browser that ${what} says so instead of showing buttons that do nothing`, async ({ page, installation }) => {
    await page.addInitScript(script);
    const errors: string[] = [];
    page.on("pageerror", ({ message }) => errors.push(message));
    await page.goto(`${installation.url}/fr/report`);
    await waitForHydration(page);
    await expect(page.locator(".listen")).toBeVisible();
    if (what === "refuses to play") await page.click(FRENCH);
    await expect(page.locator(".listen [role=status]")).toHaveText("Ce navigateur ne peut pas lire le son.");
    await expect(page.locator(".listen button, .hear")).toHaveCount(0);
    await page.click("button[value='family.money']");
    await expect(page.locator("h1")).toBeVisible();
    expect(errors).toEqual([]);
  });

test("the buttons take neither the focus nor a choice from what the reporter does meanwhile", async ({ page, installation }) => {
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  await page.route("**/audio/*", async (route) => {
    await arrived;
    await route.continue();
  });
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await page.click(FRENCH);
  await expect(page.locator(".listen [role=status]")).toHaveText("Le son arrive. Cela peut durer.");
  await page.click("button[value='family.money']");
  await page.click("button[value='category.FAC']");
  await page.fill("[name='a.story']", "Un récit.");
  await page.click("button[name=go][value=facts]");
  await page.click(".part:has(#q-audience) > summary");
  const option = page.locator("input[name=audience]").nth(1);
  await option.check();
  await expect(option).toBeFocused();
  arrive();
  await expect(page.locator("#q-audience .radios .hear").first()).toBeVisible({ timeout: 15_000 });
  await expect(option).toBeFocused();
  await expect(option).toBeChecked();
});

test("the browser stores no pack: it is fetched again on a page that is opened again", async ({ page, installation }) => {
  const { requests } = await recordTransfers(page);
  for (const visit of [1, 2]) {
    await listen(page, installation.url, MOORE);
    const fetched = requests.filter(({ path, bytes }) => path.startsWith("/audio/") && bytes > 500_000);
    expect(fetched).toHaveLength(visit);
  }
});

test("the buttons are one row, and after the code on its page", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  const bar = page.locator(".listen");
  await expect(bar).toBeVisible();
  for (const button of await bar.locator("button").all()) expect((await button.boundingBox())!.height).toBeGreaterThanOrEqual(44);
  expect((await bar.boundingBox())!.height).toBeLessThanOrEqual(52);
  await page.click(FRENCH);
  await expect(page.locator("h1 .hear")).toBeVisible();
  await fillReport(page, { story: "Un récit." });
  // The advice is shown once.
  expect((await bar.boundingBox())!.height).toBeLessThanOrEqual(52);
  await sendReport(page);
  await expect(page.locator(".ticket .hear").first()).toBeVisible();
  expect((await bar.boundingBox())!.y).toBeGreaterThan((await page.locator(".ticket").boundingBox())!.y);
  await checkScreen(page, "fr", "spoken help beside the code");
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
  await expect(page.locator(FRENCH)).toHaveAttribute("aria-label", /^Écouter\s: Français/);
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
