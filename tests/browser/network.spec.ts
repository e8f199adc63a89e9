// Poor connections and impatient reporters: nothing is lost, doubled or left behind.
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Route } from "@playwright/test";
import { confirmReceipt, expectAbsent, fillReport, receiptCode, sendReport, storedBrowserData, waitForHydration } from "./src/reporting.ts";
import { expect, test } from "./src/installation.ts";
import { textOf } from "./src/texts.ts";

const SEND_BUTTON = "form[action$='/report/send'] .button:visible";

test("a connection that breaks during an upload costs only time", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  let cuts = 0;
  await page.route("**/api/reports", async (route) => {
    cuts += 1;
    if (cuts <= 2) await route.abort("connectionreset");
    else await route.continue();
  });
  const cases = await installation.waitForNewCases("inspector-1", 1, async () => {
    await fillReport(page, { story: "Une ligne coupée deux fois.", files: [{ name: "a.bin", mimeType: "", buffer: Buffer.alloc(200_000, 1) }] });
    await page.locator(SEND_BUTTON).first().click();
    await expect(page.locator(".sending")).toContainText("Gardez cette page ouverte");
    await page.locator(".sending .button").click();
    await receiptCode(page);
  });
  expect(cuts).toBe(3);
  expect(cases).toHaveLength(1);
});

test("an upload that is cut continues where it was cut, and the file arrives unchanged", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  const offsets: number[] = [];
  await page.route(/\/api\/uploads\/[^/]+$/, async (route) => {
    const request = route.request();
    if (request.method() !== "POST") return route.continue();
    const headers = await request.allHeaders();
    offsets.push(Number(headers["upload-offset"]));
    if (offsets.length === 3) return route.continue();
    // The line is cut after a part of the body. The answer to it is lost as well.
    const postData = request.postDataBuffer()!.subarray(0, 700_000);
    await route.fetch({ postData, headers: { ...headers, "content-length": String(postData.length) } });
    await route.abort("connectionreset");
  });
  const buffer = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 31 + (at >> 8)) & 255));
  const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
    await fillReport(page, { story: "Une ligne coupée au milieu.", files: [{ name: "a.bin", mimeType: "", buffer }] });
    await page.locator(SEND_BUTTON).first().click();
    for (const cut of [1, 2]) {
      await expect.poll(() => offsets.length).toBe(cut);
      await page.locator(".sending .button").click();
    }
    await receiptCode(page);
  });
  // Pieces have 256 KiB.
  expect(offsets).toEqual([0, 2 * 262_144, 4 * 262_144]);
  installation.runAs("inspector-1", "declare", row!.id);
  const folder = mkdtempSync(join(tmpdir(), "saved-"));
  const { saved } = installation.runAs("inspector-1", "save", row!.id, "--to", folder) as { saved: { path: string }[] };
  expect(saved.map(({ path }) => readFileSync(path).equals(buffer))).toEqual([true]);
});

test("without space for pieces, a submission is sent in one request", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  const sent: string[] = [];
  await page.route(/\/api\/(uploads\/[^/]+|reports)$/, async (route) => {
    const request = route.request();
    if (request.method() !== "POST") return route.continue();
    const inPieces = request.url().includes("/uploads/");
    sent.push(inPieces ? "pieces" : "whole");
    if (inPieces) await route.fulfill({ status: 507 });
    else if (sent.length === 2) await route.abort("connectionreset");
    else await route.continue();
  });
  await installation.waitForNewCases("inspector-1", 1, async () => {
    await fillReport(page, { story: "Pas de place.", files: [{ name: "a.bin", mimeType: "", buffer: Buffer.alloc(1_500_000, 6) }] });
    await page.locator(SEND_BUTTON).first().click();
    for (const attempt of [1, 2, 3]) {
      await expect.poll(() => sent.length).toBe(attempt);
      await page.locator(".sending .button").click();
    }
    await receiptCode(page);
  });
  // After a cut, the next attempt is in pieces again, which a cut would not end.
  expect(sent).toEqual(["pieces", "whole", "pieces", "whole"]);
});

test("a cancelled upload leaves no piece at the server", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  let upload = "";
  await page.route(/\/api\/uploads\/[^/]+$/, async (route) => {
    const request = route.request();
    if (request.method() !== "POST") return route.continue();
    upload = request.url();
    const postData = request.postDataBuffer()!.subarray(0, 700_000);
    await route.fetch({ postData, headers: { ...(await request.allHeaders()), "content-length": String(postData.length) } });
    await route.abort("connectionreset");
  });
  await fillReport(page, { story: "Un envoi abandonné.", files: [{ name: "a.bin", mimeType: "", buffer: Buffer.alloc(3_000_000, 7) }] });
  await page.locator(SEND_BUTTON).first().click();
  await expect(page.locator(".sending .quiet")).toBeVisible();
  const offset = async () => ((await (await page.request.get(upload)).json()) as { offset: number }).offset;
  expect(await offset()).toBe(2 * 262_144);
  await page.locator(".sending .quiet").click();
  await expect.poll(offset).toBe(0);
});

test("an upload that is cancelled while it asks how much has arrived sends nothing more", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  let attempts = 0;
  const asked: Route[] = [];
  const discarded = page.waitForRequest("**/api/uploads/*/discard");
  await page.route(/\/api\/uploads\/[^/]+$/, async (route) => {
    // The line is silent: the question gets no response for now.
    if (route.request().method() !== "POST") return void asked.push(route);
    attempts += 1;
    await route.abort("connectionreset");
  });
  await fillReport(page, { story: "Un envoi arrêté.", files: [{ name: "a.bin", mimeType: "", buffer: Buffer.alloc(3_000_000, 7) }] });
  await page.locator(SEND_BUTTON).first().click();
  await expect.poll(() => asked.length, { timeout: 15_000 }).toBe(1);
  await page.locator(".sending .quiet").click();
  await discarded;
  await expect(page.locator(".sending")).toHaveCount(0);
  // The line is back.
  await asked[0]!.continue().catch(() => undefined);
  await expect(page.locator(SEND_BUTTON).first()).toBeEnabled();
  await page.waitForTimeout(3000);
  expect(attempts).toBe(1);
});

test("a connection that stalls silently is abandoned, and the next attempt arrives", async ({ page, installation }) => {
  await page.clock.install();
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  let attempts = 0;
  await page.route("**/api/reports", async (route) => {
    attempts += 1;
    // The first request gets no response and no error.
    if (attempts > 1) await route.continue();
  });
  await fillReport(page, { story: "Une ligne morte." });
  await page.locator(SEND_BUTTON).first().click();
  await expect.poll(() => attempts).toBe(1);
  await page.clock.fastForward(125_000);
  await expect(page.locator(".sending")).toContainText("Gardez cette page ouverte");
  await page.locator(".sending .button").click();
  await receiptCode(page);
  expect(attempts).toBe(2);
});

test("the page warns beside the text that closing it loses the text", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await fillReport(page, { story: "Un récit." });
  await page.goBack();
  await expect(page.locator("main .hint", { hasText: textOf("fr", "questions-keep") })).toBeVisible();
  // Back keeps the text, which is not true of the Back of a browser without scripts.
  await expect(page.getByText(textOf("fr", "questions-back"))).toHaveCount(0);
});

test("a response that is lost after the report was stored makes no second report", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  let times = 0;
  await page.route("**/api/reports", async (route) => {
    times += 1;
    await route.fetch();
    if (times === 1) await route.abort("connectionreset");
    else await route.fulfill({ status: 201 });
  });
  const cases = await installation.waitForNewCases("inspector-1", 1, async () => {
    await fillReport(page, { story: "Reçu, mais la réponse s’est perdue." });
    await page.locator(SEND_BUTTON).first().dblclick();
    await page.locator(".sending .button").click();
    await receiptCode(page);
  });
  expect(times).toBe(2);
  // Time for a second report to arrive.
  await page.waitForTimeout(3000);
  expect(cases).toHaveLength(1);
  const alike = installation.queue("inspector-1").filter((row) => row.id === cases[0]!.id);
  expect(alike).toHaveLength(1);
});

test("the back button goes through the steps, and reloading leaves nothing", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await fillReport(page, { story: "Un récit que le bouton de retour garde." });
  await page.goBack();
  await expect(page.locator("[name='a.story']")).toHaveValue("Un récit que le bouton de retour garde.");
  await page.goBack();
  await expect(page.locator("button[value='category.FAC']")).toBeVisible();
  await page.goForward();
  await expect(page.locator("[name='a.story']")).toHaveValue("Un récit que le bouton de retour garde.");
  // The browser asks before it reloads, and then the form is empty.
  const asked = page.waitForEvent("dialog");
  const reloading = page.reload();
  await (await asked).accept();
  await reloading;
  await waitForHydration(page);
  expect(await page.content()).not.toContain("bouton de retour garde");
  expect(await storedBrowserData(page)).toMatchObject({ cookies: "", local: {}, session: {}, databases: [], caches: [], workers: 0, history: '{"at":0}' });
});

test("one Back, a swipe or a reload does not remove the receipt before it is noted", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await fillReport(page, { story: "Le reçu reste." });
  const code = await sendReport(page);
  for (let times = 0; times < 3; times++) {
    await page.goBack();
    await expect(page.locator(".code")).toContainText(code.slice(0, 4));
    await expect(page.locator(".remind")).toHaveCount(1);
  }
  // The browser asks before it reloads or closes the page.
  const asked = page.waitForEvent("dialog");
  const reloading = page.reload({ timeout: 3000 }).catch(() => undefined);
  const dialog = await asked;
  expect(dialog.type()).toBe("beforeunload");
  await dialog.dismiss();
  await reloading;
  await expect(page.locator(".code")).toContainText(code.slice(0, 4));
  // After the receipt is noted, the browser does not ask, and Back shows no receipt.
  page.on("dialog", (dialog) => {
    throw new Error(`asked: ${dialog.type()}`);
  });
  await confirmReceipt(page);
  await expect(page).toHaveURL(`${installation.url}/fr`);
  await page.goBack();
  await expectAbsent(page, code.slice(0, 4));
});

test("the receipt mentions no words before they have loaded", async ({ page, installation }) => {
  let isBroken = true;
  await page.route("**/words/*", (route) => (isBroken ? route.abort() : route.continue()));
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await fillReport(page, { story: "Une ligne qui tombe." });
  await sendReport(page);
  await expect(page.locator(".of-words")).toBeHidden();
  isBroken = false;
  // The page requests them again.
  await expect(page.locator(".words li")).toHaveCount(12, { timeout: 10_000 });
  await expect(page.locator(".of-words")).toBeVisible();
});

test("going back and changing the language lose no file", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  const file = { name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("une note") };
  await fillReport(page, { story: "Avec un fichier.", files: [file] });
  const chosen = () => page.locator("#files").evaluate((input: HTMLInputElement) => Array.from(input.files!, ({ name }) => name));
  await page.goBack();
  await page.goForward();
  expect(await chosen()).toEqual(["note.txt"]);
  await page.locator(".langs button[lang=en]").click();
  await expect(page.locator("html[lang=en]")).toHaveCount(1);
  expect(await chosen()).toEqual(["note.txt"]);
  await expect(page.locator(".scrubbed li")).toHaveCount(1);
});

for (const how of ["link", "escape"])
  test(`a quick exit asks nothing, stores nothing, and Back skips the form: ${how}`, async ({ page, installation }) => {
    await page.route("**/leave", (route) => route.fulfill({ body: "elsewhere", contentType: "text/html" }));
    await page.goto("about:blank");
    await page.goto(`${installation.url}/fr/report`);
    await waitForHydration(page);
    await fillReport(page, { story: "Quelqu’un entre." });
    page.on("dialog", (dialog) => {
      throw new Error(`asked: ${dialog.type()}`);
    });
    if (how === "link") await page.locator("a.leave").click();
    else for (let times = 0; times < 3; times++) await page.keyboard.press("Escape");
    await expect(page.locator("body")).toHaveText("elsewhere");
    await page.goBack();
    expect(page.url()).toBe("about:blank");
  });

for (const how of ["link", "escape"])
  test(`after a quick exit neither Back nor Forward shows a page of ours, and nothing of ours is seen meanwhile: ${how}`, async ({ page, installation }) => {
    await page.route("**/leave", (route) => route.fulfill({ body: "elsewhere", contentType: "text/html" }));
    const seen: string[] = [];
    let left = false;
    await page.exposeFunction("report", (path: string) => left && seen.push(path));
    await page.addInitScript(() => {
      const look = () => {
        const shown = document.documentElement?.checkVisibility() ? (document.body?.innerText ?? "") : "";
        if (shown !== "") void (globalThis as unknown as { report(path: string): unknown }).report(location.pathname);
        requestAnimationFrame(look);
      };
      look();
    });
    let from = "";
    const leave = async () => {
      from = new URL(page.url()).pathname;
      left = true;
      if (how === "link") await page.locator(".bar a.leave").click();
      else for (let times = 0; times < 3; times++) await page.keyboard.press("Escape");
      await expect(page.locator("body")).toHaveText("elsewhere", { timeout: 10_000 });
    };
    const expectGone = async () => {
      for (let steps = 0; steps < 3; steps++) {
        await page.goForward();
        expect(await page.content(), "forward").toContain("elsewhere");
      }
      for (let steps = 0; steps < 3 && page.url() !== "about:blank"; steps++) {
        await page.goBack();
        expect(page.url() === "about:blank" || (await page.content()).includes("elsewhere"), page.url()).toBe(true);
      }
      expect(page.url()).toBe("about:blank");
      expect(seen.filter((path) => ![from, "/leave"].includes(path))).toEqual([]);
      left = false;
      seen.length = 0;
    };
    // From the first page through the form.
    await page.goto("about:blank");
    await page.goto(`${installation.url}/fr`);
    await page.locator("main a[href='/fr/report']").first().click();
    await waitForHydration(page);
    await fillReport(page, { story: "Quelqu’un entre." });
    await leave();
    await expectGone();
    // From pages without a form, and from the return page with a typed code.
    await page.goto(`${installation.url}/fr`);
    await page.locator("a[href='/fr/protect']").first().click();
    await page.waitForURL("**/fr/protect");
    await leave();
    await expectGone();
    await page.goto(`${installation.url}/fr`);
    await leave();
    await expectGone();
    await page.goto(`${installation.url}/fr`);
    await page.locator("main a[href='/fr/return']").first().click();
    await waitForHydration(page);
    await page.fill("textarea[name=receipt]", "0024-H36H");
    await leave();
    await expectGone();
  });

test("a quick exit does not wait for a first page that does not load", async ({ page, installation }) => {
  await page.route("**/leave", (route) => route.fulfill({ body: "elsewhere", contentType: "text/html" }));
  await page.goto(`${installation.url}/fr`);
  await page.locator("main a[href='/fr/report']").first().click();
  await waitForHydration(page);
  await page.route(`${installation.url}/fr`, () => undefined);
  await page.locator(".bar a.leave").click();
  await expect(page.locator("body")).toHaveText("elsewhere", { timeout: 10_000 });
});

test("two tabs make two reports with two receipts", async ({ context, installation }) => {
  const codes = new Set<string>();
  const cases = await installation.waitForNewCases("inspector-1", 2, async () => {
    const pages = [await context.newPage(), await context.newPage()];
    for (const page of pages) {
      await page.goto(`${installation.url}/fr/report`);
      await waitForHydration(page);
    }
    for (const page of pages) await fillReport(page, { story: "Dans deux onglets." });
    for (const page of pages) codes.add(await sendReport(page));
  });
  expect(cases).toHaveLength(2);
  expect(codes.size).toBe(2);
});

test("the whole form works over 50 kbit/s with 600 ms of latency", async ({ page, installation }) => {
  test.setTimeout(300_000);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const throughput = (50 * 1000) / 8;
  await session.send("Network.emulateNetworkConditions", { offline: false, latency: 600, downloadThroughput: throughput, uploadThroughput: throughput });
  const start = Date.now();
  await page.goto(`${installation.url}/fr/report`, { timeout: 120_000, waitUntil: "commit" });
  await expect(page.locator("h1")).toBeVisible({ timeout: 60_000 });
  const readable = Date.now() - start;
  await expect(page.locator(".seal[data-sealed=here]").first()).toBeVisible({ timeout: 120_000 });
  const taken = Date.now() - start;
  await installation.waitForNewCases("inspector-1", 1, async () => {
    await fillReport(page, { story: "Depuis la brousse, sur une ligne très lente." });
    await sendReport(page);
  });
  const whole = Date.now() - start;
  console.log(`2G: readable after ${readable} ms, sealing here after ${taken} ms, receipt after ${whole} ms`);
});
