// Bytes of a page on the network without the script: markup, style and icon, headers included.
import { LANGUAGES } from "./src/languages.ts";
import { expect, test } from "./src/installation.ts";
import { fillReport } from "./src/reporting.ts";

test.use({ javaScriptEnabled: false });

/** The first flight of a connection: ten packets of 1,460 bytes. */
const MAX_PAGE_BYTES = 14_600;

for (const lang of LANGUAGES) {
  test(`no page takes more than ${MAX_PAGE_BYTES} bytes: ${lang}`, async ({ page, installation }) => {
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.setCacheDisabled", { cacheDisabled: true });
    let received = 0;
    session.on("Network.loadingFinished", ({ encodedDataLength }) => (received += encodedDataLength));
    const costs: Record<string, number> = {};
    const cost = async (name: string) => {
      await page.waitForLoadState("networkidle");
      costs[name] = received;
      received = 0;
    };
    for (const path of ["", "/protect", "/return", "/nowhere"]) {
      await page.goto(`${installation.url}/${lang}${path}`);
      await cost(`/${lang}${path}`);
    }
    await page.goto(`${installation.url}/${lang}/report`);
    await cost("subject");
    await page.click("button[value='family.money']");
    await cost("categories of money");
    const categories = await page.locator("button[value^='category.']").evaluateAll((buttons) => buttons.map((button) => (button as HTMLButtonElement).value));
    for (const category of categories) {
      await page.goto(`${installation.url}/${lang}/report`);
      await page.click("button[value='family.money']");
      await page.waitForLoadState("networkidle");
      received = 0;
      await page.click(`button[value='${category}']`);
      await cost(category);
      await page.click("button[name=go][value=facts]");
      await cost(`facts of ${category}`);
    }
    await page.goto(`${installation.url}/${lang}/report`);
    await fillReport(page, { story: "Un récit." });
    await page.waitForLoadState("networkidle");
    received = 0;
    await page.reload();
    await cost("review");
    const dear = Object.entries(costs).filter(([, bytes]) => bytes > MAX_PAGE_BYTES);
    console.log(`${lang}: ${JSON.stringify(costs)}`);
    expect(dear).toEqual([]);
    for (const [name, bytes] of Object.entries(costs)) expect(bytes, name).toBeGreaterThan(1000);
  });
}
