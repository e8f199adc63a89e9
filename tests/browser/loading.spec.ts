// What the pages fetch, and when: each file once, what the form needs before everything else, and
// the same for all visitors.
import type { Page } from "@playwright/test";
import { LANGUAGES } from "./src/languages.ts";
import { fillReport, sendReport, waitForHydration } from "./src/reporting.ts";
import { type RunningInstallation, expect, test } from "./src/installation.ts";
import { type RecordedRequest, recordTransfers } from "./src/slow_line.ts";

/**
 * Bytes on the network from the first page until this device controls the form, headers included. A
 * build without optimization compresses less.
 */
const MAX_TAKEOVER_BYTES = 56_000;
/** Bytes of the directory of the installation, and of two confirmations of it. */
const MAX_DIRECTORY_BYTES = 13_000;
/** Further bytes until a report can be sealed. */
const MAX_SEALING_BYTES = 27_000;

/** The name of a file without the hash of its content. */
const nameOf = (path: string): string => path.replace(/\.[0-9a-f]{16}\./, ".");
/** What the script needs before it takes over a page of the form. */
const TAKEOVER = ["/assets/reporter.js", "/fr/form.json"];
/** The same, but confirmed by the service on each page. */
const CONFIRMED = ["/directory.json", "/directory.sig", "/directory.trust", "/.well-known/webcat/manifest.json"];
const AFTERWARDS = ["/assets/form.js", "/assets/seal.js", "/fr/form-rest.json", "/assets/voice.js", "/assets/files.js", "/assets/qr.js", "/words/fr"];

/** Returns the requests that took bytes from the network: not those that the cache answered. */
const transferred = (requests: readonly RecordedRequest[]): RecordedRequest[] => requests.filter(({ bytes }) => bytes > 0);

async function openForm(page: Page, installation: RunningInstallation): Promise<RecordedRequest[]> {
  const { requests } = await recordTransfers(page);
  await page.goto(`${installation.url}/fr`);
  // The last file that the home page loads.
  await expect.poll(() => requests.some(({ path, finished }) => nameOf(path) === "/assets/seal.js" && finished !== undefined)).toBe(true);
  await page.locator("a.button[href$='/report']").first().click();
  await waitForHydration(page);
  return requests;
}

/** Records the paths of the forms that a page sends to the server. */
function recordPosts(page: Page): string[] {
  const posted: string[] = [];
  page.on("request", (request) => request.method() === "POST" && posted.push(new URL(request.url()).pathname));
  return posted;
}

/** Waits until the last file is loaded. */
const allLoaded = (requests: readonly RecordedRequest[]) => expect.poll(() => requests.some(({ path, finished }) => path === "/words/fr" && finished !== undefined)).toBe(true);

test("each file is fetched once from the first page to the code, and the form needs few bytes", async ({ page, installation }) => {
  const requests = await openForm(page, installation);
  await allLoaded(requests);
  await fillReport(page, { story: "Un récit." });
  await sendReport(page);
  await expect(page.locator(".words li")).toHaveCount(12);
  const files = transferred(requests).filter(({ path }) => [...TAKEOVER, ...AFTERWARDS].includes(nameOf(path)));
  const counts = new Map<string, number>();
  for (const { path } of files) counts.set(nameOf(path), (counts.get(nameOf(path)) ?? 0) + 1);
  expect(Object.fromEntries(counts)).toEqual(Object.fromEntries([...TAKEOVER, ...AFTERWARDS].map((name) => [name, 1])));
  const bytes = (names: readonly string[]) => transferred(requests).filter(({ path }) => names.includes(nameOf(path))).reduce((sum, each) => sum + each.bytes, 0);
  // A stored directory is confirmed by a response without its bytes.
  expect(bytes(["/directory.json"])).toBeLessThan(MAX_DIRECTORY_BYTES);
  const takeover = bytes(["/fr/report", ...TAKEOVER, ...CONFIRMED]);
  console.log(`until the form is taken over: ${takeover} bytes, sealing: ${bytes(["/assets/seal.js"])} bytes, rest of the form: ${bytes(["/fr/form-rest.json"])} bytes`);
  expect(takeover).toBeLessThan(MAX_TAKEOVER_BYTES);
  expect(bytes(["/assets/seal.js"])).toBeLessThan(MAX_SEALING_BYTES);
});

test("all visitors of a page fetch the same, whether they choose files, send or only read", async ({ browser, installation }) => {
  const runs: string[][] = [];
  for (const visit of ["reads", "sends", "chooses a file"]) {
    const page = await (await browser.newContext()).newPage();
    const requests = await openForm(page, installation);
    await allLoaded(requests);
    const files = [{ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("une note") }];
    if (visit !== "reads") await fillReport(page, { story: "Un récit.", ...(visit === "sends" ? {} : { files }) });
    if (visit === "sends") await sendReport(page);
    runs.push([...new Set(requests.map(({ path }) => path))].filter((path) => !path.startsWith("/api/")).sort());
    await page.context().close();
  }
  expect(runs[1]).toEqual(runs[0]);
  expect(runs[2]).toEqual(runs[0]);
});

test("a browser without scripts fetches nothing of the program", async ({ browser, installation }) => {
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  const { requests } = await recordTransfers(page);
  for (const path of ["", "/report", "/return"]) {
    await page.goto(`${installation.url}/fr${path}`);
    await page.waitForLoadState("networkidle");
  }
  const names = requests.map(({ path }) => nameOf(path)).filter((path) => !/^\/assets\/(site|icon|leave)\./.test(path));
  expect(names).toEqual(["/fr", "/fr/report", "/fr/return"]);
  await page.context().close();
});

test("a form that is submitted while the program loads waits for it, and nothing goes to the server", async ({ page, installation }) => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  await page.route("**/directory.json", async (route) => {
    await opened;
    await route.continue();
  });
  const posted = recordPosts(page);
  // A module of the page has run before this event.
  await page.goto(`${installation.url}/fr/report`, { waitUntil: "domcontentloaded" });
  await page.click("button[value='family.money']");
  await expect(page.locator(".waiting[role=status]")).toContainText("Le formulaire se charge");
  await expect(page.locator(".seal[data-sealed=here]")).toHaveCount(0);
  // The last button counts.
  await page.click("button[value='family.goods']");
  await expect(page.locator(".waiting")).toHaveCount(1);
  open();
  await expect(page.locator("button[value^='category.']").first()).toBeVisible();
  await expect(page.locator("[data-step=case]")).toBeVisible();
  await expect(page.locator("button[value='category.FAC']")).toHaveCount(0);
  await expect(page.locator(".waiting")).toHaveCount(0);
  expect(posted).toEqual([]);
});

test("a step of the other part of the form waits for it over a line that breaks", async ({ page, installation }) => {
  let broken = true;
  await page.route("**/form-rest.json", (route) => (broken ? route.abort() : route.continue()));
  const posted = recordPosts(page);
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await page.click("button[value='family.money']");
  await page.click("button[value='category.FAC']");
  await expect(page.locator(".waiting")).toBeVisible();
  broken = false;
  await expect(page.locator("[name='a.story']")).toBeVisible({ timeout: 20_000 });
  expect(posted).toEqual([]);
});

test("what a reporter chooses instead of a form that waits is done at once", async ({ page, installation }) => {
  await page.route("**/form-rest.json", (route) => route.abort());
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await page.click("button[value='family.money']");
  await page.click("button[value='category.FAC']");
  await expect(page.locator(".waiting")).toBeVisible();
  await page.click(".buttons button[value=subject]");
  await expect(page.locator("button[value='family.money']")).toBeVisible();
  await expect(page.locator(".waiting")).toHaveCount(0);
});

test("without a directory the server's form continues to work", async ({ page, installation }) => {
  await page.route("**/directory.json", (route) => route.fulfill({ status: 503 }));
  await page.goto(`${installation.url}/fr/report`);
  await page.click("button[value='family.money']");
  await expect(page.locator("button[value='category.FAC']")).toBeVisible();
  await expect(page.locator(".seal[data-sealed=here]")).toHaveCount(0);
});

test("a line that breaks while the directory loads does not send the form to the server", async ({ page, installation }) => {
  let broken = true;
  await page.route("**/directory.json", (route) => (broken ? route.abort() : route.continue()));
  const posted = recordPosts(page);
  await page.goto(`${installation.url}/fr/report`, { waitUntil: "domcontentloaded" });
  await page.click("button[value='family.money']");
  await expect(page.locator(".waiting")).toBeVisible();
  broken = false;
  await expect(page.locator("button[value='category.FAC']")).toBeVisible({ timeout: 20_000 });
  expect(posted).toEqual([]);
});

test("lists of words that a typed receipt needs are not stored by the browser", async ({ page, installation }) => {
  const { requests } = await recordTransfers(page);
  for (const visit of [1, 2]) {
    await page.goto(`${installation.url}/fr/return`);
    await waitForHydration(page);
    await page.fill("textarea[name=receipt]", "mots qui ne sont pas un code");
    await page.locator("form[action$='/return'] .button:visible").first().click();
    await expect(page.locator(".wrong[role=alert]")).toBeVisible();
    // Each visit takes them from the service.
    const fetched = transferred(requests).filter(({ path, bytes }) => path === "/words/en" && bytes > 1000);
    expect(fetched).toHaveLength(visit);
  }
});

test("a stored directory is not used after a newer one is published", async ({ page, installation }) => {
  const directory = () => page.waitForResponse((response) => response.url().endsWith("/directory.json") && response.status() !== 304);
  const open = async () => {
    const [response] = await Promise.all([directory(), page.goto(`${installation.url}/fr/report`)]);
    await waitForHydration(page);
    return response.text();
  };
  await open();
  // The installation is shared with the other tests, so the change concerns no member.
  await installation.listPrograms([
    await installation.signProgram((manifest) => {
      manifest.version = "0.9.4";
    }),
  ]);
  const now = await (await fetch(`${installation.url}/directory.json`)).text();
  expect(await open()).toBe(now);
});

for (const lang of LANGUAGES)
  test(`the sentence about loading is in the language of the page: ${lang}`, async ({ page, installation }) => {
    await page.goto(`${installation.url}/${lang}/report`);
    const waiting = await page.locator("script[data-wait]").getAttribute("data-wait");
    expect(waiting!.length).toBeGreaterThan(10);
  });
