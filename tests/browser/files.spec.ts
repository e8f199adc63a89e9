// The list of chosen files. It names a file that cannot be read and asks what to do, the reporter
// can
// leave a file out, and the list describes each file truly.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expectAccessible, expectNoHorizontalScroll } from "./src/barriers.ts";
import { type RunningInstallation, expect, test } from "./src/installation.ts";
import { fillReport, keepOriginals, openThread, receiptCode, sendReport, waitForHydration } from "./src/reporting.ts";
import { textOf } from "./src/texts.ts";

/** A file on the disk, so that the test can move, change and delete it after it was chosen. */
function writeTempFile(name: string, content: string | Uint8Array = "une note"): string {
  const path = join(mkdtempSync(join(tmpdir(), "chosen-")), name);
  writeFileSync(path, content);
  return path;
}

/** Opens the review page with files chosen on it. */
async function chooseFiles(page: Page, installation: RunningInstallation, paths: string[], before?: () => Promise<void>): Promise<void> {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  await fillReport(page, { story: "Trois notes du quai." });
  await before?.();
  await page.setInputFiles("#files", paths);
}

const fileItems = (page: Page) => page.locator(".scrubbed li");
const errorSummary = (page: Page) => page.locator(".wrong[role=alert]");
const clickSend = (page: Page) => page.locator("form[action$='/report/send'] .button:visible").first().click();
const chosenFiles = (page: Page) => page.locator("#files").evaluate((input: HTMLInputElement) => Array.from(input.files ?? [], ({ name }) => name));
/** The beginning of a TIFF picture, which the script does not scrub. */
const tiffScan = Buffer.from("II*\0\x08\0\0\0", "latin1");

const LOSSES: [string, (path: string) => void][] = [
  ["deleted", (path) => rmSync(path)],
  ["changed", (path) => writeFileSync(path, "une autre note, plus longue")],
];

/** A sound recording of this many bytes of sound: a header, and one chunk. */
function recording(len: number): Uint8Array {
  const bytes = Buffer.alloc(44 + len);
  bytes.write("RIFF\0\0\0\0WAVEfmt ", "latin1");
  bytes.writeUInt32LE(36 + len, 4);
  bytes.writeUInt32LE(16, 16);
  bytes.set([1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0], 20);
  bytes.write("data", 36, "latin1");
  bytes.writeUInt32LE(len, 40);
  return bytes;
}

/** A recording of more bytes is read again while it is sealed. */
const LARGE = 9 * 1024 * 1024;
const KINDS: [string, string, Uint8Array | string][] = [
  ["a file", "note du quai.txt", "une note"],
  ["a large recording", "note du quai.wav", recording(LARGE)],
];

for (const [kind, name, content] of KINDS) {
  for (const [loss, lose] of LOSSES) {
    for (const keeps of [false, true]) {
      test(`${kind} that was ${loss} after it was chosen is named, and chosen again${keeps ? ", as it is" : ""}`, async ({ page, installation }) => {
        const path = writeTempFile(name, content);
        await chooseFiles(page, installation, [path, writeTempFile("autre.txt")]);
        await expect(fileItems(page).first()).toContainText(textOf("fr", "scrubbed-nothing"));
        if (keeps) await keepOriginals(page);
        lose(path);
        await clickSend(page);
        await expect(errorSummary(page)).toContainText(name);
        await expect(fileItems(page).first()).toContainText("ne pouvons pas examiner");
        // Nothing continues without it unless the reporter agrees.
        await clickSend(page);
        await expect(errorSummary(page)).toContainText(name);
        const picker = page.waitForEvent("filechooser");
        await fileItems(page).first().getByRole("button", { name: "Le choisir de nouveau" }).click();
        await (await picker).setFiles(writeTempFile("note du quai.txt", "une troisième note"));
        await expect(errorSummary(page)).toHaveCount(0);
        expect(await chosenFiles(page)).toEqual(["note du quai.txt", "autre.txt"]);
        await sendReport(page);
      });
    }
  }
}

for (const place of ["report", "message"]) {
  test(`a large recording that is lost while a ${place} is sealed is named`, async ({ page, installation }) => {
    const paths = [writeTempFile("note du quai.wav", recording(LARGE)), writeTempFile("autre.txt")];
    await chooseFiles(page, installation, place === "report" ? paths : []);
    if (place === "message") {
      const code = await sendReport(page);
      await openThread(page, installation, true, code);
      await page.fill("#message", "Voici les preuves.");
      await page.setInputFiles("#files", paths);
    }
    await expect(fileItems(page).first()).toContainText(textOf("fr", "scrubbed-nothing"));
    await page.evaluate(() => {
      const { stream } = Blob.prototype;
      const lost = () => new ReadableStream({ pull: (controller) => controller.error(new DOMException("", "NotReadableError")) });
      Blob.prototype.stream = function (this: Blob) {
        return this.size > 8 * 1024 * 1024 ? lost() : stream.call(this);
      } as typeof stream;
    });
    await page.locator(".buttons .button:visible").first().click();
    await expect(errorSummary(page)).toContainText("note du quai.wav");
    await expect(fileItems(page).first()).toContainText("ne pouvons pas examiner");
    await fileItems(page).first().getByRole("button", { name: "Ne pas l’envoyer" }).click();
    await expect(errorSummary(page)).toHaveCount(0);
    if (place === "report") return void (await sendReport(page));
    await page.locator("form[action$='/return/send'] .button:visible").first().click();
    await expect(page.locator("main")).toContainText("Votre message est en route", { timeout: 30_000 });
  });
}

test("a message with a large recording that was deleted is not sent without it", async ({ page, installation }) => {
  await chooseFiles(page, installation, []);
  await openThread(page, installation, true, await sendReport(page));
  const path = writeTempFile("note du quai.wav", recording(LARGE));
  await page.setInputFiles("#files", path);
  await expect(fileItems(page).first()).toContainText(textOf("fr", "scrubbed-nothing"));
  rmSync(path);
  await page.locator("form[action$='/return/send'] .button:visible").first().click();
  await expect(errorSummary(page)).toContainText("note du quai.wav");
  await expect(fileItems(page).first()).toContainText("ne pouvons pas examiner");
});

test("a file that cannot be read is left out by choice of the reporter, and the report is sent", async ({ page, installation }) => {
  const path = writeTempFile("note.txt");
  await chooseFiles(page, installation, [path, writeTempFile("autre.txt")]);
  rmSync(path);
  await clickSend(page);
  await expect(errorSummary(page)).toContainText("note.txt");
  await fileItems(page).first().getByRole("button", { name: "Ne pas l’envoyer" }).click();
  await expect(errorSummary(page)).toHaveCount(0);
  expect(await chosenFiles(page)).toEqual(["autre.txt"]);
  await sendReport(page);
});

test("a file that cannot be read when it is chosen is marked, and a later attempt reads it again", async ({ page, installation }) => {
  await chooseFiles(page, installation, [writeTempFile("nuage.pdf", "%PDF-1.4\n")], () =>
    page.evaluate(() => {
      const read = Blob.prototype.arrayBuffer;
      Blob.prototype.arrayBuffer = () => Promise.reject(new DOMException("", "NotReadableError"));
      Object.assign(window, { comesBack: () => (Blob.prototype.arrayBuffer = read) });
    }),
  );
  await expect(fileItems(page)).toContainText("ne pouvons pas examiner");
  await page.evaluate(() => (window as unknown as { comesBack: () => void }).comesBack());
  await sendReport(page);
});

test("the examination of a file that never arrives ends", async ({ page, installation }) => {
  await page.clock.install();
  await chooseFiles(page, installation, [writeTempFile("nuage.pdf", "%PDF-1.4\n")], () =>
    page.evaluate(() => {
      Blob.prototype.arrayBuffer = () => new Promise(() => undefined);
    }),
  );
  await expect(fileItems(page)).toContainText("Vérification");
  await page.clock.fastForward(121_000);
  await expect(fileItems(page)).toContainText("ne pouvons pas examiner");
});

test("one file is taken out of the list, and the others stay", async ({ page, installation }) => {
  await chooseFiles(page, installation, ["a.txt", "b.txt", "c.txt"].map((name) => writeTempFile(name)));
  await fileItems(page).nth(1).getByRole("button").click();
  await expect(fileItems(page)).toHaveCount(2);
  expect(await chosenFiles(page)).toEqual(["a.txt", "c.txt"]);
  // The next file's button has the focus.
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await expect(fileItems(page)).toHaveCount(0);
  await expect(page.locator("#files")).toBeFocused();
  expect(await chosenFiles(page)).toEqual([]);
});

test("the summary of errors leads to each picture and shrinks with each decision", async ({ page, installation }) => {
  await chooseFiles(page, installation, [writeTempFile("a.tif", tiffScan), writeTempFile("b.tif", tiffScan)]);
  await expect(page.locator(".scrubbed [aria-pressed]")).toHaveCount(2);
  await clickSend(page);
  await expect(errorSummary(page).locator("li")).toHaveCount(2);
  await expectAccessible(page, "review with files to decide about");
  await expectNoHorizontalScroll(page, "review with files to decide about");
  await errorSummary(page).locator("a").nth(1).click();
  await expect(fileItems(page).nth(1)).toBeFocused();
  await fileItems(page).nth(0).getByRole("button").nth(0).click();
  await expect(errorSummary(page).locator("li")).toHaveCount(1);
  await fileItems(page).nth(1).getByRole("button").nth(1).click();
  await expect(errorSummary(page)).toHaveCount(0);
  await expect(page).not.toHaveTitle(/Erreur/);
  await clickSend(page);
  await receiptCode(page);
});

test("an empty file is called empty, and a recording gets no advice for pages", async ({ page, installation }) => {
  await chooseFiles(page, installation, [writeTempFile("vide.pdf", ""), writeTempFile("vide.jpg", ""), writeTempFile("voix.ogg", "OggS\0\x02"), writeTempFile("note.doc", "{\\rtf1 note}")]);
  await expect(fileItems(page).nth(0)).toContainText("Ce fichier est vide.");
  await expect(fileItems(page).nth(1)).toContainText("Ce fichier est vide.");
  await expect(fileItems(page).nth(2)).toContainText("ne pouvons pas tout vérifier");
  await expect(fileItems(page).nth(2)).not.toContainText(textOf("fr", "scrubbed-advice"));
  await expect(fileItems(page).nth(3)).toContainText(textOf("fr", "scrubbed-advice"));
});
