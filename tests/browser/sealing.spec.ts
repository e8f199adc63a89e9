// Sealing in the browser: the round trip of a report, with nothing readable in any request.
import { openMailbox, fillReport, storedBrowserData, sendReport, waitForHydration } from "./src/reporting.ts";
import { expect, test, waitUntil } from "./src/installation.ts";
import { readQr } from "./src/qr.ts";
import { RecordingProxy, recordRequests } from "./src/wire.ts";

const STORY = "L’agent CANARI-RECIT-7731 garde mes papiers jusqu’à ce que je paie.";
const PLACE = "CANARI-LIEU-4410";
/** A story in each language. */
const STORIES = { fr: STORY, ar: "يحتفظ العون CANARI-RECIT-7731 بأوراقي حتى أدفع." };
const FILE = { name: "CANARI-NOM-9902.txt", mimeType: "text/plain", buffer: Buffer.from("CANARI-FICHIER-5526 ".repeat(9000)) };
const REPLY = "C’était CANARI-REPONSE-3308, en mars.";
const AFTERTHOUGHT = "CANARI-REPONSE-3308 encore : le chef était là.";
const ANSWER = "Merci. En quel mois ?";
const CANARIES = ["CANARI-RECIT-7731", PLACE, "CANARI-NOM-9902", "CANARI-FICHIER-5526", "CANARI-REPONSE-3308", "family.money", "category.FAC", "CANARI"];

for (const [lang, story] of Object.entries(STORIES)) test(`a report is sealed in the browser and nothing readable leaves it: ${lang}`, async ({ page, installation, context }) => {
  const asked = recordRequests(page);
  const tap = await RecordingProxy.open(installation.url);
  let code = "";
  await page.goto(`${tap.url}/${lang}/report`);
  await waitForHydration(page);
  const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
    await fillReport(page, { story, place: PLACE, files: [FILE] });
    await expect(page.getByText(story)).toBeVisible();
    code = await sendReport(page);
    expect(await readQr(page)).toBe(code.replaceAll(" ", "-"));
  });
  expect(code).toMatch(/^[0-9A-Z]{4}( [0-9A-Z]{4}){6}$/);
  await expect(page.locator(".words li")).toHaveCount(12);
  const words = (await page.locator(".words li").allInnerTexts()).join(" ");
  expect(await page.content()).not.toContain("CANARI");

  installation.runAs("inspector-1", "claim", row!.id);
  const shown = installation.runAs("inspector-1", "show", row!.id) as {
    report: { story: string; category: string; audience: string; facts: { question: string; answers: string[] }[] };
    attachments: { name: string; len: number }[];
    alarms: unknown[];
  };
  expect(shown.alarms).toEqual([]);
  expect(shown.report.story).toBe(story);
  expect(shown.report).toMatchObject({ category: "FAC", audience: "public" });
  expect(shown.report.facts).toContainEqual(expect.objectContaining({ question: "place", answers: [PLACE] }));
  expect(shown.attachments).toMatchObject([{ name: "document-1.txt", len: FILE.buffer.length }]);
  installation.runAs("inspector-1", "reply", row!.id, "--text", ANSWER);

  // Either spelling of the receipt opens the reply in the browser.
  for (const receipt of [code.toLowerCase(), words]) {
    await waitUntil(async () => {
      await page.goto(`${tap.url}/${lang}/return`);
      await waitForHydration(page);
      await page.fill("textarea[name=receipt]", receipt);
      await page.locator("form[action$='/return'] .button:visible").first().click();
      // A slow machine takes seconds to open the mailbox and to verify what is in it.
      return page.getByText(ANSWER).first().waitFor({ timeout: 5_000 }).then(() => true, () => undefined);
    });
    await expect(page.locator("[role=alert]")).toHaveCount(0);
  }
  await page.fill("#message", REPLY);
  await page.setInputFiles("#files", [{ ...FILE, name: "CANARI-NOM-9902-b.txt" }]);
  await page.locator("form[action$='/return/send'] .button:visible").first().click();
  await expect(page.locator(".done")).toBeVisible();
  // Another message at once, before the first was collected.
  await page.fill("#message", AFTERTHOUGHT);
  await page.locator("form[action$='/return/send'] .button:visible").first().click();
  await expect(page.locator("#message")).toHaveValue("");
  await expect(page.locator(".done")).toBeVisible();
  const messages = await waitUntil(() => {
    const now = installation.runAs("inspector-1", "show", row!.id) as { messages: { text: string; direction: string }[]; alarms: unknown[] };
    expect(now.alarms).toEqual([]);
    return now.messages.length > 2 ? now.messages : undefined;
  });
  expect(messages.map(({ text }) => text)).toEqual([ANSWER, REPLY, AFTERTHOUGHT]);

  // The requests: sealed bytes, locators, and fetches that are the same for every reporter.
  const posted = asked.filter(({ method }) => method === "POST").map(({ url }) => new URL(url).pathname);
  expect(new Set(posted)).toEqual(new Set(["/api/reports", "/api/mailbox"]));
  expect(asked.filter(({ url }) => !url.startsWith(tap.url))).toEqual([]);
  // The file alone has 180,000 bytes and was sent twice.
  expect(tap.length).toBeGreaterThan(2 * FILE.buffer.length);
  expect(tap.found(CANARIES)).toEqual([]);
  tap.close();
  expect(await storedBrowserData(page)).toMatchObject({ cookies: "", local: {}, session: {}, databases: [], caches: [], workers: 0 });
  expect(await context.cookies()).toEqual([]);
});

test("the control: the search finds a text that the form of the server sends", async ({ browser, installation }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const tap = await RecordingProxy.open(installation.url);
  await page.goto(`${tap.url}/fr/report`);
  await fillReport(page, { story: STORY, files: [FILE] });
  await sendReport(page);
  const all = ["CANARI-RECIT-7731", "CANARI-NOM-9902", "CANARI-FICHIER-5526", "family.money", "category.FAC"];
  expect(tap.found(all)).toEqual(all);
  tap.close();
  await context.close();
});

test("a reporter who is faster than the script gets it on a later page, with a note of what the server has read", async ({ page, installation }) => {
  const tap = await RecordingProxy.open(installation.url);
  await page.route("**/assets/*.js", (route) => route.abort());
  await page.goto(`${tap.url}/fr/report`);
  await page.click("button[value='family.money']");
  // The script must miss this page before the next page may load it.
  await expect(page.locator("button[value='category.FAC']")).toBeVisible();
  await page.waitForLoadState("networkidle");
  await page.unroute("**/assets/*.js");
  await page.click("button[value='category.FAC']");
  await waitForHydration(page);
  await expect(page.locator(".seal").first()).toContainText("ne connaît que vos premiers choix");
  await page.fill("[name='a.story']", STORY);
  await page.click("button[value=review]:not(.enter)");
  await expect(page.getByText(STORY)).toBeVisible();
  await sendReport(page);
  expect(tap.found(["CANARI", "category.FAC"])).toEqual(["category.FAC"]);
  tap.close();
});

test("a report that the server has read is not described as sealed here", async ({ page, installation }) => {
  await page.route("**/assets/*.js", (route) => route.abort());
  await page.goto(`${installation.url}/fr/report`);
  await fillReport(page, { story: STORY });
  await page.unroute("**/assets/*.js");
  await page.click("dl.given button[value^='tell.'] >> nth=0");
  await page.waitForLoadState("networkidle");
  await expect(page.locator("[name='a.story']")).toHaveValue(STORY);
  await expect(page.locator(".seal[data-sealed=here]")).toHaveCount(0);
});

test("without a valid directory the form of the server continues and states so", async ({ page, installation }) => {
  await page.route("**/directory.sig", (route) => route.fulfill({ json: [] }));
  await page.goto(`${installation.url}/fr/report`);
  await page.waitForLoadState("networkidle");
  await expect(page.locator(".seal[data-sealed=here]")).toHaveCount(0);
  await expect(page.locator(".seal").first()).toBeVisible();
  await fillReport(page, { story: STORY });
  await sendReport(page);
});

test("a phone with a wrong date shows why it does not seal", async ({ page, installation }) => {
  await page.clock.setFixedTime(new Date("2020-01-01T12:00:00Z"));
  await page.goto(`${installation.url}/fr/report`);
  await expect(page.getByText("Si la date de votre appareil est fausse")).toBeVisible();
  await expect(page.locator(".seal[data-sealed=here]")).toHaveCount(0);
  await page.clock.setFixedTime(new Date());
  await page.reload();
  await waitForHydration(page);
  await expect(page.getByText("Si la date de votre appareil est fausse")).toHaveCount(0);
});

test("a mistyped receipt is refused, and an unknown one shows nothing", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/return`);
  await waitForHydration(page);
  await openMailbox(page, installation, "fr", "1234");
  await expect(page.locator(".wrong[role=alert]")).toBeVisible();
  await page.goto(`${installation.url}/fr/return`);
  await waitForHydration(page);
  await page.fill("textarea[name=receipt]", "0000-0000-0000-0000-0000-0000-006X");
  await page.locator("form[action$='/return'] .button:visible").first().click();
  await expect(page.locator(".aside[role=alert]")).toBeVisible();
});
