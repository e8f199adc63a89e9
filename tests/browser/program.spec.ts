// A browser uses only files of the manifest that root keys signed.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page, Route } from "@playwright/test";
import { LANGUAGES } from "./src/languages.ts";
import { fillReport, receiptCode, sendReport, waitForHydration } from "./src/reporting.ts";
import { type RunningInstallation, expect, test } from "./src/installation.ts";

const MANIFEST = "/.well-known/webcat/manifest.json";
const CANARY = "CANARI-ECHANGE-2207";
const STORY = "L’agent garde mes papiers jusqu’à ce que je paie.";

interface Manifest {
  manifest: { files: Record<string, string>; version: string };
  root_signatures: { key: string; signature: string }[];
  signatures: Record<string, string>;
}

/** Changes the text of every response at an address. */
async function swap(page: Page, path: string, change: (text: string) => string): Promise<void> {
  await page.route(`**${path}`, async (route: Route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: change(await response.text()) });
  });
}

const changeManifest = (change: (served: Manifest) => void) => (text: string) => {
  const served = JSON.parse(text) as Manifest;
  change(served);
  return JSON.stringify(served);
};

/** The page shows the warning, no form, and nothing of the swapped file. */
async function expectRefusal(page: Page): Promise<void> {
  await expect(page.locator(".altered[role=alert]")).toBeVisible();
  await expect(page.locator("main form")).toHaveCount(0);
  await expect(page.locator(".seal[data-sealed=here]")).toHaveCount(0);
  expect(await page.content()).not.toContain(CANARY);
}

/** Serves a manifest of another version that enough root keys signed, and no directory lists. */
async function replayOlder(page: Page, { url, where }: RunningInstallation): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "older-"));
  const file = join(folder, "program.json");
  const served = (await (await fetch(`${url}${MANIFEST}`)).json()) as Manifest;
  served.manifest.version = "0.0.1";
  writeFileSync(file, JSON.stringify({ ...served, root_signatures: [] }));
  const admin = join(where.folder, "admin");
  const roots = [1, 2].flatMap((root) => ["--root", join(admin, `roots/root-${root}.age`)]);
  const sign = ["--passphrase-fd", "0", "admin", "program", "sign", file, "--trust", join(admin, "trust.json"), ...roots];
  execFileSync(where.burkindi, sign, { input: `${where.roots.slice(0, 2).join("\n")}\n` });
  const older = readFileSync(file, "utf8");
  rmSync(folder, { recursive: true });
  expect((JSON.parse(older) as Manifest).root_signatures).toHaveLength(2);
  await page.route(`**${MANIFEST}`, (route) => route.fulfill({ body: older, contentType: "application/json" }));
}

const swappedForm = (text: string) => text.replace("</h1>", `</h1><p>${CANARY}</p>`);
/** Removes the attribute that binds a script to its bytes. */
const unbind = (script: string) => (html: string) => {
  const unbound = html.replace(new RegExp(`(<script[^>]*src="/assets/${script}[^>]*?) integrity="[^"]*"`), "$1");
  expect(unbound).not.toBe(html);
  return unbound;
};
const OTHER_HASH = "A".repeat(43);

const SWAPS: [string, (page: Page, installation: RunningInstallation) => Promise<unknown>][] = [
  ["a form bundle", (page) => swap(page, "/fr/form.json", swappedForm)],
  ["the trust file, with another threshold", (page) => swap(page, "/directory.trust", (text) => text.replace('"threshold":2', '"threshold":1'))],
  ["the manifest, with the hash of another file", (page) => swap(page, MANIFEST, changeManifest(({ manifest }) => (manifest.files["/fr/form.json"] = OTHER_HASH)))],
  ["the manifest, with an added file", (page) => swap(page, MANIFEST, changeManifest(({ manifest }) => (manifest.files["/zz.js"] = OTHER_HASH)))],
  ["the manifest, without a file", (page) => swap(page, MANIFEST, changeManifest(({ manifest }) => delete manifest.files["/words/fr"]))],
  ["the manifest, in another spelling", (page) => swap(page, MANIFEST, (text) => `${text} `)],
  ["a signature, by a key that is no root key", (page) => swap(page, MANIFEST, changeManifest(({ root_signatures }) => (root_signatures[0]!.signature = root_signatures[1]!.signature)))],
  ["one signature, by dropping the other", (page) => swap(page, MANIFEST, changeManifest(({ root_signatures }) => root_signatures.pop()))],
  ["the manifest, by dropping it", (page) => page.route(`**${MANIFEST}`, (route) => route.fulfill({ status: 404 }))],
  [
    "a form bundle, and its hash in the manifest",
    async (page, installation) => {
      await page.route("**/fr/form.json", async (route) => {
        const body = swappedForm(await (await route.fetch()).text());
        await route.fulfill({ body, contentType: "application/json" });
      });
      await page.route(`**${MANIFEST}`, async (route) => {
        const form = swappedForm(await (await fetch(`${installation.url}/fr/form.json`)).text());
        const hash = createHash("sha256").update(form).digest("base64url");
        const change = changeManifest(({ manifest }) => (manifest.files["/fr/form.json"] = hash));
        await route.fulfill({ body: change(await (await route.fetch()).text()), contentType: "application/json" });
      });
    },
  ],
  ["the manifest, by an older one that root keys signed", (page, installation) => replayOlder(page, installation)],
  // A page of the server can name any script. An honest script notices that one is not bound.
  ["the integrity attribute of the script", (page) => swap(page, "/fr/report", unbind("reporter"))],
  ["the integrity attribute of the quick exit", (page) => swap(page, "/fr/report", unbind("leave"))],
];

for (const [what, attack] of SWAPS) {
  test(`the page refuses a server that swaps ${what}`, async ({ page, installation }) => {
    await attack(page, installation);
    await page.goto(`${installation.url}/fr/report`);
    await expectRefusal(page);
    await expect(page.getByText("N’écrivez rien ici pour le moment")).toBeVisible();
  });
}

for (const lang of LANGUAGES) {
  test(`the warning is in the language of the page: ${lang}`, async ({ page, installation }) => {
    await swap(page, `/${lang}/form.json`, swappedForm);
    await page.goto(`${installation.url}/${lang}/return`);
    await expectRefusal(page);
    expect(await page.locator(".altered").getAttribute("dir")).toBeNull();
    expect((await page.locator(".altered p").allInnerTexts()).every((line) => line.length > 40)).toBe(true);
  });
}

test("a page refuses a swapped form bundle of the next language, and drops what was typed", async ({ page, installation }) => {
  await swap(page, "/en/form.json", swappedForm);
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await fillReport(page, { story: STORY });
  await page.locator("button[formaction^='/en/'], form[action^='/en/'] button").first().click();
  await expectRefusal(page);
  expect(await page.content()).not.toContain(STORY);
  await page.goBack();
  await page.waitForLoadState("networkidle");
  expect(await page.content()).not.toContain(STORY);
});

for (const [module, path] of [["seal", "report"], ["files", "report"], ["qr", "report"], ["return", "return"], ["files", "return"]])
  test(`a page refuses a swapped module of the program: ${module} on /fr/${path}`, async ({ page, installation }) => {
    await swap(page, `/assets/${module}.*.js`, (text) => `${text}\n;document.title = "${CANARY}";`);
    await page.goto(`${installation.url}/fr/${path}`);
    await expectRefusal(page);
    expect(await page.title()).not.toContain(CANARY);
  });

test("a page refuses to load modules for a script that was loaded from another address", async ({ page, installation }) => {
  // The modules import the script by its address. A second copy would be executed without a check.
  await swap(page, "/fr/report", (html) => {
    const other = html.replace(/(<script type="module" src="[^"]*)"/, '$1?again"');
    expect(other).not.toBe(html);
    return other;
  });
  await page.goto(`${installation.url}/fr/report`);
  await expectRefusal(page);
});

test("a module executes no copy of the script that the server swaps after the page has loaded it", async ({ page, installation }) => {
  let served = 0;
  await page.route("**/assets/reporter.*.js", async (route) => {
    const response = await route.fetch();
    const text = await response.text();
    await route.fulfill({ response, body: served++ > 0 ? `document.title = "${CANARY}";${text}` : text });
  });
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await fillReport(page, { story: STORY });
  await sendReport(page);
  expect(served).toBe(1);
  expect(await page.content()).not.toContain(CANARY);
});

test("a copy of a module that the page loads without its hash is not executed", async ({ page, installation }) => {
  let served = 0;
  await page.route("**/assets/seal.*.js", async (route) => {
    const response = await route.fetch();
    const text = await response.text();
    await route.fulfill({ response, body: served++ === 0 ? `document.title = "${CANARY}";${text}` : text });
  });
  let first: () => void = () => undefined;
  const isFetched = new Promise<void>((resolve) => (first = resolve));
  page.on("requestfinished", (request) => request.url().includes("/assets/seal.") && first());
  // The script starts after the other copy was loaded.
  await page.route("**/directory.json", async (route) => {
    await isFetched;
    await route.continue();
  });
  await swap(page, "/fr/report", (html) => html.replace(/(<\/head>)([^]*data-seal=")([^"]*)"/, '<link rel="modulepreload" href="$3">$1$2$3"'));
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await fillReport(page, { story: STORY });
  await sendReport(page);
  expect(served).toBeGreaterThan(1);
  expect(await page.title()).not.toContain(CANARY);
});

test("the code is shown while the module that draws its QR code does not load", async ({ page, installation }) => {
  let broken = true;
  await page.route("**/assets/qr.*.js", (route) => (broken ? route.abort() : route.continue()));
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await fillReport(page, { story: STORY });
  await sendReport(page);
  const folded = page.locator("details:has(.qr)");
  await expect(folded).toBeHidden();
  broken = false;
  await expect(folded).toBeVisible({ timeout: 20_000 });
  await folded.locator("summary").click();
  await expect(page.locator(".qr svg")).toBeVisible();
  await expect(page.locator(".qr-use")).toBeVisible();
});

test("a report waits for the module that seals over a line that breaks, and is sent then", async ({ page, installation }) => {
  let broken = true;
  await page.route("**/assets/seal.*.js", (route) => (broken ? route.abort() : route.continue()));
  const posted: string[] = [];
  page.on("request", (request) => request.method() === "POST" && posted.push(new URL(request.url()).pathname));
  const cases = await installation.waitForNewCases("inspector-1", 1, async () => {
    await page.goto(`${installation.url}/fr/report`);
    await waitForHydration(page);
    await fillReport(page, { story: STORY });
    await page.locator("form[action$='/report/send'] .button:visible").first().click();
    await expect(page.locator(".waiting[role=status]")).toContainText("Le formulaire se charge");
    expect(posted).toEqual([]);
    broken = false;
    await receiptCode(page);
  });
  expect(cases).toHaveLength(1);
  expect(posted.filter((path) => path.startsWith("/fr/"))).toEqual([]);
});

test("a swapped word list is not shown, and the code of the receipt stays", async ({ page, installation }) => {
  await swap(page, "/words/fr", (text) => text.split("\n").reverse().join("\n"));
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await fillReport(page, { story: STORY });
  const code = await sendReport(page);
  await expect(page.locator(".altered[role=alert]")).toBeVisible({ timeout: 15_000 });
  await expect(page.locator(".code")).toBeVisible();
  expect(code).toMatch(/^[0-9A-Z]{4}( [0-9A-Z]{4}){6}$/);
  await expect(page.locator(".words li")).toHaveCount(12);
  await expect(page.locator(".words")).toBeHidden();
});

test("a file of the version before in a cache is fetched again", async ({ page, installation }) => {
  let stale = 1;
  await page.route("**/fr/form.json", async (route) => {
    const response = await route.fetch();
    const text = await response.text();
    await route.fulfill({ response, body: stale-- > 0 ? swappedForm(text) : text });
  });
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await expect(page.locator(".altered")).toHaveCount(0);
  expect(await page.content()).not.toContain(CANARY);
});

test("the signed frame names the program, and the manifest is fetched beside the directory", async ({ page, installation }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
    await page.goto(`${installation.url}/fr/report`);
    await waitForHydration(page);
    await fillReport(page, { story: STORY });
    await sendReport(page);
  });
  expect(asked.filter((path) => path === MANIFEST)).toHaveLength(1);
  installation.runAs("inspector-1", "claim", row!.id);
  const shown = installation.runAs("inspector-1", "show", row!.id) as { alarms: unknown[]; report_program: string };
  expect(shown).toMatchObject({ alarms: [], report_program: "listed" });
});
