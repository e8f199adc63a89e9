// The return page says what a person has read, and never shows a loss as an empty mailbox.
import { type Page } from "@playwright/test";
import { fillReport, openMailbox, openThread, sendReport, waitForHydration } from "./src/reporting.ts";
import { type RunningInstallation, expect, test, waitUntil } from "./src/installation.ts";

const UNREAD = "Quand nous répondrons, cette page dira ce qu’une personne a lu.";
const READ_REPORT = "Une personne vous a répondu après avoir lu votre signalement.";
const READ_TWO = "Une personne vous a répondu après avoir lu vos 2 premiers envois.";

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
  const nothing = page.getByText("Rien n’est encore arrivé ici");
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
  await expect(page.getByText("Rien n’est encore arrivé ici")).toBeVisible();
  expect(unknown).toBe(known);
  await context.close();
});
