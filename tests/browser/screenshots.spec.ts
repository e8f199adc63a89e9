// The pictures of the README, from an installation with the sample reports. `cargo xtask
// screenshots` runs this test with SCREENSHOTS naming the folder; without it the test is skipped.
import { execFileSync } from "node:child_process";
import { mergeTests } from "@playwright/test";
import { test as installationTest, expect, waitUntil } from "./src/installation.ts";
import { waitForHydration } from "./src/reporting.ts";
import { test as workbenchTest } from "./src/workbench.ts";

const test = mergeTests(installationTest, workbenchTest);
const folder = process.env["SCREENSHOTS"];
/** Sample reports for the desk of inspector-1. */
const REPORTS_OF_DESK = 12;

test.skip(!folder, "SCREENSHOTS names no folder");

test("the pictures of the README are taken", async ({ page, installation, openWorkbench }) => {
  await page.setViewportSize({ width: 390, height: 780 });
  await page.goto(`${installation.url}/en/report`);
  await waitForHydration(page);
  await page.screenshot({ path: `${folder}/report.png` });

  execFileSync(`${process.env["PROGRAMS"]}/sample-reports`, [installation.url]);
  const rows = await waitUntil(() => {
    const queue = installation.queue("inspector-1");
    return queue.length >= REPORTS_OF_DESK ? queue : undefined;
  });
  for (const { id } of rows.slice(0, 3)) installation.runAs("inspector-1", "claim", id);
  const workbench = await openWorkbench(installation, "inspector-1", { locale: "en-GB", viewport: { width: 1280, height: 860 } });
  await workbench.enter();
  await workbench.unlock();
  await workbench.queue("open");
  await expect(workbench.page.locator("tbody tr").first()).toBeVisible();
  await workbench.page.screenshot({ path: `${folder}/queue.png` });
});
