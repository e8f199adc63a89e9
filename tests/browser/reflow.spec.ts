// Small windows and large text: nothing scrolls sideways, and the quick exit stays visible.
import type { Page } from "@playwright/test";
import { takeScreenshots, expectNoHorizontalScroll } from "./src/barriers.ts";
import { fillReport, sendReport, waitForHydration } from "./src/reporting.ts";
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
      await page.click("button[value=audience]");
      await expectFits(page, `${lang} audience`);
      await page.click("button[value='audience.trader']");
      await expectFits(page, `${lang} family`);
      await page.click("button[value='family.respect']");
      await expectFits(page, `${lang} category`);
      await page.click("button[value='category.SXH']");
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
      await page.evaluate(() => scrollTo(0, 1500));
      await expectFits(page, `${lang} questions`);
      await page.goto(`${installation.url}/${lang}/report`);
      await waitForHydration(page);
      await fillReport(page, { story: `${LONG_URL} 70 12 34 56`, place: LONG_URL });
      await expectFits(page, `${lang} review`);
      await sendReport(page);
      await expect(page.locator(".words li")).toHaveCount(12);
      await expectFits(page, `${lang} receipt`);
    });
