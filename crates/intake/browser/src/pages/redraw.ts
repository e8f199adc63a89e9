// Redraws pictures, so that their metadata stays behind. Browsers that guard against fingerprinting
// return noise or white from a canvas, and some return an empty picture above a size: no such
// picture may replace a photo.

/** For JPEG and WebP: the eye does not see the difference from the original. */
const JPEG_QUALITY = 0.9;
/** Width and height, in pixels, of the known picture and of the samples that are compared. */
const SAMPLE_SIZE = 64;
/** The mean difference per channel that a lossy format may cause, of 255. A blank or noisy picture differs by far more. */
const MAX_MEAN_DIFFERENCE = 8;
/** Channels that all stay within this range show nothing. */
const FLAT_THRESHOLD = 4;

/** Returns the picture upright and without metadata; undefined for one that this browser cannot redraw faithfully, or that moves. */
export async function redraw(picture: Blob): Promise<Blob | undefined> {
  try {
    const head = new TextDecoder("latin1").decode(await picture.slice(0, 32).arrayBuffer());
    // Only the first frame of an animation would be left.
    if (head.startsWith("GIF8") || (head.includes("VP8X") && (head.charCodeAt(20) & 2) !== 0)) return undefined;
    // Before each picture: the permission to read a canvas can be given or withdrawn at any time.
    if (!(await isCanvasFaithful())) return undefined;
    const type = head.startsWith("PNG", 1) ? "image/png" : head.startsWith("RIFF") ? "image/webp" : "image/jpeg";
    const bitmap = await createImageBitmap(picture, { imageOrientation: "from-image" });
    try {
      const drawn = await encode(context(bitmap.width, bitmap.height, bitmap).canvas, type);
      return (await isFaithfulRedraw(drawn, bitmap)) ? drawn : undefined;
    } finally {
      bitmap.close();
    }
  } catch {
    return undefined;
  }
}

/** Draws a known picture, and reads it back at once and once encoded: true if each pixel is as it was drawn. */
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

/** Does the redrawn picture decode, to the same size, and show what the original shows? */
async function isFaithfulRedraw(drawn: Blob, original: ImageBitmap): Promise<boolean> {
  const bitmap = await createImageBitmap(drawn);
  try {
    if (bitmap.width !== original.width || bitmap.height !== original.height) return false;
    const [before, after] = [sample(original), sample(bitmap)];
    const difference = before.reduce((sum, value, at) => sum + Math.abs(value - after[at]!), 0) / before.length;
    return difference <= MAX_MEAN_DIFFERENCE && (isFlat(before) || !isFlat(after));
  } finally {
    bitmap.close();
  }
}

/** The pixels of a small copy. */
function sample(bitmap: ImageBitmap): Uint8ClampedArray {
  const small = context(SAMPLE_SIZE, SAMPLE_SIZE);
  small.imageSmoothingQuality = "high";
  small.drawImage(bitmap, 0, 0, SAMPLE_SIZE, SAMPLE_SIZE);
  return small.getImageData(0, 0, SAMPLE_SIZE, SAMPLE_SIZE).data;
}

/** Is the picture of one colour? */
function isFlat(pixels: Uint8ClampedArray): boolean {
  const [least, most] = [[255, 255, 255, 255], [0, 0, 0, 0]];
  pixels.forEach((value, at) => {
    least[at & 3] = Math.min(least[at & 3]!, value);
    most[at & 3] = Math.max(most[at & 3]!, value);
  });
  return most.every((value, channel) => value - least[channel]! <= FLAT_THRESHOLD);
}

/** A new canvas with the picture on it, if there is one. Throws where the browser gives no context. */
function context(width: number, height: number, bitmap?: ImageBitmap): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const drawing = canvas.getContext("2d");
  if (!drawing) throw new Error("the browser gives no drawing context");
  if (bitmap) drawing.drawImage(bitmap, 0, 0);
  return drawing;
}

/** Throws where the browser encodes nothing, such as a canvas above its largest size. */
async function encode(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, JPEG_QUALITY));
  if (!blob) throw new Error("the browser encodes no picture of this size");
  return blob;
}
