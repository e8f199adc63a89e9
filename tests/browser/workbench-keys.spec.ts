// From an empty folder to the queue, and the backup sheet: a member's first day, and the day of a
// new
// computer.
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Page, mergeTests } from "@playwright/test";
import { checkScreen, takeScreenshots } from "./src/barriers.ts";
import { type RunningInstallation, expect, test as inOffice } from "./src/installation.ts";
import { test as atWork } from "./src/workbench.ts";

const test = mergeTests(inOffice, atWork);
const ME = "inspector-2";

const emptyHome = () => join(mkdtempSync(join(tmpdir(), "burkindi-")), "home");

/** Enters the address and the two files of the administrator. */
async function fillConnectForm(page: Page, installation: RunningInstallation, trust = "trust.json"): Promise<void> {
  const home = installation.home(ME);
  await page.fill("#handler", installation.where.handler.replace("https://", ""));
  await page.setInputFiles("#ca", join(home, "ca.pem"));
  await page.setInputFiles("#trust", join(home, trust));
  await page.locator("main form .button").click();
}

for (const lang of ["fr", "en"]) {
  test(`no barrier on the first day: ${lang}`, async ({ installation, openWorkbench }) => {
    test.setTimeout(180_000);
    const workbench = await openWorkbench(installation, { home: emptyHome() }, { locale: lang, bypassCSP: true });
    const { page } = workbench;
    const screen = (where: string) => checkScreen(page, lang, where);
    await page.goto(workbench.link);
    await expect(page.locator(".choice")).toHaveCount(2);
    await screen("welcome");

    await page.locator(".choice .button").click();
    await screen("make a key");
    await page.fill("#handle", "inspector-9");
    await page.fill("#new", "motdepasse123!");
    await expect(page.locator(".strength")).toHaveAttribute("data-level", "2");
    await page.fill("#again", "motdepasse123!");
    await page.locator("main form .button").click();
    await expect(page.locator("#new-wrong")).toBeVisible();
    await screen("make a key with an error");
    await page.locator(".idea summary").click();
    const passphrase = (await page.locator(".idea .typed").textContent())!;
    expect(passphrase.split(" ")).toHaveLength(6);
    await page.fill("#new", passphrase);
    await expect(page.locator(".strength")).toHaveAttribute("data-level", "4");
    await expect(page.locator("#new-wrong")).toBeHidden();
    await page.fill("#again", passphrase);
    await screen("make a key with a good passphrase");
    await page.locator("main form .button").click();
    await expect(page.locator(".steps .well")).toHaveCount(1, { timeout: 30_000 });
    await screen("first steps");

    await page.locator("a[href$='/keys/sheet']").click();
    await screen("sheet");
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    await expect(page.locator(".sheet pre")).toBeVisible();
    for (const onlyOnScreen of [".top", "main form", "main h1", "[data-print]"]) await expect(page.locator(onlyOnScreen).first()).toBeHidden();
    await takeScreenshots(page, `workbench sheet print ${lang}`);
    await page.emulateMedia({ media: "screen" });
    expect(await page.content()).not.toContain(passphrase);
    await page.locator("main form button").click();
    await expect(page.locator(".steps .well")).toHaveCount(2);

    const download = page.waitForEvent("download");
    await page.locator("a[download]").click();
    const request = JSON.parse(readFileSync(await (await download).path(), "utf8")) as { handle: string };
    expect(request.handle).toBe("inspector-9");
    await page.locator("a[href$='/keys/connect']").click();
    await screen("connect");
    await fillConnectForm(page, installation, "ca.pem");
    await expect(page.locator("#trust-wrong")).toBeVisible();
    await screen("connect with an error");
    await fillConnectForm(page, installation);
    await expect(page.locator(".words")).toHaveCount(2);
    await screen("compare");
    await page.locator("main form .button").click();
    await page.locator(".steps form .button").click();
    await expect(page.locator(".steps .warn")).toBeVisible();
    await screen("first steps, not seated yet");

    await page.goto(page.url().replace(/\/start.*/, "/keys/passphrase"));
    await screen("passphrase");
    const secret = [passphrase, ...passphrase.split(" ")].filter((word) => word.length > 7);
    for (const kept of workbench.history) for (const word of secret) expect(kept).not.toContain(word);
  });

  test(`a backup sheet restores the key on a new computer: ${lang}`, async ({ installation, openWorkbench }) => {
    test.setTimeout(180_000);
    const old = await openWorkbench(installation, ME, { locale: lang });
    await old.enter();
    await old.unlock();
    await old.page.goto(old.page.url().replace(/\/queue.*/, "/keys/sheet"));
    const text = (await old.page.locator(".sheet pre").textContent())!;
    await old.close();

    const workbench = await openWorkbench(installation, { home: emptyHome() }, { locale: lang, bypassCSP: true });
    const { page } = workbench;
    const screen = (where: string) => checkScreen(page, lang, where);
    await page.goto(workbench.link);
    await page.locator(".choice .quiet").click();
    await screen("restore");
    await page.fill("#sheet", text.replace(/\n.*\n/, "\n"));
    await page.fill("#passphrase", installation.where.passphrase);
    await page.locator("main form .button").click();
    await expect(page.locator("#sheet-wrong")).toBeVisible();
    await screen("restore with an error");
    // A scanner produces a file.
    const scanned = join(mkdtempSync(join(tmpdir(), "burkindi-")), "scan.txt");
    writeFileSync(scanned, text);
    await page.setInputFiles("#file", scanned);
    await page.fill("#passphrase", installation.where.passphrase);
    await page.locator("main form .button").click();
    await expect(page.locator(".done")).toBeVisible({ timeout: 30_000 });
    await page.locator("a[href$='/keys/connect']").click();
    await fillConnectForm(page, installation);
    await page.locator("main form .button").click();
    await expect(page.locator(".checks li")).toHaveCount(7);
    await screen("keys of a new computer");
    await page.goto(page.url().replace(/\/keys.*/, "/absence"));
    await page.fill("#until", "2020-01-01");
    await page.locator("main form").evaluate((form: HTMLFormElement) => form.submit());
    await expect(page.locator("#until-wrong")).toBeVisible();
    await screen("absence with an error");
    await workbench.queue("open");
  });
}
