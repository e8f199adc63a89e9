// Redraws pictures to remove their metadata. Browsers that protect against fingerprinting return
// noise or white from a canvas, and some return an empty picture above a size. Such a picture must
// not replace a photo.
import type { RedrawnPicture } from "../metadata/scrub.ts";

/**
 * Maximum length of the longer side of a photo in pixels, unless the reporter keeps its full size.
 * The text of a photographed page remains readable.
 */
const MAX_PHOTO_SIDE = 1600;
/** Quality for JPEG and WebP, which is not visibly worse than the original. */
const JPEG_QUALITY = 0.9;
/** Width and height, in pixels, of the known picture and of the samples that are compared. */
const SAMPLE_SIZE = 64;
/**
 * Maximum mean difference per channel, of 255, that a lossy format may cause. A blank or noisy
 * picture differs by far more.
 */
const MAX_MEAN_DIFFERENCE = 8;
/** Channels that all stay within this range show nothing. */
const FLAT_THRESHOLD = 4;

/**
 * Returns the picture upright and without metadata. A photo is reduced, unless `isFullSize`.
 * Screenshots (PNG) are small, and their text would suffer. Returns undefined for an animation, or
 * if this browser cannot redraw it faithfully.
 */
export async function redraw(picture: Blob, isFullSize: boolean): Promise<RedrawnPicture | undefined> {
  try {
    const head = new TextDecoder("latin1").decode(await picture.slice(0, 32).arrayBuffer());
    // Only the first frame of an animation would be left.
    if (head.startsWith("GIF8") || (head.includes("VP8X") && (head.charCodeAt(20) & 2) !== 0)) return undefined;
    // Before each picture, because the permission to read a canvas can change at any time.
    if (!(await isCanvasFaithful())) return undefined;
    const type = head.startsWith("PNG", 1) ? "image/png" : head.startsWith("RIFF") ? "image/webp" : "image/jpeg";
    const bitmap = await createImageBitmap(picture, { imageOrientation: "from-image" });
    try {
      const keeps = isFullSize || type === "image/png";
      const scale = keeps ? 1 : Math.min(1, MAX_PHOTO_SIDE / Math.max(bitmap.width, bitmap.height));
      const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale))) as [number, number];
      const content = await encode(context(width, height, bitmap).canvas, type);
      return (await isFaithfulRedraw(content, bitmap, width, height)) ? { content, reduced: scale < 1 } : undefined;
    } finally {
      bitmap.close();
    }
  } catch {
    return undefined;
  }
}

/**
 * Draws a known picture and reads it directly and after encoding. Returns whether each pixel is
 * unchanged.
 */
async function isCanvasFaithful(): Promise<boolean> {
  const known = context(SAMPLE_SIZE, SAMPLE_SIZE);
  const pixels = known.createImageData(SAMPLE_SIZE, SAMPLE_SIZE);
  // Opaque and varied: browsers leave a canvas of one colour unchanged.
  pixels.data.forEach((_, at) => (pixels.data[at] = at % 4 === 3 ? 255 : (at * 73 + (at >> 6) * 31) & 255));
  known.putImageData(pixels, 0, 0);
  const isSame = (read: Uint8ClampedArray) => read.every((value, at) => value === pixels.data[at]);
  // Read at once as well: the same noise applied twice could cancel out.
  if (!isSame(known.getImageData(0, 0, SAMPLE_SIZE, SAMPLE_SIZE).data)) return false;
  const bitmap = await createImageBitmap(await encode(known.canvas, "image/png"));
  const read = context(SAMPLE_SIZE, SAMPLE_SIZE, bitmap).getImageData(0, 0, SAMPLE_SIZE, SAMPLE_SIZE).data;
  bitmap.close();
  return isSame(read);
}

/** Returns whether the redrawn picture decodes to this size and to the content of the original. */
async function isFaithfulRedraw(drawn: Blob, original: ImageBitmap, width: number, height: number): Promise<boolean> {
  const bitmap = await createImageBitmap(drawn);
  try {
    if (bitmap.width !== width || bitmap.height !== height) return false;
    const [before, after] = [sample(original), sample(bitmap)];
    const difference = before.reduce((sum, value, at) => sum + Math.abs(value - after[at]!), 0) / before.length;
    return difference <= MAX_MEAN_DIFFERENCE && (isFlat(before) || !isFlat(after));
  } finally {
    bitmap.close();
  }
}

/** Returns the pixels of a small copy. */
function sample(bitmap: ImageBitmap): Uint8ClampedArray {
  return context(SAMPLE_SIZE, SAMPLE_SIZE, bitmap).getImageData(0, 0, SAMPLE_SIZE, SAMPLE_SIZE).data;
}

/** Returns whether the picture has one colour. */
function isFlat(pixels: Uint8ClampedArray): boolean {
  const [min, max] = [[255, 255, 255, 255], [0, 0, 0, 0]];
  pixels.forEach((value, at) => {
    min[at & 3] = Math.min(min[at & 3]!, value);
    max[at & 3] = Math.max(max[at & 3]!, value);
  });
  return max.every((value, channel) => value - min[channel]! <= FLAT_THRESHOLD);
}

/**
 * Returns a new canvas context, with the picture if there is one. Throws if the browser provides
 * none.
 */
function context(width: number, height: number, bitmap?: ImageBitmap): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const drawing = canvas.getContext("2d");
  if (!drawing) throw new Error("the browser provides no drawing context");
  drawing.imageSmoothingQuality = "high";
  if (bitmap) drawing.drawImage(bitmap, 0, 0, width, height);
  return drawing;
}

/** Encodes a canvas. Throws if the browser cannot, for instance because the canvas is too large. */
async function encode(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, JPEG_QUALITY));
  if (!blob) throw new Error("the browser cannot encode a picture of this size");
  return blob;
}
