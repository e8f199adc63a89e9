// Own messages in the conversation: only with the file that the reporter asked for, and the code.
import type { Page } from "@playwright/test";
import { checkScreen, takeScreenshots } from "./src/barriers.ts";
import { fillReport, openThread, sendReport, waitForHydration } from "./src/reporting.ts";
import { type RunningInstallation, expect, test, waitUntil } from "./src/installation.ts";

const STORY = "Au poste, on garde mes papiers CANARI-COPIE.";
const SEND = "form[action$='/return/send'] .button:visible";
const LINK = "a.save[download='copy.bin']";

/** Returns the file that the link of the page saves. */
async function savedCopy(page: Page): Promise<Buffer> {
  const address = (await page.locator(LINK).getAttribute("href"))!;
  expect(address).toMatch(/^data:application\/octet-stream;base64,/);
  return Buffer.from(address.split(",")[1]!, "base64");
}

async function openCopy(page: Page, scripts: boolean, buffer: Buffer): Promise<void> {
  await page.locator("details.own-copy > summary").click();
  await page.setInputFiles("#copy", { name: "copy.bin", mimeType: "application/octet-stream", buffer });
  if (!scripts) await page.locator("button[value=own]").click();
}

async function submitReport(page: Page, installation: RunningInstallation, scripts: boolean, wantsCopy: boolean) {
  let code = "";
  const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
    await page.goto(`${installation.url}/fr/report`);
    if (scripts) await waitForHydration(page);
    await fillReport(page, { story: STORY });
    await expect(page.locator("input[name=copy]")).not.toBeChecked();
    if (wantsCopy) {
      await page.locator("details:has(input[name=copy]) summary").click();
      await page.locator("input[name=copy]").check();
      // The choice survives another language and another step.
      await page.locator(".langs [lang=es]").click();
      await expect(page.locator("html")).toHaveAttribute("lang", "es");
      await page.locator(".langs [lang=fr]").click();
      await expect(page.locator("html")).toHaveAttribute("lang", "fr");
      await expect(page.locator("input[name=copy]")).toBeChecked();
      if (scripts) await checkScreen(page, "fr", "review copy");
    }
    code = await sendReport(page);
  });
  return { code, id: row!.id };
}

for (const scripts of [true, false])
  test(`a reporter reads their own messages with the file and the code, and not with one of them: ${scripts ? "with scripts" : "without scripts"}`, async ({ browser, installation }) => {
    const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: { width: 360, height: 760 } });
    const page = await context.newPage();
    const posted: string[] = [];
    page.on("request", (request) => posted.push(request.postData() ?? ""));

    // By default there is no copy, and the code shows no word of the report.
    const other = await submitReport(page, installation, scripts, false);
    await expect(page.locator(LINK)).toHaveCount(0);
    await openThread(page, installation, scripts, other.code);
    expect(await page.content()).not.toContain("CANARI-COPIE");

    const { code, id } = await submitReport(page, installation, scripts, true);
    if (scripts) await checkScreen(page, "fr", "receipt copy");
    else await takeScreenshots(page, "receipt copy plain");
    const copy = await savedCopy(page);
    expect(copy.includes("CANARI")).toBe(false);
    await openThread(page, installation, scripts, code);
    expect(await page.content()).not.toContain("CANARI-COPIE");
    installation.runAs("inspector-1", "declare", id);
    installation.runAs("inspector-1", "show", id);
    installation.runAs("inspector-1", "reply", id, "--text", "Merci. À quel poste ?");
    await waitUntil(async () => {
      await page.locator("main button[value=look]").click();
      return page.getByText("À quel poste ?").first().waitFor({ timeout: 3000 }).then(() => true, () => undefined);
    });

    // The draft of a message stays, whatever file is chosen.
    await page.fill("#message", "Au poste de Dakola.");
    await openCopy(page, scripts, Buffer.from("not a copy"));
    await expect(page.locator(".wrong")).toContainText("n’est pas une copie de ce signalement");
    await expect(page.locator("#message")).toHaveValue("Au poste de Dakola.");
    await expect(page.locator("li.own")).toHaveCount(0);
    posted.length = 0;
    await page.setInputFiles("#copy", { name: "copy.bin", mimeType: "application/octet-stream", buffer: copy });
    if (!scripts) await page.locator("button[value=own]").click();
    await expect(page.locator("li.own")).toHaveCount(1);
    await expect(page.locator(".chosen")).toHaveCount(0);
    await expect(page.locator("li.own")).toContainText(STORY);
    await expect(page.locator("#message")).toHaveValue("Au poste de Dakola.");
    // The newest message is first: the answer, then the report.
    await expect(page.locator(".newest .story")).toHaveText("Merci. À quel poste ?");
    await expect(page.locator("main > ol.messages > li .story").first()).toHaveText("Merci. À quel poste ?");
    if (scripts) expect(posted.join("")).toBe("");
    if (scripts) await checkScreen(page, "fr", "thread copy");
    else await takeScreenshots(page, "thread copy plain");

    // A message that is sent while the copy is open is added to it.
    await page.locator(SEND).first().click();
    await expect(page.locator(".done")).toBeVisible();
    const longer = await savedCopy(page);
    await expect(page.locator("li.own .story").first()).toHaveText("Au poste de Dakola.");
    await waitUntil(async () => {
      await openThread(page, installation, scripts, code);
      return (await page.locator(".state").innerText()).includes("2 messages de vous") ? true : undefined;
    });
    await expect(page.locator("li.own")).toHaveCount(0);
    await openCopy(page, scripts, copy);
    await expect(page.getByText("ne contient pas vos messages les plus récents")).toBeVisible();
    await openThread(page, installation, scripts, code);
    await openCopy(page, scripts, longer);
    await expect(page.locator("li.own")).toHaveCount(2);
    await expect(page.getByText("ne contient pas vos messages les plus récents")).toHaveCount(0);

    // In another language, the copy stays open.
    await page.locator(".langs [lang=ar]").click();
    await expect(page.locator("html")).toHaveAttribute("lang", "ar");
    await expect(page.locator("li.own")).toHaveCount(2);
    if (scripts) await checkScreen(page, "ar", "thread copy");
    else await takeScreenshots(page, "thread copy plain ar");

    // The code of another report does not open it.
    await openThread(page, installation, scripts, other.code);
    await openCopy(page, scripts, longer);
    await expect(page.locator(".wrong")).toContainText("n’est pas une copie de ce signalement");
    await context.close();
  });

for (const scripts of [true, false])
  test(`a copy opens after two messages before one collection: ${scripts ? "with scripts" : "without scripts"}`, async ({ browser, installation }) => {
    const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: { width: 360, height: 760 } });
    const [page, other] = [await context.newPage(), await context.newPage()];
    const { code } = await submitReport(page, installation, scripts, true);
    const copy = await savedCopy(page);
    for (const each of [page, other]) await openThread(each, installation, scripts, code);
    await openCopy(page, scripts, copy);
    const send = async (from: Page, text: string) => {
      await from.fill("#message", text);
      await from.locator(SEND).first().click();
      await expect(from.locator(".done")).toBeVisible();
    };
    // The other page was opened before, and does not know the messages of the first one.
    await send(page, "Un premier message.");
    await send(page, "Un deuxième message.");
    const longer = await savedCopy(page);
    await expect(page.locator("li.own")).toHaveCount(3);
    await send(other, "Un message de l’autre page.");
    await waitUntil(async () => {
      await openThread(page, installation, scripts, code);
      return (await page.locator(".state").innerText()).includes("4 messages de vous") ? true : undefined;
    });
    await openCopy(page, scripts, longer);
    await expect(page.locator("li.own")).toHaveCount(3);
    await expect(page.locator("li.own .story").first()).toHaveText("Un deuxième message.");
    await expect(page.locator(".wrong")).toHaveCount(0);
    await context.close();
  });
