// The page with the secret code: all of it on one small screen, and no tap by mistake removes it.
import { LANGUAGES } from "./src/languages.ts";
import { expect, test } from "./src/installation.ts";
import { fillReport, sendReport, waitForHydration } from "./src/reporting.ts";

for (const scripts of [true, false])
  test(`the code and its words are on one small screen, and are removed after a second confirmation: ${scripts ? "with" : "without"} scripts`, async ({ browser, installation }) => {
    for (const lang of LANGUAGES) {
      const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: { width: 360, height: 560 } });
      const page = await context.newPage();
      await page.goto(`${installation.url}/${lang}/report`);
      if (scripts) await waitForHydration(page);
      await fillReport(page, { story: "Un récit." });
      const code = await sendReport(page);
      await expect(page.locator(".words li")).toHaveCount(12);
      const first = await page.locator(".code").boundingBox();
      const last = await page.locator(".words").boundingBox();
      const bar = await page.locator(".bar .leave").boundingBox();
      const height = last!.y + last!.height - first!.y;
      expect(height, `${lang}: ${height} px from the code to the last word`).toBeLessThanOrEqual(bar!.y);
      const lines = await page.locator(".words li").evaluateAll((items) => new Set(items.map((item) => item.getBoundingClientRect().top)).size);
      expect(lines, `${lang}: two columns`).toBe(6);
      // The bar covers neither the words nor the last line of the page.
      await page.locator(".words li").last().scrollIntoViewIfNeeded();
      const covered = (await page.locator(".words li").last().boundingBox())!;
      expect(covered.y + covered.height, lang).toBeLessThanOrEqual(bar!.y);
      await page.keyboard.press("End");
      await expect.poll(async () => {
        const line = (await page.locator("footer p").last().boundingBox())!;
        return line.y + line.height;
      }, lang).toBeLessThanOrEqual(bar!.y);

      await page.locator(".confirm > summary").click();
      await expect(page.locator(".code")).toContainText(code.slice(0, 4));
      await expect(page.locator(".confirm")).toContainText(`/${lang}/return`);
      await expect(page).not.toHaveURL(`${installation.url}/${lang}`);
      await page.locator(".confirm .noted").click();
      await expect(page).toHaveURL(`${installation.url}/${lang}`);
      await context.close();
    }
  });
