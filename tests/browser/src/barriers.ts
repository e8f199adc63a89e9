// Checks of every page, and pictures for people.
import { AxeBuilder } from "@axe-core/playwright";
import { type Page, expect } from "@playwright/test";

const AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Checks WCAG 2.2 AA with axe. */
export async function expectAccessible(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(AXE_RULES).analyze();
  const messages = violations.map(({ id, help, nodes }) => `${where}: ${id}: ${help}: ${nodes.map(({ html }) => html).join(" | ").slice(0, 400)}`);
  expect(messages).toEqual([]);
}

/** Checks that the page fits its window. Only a table may be wider; it scrolls by itself. */
export async function expectNoHorizontalScroll(page: Page, where: string): Promise<void> {
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(tooWide, `${where} scrolls sideways`).toBeLessThanOrEqual(0);
}

/** Takes a picture of the whole page at each width, if LOOKS names a folder in the environment. */
export async function takeScreenshots(page: Page, name: string): Promise<void> {
  const folder = process.env["LOOKS"];
  if (!folder) return;
  for (const width of [360, 1280]) {
    await withViewportWidth(page, width, () =>
      page.screenshot({ path: `${folder}/${name.replaceAll(/[^a-z]+/g, "-")}-${width}.png`, fullPage: true }),
    );
  }
}

/** Checks a screen in both schemes: light at the width of a desktop, dark at that of a phone. */
export async function checkScreen(page: Page, lang: string, where: string): Promise<void> {
  for (const [colorScheme, width] of [["light", 1280], ["dark", 360]] as const) {
    await page.emulateMedia({ colorScheme });
    await withViewportWidth(page, width, async () => {
      await expectAccessible(page, `${lang} ${colorScheme} ${where}`);
      await expectNoHorizontalScroll(page, `${lang} ${where}`);
    });
    await takeScreenshots(page, `workbench ${where} ${lang} ${colorScheme}`);
  }
}

/** Runs a step while the window has this width. */
export async function withViewportWidth(page: Page, width: number, what: () => Promise<unknown>): Promise<void> {
  const before = page.viewportSize()!;
  await page.setViewportSize({ width, height: before.height });
  await what();
  await page.setViewportSize(before);
}
