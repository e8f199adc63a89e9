// The return page says what a person has read, and never shows a loss as an empty mailbox.
import type { Page } from "@playwright/test";
import encodeQR from "qr";
import decodeQR from "qr/decode.js";
import { fillReport, openMailbox, openThread, sendReport, waitForHydration } from "./src/reporting.ts";
import { checkScreen, takeScreenshots } from "./src/barriers.ts";
import { type RunningInstallation, expect, test, waitUntil } from "./src/installation.ts";
import { textOf } from "./src/texts.ts";

const UNREAD = "Quand nous répondrons, cette page dira ce qu’une personne a lu.";
const READ_REPORT = "Une personne vous a répondu après avoir lu votre signalement.";
const READ_TWO = "Une personne vous a répondu après avoir lu vos 2 premiers messages.";

async function submitReport(page: Page, installation: RunningInstallation, story: string): Promise<{ code: string; id: string }> {
  let code = "";
  const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
    await page.goto(`${installation.url}/fr/report`);
    await fillReport(page, { story });
    code = await sendReport(page);
  });
  return { code, id: row!.id };
}

/** Answers as a member who has read everything. */
function reply(installation: RunningInstallation, id: string, text: string): void {
  installation.runAs("inspector-1", "show", id);
  installation.runAs("inspector-1", "reply", id, "--text", text);
}

for (const scripts of [true, false])
  test(`the page says up to which message a person has read: ${scripts ? "with scripts" : "without scripts"}`, async ({ browser, installation }) => {
    const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: { width: 360, height: 760 } });
    const page = await context.newPage();
    const { code, id } = await submitReport(page, installation, "Un récit à lire.");
    await openThread(page, installation, scripts, code);
    await expect(page.locator(".state")).toContainText(UNREAD);
    installation.runAs("inspector-1", "declare", id);
    reply(installation, id, "Merci, nous avons lu votre récit.");
    const look = async (text: string) => {
      await waitUntil(async () => {
        await page.locator("main button[value=look]").click();
        await page.waitForTimeout(500);
        return (await page.locator(".state").innerText()).includes(text) ? true : undefined;
      });
      await expect(page.locator(".careful[role=alert]")).toHaveCount(0);
    };
    await look(READ_REPORT);
    await page.fill("#message", "Voici la suite.");
    await page.locator("form[action$='/return/send'] .button:visible").first().click();
    await expect(page.locator(".done")).toBeVisible();
    // The investigators have not read it yet.
    await look("Nous avons reçu 2 messages");
    await expect(page.locator(".state")).toContainText(READ_REPORT);
    reply(installation, id, "Merci pour la suite.");
    await look(READ_TWO);
    await context.close();
  });

test("a damaged, truncated or missing mailbox is never shown as an empty one", async ({ page, installation }) => {
  const { code } = await submitReport(page, installation, "Un récit dont la boîte s’abîme.");
  await openThread(page, installation, true, code);
  const nothing = page.getByText("Il n’y a rien ici");
  const open = async () => {
    await page.goto(`${installation.url}/fr/return`);
    await waitForHydration(page);
    await page.fill("textarea[name=receipt]", code);
    await page.locator("form[action$='/return'] .button:visible").first().click();
  };
  const damage: Record<string, (sealed: Buffer) => Buffer> = {
    "the payload": (sealed) => Buffer.from(sealed.map((byte, at) => (at === 20_000 ? byte ^ 1 : byte))),
    "the last byte": (sealed) => Buffer.from(sealed.map((byte, at) => (at === sealed.length - 1 ? byte ^ 1 : byte))),
    "no header": (sealed) => Buffer.alloc(sealed.length),
  };
  for (const [what, change] of Object.entries(damage)) {
    await page.route("**/api/mailbox", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: change(await response.body()) });
    });
    await open();
    await expect(page.getByText("Cette boîte de messages est abîmée"), what).toBeVisible();
    await expect(nothing, what).toHaveCount(0);
    await page.unroute("**/api/mailbox");
  }
  for (const [what, answer] of Object.entries({
    "an error": { status: 503, body: "busy" },
    truncated: { status: 200, body: Buffer.alloc(20_000) },
    empty: { status: 200, body: "" },
  })) {
    await page.route("**/api/mailbox", (route) => route.fulfill(answer));
    await open();
    await expect(page.locator(".wrong"), what).toContainText("Nous n’avons pas pu ouvrir vos messages");
    await expect(nothing, what).toHaveCount(0);
    await page.unroute("**/api/mailbox");
  }
});

test("without scripts, an unknown receipt and an open mailbox have pages of one length", async ({ browser, installation }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const { code } = await submitReport(page, installation, "Un récit d’une longueur.");
  await openThread(page, installation, false, code);
  const length = async (receipt: string) => {
    const shown = page.waitForResponse((response) => response.request().method() === "GET" && /\/return\/[0-9a-f]{32}$/.test(response.url()));
    await openMailbox(page, installation, "fr", receipt);
    const response = await shown;
    expect(response.headers()["content-encoding"]).toBeUndefined();
    return (await response.body()).length;
  };
  const known = await length(code);
  await expect(page.locator("#message")).toBeVisible();
  const unknown = await length("0000-0000-0000-0000-0000-0000-006X");
  await expect(page.getByText("Il n’y a rien ici")).toBeVisible();
  expect(unknown).toBe(known);
  await context.close();
});

const WORDS = "abaisser justice légume junior envahir crucial branche coincer pliage filière horizon xénon";
const MISTYPED = WORDS.replace("branche", "branhce");

for (const scripts of [true, false])
  test(`a mistyped word is named with its number, and one tap takes the nearest: ${scripts ? "with scripts" : "without scripts"}`, async ({ browser, installation }) => {
    const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: { width: 360, height: 760 } });
    const page = await context.newPage();
    const requested: string[] = [];
    page.on("request", (request) => requested.push(request.url()));
    await page.goto(`${installation.url}/fr/return`);
    if (scripts) await waitForHydration(page);
    const open = async (typed: string) => {
      await page.fill("textarea[name=receipt]", typed);
      await page.locator("form[action$='/return'] .button:visible").first().click();
    };
    await open(MISTYPED);
    await expect(page.locator(".wrong")).toContainText("Le mot 7, « branhce », n’est pas dans la liste.");
    const nearest = page.locator(".nearest");
    await expect(nearest).toContainText("Le plus proche est « branche ».");
    await expect(nearest).toHaveAttribute("translate", "no");
    // axe needs scripts.
    if (scripts) await checkScreen(page, "fr", "return mistyped");
    else await takeScreenshots(page, "return mistyped plain");
    await nearest.getByRole("button").click();
    await expect(page.getByText("Il n’y a rien ici")).toBeVisible();
    await expect(page.locator("textarea[name=receipt]")).toHaveValue(WORDS);
    await expect(nearest).toHaveCount(0);
    for (const [typed, error] of [
      [WORDS.replace("branche coincer", "coincer branche"), "deux sont échangés"],
      [WORDS.replace(" xénon", ""), "Il y a 11 mots sur 12."],
      [`0000-0000-0000-0000-0000-0000-006X ${WORDS}`, "deux codes secrets différents"],
      ["0024-H36H-2NC-VRH6-DAQF-6DVV-QZN3", "Le groupe 3 a 3 caractères au lieu de 4."],
    ] as const) {
      await open(typed);
      await expect(page.locator(".wrong")).toContainText(error);
      await expect(nearest).toHaveCount(0);
    }
    expect(requested.filter((url) => /branhce|abaisser|H36H/i.test(decodeURIComponent(url)))).toEqual([]);
    await context.close();
  });

test("the saved file and a photo of the square open the mailbox, and stay on the device", async ({ page, installation }) => {
  // Chromium has no detector of QR codes on Linux, so another decoder stands in for it.
  await page.exposeFunction("decodeQrPixels", (width: number, height: number, data: number[]) => decodeQR({ width, height, data: Uint8Array.from(data) }));
  await page.addInitScript(() => {
    const decode = (globalThis as unknown as { decodeQrPixels(width: number, height: number, data: number[]): Promise<string> }).decodeQrPixels;
    class BarcodeDetector {
      static getSupportedFormats = () => Promise.resolve(["qr_code"]);
      async detect(image: ImageBitmap) {
        const context = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height }).getContext("2d")!;
        context.drawImage(image, 0, 0);
        const pixels = context.getImageData(0, 0, image.width, image.height);
        return decode(image.width, image.height, [...pixels.data]).then((rawValue) => [{ rawValue }], () => []);
      }
    }
    Object.assign(globalThis, { BarcodeDetector });
  });
  const sent: string[] = [];
  page.on("request", (request) => sent.push(`${request.url()} ${request.postData() ?? ""}`));
  const code = "0024-H36H-2NCS-VRH6-DAQF-6DVV-QZN3";
  const text = Buffer.from(`${code}\r\n\r\n${WORDS}\r\n`);
  const rows = encodeQR(code, "raw", { ecc: "medium", border: 4 });
  const png = await page.evaluate((rows) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: rows.length * 6, height: rows.length * 6 });
    const context = canvas.getContext("2d")!;
    rows.forEach((row, y) => row.forEach((dark, x) => {
      context.fillStyle = dark ? "#000" : "#fff";
      context.fillRect(x * 6, y * 6, 6, 6);
    }));
    return canvas.toDataURL().split(",")[1]!;
  }, rows);
  for (const [file, error] of [
    [{ name: "reference.txt", mimeType: "text/plain", buffer: text }, null],
    // Saved again by an editor that writes UTF-16.
    [{ name: "reference.txt", mimeType: "text/plain", buffer: Buffer.from(`\ufeff${text}`, "utf16le") }, null],
    [{ name: "reference.txt", mimeType: "text/plain", buffer: Buffer.from(`\ufeff${text}`, "utf16le").swap16() }, null],
    [{ name: "photo.png", mimeType: "image/png", buffer: Buffer.from(png, "base64") }, null],
    [{ name: "letter.txt", mimeType: "text/plain", buffer: Buffer.alloc(5000, "a") }, "Nous ne trouvons pas de code secret"],
    [{ name: "broken.png", mimeType: "image/png", buffer: Buffer.from("x") }, "Nous ne trouvons pas de code secret"],
  ] as const) {
    await page.goto(`${installation.url}/fr/return`);
    await waitForHydration(page);
    await expect(page.locator("label[for=saved]")).toContainText("photo du carré");
    await page.setInputFiles("#saved", file);
    // A slow machine takes seconds to look for a mailbox.
    if (error === null) await expect(page.getByText(textOf("fr", "return-nothing"))).toBeVisible({ timeout: 15_000 });
    else await expect(page.locator(".wrong")).toContainText(error);
    expect(await page.locator("#saved").evaluate((field: HTMLInputElement) => field.files!.length)).toBe(0);
  }
  await checkScreen(page, "fr", "return file");
  expect(sent.filter((request) => /H36H|abaisser|reference|photo\.png/.test(request))).toEqual([]);
});

test("a saved code or copy that cannot be read is not called wrong", async ({ page, installation }) => {
  const { code } = await submitReport(page, installation, "Un récit dont le fichier a disparu.");
  const file = { name: "reference.txt", mimeType: "text/plain", buffer: Buffer.from(code) };
  const lose = () => page.evaluate(() => {
    File.prototype.arrayBuffer = () => Promise.reject(new DOMException("", "NotReadableError"));
  });
  await page.goto(`${installation.url}/fr/return`);
  await waitForHydration(page);
  await lose();
  await page.setInputFiles("#saved", file);
  await expect(page.locator(".wrong")).toContainText(textOf("fr", "file-unreadable"));
  await openThread(page, installation, true, code);
  await lose();
  await page.locator(".own-copy > summary").click();
  await page.setInputFiles("#copy", file);
  await expect(page.locator(".wrong")).toContainText(textOf("fr", "file-unreadable"));
});

test("with scripts a message that is too long, or whose mailbox is gone, stays on the page", async ({ page, installation }) => {
  const { code } = await submitReport(page, installation, "Un récit qui a une suite.");
  await openThread(page, installation, true, code);
  const send = page.locator("form[action$='/return/send'] .button:visible").first();
  await page.fill("#message", "x".repeat(6_001));
  await send.click();
  await expect(page.locator(".wrong")).toContainText(textOf("fr", "wrong-long", { limit: "6000" }));
  await expect(page.locator("#message")).toHaveValue("x".repeat(6_001));
  await page.fill("#message", "La suite.");
  // The service has another mailbox under every locator, as if this one was deleted.
  await page.route("**/api/mailbox", (route) => route.continue({ postData: JSON.stringify({ locator: "A".repeat(43) }) }));
  for (let times = 0; times < 2; times += 1) {
    await page.locator(times === 0 ? "main button[value=look]" : "form[action$='/return'] .button").first().click();
    await expect(page.locator("main")).toContainText(textOf("fr", "return-nothing"));
    await expect(page.locator("#message")).toHaveValue("La suite.");
    await expect(page.locator("#message")).not.toBeEditable();
  }
  await page.unroute("**/api/mailbox");
  await page.locator("form[action$='/return'] .button").first().click();
  // A slow machine takes seconds to open the mailbox and to verify what is in it.
  await expect(page.locator("#message")).toBeEditable({ timeout: 15_000 });
  await expect(page.locator("#message")).toHaveValue("La suite.");
  await send.click();
  await expect(page.locator(".done")).toBeVisible();
});

test("without scripts the page offers no file, because the file would be sent", async ({ browser, installation }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${installation.url}/fr/return`);
  await expect(page.locator("#saved")).toBeHidden();
  await expect(page.locator("#h-receipt")).toContainText("coller ici tout le fichier");
  await context.close();
});
