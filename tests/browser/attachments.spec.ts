// Metadata of files does not arrive, whether the browser or the intake seals. An independent
// program
// reads the files that an investigator saves.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { type RunningInstallation, expect, test } from "./src/installation.ts";
import { fillReport, sendReport, waitForHydration, keepOriginals } from "./src/reporting.ts";

const STORY = "Trois photos du quai et la quittance.";
/** Is in every metadata item of the samples (`crates/metadata-scrubber/tests/samples`). */
const CANARY = "CANARI";

/**
 * Files as phones and office programs write them: `a.jpg`, `b.pdf` and so on. One form accepts all
 * of them.
 */
function readSamples(): Map<string, Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "samples-"));
  execFileSync(`${process.env["PROGRAMS"]}/sample-files`, [folder]);
  const names = readdirSync(folder).filter((name) => /^[ab]\./.test(name));
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name))]));
}

/** Returns everything that ExifTool reads in a file, as text. */
const readMetadata = (path: string): string => execFileSync("exiftool", ["-j", "-G1", "-a", "-u", "-ee", path], { encoding: "utf8" });

/** The treatment of each file according to the frame, as `burkindi show` prints it. */
type TreatmentsByName = Map<string, { how: string; removed?: string[]; left?: string[]; reading?: string; signature?: string } | null>;

/**
 * The files of an investigator: by name, what an independent program reads in each, and its
 * treatment.
 */
interface ArrivedReport {
  metadata: Map<string, string>;
  treatments: TreatmentsByName;
}

/** Sends files and returns what arrives. */
async function sendFiles(installation: RunningInstallation, page: Page, names: string[], before?: () => Promise<void>): Promise<ArrivedReport> {
  const all = readSamples();
  const files = names.map((name) => ({ name: `${CANARY} ${name}`, mimeType: "application/octet-stream", buffer: all.get(name)! }));
  const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
    await fillReport(page, { story: STORY, files });
    await before?.();
    await sendReport(page);
  });
  installation.runAs("inspector-1", "declare", row!.id);
  const folder = mkdtempSync(join(tmpdir(), "saved-"));
  const { saved } = installation.runAs("inspector-1", "save", row!.id, "--to", folder) as { saved: { path: string; name: string }[] };
  return { metadata: new Map(saved.map(({ path, name }) => [name, readMetadata(path)])), treatments: treatmentsOf(installation, row!.id) };
}

function treatmentsOf(installation: RunningInstallation, id: string): TreatmentsByName {
  const shown = installation.runAs("inspector-1", "show", id) as { attachments: { name: string; treatment: never }[] };
  return new Map(shown.attachments.map(({ name, treatment }) => [name, treatment]));
}

const treatmentNames = (treatments: TreatmentsByName): (string | undefined)[] => [...treatments.values()].map((treatment) => treatment?.how);

/** Expects no words of the author, no place, no device and no date. */
function expectNoMetadata(metadata: Map<string, string>): void {
  for (const [name, text] of metadata) {
    expect(text.replaceAll(/"(SourceFile|System:[^"]*)": .*/g, ""), name).not.toContain(CANARY);
    expect(text, name).not.toMatch(/"(GPS|XMP|IFD1|IPTC|ID3|UserData)[^"]*:|"[^"]*:(Make|Model|Artist)":/);
  }
}

test.describe("without a script", () => {
  test.use({ javaScriptEnabled: false });

  test("files lose their metadata, and the receipt names what was removed", async ({ page, installation }) => {
    await page.goto(`${installation.url}/fr/report`);
    const names = [...readSamples().keys()];
    const { metadata, treatments } = await sendFiles(installation, page, names);
    expect([...treatments.keys()]).toEqual([...metadata.keys()]);
    for (const [name, treatment] of treatments) {
      expect(treatment, name).toMatchObject({ how: "cleaned", reading: "whole" });
      expect(treatment?.removed?.length, name).toBeGreaterThan(0);
    }
    const photo = names.indexOf("a.jpg") + 1;
    expect(treatments.get(`image-${photo}.jpg`)?.removed).toEqual(expect.arrayContaining(["place", "date", "device"]));
    expect([...metadata.keys()].sort()).toEqual(names.map((name, at) => `${mediaClassOf(name)}-${at + 1}.${name.split(".")[1]}`).sort());
    expectNoMetadata(metadata);
    const scrubbed = page.locator(".scrubbed li");
    await expect(scrubbed).toHaveCount(names.length);
    await expect(scrubbed.filter({ hasText: "Retiré" })).toHaveCount(names.length);
    expect(await page.content()).not.toContain(CANARY);
  });

  test("an original is kept when the reporter wants it", async ({ page, installation }) => {
    await page.goto(`${installation.url}/fr/report`);
    const { metadata, treatments } = await sendFiles(installation, page, ["a.jpg"], () => keepOriginals(page));
    expect([...metadata.keys()]).toEqual([`${CANARY} a.jpg`]);
    expect(treatments.get(`${CANARY} a.jpg`)).toEqual({ how: "kept" });
    expect(metadata.get(`${CANARY} a.jpg`)).toMatch(/"GPS:/);
    await expect(page.locator(".scrubbed li")).toContainText("tel quel");
  });
});

test.describe("sealed in the browser", () => {
  test("pictures are redrawn and documents rewritten before anything is sent", async ({ page, installation }) => {
    await page.goto(`${installation.url}/fr/report`);
    await waitForHydration(page);
    const names = ["a.docx", "a.jpg", "a.mp3", "a.mp4", "a.odt", "a.pdf", "a.png", "a.webp", "b.docx"];
    const { metadata, treatments } = await sendFiles(installation, page, names, async () => {
      await expect(page.locator(".scrubbed li").filter({ hasText: /Retiré|Redessinée/ })).toHaveCount(names.length);
    });
    expect([...metadata.keys()].sort()).toEqual(names.map((name, at) => `${mediaClassOf(name)}-${at + 1}.${name.split(".")[1]}`).sort());
    expectNoMetadata(metadata);
    expect(treatmentNames(treatments)).toEqual(names.map((name) => (mediaClassOf(name) === "image" ? "redrawn" : "cleaned")));
    for (const [name, treatment] of treatments) {
      if (treatment?.how === "cleaned") expect(treatment.removed?.length, name).toBeGreaterThan(0);
    }
    // The picture of 64 by 48 on its side is redrawn upright.
    expect(metadata.get("image-2.jpg")).toMatch(/"File:ImageHeight": 64/);
  });

  test("files that the browser cannot redraw or repack are scrubbed", async ({ page, installation }) => {
    await page.goto(`${installation.url}/fr/report`);
    await waitForHydration(page);
    const names = ["a.flac", "a.gif", "a.heic", "a.wav", "b.pdf"];
    const { metadata, treatments } = await sendFiles(installation, page, names, async () => {
      await expect(page.locator(".scrubbed li").filter({ hasText: "Retiré" })).toHaveCount(names.length);
      await expect(page.locator(".scrubbed [aria-pressed]")).toHaveCount(0);
    });
    expectNoMetadata(metadata);
    expect(treatmentNames(treatments)).toEqual(names.map(() => "cleaned"));
  });

  test("a picture that cannot be scrubbed waits for a decision", async ({ page, installation }) => {
    await page.goto(`${installation.url}/fr/report`);
    await waitForHydration(page);
    const scans = ["quai.tif", "liste.tif"].map((name) => ({ name, mimeType: "image/tiff", buffer: Buffer.from(`II*\0\x08\0\0\0${CANARY}`, "latin1") }));
    const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
      await fillReport(page, { story: STORY, files: scans });
      await expect(page.locator(".scrubbed [aria-pressed]")).toHaveCount(2);
      // It does not look like a clean file, for readers who see no colours either.
      const item = page.locator(".scrubbed li").first();
      await expect(item).toHaveCSS("border-top-width", "3px");
      expect(await item.locator(".unclean").evaluate((line) => getComputedStyle(line, "::before").content)).toContain("!");
      await page.locator("form[action$='/report/send'] .button:visible").first().click();
      await expect(page.locator(".wrong[role=alert]")).toContainText("Décidez pour");
      await page.locator(".scrubbed li").nth(0).getByRole("button").nth(0).click();
      await page.locator(".scrubbed li").nth(1).getByRole("button").nth(1).click();
      await sendReport(page);
    });
    installation.runAs("inspector-1", "declare", row!.id);
    const { saved } = installation.runAs("inspector-1", "save", row!.id, "--to", mkdtempSync(join(tmpdir(), "saved-"))) as { saved: { path: string; name: string }[] };
    expect(saved.map(({ name }) => name)).toEqual(["image-1.tif"]);
    expect(treatmentNames(treatmentsOf(installation, row!.id))).toEqual(["kept"]);
    expect(readFileSync(saved[0]!.path)).toEqual(scans[0]!.buffer);
  });

  test("an original is kept when the reporter wants it", async ({ page, installation }) => {
    await page.goto(`${installation.url}/fr/report`);
    await waitForHydration(page);
    const { metadata, treatments } = await sendFiles(installation, page, ["a.jpg", "a.pdf"], async () => {
      const items = page.locator(".scrubbed li");
      await expect(items.first()).toContainText("Redessinée");
      await keepOriginals(page);
      // The list names what is sent.
      await expect(items.filter({ hasText: "partira tel quel" })).toHaveCount(2);
      await expect(page.locator(".scrubbed")).not.toContainText(/Redessinée|Retiré/);
      await keepOriginals(page, false);
      await expect(items.first()).toContainText("Redessinée");
      await keepOriginals(page);
    });
    expect(metadata.get(`${CANARY} a.jpg`)).toMatch(/"GPS:/);
    expect(treatments.get(`${CANARY} a.jpg`)).toEqual({ how: "kept" });
    expect(treatments.get(`${CANARY} a.pdf`)).toEqual({ how: "kept" });
  });
});

function mediaClassOf(name: string): string {
  const sorts = { image: ["jpg", "png", "gif", "webp", "heic"], audio: ["mp3", "wav", "flac"], video: ["mp4"] };
  return Object.entries(sorts).find(([, ends]) => ends.includes(name.split(".")[1]!))?.[0] ?? "document";
}
