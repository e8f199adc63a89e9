// Browsers that protect against fingerprinting change the pixels that a page reads from a canvas.
// No photo may arrive as noise or blank.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "./src/installation.ts";
import { checkScreen } from "./src/barriers.ts";
import { fillReport, sendReport, waitForHydration } from "./src/reporting.ts";
import { textOf } from "./src/texts.ts";

/** The ways in which a browser changes pictures that are read from a canvas. */
type CanvasGuard = "noise" | "white" | "one pixel" | "white above 1 megapixel" | "half the size" | "nothing at all";

/**
 * Emulates a protection in the page: on the encoded picture, and for some kinds also on the pixels.
 */
function emulateGuard(guard: CanvasGuard): void {
  const [toBlob, getImageData] = [HTMLCanvasElement.prototype.toBlob, CanvasRenderingContext2D.prototype.getImageData];
  const spoil = (data: Uint8ClampedArray) => {
    if (guard === "noise") data.forEach((_, at) => (data[at] = at % 4 === 3 ? 255 : Math.floor(Math.random() * 256)));
    if (guard === "white" || guard.startsWith("white above")) data.fill(255);
    if (guard === "one pixel") data[4 * 1000] = data[4 * 1000]! ^ 1;
  };
  const isSpared = (pixels: number) => guard.startsWith("white above") && pixels < 1_000_000;
  HTMLCanvasElement.prototype.toBlob = function (callback, ...rest) {
    if (guard === "nothing at all") return callback(null);
    const { width, height } = this;
    if (isSpared(width * height)) return toBlob.call(this, callback, ...rest);
    const copy = document.createElement("canvas");
    // The known test picture is not changed, so only the check of the photo itself can detect it.
    const share = guard === "half the size" && width > 64 ? 2 : 1;
    [copy.width, copy.height] = [width / share, height / share];
    const drawing = copy.getContext("2d")!;
    drawing.drawImage(this, 0, 0, copy.width, copy.height);
    const pixels = getImageData.call(drawing, 0, 0, copy.width, copy.height);
    spoil(pixels.data);
    drawing.putImageData(pixels, 0, 0);
    toBlob.call(copy, callback, ...rest);
  };
  CanvasRenderingContext2D.prototype.getImageData = function (...place) {
    const pixels = getImageData.apply(this, place);
    if (!isSpared(pixels.width * pixels.height)) spoil(pixels.data);
    return pixels;
  };
}

/** A picture like that of a page: light, with dark lines, and not square. */
async function drawPhoto(page: Page, type: string, scale = 1): Promise<Buffer> {
  const encoded = await page.evaluate(async ([type, scale]) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [1400 * scale, 1000 * scale];
    const drawing = canvas.getContext("2d")!;
    drawing.scale(scale, scale);
    drawing.fillStyle = "#f4f1e8";
    drawing.fillRect(0, 0, 1400, 1000);
    drawing.fillStyle = "#222";
    for (let line = 60; line < 940; line += 40) drawing.fillRect(80, line, 500 + ((line * 7) % 700), 9);
    return canvas.toDataURL(type).split(",")[1]!;
  }, [type, scale] as const);
  return Buffer.from(encoded, "base64");
}

const CANVAS_GUARDS: CanvasGuard[] = ["noise", "white", "one pixel", "white above 1 megapixel", "half the size", "nothing at all"];

/** A JPEG picture with a place in its metadata. */
function withGpsExif(jpeg: Buffer): Buffer {
  const tiff = Buffer.from("MM\0*\0\0\0\x08\0\x01\x88\x25\0\x04\0\0\0\x01\0\0\0\x1A\0\0\0\0\0\0\0\0\0\0", "latin1");
  const notes = Buffer.concat([Buffer.from("\xFF\xE1\0\0Exif\0\0", "latin1"), tiff]);
  notes.writeUInt16BE(notes.length - 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), notes, jpeg.subarray(2)]);
}

/**
 * The part of a JPEG picture that holds its pixels: the tables and everything after them. Chromium
 * writes a colour profile before the tables.
 */
const imageDataOf = (jpeg: Buffer): Buffer => jpeg.subarray(jpeg.indexOf(Buffer.from([0xff, 0xdb])));

for (const guard of CANVAS_GUARDS) {
  test(`a canvas that returns ${guard}: the photo is scrubbed without it`, async ({ page, installation }) => {
    await page.goto(`${installation.url}/fr/report`);
    const files = ["jpeg", "png", "webp"].map((kind) => ({ name: `photo.${kind}`, mimeType: `image/${kind}`, kind }));
    const buffers = await Promise.all(files.map(({ mimeType }) => drawPhoto(page, mimeType)));
    buffers[0] = withGpsExif(buffers[0]!);
    await page.addInitScript(emulateGuard, guard);
    await page.reload();
    await waitForHydration(page);
    await fillReport(page, { story: "Photo de la quittance.", files: files.map((file, at) => ({ ...file, buffer: buffers[at]! })) });
    const items = page.locator(".scrubbed li");
    await expect(items.nth(0)).toContainText("Retiré", { timeout: 30_000 });
    await expect(items.filter({ hasText: textOf("fr", "scrubbed-nothing") })).toHaveCount(2, { timeout: 30_000 });
    await expect(page.locator(".scrubbed [aria-pressed]")).toHaveCount(0);
  });
}

test("a photo that was not redrawn arrives without its place, and its picture byte for byte", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  const buffer = await drawPhoto(page, "image/jpeg");
  await page.addInitScript(emulateGuard, "noise" as const);
  await page.reload();
  await waitForHydration(page);
  const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
    await fillReport(page, { story: "Photo de la quittance.", files: [{ name: "photo.jpg", mimeType: "image/jpeg", buffer: withGpsExif(buffer) }] });
    await expect(page.locator(".scrubbed li")).toContainText("Retiré");
    await sendReport(page);
  });
  installation.runAs("inspector-1", "declare", row!.id);
  const folder = mkdtempSync(join(tmpdir(), "saved-"));
  const { saved } = installation.runAs("inspector-1", "save", row!.id, "--to", folder) as { saved: { path: string }[] };
  const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  expect(saved.map(({ path }) => hash(imageDataOf(readFileSync(path))))).toEqual([hash(imageDataOf(buffer))]);
});

test("a canvas that returns what was drawn: the photo is redrawn, and shows the same", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  const buffer = await drawPhoto(page, "image/jpeg");
  await fillReport(page, { story: "Photo de la quittance.", files: [{ name: "photo.jpg", mimeType: "image/jpeg", buffer }] });
  await expect(page.locator(".scrubbed li")).toContainText("Redessinée");
});

/** Returns width and height of a JPEG picture, from its frame header. */
function jpegSize(jpeg: Buffer): [number, number] {
  for (let at = 2; at < jpeg.length; at += 2 + jpeg.readUInt16BE(at + 2)) {
    const marker = jpeg[at + 1]!;
    if (marker >= 0xc0 && marker <= 0xc2) return [jpeg.readUInt16BE(at + 7), jpeg.readUInt16BE(at + 5)];
  }
  throw new Error("no frame header");
}

test("a large photo is reduced, each can keep its size, and a screenshot keeps it always", async ({ page, installation }) => {
  await page.goto(`${installation.url}/fr/report`);
  await waitForHydration(page);
  const files = await Promise.all(
    ["one.jpg", "two.jpg", "screen.png"].map(async (name) => {
      const mimeType = name.endsWith("png") ? "image/png" : "image/jpeg";
      return { name, mimeType, buffer: await drawPhoto(page, mimeType, 2) };
    }),
  );
  const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
    await fillReport(page, { story: "Deux photos et un écran.", files });
    const items = page.locator(".scrubbed li");
    await expect(items.filter({ hasText: "Redessinée plus petite" })).toHaveCount(2, { timeout: 30_000 });
    await checkScreen(page, "fr", "photos-reduced");
    const full = items.nth(1).getByRole("button", { name: "Garder la taille d’origine" });
    await full.click();
    await expect(items.filter({ hasText: "Redessinée plus petite" })).toHaveCount(1, { timeout: 30_000 });
    await expect(full).toHaveAttribute("aria-pressed", "true");
    await expect(items.nth(2).getByRole("button", { name: "Garder la taille d’origine" })).toHaveCount(0);
    await sendReport(page);
  });
  installation.runAs("inspector-1", "declare", row!.id);
  const folder = mkdtempSync(join(tmpdir(), "saved-"));
  const { saved } = installation.runAs("inspector-1", "save", row!.id, "--to", folder) as { saved: { path: string }[] };
  const contents = saved.map(({ path }) => readFileSync(path));
  expect(contents.slice(0, 2).map(jpegSize)).toEqual([[1600, 1143], [2800, 2000]]);
  expect([contents[2]!.readUInt32BE(16), contents[2]!.readUInt32BE(20)]).toEqual([2800, 2000]);
});
