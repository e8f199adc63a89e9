// The layout of the reporter's pages: what is in the first screen, what a finger can touch, and
// what does not look like something else.
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "./src/installation.ts";
import { LANGUAGES } from "./src/languages.ts";
import { fillReport, sendReport, waitForHydration } from "./src/reporting.ts";

/** The smallest side of a target for a finger, in CSS pixels. */
const MIN_TARGET = 44;
const PHONE = { width: 360, height: 560 };
const STORY = "Au contrôle, un agent garde mes papiers.";

async function openStory(page: Page, url: string, scripts: boolean): Promise<void> {
  await page.goto(`${url}/report`);
  if (scripts) await waitForHydration(page);
  await page.click("button[value='family.money']");
  await page.click("button[value='category.EXT']");
  await page.waitForLoadState();
}

async function box(element: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  return (await element.boundingBox())!;
}

for (const lang of LANGUAGES)
  test(`no language is outside of its row: ${lang}`, async ({ page, installation }) => {
    for (const width of [320, 360]) {
      await page.setViewportSize({ width, height: 560 });
      for (const path of ["", "/report", "/return"]) {
        await page.goto(`${installation.url}/${lang}${path}`);
        const row = await box(page.locator(".langs"));
        const names = page.locator(".langs > :is(a, button:not(.enter))");
        await expect(names).toHaveCount(LANGUAGES.length - 1);
        for (const name of await names.all()) {
          const { x, y, width: wide, height } = await box(name);
          const where = `${await name.innerText()} at ${width} px of ${path}`;
          expect(x >= row.x && x + wide <= row.x + row.width && y + height <= row.y + row.height, where).toBe(true);
          expect(Math.min(wide, height), where).toBeGreaterThanOrEqual(MIN_TARGET);
        }
      }
    }
  });

for (const lang of ["fr", "ar"])
  test(`a telephone number is large enough for a finger: ${lang}`, async ({ page, installation }) => {
    await page.setViewportSize(PHONE);
    for (const path of ["", "/protect"]) {
      await page.goto(`${installation.url}/${lang}${path}`);
      const calls = await page.locator("a.call").all();
      expect(calls.length).toBeGreaterThan(0);
      for (const call of calls) {
        const { width, height } = await box(call);
        expect(Math.min(width, height), `${path} ${await call.innerText()}`).toBeGreaterThanOrEqual(MIN_TARGET);
      }
    }
  });

for (const scripts of [true, false])
  test(`the review page of the short way leads to the choice of who must not see the report: ${scripts ? "with" : "without"} scripts`, async ({ browser, installation }) => {
    const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: PHONE });
    const page = await context.newPage();
    await openStory(page, `${installation.url}/fr`, scripts);
    await page.fill("[name='a.story']", STORY);
    await page.click("main button[value=review]");
    const choose = page.locator(".readers button[value='facts.handlers_involved']:visible");
    await expect(choose).toHaveText("Écarter quelqu’un");
    await choose.click();
    await expect(page.locator("#q-handlers_involved")).toBeInViewport();
    await page.check("[name='a.handlers_involved'][value=posts]");
    await page.click("main button[value=review]");
    await expect(page.locator("dl.given")).toContainText("Postes et bureaux de douane, aussi celui où cela s’est passé");
    await context.close();
  });

for (const lang of ["fr", "ar"])
  test(`the field for the story begins in the first screen of a phone: ${lang}`, async ({ page, installation }) => {
    await page.setViewportSize(PHONE);
    await openStory(page, `${installation.url}/${lang}`, true);
    const field = await box(page.locator("[name='a.story']"));
    const exit = await box(page.locator(".bar .leave"));
    // Three lines of it are above the bar.
    expect(field.y + 3 * 26).toBeLessThanOrEqual(exit.y);
  });

test("sections of further facts are folded until they have an answer, and choices stand in rows", async ({ page, installation }) => {
  await page.setViewportSize(PHONE);
  await openStory(page, `${installation.url}/fr`, true);
  const radios = page.locator("#q-payment_status .check");
  const tops = await radios.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
  expect(new Set(tops).size).toBe(tops.length);
  // No answer does not look like an answer.
  await expect(radios.first()).not.toHaveCSS("border-top-color", "rgba(0, 0, 0, 0)");
  await expect(radios.last()).toHaveCSS("border-top-color", "rgba(0, 0, 0, 0)");
  await page.fill("[name='a.story']", STORY);
  await page.click("main button[value=facts]");
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  expect(height).toBeLessThanOrEqual(7.5 * PHONE.height);
  const audience = page.locator("#q-audience");
  await expect(audience).toBeHidden();
  await page.click(".part:has(#q-audience) > summary");
  await page.check("input[name=audience][value=carrier]");
  await page.click("main button[value=tell]");
  await page.click("main button[value=facts]");
  await expect(page.locator("input[name=audience][value=carrier]")).toBeVisible();
});

test("the quick exit is a filled button in the first screen of a wide window", async ({ page, installation }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${installation.url}/fr`);
  const exit = page.locator(".bar .leave");
  const { y, height } = await box(exit);
  expect(y >= 0 && y + height < 200 && height >= MIN_TARGET).toBe(true);
  await expect(exit).toHaveCSS("background-color", "rgb(156, 65, 23)");
});

test("the link to the content is a box above the page while it has the focus", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr`);
  await page.keyboard.press("Tab");
  const skip = page.locator(".skip");
  await expect(skip).toBeFocused();
  await expect(skip).toHaveCSS("position", "absolute");
  await expect(skip).toHaveCSS("background-color", "rgb(255, 255, 255)");
});

test("a printed receipt shows nothing that only a screen can do", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await fillReport(page, { story: STORY });
  await sendReport(page);
  await page.emulateMedia({ media: "print" });
  await expect(page.locator(".code")).toBeVisible();
  await expect(page.locator("summary:visible, button:visible, a:visible")).toHaveCount(0);
});
