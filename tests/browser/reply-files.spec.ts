// Files of a later message. The list on the page names what is sent, and the sealed frame names the
// treatment.
import { type RunningInstallation, expect, test } from "./src/installation.ts";
import { fillReport, openThread, sendReport, waitForHydration } from "./src/reporting.ts";
import type { Page } from "@playwright/test";

const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const pdf = Buffer.from("%PDF-1.4\n1 0 obj<</Author(CANARI)>>endobj\ntrailer<</Info 1 0 R>>\n%%EOF");
const FILES = [
  { name: "CANARI.png", mimeType: "image/png", buffer: png },
  { name: "CANARI.pdf", mimeType: "application/pdf", buffer: pdf },
];

interface ShownCase {
  attachments: { name: string; message: number; treatment: unknown }[];
}

const fileItems = (page: Page) => page.locator(".scrubbed li");

/** Submits a report, opens the mailbox, and opens the page for a message. */
async function openThreadPage(page: Page, installation: RunningInstallation, scripts: boolean): Promise<string> {
  let code = "";
  const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
    await page.goto(`${installation.url}/fr/report`);
    if (scripts) await waitForHydration(page);
    await fillReport(page, { story: "Les preuves viennent plus tard." });
    code = await sendReport(page);
  });
  await openThread(page, installation, scripts, code);
  await page.fill("#message", "Voici les preuves.");
  await page.setInputFiles("#files", FILES);
  return row!.id;
}

/** Sends the message and returns the treatment of its files that an investigator sees. */
async function arrivedFiles(page: Page, installation: RunningInstallation, id: string, count = FILES.length): Promise<[string, unknown][]> {
  await page.locator("form[action$='/return/send'] .button:visible").first().click();
  await expect(page.locator("main")).toContainText("Votre message est en route", { timeout: 30_000 });
  const shown = () => (installation.runAs("inspector-1", "show", id) as ShownCase).attachments;
  installation.runAs("inspector-1", "declare", id);
  await expect.poll(() => shown().length, { timeout: 60_000 }).toBe(count);
  expect(new Set(shown().map(({ message }) => message))).toEqual(new Set([1]));
  return shown().map(({ name, treatment }) => [name, treatment]);
}

test("the files of a message are listed, scrubbed and described as such", async ({ page, installation }) => {
  const id = await openThreadPage(page, installation, true);
  await expect(fileItems(page).nth(0)).toContainText("Redessinée");
  await expect(fileItems(page).nth(1)).toContainText("Retiré : un nom");
  expect(await arrivedFiles(page, installation, id)).toEqual([
    ["image-1.png", { how: "redrawn" }],
    ["document-2.pdf", { how: "cleaned", removed: ["author"], left: [], reading: "whole", signature: "absent" }],
  ]);
});

test("original files of a message are described as originals before and after sending", async ({ page, installation }) => {
  const id = await openThreadPage(page, installation, true);
  await expect(fileItems(page).nth(0)).toContainText("Redessinée");
  // A picture that cannot be scrubbed waits for a decision. Keeping all files is a decision.
  const scan = { name: "scan.tif", mimeType: "image/tiff", buffer: Buffer.from("II*\0\x08\0\0\0CANARI", "latin1") };
  await page.setInputFiles("#files", [...FILES, scan]);
  await expect(page.locator(".scrubbed [aria-pressed]")).toHaveCount(1);
  await page.locator("form[action$='/return/send'] .button:visible").first().click();
  const summary = page.locator(".wrong[role=alert]");
  await expect(summary).toContainText("Décidez pour");
  await page.check("input[name=keep]");
  await expect(summary).toHaveCount(0);
  await expect(fileItems(page).filter({ hasText: "partira tel quel" })).toHaveCount(3);
  await expect(page.locator(".scrubbed")).not.toContainText("Redessinée");
  expect(await arrivedFiles(page, installation, id, 3)).toEqual([
    ["CANARI.png", { how: "kept" }],
    ["CANARI.pdf", { how: "kept" }],
    ["scan.tif", { how: "kept" }],
  ]);
});

test.describe("without a script", () => {
  test.use({ javaScriptEnabled: false });

  test("the files of a message are scrubbed and described as such", async ({ page, installation }) => {
    const id = await openThreadPage(page, installation, false);
    expect(await arrivedFiles(page, installation, id)).toEqual([
      ["image-1.png", { how: "cleaned", removed: [], left: [], reading: "whole", signature: "absent" }],
      ["document-2.pdf", { how: "cleaned", removed: ["author"], left: [], reading: "whole", signature: "absent" }],
    ]);
  });
});
