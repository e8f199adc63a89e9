// Messages after the report: identifying details are marked, and the reporter can name an earlier
// report.
import type { Page } from "@playwright/test";
import { checkScreen, takeScreenshots } from "./src/barriers.ts";
import { fillReport, openThread, sendReport, waitForHydration } from "./src/reporting.ts";
import { type RunningInstallation, expect, test, waitUntil } from "./src/installation.ts";

interface ShownCase {
  messages: { text: string; related?: { message: number; case: string | null } }[];
  alarms: unknown[];
}

async function submitReport(page: Page, installation: RunningInstallation, scripts: boolean, story: string): Promise<{ code: string; id: string }> {
  let code = "";
  const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
    await page.goto(`${installation.url}/fr/report`);
    if (scripts) await waitForHydration(page);
    await fillReport(page, { story });
    code = await sendReport(page);
  });
  return { code, id: row!.id };
}

for (const scripts of [true, false])
  test(`a message names an earlier report and does not identify its writer: ${scripts ? "sealing here" : "sealing at the server"}`, async ({ browser, installation }) => {
    const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: { width: 360, height: 760 } });
    const page = await context.newPage();
    const first = await submitReport(page, installation, scripts, "Le premier récit.");
    const second = await submitReport(page, installation, scripts, "Le second récit.");
    await openThread(page, installation, scripts, first.code);
    await openThread(page, installation, scripts, second.code);

    const send = () => page.locator("form[action$='/return/send'] .button:visible").first().click();
    await page.fill("#message", "Appelez le 70 12 34 56 le 3 mai 2026.");
    await page.locator("details:has(#earlier) summary").click();
    // The receipt of this report and a mistyped receipt are refused.
    await page.fill("#earlier", second.code);
    await send();
    if (scripts) {
      await expect(page.locator(".traces li")).toHaveCount(2);
      await send();
    }
    await expect(page.locator(".wrong a[href='#earlier']")).toBeVisible();
    await expect(page.locator("#message")).toHaveValue("Appelez le 70 12 34 56 le 3 mai 2026.");
    await page.fill("#earlier", first.code);
    if (!scripts) {
      await send();
      await expect(page.locator(".traces li")).toHaveCount(2);
    } else {
      // Marked already: the page marks the words again after the text changes.
      await page.fill("#message", "Appelez le 70 12 34 56 le 3 mai 2026 !");
      await send();
    }
    for (const left of [1, 0]) {
      await page.locator(".traces .quiet").first().click();
      await expect(page.locator(".traces li")).toHaveCount(left);
    }
    await send();
    await expect(page.locator(".done")).toBeVisible();

    installation.runAs("inspector-1", "declare", second.id);
    const shown = await waitUntil(() => {
      const now = installation.runAs("inspector-1", "show", second.id) as ShownCase;
      return now.messages.length > 0 ? now : undefined;
    });
    expect(shown.alarms).toEqual([]);
    expect(shown.messages[0]!.text).toMatch(/^Appelez le \[…\] le \[…\] mai 2026( !|\.)$/);
    expect(shown.messages[0]!.related).toEqual({ message: 1, case: first.id });
    await context.close();
  });

test("checking for messages and changing the language lose no typed text", async ({ page, installation }) => {
  const { code } = await submitReport(page, installation, true, "Un récit pour écrire ensuite.");
  await openThread(page, installation, true, code);
  const [text, other] = ["Encore une chose.", "ABCD"];
  await page.fill("#message", text);
  await page.locator("details:has(#earlier) summary").click();
  await page.fill("#earlier", other);
  await page.locator("input[name=kind]").check();
  await page.setInputFiles("#files", { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("bonjour") });
  const kept = async () => {
    await expect(page.locator("#message")).toHaveValue(text);
    await expect(page.locator("#earlier")).toHaveValue(other);
    await expect(page.locator("input[name=kind]")).toBeChecked();
    expect(await page.locator("#files").evaluate((field: HTMLInputElement) => field.files?.length)).toBe(1);
  };
  await page.locator("main button[value=look]").click();
  await page.waitForTimeout(1000);
  await kept();
  await page.locator(".langs [lang=es]").click();
  await expect(page.locator("html")).toHaveAttribute("lang", "es");
  await kept();
  // A lost connection while the page checks for messages is not described as an unsent message.
  await page.route("**/api/mailbox", (route) => route.abort());
  await page.locator("main button[value=look]").click();
  await expect(page.locator(".wrong")).toContainText("No hemos podido abrir sus mensajes");
  await kept();
});

for (const scripts of [true, false])
  test(`the newest message is first and marked, and the stage has its number: ${scripts ? "with scripts" : "without scripts"}`, async ({ browser, installation }) => {
    const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: { width: 360, height: 760 } });
    const page = await context.newPage();
    const { code, id } = await submitReport(page, installation, scripts, "Un récit pour deux réponses.");
    installation.runAs("inspector-1", "declare", id);
    await openThread(page, installation, scripts, code);
    await expect(page.locator(".no-message")).toBeVisible();
    await expect(page.locator(".state .step")).toHaveText("Étape du dossier\u00a0: 1/5");
    await expect(page.locator(".steps li")).toHaveCount(5);
    await expect(page.locator(".steps [aria-current=step]")).toHaveText("Reçu");
    installation.runAs("inspector-1", "show", id);
    for (const text of ["La première réponse.", "La dernière réponse."]) installation.runAs("inspector-1", "reply", id, "--text", text);
    const directories: string[] = [];
    page.on("request", (request) => request.url().endsWith("/directory.json") && directories.push(request.url()));
    let looks = 0;
    await waitUntil(async () => {
      looks += 1;
      await page.locator("main button[value=look]").click();
      await page.waitForTimeout(700);
      return (await page.locator(".messages .story").count()) === 2 ? true : undefined;
    });
    await expect(page.locator(".messages .story")).toHaveText(["La dernière réponse.", "La première réponse."]);
    await expect(page.locator(".newest .story")).toHaveText("La dernière réponse.");
    await expect(page.locator(".newest h2")).toHaveText("Dernier message pour vous");
    await expect(page.locator(".no-message")).toHaveCount(0);
    // It is in view without scrolling, above the bar at the bottom.
    const [newest, bar] = [(await page.locator(".newest .story").boundingBox())!, (await page.locator(".bar .leave").boundingBox())!];
    expect(newest.y + newest.height).toBeLessThan(bar.y);
    // An open page gets the members who can confirm new keys when it looks for messages.
    expect(directories.length).toBe(scripts ? looks : 0);
    // axe needs scripts.
    if (scripts) await checkScreen(page, "fr", "thread");
    else await takeScreenshots(page, "thread plain");
    await context.close();
  });
