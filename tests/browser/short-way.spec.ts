// The way of a truck driver who was asked for money at a road check, on a small phone in French.
// The test counts screens, taps and the words to read.
import type { Page } from "@playwright/test";
import { expect, test } from "./src/installation.ts";
import { receiptCode, waitForHydration } from "./src/reporting.ts";

const MAX_SCREENS = 6;
const MAX_TAPS = 6;
const MAX_WORDS = 400;
const STORY = "Au contrôle, un agent garde mes papiers.";

/** Counts what a reporter passes on the way. */
class Walk {
  readonly screens: { title: string; words: number }[] = [];
  taps = 0;

  constructor(private readonly page: Page) {}

  /**
   * Counts the visible words of the main part of the screen: everything except the own story, and
   * except the code and its words, which are copied and not read. Header and footer are the same on
   * every screen.
   */
  async look(): Promise<void> {
    const { title, text } = await this.page.evaluate(() => {
      const visible = (element: Element | null) => (element as HTMLElement | null)?.innerText ?? "";
      // The spoken help is for reporters who do not read. A service without audio packs has none.
      const copied = Array.from(document.querySelectorAll(".code, .words, .listen"), visible);
      return { title: document.title, text: copied.reduce((text, part) => text.replace(part, ""), visible(document.querySelector("main"))) };
    });
    // A number with its unit and a word with its punctuation are held together by hard spaces.
    const words = text.replace(STORY, "").split(/[ \n\t]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
    this.screens.push({ title, words: words.length });
  }

  async tap(selector: string): Promise<void> {
    const target = this.page.locator(selector).first();
    await target.click();
    this.taps += 1;
  }

  get words(): number {
    return this.screens.reduce((sum, { words }) => sum + words, 0);
  }
}

for (const javaScriptEnabled of [true, false])
  test(`a driver reports in six screens, six taps and 400 words: ${javaScriptEnabled ? "with" : "without"} scripts`, async ({ browser, installation }) => {
    const context = await browser.newContext({ javaScriptEnabled, viewport: { width: 360, height: 560 } });
    const page = await context.newPage();
    const walk = new Walk(page);
    await installation.waitForNewCases("inspector-1", 1, async () => {
      await page.goto(`${installation.url}/fr`);
      await walk.look();
      await walk.tap("main a[href='/fr/report']");
      if (javaScriptEnabled) await waitForHydration(page);
      await walk.look();
      await walk.tap("button[value='family.money']");
      await walk.look();
      await walk.tap("button[value='category.EXT']");
      await walk.look();
      await walk.tap("[name='a.story']");
      await page.keyboard.type(STORY);
      await walk.tap("main button[value=review]");
      await expect(page.getByText(STORY)).toBeVisible();
      await walk.look();
      await walk.tap("main form[action$='/report/send'] .button");
      await receiptCode(page);
      await walk.look();
    });
    console.log(`scripts ${javaScriptEnabled}: ${walk.screens.length} screens, ${walk.taps} taps, ${walk.words} words: ${JSON.stringify(walk.screens)}`);
    expect(walk.screens.length).toBeLessThanOrEqual(MAX_SCREENS);
    expect(walk.taps).toBeLessThanOrEqual(MAX_TAPS);
    expect(walk.words).toBeLessThanOrEqual(MAX_WORDS);
    const titles = walk.screens.map(({ title }) => title);
    expect(new Set(titles).size, `${titles}`).toBe(titles.length);
    await context.close();
  });

for (const lang of ["fr", "en", "ar", "es", "pt"])
  test(`the first screen of a small phone shows the button to report: ${lang}`, async ({ page, installation }) => {
    for (const [width, height] of [[360, 560], [320, 480]] as const) {
      await page.setViewportSize({ width, height });
      await page.goto(`${installation.url}/${lang}`);
      const button = (await page.locator("main a.button").boundingBox())!;
      const exit = (await page.locator(".bar .leave").boundingBox())!;
      expect(button.y + button.height, `${width} × ${height}`).toBeLessThanOrEqual(Math.min(height, exit.y));
      // As wide as the page, so that either thumb reaches it.
      expect(button.width).toBeGreaterThanOrEqual(width - 40);
      expect((await page.locator(".langs").boundingBox())!.height).toBeLessThanOrEqual(48);
      const heading = page.locator("h1");
      const lineHeight = await heading.evaluate((element) => parseFloat(getComputedStyle(element).lineHeight));
      expect((await heading.boundingBox())!.height).toBeLessThanOrEqual(2 * lineHeight + 1);
    }
  });

test("without a connection the language does not change, and the page says why and keeps the text", async ({ page, context, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await page.click("button[value='family.money']");
  await page.click("button[value='category.EXT']");
  await page.fill("[name='a.story']", STORY);
  await page.check("[name='a.payment_status'][value=asked]");
  await context.setOffline(true);
  await page.click(".langs [lang=es]");
  await expect(page.locator(".offline")).toHaveText("Sans connexion, la langue ne peut pas changer. Cette page et votre texte restent là.");
  await expect(page.locator("[name='a.story']")).toHaveValue(STORY);
  await expect(page.locator("[name='a.payment_status'][value=asked]")).toBeChecked();
  await context.setOffline(false);
  await page.click(".langs [lang=es]");
  await expect(page.locator("html[lang=es]")).toHaveCount(1);
  await expect(page.locator(".offline")).toHaveCount(0);
  await expect(page.locator("[name='a.story']")).toHaveValue(STORY);
  await expect(page.locator("[name='a.payment_status'][value=asked]")).toBeChecked();
});

for (const javaScriptEnabled of [true, false])
  test(`a dependent question applies only after its answer: ${javaScriptEnabled ? "with" : "without"} scripts`, async ({ browser, installation }) => {
    const context = await browser.newContext({ javaScriptEnabled, viewport: { width: 360, height: 560 } });
    const page = await context.newPage();
    await page.goto(`${installation.url}/fr/report`);
    if (javaScriptEnabled) await waitForHydration(page);
    await page.click("button[value='family.money']");
    await page.click("button[value='category.EXT']");
    await page.fill("[name='a.story']", STORY);
    await page.check("[name='a.payment_status'][value=paid]");
    await page.click("main button[value=facts]");
    await page.click(".part:has(#q-receipt_given) > summary");
    await page.check("[name='a.receipt_given'][value=false]");
    await page.click("main button[value=review]");
    const review = page.locator("dl.given");
    await expect(review).toContainText("Le papier semblait faux");
    // The other answer: the dependent question is hidden, and its answer is not sent.
    await page.locator("dl.given button[value^='tell.']").first().click();
    await page.check("[name='a.payment_status'][value=refused]");
    await page.click("main button[value=facts]");
    await expect(page.locator("#q-receipt_given")).toBeHidden();
    await page.click("main button[value=review]");
    await expect(review).not.toContainText("Le papier semblait faux");
    // It is not lost.
    await page.locator("dl.given button[value^='tell.']").first().click();
    await page.check("[name='a.payment_status'][value=paid]");
    await page.click("main button[value=facts]");
    await expect(page.locator("[name='a.receipt_given'][value=false]")).toBeChecked();
    await context.close();
  });
