// A draft that the reporter keeps survives a closed page. Nothing is sent or stored by itself.
import type { Page } from "@playwright/test";
import { checkScreen } from "./src/barriers.ts";
import { expect, test } from "./src/installation.ts";
import { storedBrowserData, waitForHydration } from "./src/reporting.ts";
import { textOf } from "./src/texts.ts";

const STORIES = { fr: "Un récit CANARI-BROUILLON, à finir ce soir.", ar: "بلاغ CANARI-BROUILLON لم يكتمل." };
const PANEL = "details.draft";

async function write(page: Page, story: string): Promise<void> {
  await page.click("button[value='family.money']");
  await page.click("button[value='category.FAC']");
  await page.fill("[name='a.story']", story);
}

/** Keeps a draft and returns what the reporter saves. */
async function keep(page: Page): Promise<{ words: string; file: Buffer; address: string }> {
  await page.locator(`${PANEL} > summary`).click();
  await expect(page.locator(`${PANEL} .words li`)).toHaveCount(12);
  // A translator that replaces the words makes the draft useless.
  await expect(page.locator(`${PANEL} .words`)).toHaveAttribute("translate", "no");
  await expect(page.locator(".notranslate > .words")).toHaveCount(1);
  const words = (await page.locator(`${PANEL} .words li`).allInnerTexts()).join(" ");
  const href = (await page.locator(`${PANEL} a.save`).getAttribute("href"))!;
  return { words, file: Buffer.from(href.split(",")[1]!, "base64"), address: await page.locator("#draft-address").inputValue() };
}

async function openDraft(page: Page, words: string): Promise<void> {
  await page.fill("#draft-words", words);
  await page.locator(`${PANEL} .button`).click();
}

for (const [lang, story] of Object.entries(STORIES))
  test(`a kept draft opens again with its file or its address, and its words: ${lang}`, async ({ page, installation }) => {
    const requested: string[] = [];
    page.on("request", (request) => requested.push(`${request.url()} ${request.postData() ?? ""}`));
    await page.goto(`${installation.url}/${lang}/report`);
    await waitForHydration(page);
    await write(page, story);
    const { words, file, address } = await keep(page);
    await checkScreen(page, lang, "draft keep");
    expect(file.includes("CANARI")).toBe(false);
    expect(await storedBrowserData(page)).toMatchObject({ cookies: "", local: {}, session: {}, databases: [], caches: [], workers: 0 });
    // The tab is killed.
    await page.close({ runBeforeUnload: false });

    const again = await page.context().newPage();
    again.on("request", (request) => requested.push(`${request.url()} ${request.postData() ?? ""}`));
    await again.goto(`${installation.url}/${lang}/report`);
    await waitForHydration(again);
    await again.locator(`${PANEL} > summary`).click();
    await again.setInputFiles("#draft-file", { name: "draft.bin", mimeType: "", buffer: file });
    await expect(again.locator(".chosen")).toHaveCount(0);
    // The page names a wrong word, and takes the nearest one.
    const typed = words.split(" ");
    const error = again.locator(`${PANEL} .error`);
    await openDraft(again, typed.slice(1).join(" "));
    await expect(error).toContainText("11");
    await openDraft(again, [`${typed[0]!}zz`, ...typed.slice(1)].join(" "));
    await expect(error).toContainText(`${typed[0]!}zz`);
    await checkScreen(again, lang, "draft continue");
    await again.locator(`${PANEL} .nearest button`).click();
    await expect(again.locator("[name='a.story']")).toHaveValue(story);
    await again.goto(`${installation.url}/${lang}/report`);
    await waitForHydration(again);
    await again.locator(`${PANEL} > summary`).click();
    await again.setInputFiles("#draft-file", { name: "draft.bin", mimeType: "", buffer: file });
    await openDraft(again, words.toUpperCase());
    await expect(again.locator("[name='a.story']")).toHaveValue(story);
    // The draft continues as a report: the next step shows it.
    await again.click("button[value=review]:not(.enter)");
    await expect(again.getByText(story)).toBeVisible();
    await again.close({ runBeforeUnload: false });

    const third = await page.context().newPage();
    third.on("request", (request) => requested.push(`${request.url()} ${request.postData() ?? ""}`));
    await third.goto(address);
    await waitForHydration(third);
    await openDraft(third, words);
    await expect(third.locator("[name='a.story']")).toHaveValue(story);
    expect(third.url()).toBe(`${installation.url}/${lang}/report`);
    // The fragment of an address is never sent, and nothing else is.
    expect(requested.filter((request) => request.includes("CANARI") || request.includes("#d=") || request.includes(words.split(" ")[0]!))).toEqual([]);
    await third.close({ runBeforeUnload: false });
  });

test("the module of drafts loads for every visitor, and without it the page says what to do", async ({ page, installation }) => {
  const loaded: string[] = [];
  await page.route("**/assets/draft.*", async (route) => {
    loaded.push(route.request().url());
    await route.abort();
  });
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await write(page, "Un récit.");
  await expect.poll(() => loaded.length).toBeGreaterThan(0);
  await page.locator(`${PANEL} > summary`).click();
  await expect(page.locator(`${PANEL} .error`)).toContainText("Vérifiez la connexion");
  await expect(page.locator("[name='a.story']")).toHaveValue("Un récit.");
});

test("without scripts the page offers no draft, because the server would read it", async ({ browser, installation }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${installation.url}/fr/report`);
  await write(page, "Un récit.");
  await expect(page.locator(PANEL)).toHaveCount(0);
  // The page says what keeps the text without scripts, and not what keeps it with scripts.
  await expect(page.locator("main .hint", { hasText: textOf("fr", "questions-back") })).toBeVisible();
  const withScripts = page.locator("main .hint", { hasText: textOf("fr", "questions-keep") });
  await expect(withScripts).toHaveCount(1);
  await expect(withScripts).toBeHidden();
  await context.close();
});
