// From the first page to the code on a slow line with an old phone. The test prints what was
// fetched and when. It has no limit for times, which a busy machine would exceed. It runs on
// demand, because it takes minutes.
import { appendFileSync } from "node:fs";
import { fillReport, sendReport } from "./src/reporting.ts";
import { test } from "./src/installation.ts";
import { recordTransfers, slowDown } from "./src/slow_line.ts";

/** The targets, in milliseconds from the first page. */
const MAX_TAKEOVER_MS = 12_000;
const MAX_CODE_MS = 25_000;

const isWanted = process.env["BENCH_ROWS"] !== undefined || process.env["SLOW_LINE"] !== undefined;

for (const seconds of (process.env["SLOW_LINE"] ?? "0,5").split(",").map(Number))
  test(`50 kbit/s, a round trip of 600 ms, a processor six times slower: ${seconds} s on the first page`, async ({ page, installation }) => {
    test.skip(!isWanted, "measured by cargo xtask bench browser, or with SLOW_LINE=1");
    page.setDefaultTimeout(120_000);
    // Waits until the service has compressed the files after its start.
    const home = await (await page.request.get(`${installation.url}/fr`)).text();
    for (const path of /data-paths="([^"]*)"/.exec(home)![1]!.split(" ")) await page.request.get(`${installation.url}${path}`);
    const recording = await recordTransfers(page);
    await slowDown(page);
    await page.goto(`${installation.url}/fr`, { waitUntil: "commit", timeout: 60_000 });
    await page.locator("h1").waitFor();
    const start = recording.now();
    const times: Record<string, number> = {};
    const mark = (name: string) => (times[name] = recording.now() - start);
    await page.waitForTimeout(seconds * 1000);
    await page.locator("a.button[href$='/report']").first().click({ noWaitAfter: true });
    await page.locator("form#f").waitFor();
    mark("form shown");
    await page.locator(".seal[data-sealed=here]").first().waitFor();
    mark("taken over");
    await fillReport(page, { story: "Depuis la brousse, sur une ligne très lente." });
    mark("filled in");
    await sendReport(page);
    mark("code");
    // What is loaded last.
    await page.locator(".words li").first().waitFor();
    mark("words");
    for (const { path, started, finished, bytes, status } of recording.requests) {
      const [from, to] = [started - start, finished === undefined ? "-" : finished - start].map((time) => String(time).padStart(6));
      console.log(`${from} ${to} ${String(bytes).padStart(6)} ${status ?? "-"} ${path}`);
    }
    const bytes = recording.requests.filter(({ finished }) => finished !== undefined && finished <= start + times["taken over"]!).reduce((sum, each) => sum + each.bytes, 0);
    console.log(`${seconds} s on the first page: ${JSON.stringify(times)}, ${bytes} bytes until the form was taken over`);
    const rows = process.env["BENCH_ROWS"];
    if (rows) {
      const row = (name: string, value: number, ceiling: number) => ({ name: `slow line, ${seconds} s on the first page: ${name}`, value, unit: "ms", ceiling, ratio: ceiling / value });
      const measured = [row("the device controls the form", times["taken over"]!, MAX_TAKEOVER_MS), row("code", times["code"]!, MAX_CODE_MS)];
      appendFileSync(rows, measured.map((each) => `${JSON.stringify(each)}\n`).join(""));
    }
  });
