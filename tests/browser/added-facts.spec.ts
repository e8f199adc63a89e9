// A reporter who returns answers the questions of the form, which no request names with scripts.
import type { Page } from "@playwright/test";
import { checkScreen, takeScreenshots } from "./src/barriers.ts";
import { fillReport, openThread, sendReport, waitForHydration } from "./src/reporting.ts";
import { type RunningInstallation, expect, test, waitUntil } from "./src/installation.ts";
import { textOf } from "./src/texts.ts";

const PLACE = "Dakola CANARI-LIEU";

interface ShownCase {
  messages: { text: string; kind: string; lang: string; facts?: { category: string; is_other_category: boolean; facts: { question: string; answers: string[] }[] } }[];
  alarms: unknown[];
}

async function submitReport(page: Page, installation: RunningInstallation, scripts: boolean): Promise<{ code: string; id: string }> {
  let code = "";
  const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
    await page.goto(`${installation.url}/fr/report`);
    if (scripts) await waitForHydration(page);
    await fillReport(page, { story: "Un récit à compléter." });
    code = await sendReport(page);
  });
  return { code, id: row!.id };
}

/** Opens the questions of a case from the page of the conversation. */
async function openQuestions(page: Page): Promise<void> {
  await page.locator("details.add > summary").click();
  await page.locator("details.add button").click();
  await page.click("button[value='family.money']");
  await page.click("button[value='category.EXT']");
  await expect(page.locator("[name='a.place']")).toBeVisible();
}

const send = (page: Page) => page.locator("button[value=send]:not(.enter)").click();

for (const lang of ["fr", "ar"])
  for (const scripts of [true, false])
    test(`a reporter adds facts later: ${lang}, ${scripts ? "with scripts" : "without scripts"}`, async ({ browser, installation }) => {
      const context = await browser.newContext({ javaScriptEnabled: scripts, viewport: { width: 360, height: 760 } });
      const page = await context.newPage();
      const { code, id } = await submitReport(page, installation, scripts);
      await openThread(page, installation, scripts, code);
      const asked: string[] = [];
      // The sealed bytes are random, and can contain any three letters.
      const isReadable = (url: string) => scripts && !url.includes("/api/");
      page.on("request", (request) => asked.push(`${request.url()} ${isReadable(request.url()) ? (request.postData() ?? "") : ""}`));
      await page.fill("#message", "Un message commencé.");
      if (scripts) await page.setInputFiles("#files", { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("bonjour") });
      if (lang !== "fr") {
        await page.locator(`.langs [lang=${lang}]`).click();
        await expect(page.locator("html")).toHaveAttribute("lang", lang);
      }
      await openQuestions(page);
      await expect(page.locator("h1")).toHaveText(textOf(lang, "facts-heading"));
      if (scripts) await checkScreen(page, lang, "added facts");
      else await takeScreenshots(page, `added facts plain ${lang}`);
      for (const decides of ["handlers_involved", "oversight_consent", "handler_preference", "story"]) {
        await expect(page.locator(`[name='a.${decides}']`), decides).toHaveCount(0);
      }

      // Nothing to send is an error, and the page stays.
      await send(page);
      await expect(page.locator(".wrong")).toContainText(textOf(lang, "add-none"));
      await page.fill("[name='a.place']", `${PLACE} 70 12 34 56`);
      const question = page.locator("[name='a.payment_status']").first();
      if (!(await question.isVisible())) await page.locator("details.part:has([name='a.payment_status']) > summary").click();
      await question.check();
      // Another language and the conversation keep the answers and the message.
      await page.locator(".langs [lang=es]").click();
      await expect(page.locator("html")).toHaveAttribute("lang", "es");
      await expect(page.locator("[name='a.place']")).toHaveValue(`${PLACE} 70 12 34 56`);
      await page.locator(`.langs [lang=${lang}]`).click();
      await expect(page.locator("html")).toHaveAttribute("lang", lang);
      if (scripts) {
        await page.goBack();
        await expect(page.locator("button[value='category.EXT']")).toBeVisible();
        await page.goBack();
        await page.goBack();
      } else {
        await page.locator("button[value=look]").click();
      }
      await expect(page.locator("#message")).toHaveValue("Un message commencé.");
      await expect(page.locator("details.add .careful")).toHaveText(textOf(lang, "add-unsent"));
      if (scripts) await expect(page.locator(".chosen")).toHaveCount(1);
      await page.locator("details.add button").click();
      await expect(page.locator("[name='a.place']")).toHaveValue(`${PLACE} 70 12 34 56`);
      await expect(page.locator("[name='a.payment_status']").first()).toBeChecked();

      await send(page);
      await expect(page.locator(".traces li")).toHaveCount(1);
      await page.locator(".traces button").click();
      await expect(page.locator("[name='a.place']")).toHaveValue(`${PLACE} […]`);
      await send(page);
      await expect(page.locator(".done")).toBeVisible();
      await expect(page.locator("#message")).toHaveValue("Un message commencé.");
      await expect(page.locator("details.add .careful")).toHaveCount(0);
      // No address names the case or a question, and with scripts no request has an answer.
      for (const request of asked) expect(request).not.toMatch(/EXT|money|payment|CANARI/);

      // With scripts, the message follows the facts before they are collected.
      if (scripts) await page.locator("form[action$='/return/send'] .button:visible").first().click();
      installation.runAs("inspector-1", "declare", id);
      const shown = await waitUntil(() => {
        const now = installation.runAs("inspector-1", "show", id) as ShownCase;
        return now.messages.length > (scripts ? 1 : 0) ? now : undefined;
      });
      expect(shown.alarms).toEqual([]);
      const added = shown.messages[0]!;
      expect([added.kind, added.lang, added.facts!.category, added.facts!.is_other_category]).toEqual(["facts", lang, "EXT", true]);
      const place = added.facts!.facts.find(({ question }) => question === "place");
      expect(place!.answers).toEqual([`${PLACE} […]`]);
      expect(added.facts!.facts.map(({ question }) => question)).toContain("payment_status");
      if (scripts) expect(shown.messages[1]!.text).toBe("Un message commencé.");
      await context.close();
    });
