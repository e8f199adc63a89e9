// The readers of a report. The page of the server and that of the script name the same readers
// before
// anything is sent.
import type { Page } from "@playwright/test";
import { expect, test } from "./src/installation.ts";
import { waitForHydration } from "./src/reporting.ts";

/** Returns the readers that the review page names after these exclusions. */
async function readers(page: Page, url: string, excluded: string[], scripts: boolean): Promise<string[]> {
  await page.goto(`${url}/fr/report`);
  if (scripts) await waitForHydration(page);
  await page.click("button[value='family.money']");
  await page.click("button[value='category.FAC']");
  await page.fill("[name='a.story']", "On m’a demandé de l’argent.");
  await page.click("button[name=go][value=facts]");
  for (const unit of excluded) await page.check(`[name='a.handlers_involved'][value='${unit}']`);
  await page.click("button[value=review]:not(.enter)");
  await expect(page.locator(".readers")).toBeVisible();
  return page.locator(".readers p:visible").allInnerTexts();
}

test("both pages name the readers of the report", async ({ browser, installation }) => {
  const pages: string[][][] = [];
  for (const javaScriptEnabled of [false, true]) {
    const context = await browser.newContext({ javaScriptEnabled });
    const page = await context.newPage();
    const readersOf = (excluded: string[]) => readers(page, installation.url, excluded, javaScriptEnabled);
    pages.push([await readersOf([]), await readersOf(["unsure_all"]), await readersOf(["general"])]);
    await context.close();
  }
  const [byServer, byScript] = pages;
  expect(byScript).toEqual(byServer);
  expect(byServer![0]![0]).toMatch(/ – \d personnes\. Seuls leurs ordinateurs l’ouvrent\.$/);
  expect(byServer![2]!.join()).toContain("personne de l’équipe de ce sujet n’y est inscrit. Ce choix n’écarte donc personne.");
  expect(byServer![0]!.join()).not.toContain("n’y est inscrit");
  expect(byServer![1]).toContain("Vous avez écarté trop de personnes. Aucune équipe de la douane ne peut plus le lire.");
});
