// The recorder: the reporter speaks, hears the altered voice, and sends it. Chromium plays a file
// into its microphone.
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkScreen } from "./src/barriers.ts";
import { expect, test } from "./src/installation.ts";
import { sendReport, storedBrowserData, waitForHydration } from "./src/reporting.ts";
import { RecordingProxy } from "./src/wire.ts";

const RATE = 48_000;

/** Returns a sound like a voice: pulses of a changing pitch through two resonances. */
function voice(seconds: number): Int16Array {
  const samples = new Float64Array(RATE * seconds);
  for (let at = 0; at < samples.length; at += RATE / (140 + 30 * Math.sin(at / 20_000))) samples[Math.floor(at)] = 1;
  for (const hz of [650, 1300]) {
    const [radius, angle] = [Math.exp((-Math.PI * 90) / RATE), (2 * Math.PI * hz) / RATE];
    for (let at = 2; at < samples.length; at += 1) samples[at]! += 2 * radius * Math.cos(angle) * samples[at - 1]! - radius * radius * samples[at - 2]!;
  }
  const largest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return Int16Array.from(samples, (value) => Math.round((20_000 * value) / largest));
}

function wav(samples: Int16Array): Buffer {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write("WAVEfmt ", 8);
  [16, 1 | (1 << 16), RATE, 2 * RATE, 2 | (16 << 16)].forEach((value, index) => header.writeUInt32LE(value, 16 + 4 * index));
  header.write("data", 36);
  header.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer)]);
}

const spoken = wav(voice(4));
const microphone = join(mkdtempSync(join(tmpdir(), "voice-")), "voice.wav");
writeFileSync(microphone, spoken);

test.use({
  permissions: ["microphone"],
  launchOptions: {
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-audio-capture=${microphone}`],
  },
});

test("a reporter speaks, hears the altered voice and sends it, and an investigator hears it", async ({ page, installation }) => {
  test.slow();
  const proxy = await RecordingProxy.open(installation.url);
  const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
    await page.goto(`${proxy.url}/fr/report`);
    await waitForHydration(page);
    await openStory(page);
    await page.click("[data-act=start]");
    await expect(page.locator("[data-clock]")).toContainText(/0:0[3-9]/, { timeout: 30_000 });
    await checkScreen(page, "fr", "the recorder while it records");
    await page.click("[data-act=stop]");
    await expect(page.locator("[data-act=play]")).toBeVisible({ timeout: 60_000 });
    // Before it was heard, it cannot be sent.
    await page.click("button[value=review]:not(.enter)");
    await expect(page.locator(".wrong")).toContainText("Écoutez votre enregistrement");
    await page.click("[data-act=play]");
    await page.click("button[value=review]:not(.enter)");
    await expect(page.locator(".recorded [data-act=play]")).toBeVisible();
    await checkScreen(page, "fr", "the review page with a recording");
    await sendReport(page);
  });
  // No request contains samples of the microphone.
  for (let at = 10_000; at < spoken.length - 64; at += 50_000) expect(proxy.contains(spoken.subarray(at, at + 32))).toBe(false);
  expect(await storedBrowserData(page)).toMatchObject({ cookies: "", local: {}, session: {}, databases: [], caches: [], workers: 0 });
  proxy.close();

  installation.runAs("inspector-1", "declare", row!.id);
  const shown = installation.runAs("inspector-1", "show", row!.id) as { report: { story: string }; attachments: { name: string; len: number; treatment: unknown }[] };
  expect(shown.report.story).toBe("");
  expect(shown.attachments).toMatchObject([{ name: "recording.wav", len: 768 * 1024, treatment: { how: "voice-altered" } }]);
  const heard = join(mkdtempSync(join(tmpdir(), "heard-")), "heard.wav");
  installation.runAs("inspector-1", "recording", row!.id, "1", "--to", heard);
  const sound = readFileSync(heard);
  const seconds = (sound.length - 44) / 2 / sound.readUInt32LE(24);
  expect(seconds).toBeGreaterThan(2);
  let loudest = 0;
  for (let at = 44; at < sound.length; at += 2) loudest = Math.max(loudest, Math.abs(sound.readInt16LE(at)));
  expect(loudest).toBeGreaterThan(2000);
});

test("a removed recording is not sent, and the story is missing again", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await openStory(page);
  await page.click("[data-act=start]");
  await expect(page.locator("[data-clock]")).toContainText(/0:0[2-9]/, { timeout: 30_000 });
  await page.click("[data-act=stop]");
  await page.click("[data-act=play]", { timeout: 60_000 });
  await page.click("[data-act=remove]");
  await expect(page.locator("[data-act=start]")).toBeVisible();
  await page.click("button[value=review]:not(.enter)");
  await expect(page.locator(".wrong")).toContainText("Écrivez quelques mots");
});

test("only the pages of a report may ask for the microphone", async ({ request, installation }) => {
  const allowed = async (path: string) => (await request.get(`${installation.url}${path}`)).headers()["permissions-policy"]!.includes("microphone=(self)");
  expect(await allowed("/fr/report")).toBe(true);
  for (const path of ["/fr", "/fr/return", "/fr/learn", "/fr/protect", "/directory.json"]) expect(await allowed(path), path).toBe(false);
});

test("a page refuses a swapped module that records", async ({ page, installation }) => {
  await page.route("**/assets/voice.*.js", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${await response.text()}\n;document.title = "CANARI";` });
  });
  await page.goto(`${installation.url}/fr/report`);
  await expect(page.locator(".altered[role=alert]")).toBeVisible();
  await expect(page.locator("main form")).toHaveCount(0);
  expect(await page.title()).not.toBe("CANARI");
});

/** Goes to the page with the story. */
async function openStory(page: import("@playwright/test").Page): Promise<void> {
  await page.click("button[value='family.money']");
  await page.click("button[value='category.FAC']");
  await page.click(".speak > summary");
}
