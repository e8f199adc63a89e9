// Small windows and large text: nothing scrolls sideways, and the quick exit stays visible.
import type { Page } from "@playwright/test";
import { takeScreenshots, expectNoHorizontalScroll } from "./src/barriers.ts";
import { fillReport, sendReport, waitForHydration } from "./src/reporting.ts";
import { serveOldStyle } from "./src/old_browsers.ts";
import { expect, test } from "./src/installation.ts";

/** An address of 85 characters, as reporters paste it. */
const LONG_URL = "https://exemple.example/" + "declaration".repeat(5) + "/bb";

async function expectFits(page: Page, where: string): Promise<void> {
  for (const width of [320, 360]) {
    await page.setViewportSize({ width, height: 560 });
    await expectNoHorizontalScroll(page, `${where} at ${width} px`);
    const box = (await page.locator(".bar .leave").boundingBox())!;
    expect(box.y >= 0 && box.y + box.height <= 560 && box.height >= 44, `${where}: the way out is in sight`).toBe(true);
  }
  await takeScreenshots(page, `reflow ${where}`);
}

for (const lang of ["fr", "ar"])
  for (const size of ["100%", "200%"])
    test(`every page fits 320 px with letters of ${size}: ${lang}`, async ({ page, installation }) => {
      // As a browser with a large font size does.
      await page.addInitScript((size) => {
        new MutationObserver(() => document.documentElement?.style.setProperty("font-size", `calc(1.0625 * 16px * ${parseInt(size) / 100})`)).observe(document, { childList: true });
      }, size);
      for (const path of ["", "/learn", "/protect", "/nowhere", "/return"]) {
        await page.goto(`${installation.url}/${lang}${path}`);
        await expectFits(page, `${lang} ${path}`);
      }
      await page.goto(`${installation.url}/${lang}/report`);
      await waitForHydration(page);
      await expectFits(page, `${lang} subject`);
      await page.click("button[value='family.respect']");
      await expectFits(page, `${lang} category`);
      await page.click("button[value='category.SXH']");
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
      await page.evaluate(() => scrollTo(0, 1500));
      await expectFits(page, `${lang} tell`);
      await page.click("button[name=go][value=facts]");
      await expectFits(page, `${lang} facts`);
      await page.goto(`${installation.url}/${lang}/report`);
      await waitForHydration(page);
      await fillReport(page, { story: `${LONG_URL} 70 12 34 56`, place: LONG_URL });
      await expectFits(page, `${lang} review`);
      await sendReport(page);
      await expect(page.locator(".words li")).toHaveCount(12);
      await expectFits(page, `${lang} receipt`);
    });

for (const lang of ["fr", "ar"])
  test(`the bar of the quick exit covers no field that has the focus: ${lang}`, async ({ page, installation }) => {
    await page.setViewportSize({ width: 360, height: 560 });
    const expectUncovered = async (where: string) => {
      let visited = 0;
      for (let last = ""; visited < 120; visited++) {
        await page.keyboard.press("Tab");
        // Of a field of several lines, the first one is where the cursor is.
        const { name, covered } = await page.evaluate(() => {
          const LINE = 44;
          const active = document.activeElement!;
          const [field, bar] = [active.getBoundingClientRect(), document.querySelector(".bar .leave")!.getBoundingClientRect()];
          const isBar = active.matches(".bar .leave") || active === document.body;
          return { name: active.outerHTML.slice(0, 80), covered: !isBar && field.top < bar.bottom && Math.min(field.bottom, field.top + LINE) > bar.top };
        });
        expect(covered, `${where}: ${name}`).toBe(false);
        if (name === last || name.startsWith("<body")) break;
        last = name;
      }
      expect(visited, where).toBeGreaterThan(5);
    };
    await page.goto(`${installation.url}/${lang}/return`);
    await expectUncovered("return");
    await page.goto(`${installation.url}/${lang}/report`);
    await waitForHydration(page);
    await page.click("button[value='family.money']");
    await page.click("button[value='category.FAC']");
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
    await expectUncovered("questions");
    const bar = (await page.locator(".bar .leave").boundingBox())!;
    expect([bar.x, bar.width, bar.y + bar.height]).toEqual([0, 360, 560]);
  });

/** The theme by day: the colours of a main button. */
const BUTTON_COLOURS = ["rgb(29, 58, 110)", "rgb(255, 255, 255)"];

for (const lang of ["fr", "ar"])
  test(`pages are readable and usable in browsers that ignore newer CSS: ${lang}`, async ({ browser, installation }) => {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 560 } });
    await serveOldStyle(context);
    const page = await context.newPage();
    const expectUsable = async (where: string) => {
      // The style sheet arrives after the page.
      await page.waitForLoadState();
      await expectFits(page, `old ${lang} ${where}`);
      // Large enough for a finger, and marked as buttons.
      for (const button of await page.locator(".button:visible, .quiet:visible, .ways a:visible, .cards button:visible, .check:visible").all())
        expect((await button.boundingBox())!.height, where).toBeGreaterThanOrEqual(44);
      for (const button of await page.locator(".button:visible").all()) {
        await expect(button).toHaveCSS("background-color", BUTTON_COLOURS[0]!);
        await expect(button).toHaveCSS("color", BUTTON_COLOURS[1]!);
      }
      // The mark of a list item is beside its text.
      for (const item of await page.locator(".promises li").all()) await expect(item).toHaveCSS(lang === "ar" ? "padding-right" : "padding-left", /^[1-9]/);
    };
    for (const path of ["", "/learn", "/protect", "/return"]) {
      await page.goto(`${installation.url}/${lang}${path}`);
      await expectUsable(path);
    }
    await page.goto(`${installation.url}/${lang}/report`);
    await expectUsable("subject");
    await page.click("button[value='family.respect']");
    await expectUsable("category");
    await page.click("button[value='category.SXH']");
    await expectUsable("tell");
    await page.click("button[name=go][value=facts]");
    await expectUsable("facts");
    await page.goto(`${installation.url}/${lang}/report`);
    await fillReport(page, { story: `${LONG_URL} 70 12 34 56` });
    await expectUsable("review");
    await sendReport(page);
    await expectUsable("receipt");
    await context.close();
  });
