// Words that could identify the reporter are marked before sending. The marks are the same whether
// the browser or the intake seals.
import { fillReport, waitForHydration } from "./src/reporting.ts";
import { expect, test } from "./src/installation.ts";

const RECEIPT = `${"abaisser ".repeat(11)}abeille`;
const STORY = `Mon code : ${RECEIPT}. Je m’appelle Mme. Awa, appelez le 70 12 34 56 / 76 54 32 10. Le camion 11 GH 4521 était là vers 14h30. Je suis la seule à le savoir.`;
const COVERED = "Mon code : […]. […], appelez le […]. Le camion […] était là vers […]. Je suis la seule à le savoir.";

test("identifying details are shown and covered alike wherever the report is sealed", async ({ browser, installation }) => {
  const seen: string[][] = [];
  for (const javaScriptEnabled of [true, false]) {
    const context = await browser.newContext({ javaScriptEnabled });
    const page = await context.newPage();
    await page.goto(`${installation.url}/fr/report`);
    if (javaScriptEnabled) await waitForHydration(page);
    await fillReport(page, { story: STORY });
    await expect(page.locator(".careful li")).toHaveCount(6);
    seen.push((await page.locator(".careful li").allInnerTexts()).map((line) => line.replaceAll(/\s+/g, " ").trim()));
    // One tap covers the words, and another goes back to them.
    await page.setInputFiles("#files", { name: "kept.txt", mimeType: "text/plain", buffer: Buffer.from("kept") });
    for (let left = 6; left > 0; left--) {
      await expect(page.locator(".careful li")).toHaveCount(left);
      if (left > 1) await page.locator(".careful li .quiet").first().click();
    }
    // The choice remains where the page was not loaded again.
    expect(await page.locator("#files").evaluate((field: HTMLInputElement) => field.files!.length)).toBe(javaScriptEnabled ? 1 : 0);
    await page.locator(".careful li .change").first().click();
    await expect(page.locator("[name='a.story']")).toHaveValue(COVERED);
    await context.close();
  }
  expect(seen[0]).toHaveLength(6);
  expect(seen[0]).toEqual(seen[1]);
});
