// Reads QR codes with an independent reader.
import type { Locator, Page } from "@playwright/test";
import decodeQR from "qr/decode.js";

/** Returns the text in the code of a receipt page. */
export async function readQr(page: Page): Promise<string> {
  const svg = page.locator(".qr svg");
  if (!(await svg.isVisible())) await page.locator(".ticket summary").click();
  return readQrOf(page, svg);
}

/** Returns the text in a code, read from the colours on the screen. */
export async function readQrOf(page: Page, svg: Locator): Promise<string> {
  await svg.scrollIntoViewIfNeeded();
  const png = (await svg.screenshot()).toString("base64");
  // A second page, because the page under test may run without scripts.
  const context = await page.context().browser()!.newContext();
  const desk = await context.newPage();
  const { width, height, bytes } = await desk.evaluate(async (encoded) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${encoded}`)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height);
    const drawing = canvas.getContext("2d")!;
    drawing.drawImage(image, 0, 0);
    const { data } = drawing.getImageData(0, 0, image.width, image.height);
    return { width: image.width, height: image.height, bytes: Array.from(data) };
  }, png);
  await context.close();
  return decodeQR({ width, height, data: Uint8Array.from(bytes) });
}
