// Reads a receipt from the text file that the receipt page offers, or from a photo of its QR code.
// The file is read on the device and not sent.

/** The detector of QR codes, which some browsers have. */
interface QrDetector {
  detect(image: ImageBitmap): Promise<{ rawValue: string }[]>;
}
interface QrDetectorClass {
  new (options: { formats: string[] }): QrDetector;
  getSupportedFormats(): Promise<string[]>;
}

/** Maximum length of a text file that is read as a receipt, in bytes. Our own file is shorter. */
const MAX_FILE_LEN = 4096;
const QR_FORMAT = "qr_code";

const detectorClass = (): QrDetectorClass | undefined => (globalThis as { BarcodeDetector?: QrDetectorClass }).BarcodeDetector;

/** Returns whether this browser finds QR codes in photos. */
export async function canReadPhotos(): Promise<boolean> {
  const formats = await detectorClass()?.getSupportedFormats().catch((): string[] => []);
  return formats?.includes(QR_FORMAT) ?? false;
}

/**
 * Returns the text of a file or of the QR code in a photo, or undefined if there is none. Rejects
 * if the file cannot be read.
 */
export async function readSavedReceipt(file: File): Promise<string | undefined> {
  if (file.type.startsWith("image/")) return readPhoto(file).catch(() => undefined);
  if (file.size > MAX_FILE_LEN) return undefined;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes).trim();
  return text === "" ? undefined : text;
}

/** Returns the encoding that a byte order mark names. Some editors save every file as UTF-16. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

async function readPhoto(file: File): Promise<string | undefined> {
  const detector = detectorClass();
  if (!detector) return undefined;
  const image = await createImageBitmap(file);
  const [found] = await new detector({ formats: [QR_FORMAT] }).detect(image);
  image.close();
  return found?.rawValue;
}
