// What could show who wrote it is pointed at before sending, by the same words in both ways of sealing.
import { compose, takenOver } from "./src/reporting.ts";
import { expect, test } from "./src/office.ts";

const STORY = "Je m’appelle Awa, appelez le 70 12 34 56. Le camion 11 GH 4521 était là vers 14h30. Je suis la seule à le savoir.";

test("traces are shown alike wherever the report is sealed", async ({ browser, office }) => {
  const seen: string[][] = [];
  for (const javaScriptEnabled of [true, false]) {
    const context = await browser.newContext({ javaScriptEnabled });
    const page = await context.newPage();
    await page.goto(`${office.url}/fr/report`);
    if (javaScriptEnabled) await takenOver(page);
    await compose(page, { story: STORY });
    seen.push((await page.locator(".careful li").allInnerTexts()).map((line) => line.replaceAll(/\s+/g, " ").trim()));
    // One tap leads back to the words.
    await page.locator(".careful li .change").first().click();
    await expect(page.locator("[name='a.story']")).toHaveValue(STORY);
    await context.close();
  }
  expect(seen[0]).toHaveLength(5);
  expect(seen[0]).toEqual(seen[1]);
});
