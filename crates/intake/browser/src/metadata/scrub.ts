// Removes metadata from a file. Nothing leaves the device.
import { type Bytes, concat } from "../bytes.ts";
import { measureBox, scrubBoxes } from "./isobmff.ts";
import { parseExif } from "./exif.ts";
import { SNIFF_LEN, type FileFormat, extensionOf, detectFormat, mediaClassOf } from "./detect.ts";
import { stripGif } from "./gif.ts";
import { stripJpeg } from "./jpeg.ts";
import { AuthorPseudonyms } from "./pseudonyms.ts";
import { rewritePackage } from "./office.ts";
import { scrubPdf } from "./pdf.ts";
import { MalformedFileError, ByteRewriter, readLe } from "./stream.ts";
import { stripPng } from "./png.ts";
import { CHUNK_HEADER_LEN, measureChunk, scrubRiff } from "./riff.ts";
import { type ScrubFindings, type MetadataKind, addKinds, asBytes, asText, noFindings } from "./rules.ts";
import { stripAudio } from "./audio.ts";
import type { ParseCoverage, SignatureStatus, ScrubReport } from "./scrub_report.ts";
import { rewriteXml } from "./xml.ts";

/** A picture that was decoded and encoded again. */
export interface RedrawnPicture {
  content: Blob;
  /** True if it has fewer pixels than the original. */
  reduced: boolean;
}

/** Returns a picture without its metadata, or undefined if it cannot be drawn faithfully. */
export type RedrawPicture = (picture: Blob) => Promise<RedrawnPicture | undefined>;

/**
 * A video or sound recording of more bytes is scrubbed part by part, if its format allows it. Its
 * media data is then not read.
 */
const MIN_LEN_BY_PARTS = 8 * 1024 * 1024;
/** A file of more bytes is never read into memory as a whole, which a phone may not have. */
const MAX_LEN_IN_MEMORY = 64 * 1024 * 1024;

/** The formats in which pictures are redrawn, with their file extensions. */
const REDRAWN_EXTENSIONS: Record<string, string> = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };

/** Scrubbers that process a file from its beginning and copy, skip or overwrite each part. */
const SCRUBBERS: Partial<Record<FileFormat, (stream: ByteRewriter, found: ScrubFindings) => void>> = {
  jpeg: stripJpeg,
  png: stripPng,
  gif: stripGif,
  webp: scrubRiff,
  wav: scrubRiff,
  avi: scrubRiff,
  heif: (stream, found) => scrubBoxes(stream, found, true),
  mp4: (stream, found) => scrubBoxes(stream, found, false),
  m4a: (stream, found) => scrubBoxes(stream, found, false),
  mp3: stripAudio,
  flac: stripAudio,
};

/** Scrubbers of long files that read each part on its own. */
const SCRUBBERS_BY_PARTS: Partial<Record<FileFormat, (file: Blob, found: ScrubFindings) => Promise<PartlyRead>>> = {
  mp4: scrubBoxByBox,
  m4a: scrubBoxByBox,
  wav: scrubChunkByChunk,
  avi: scrubChunkByChunk,
};

/** The result of scrubbing a file part by part. */
interface PartlyRead {
  content: Blob;
  reading: ParseCoverage;
}

/** Maximum length of the header of a box in bytes. */
const BOX_HEADER_LEN = 16;

/** The metadata that files usually carry whose formats are not parsed. */
const KNOWN_METADATA: Partial<Record<FileFormat, MetadataKind[]>> = {
  "old-office": ["author", "date", "device"],
  rtf: ["author", "date", "device"],
  ogg: ["other"],
  archive: ["other"],
  mail: ["author", "date", "other"],
  card: ["author", "other"],
  markup: ["author", "other"],
  "post-script": ["author", "other"],
};

/**
 * Scrubs a file. Returns the report and the content to send. Rejects if the file cannot be read.
 */
export async function scrub(file: Blob & { name?: string }, redraw: RedrawPicture): Promise<ScrubReport> {
  const head = new Uint8Array(await file.slice(0, SNIFF_LEN).arrayBuffer());
  const format = detectFormat(head);
  const given = /\.([A-Za-z0-9]{1,5})$/.exec(file.name ?? "")?.[1]?.toLowerCase();
  const found = noFindings();
  const report = (content: Blob | undefined, reading: ParseCoverage, extension = extensionOf(format, given)): ScrubReport => ({
    removed: found.removed,
    left: found.left,
    mediaClass: mediaClassOf(format),
    extension,
    content,
    reading,
    signature: signatureOf(found),
    redrawn: false,
    reduced: false,
  });
  if (file.size === 0) return report(file, "empty");
  const redrawn = mediaClassOf(format) === "image" && format !== "svg" ? await redraw(file) : undefined;
  if (redrawn) {
    const { content, reduced } = redrawn;
    return { ...report(content, "whole", REDRAWN_EXTENSIONS[content.type]), redrawn: true, reduced };
  }
  if (format === "tiff") {
    addKinds(found.left, ...parseExif(head).kinds);
    return report(undefined, "unknown");
  }
  addKinds(found.left, ...(KNOWN_METADATA[format] ?? []));
  if (KNOWN_METADATA[format] || format === "unknown") return report(file, "unknown");
  if (format === "text") return report(file, "whole");
  const byParts = file.size > MIN_LEN_BY_PARTS ? SCRUBBERS_BY_PARTS[format] : undefined;
  if (byParts) {
    const { content, reading } = await byParts(file, found);
    return { ...report(content, reading), isReadLater: true };
  }
  if (file.size > MAX_LEN_IN_MEMORY) return report(file, "unknown");
  const bytes = new Uint8Array(await file.arrayBuffer());
  const scrubber = SCRUBBERS[format];
  if (scrubber) {
    const stream = new ByteRewriter(bytes);
    const reading = runScrubber(() => scrubber(stream, found));
    // Metadata after the damage cannot be found, so the reporter decides.
    if (reading === "broken" && mediaClassOf(format) === "image") return report(undefined, reading);
    stream.copyRest();
    return report(stream.blob(file.type), reading);
  }
  if (format === "pdf") {
    await scrubPdf(bytes, found);
    return report(new Blob([bytes]), "whole");
  }
  if (format === "svg") return report(scrubSvg(bytes, found) ?? file, "whole");
  try {
    const { content, extension } = await rewritePackage(bytes, format === "office" ? format : "open-document", given, found);
    return report(content, "whole", extension);
  } catch (error) {
    if (!(error instanceof MalformedFileError)) throw error;
    // The file violates its format: it is sent unchanged, and the reporter is informed.
    Object.assign(found, noFindings());
    addKinds(found.left, "author", "history", "other");
    return report(file, "broken", given);
  }
}

/**
 * Scrubs the boxes of a video or sound recording one after the other. The media data, which is
 * nearly all of it, is not read.
 */
async function scrubBoxByBox(file: Blob, found: ScrubFindings): Promise<PartlyRead> {
  const parts: Blob[] = [];
  let reading: ParseCoverage = "whole";
  for (let at = 0; at < file.size && reading === "whole"; ) {
    let box: ReturnType<typeof measureBox> | undefined;
    const header = new Uint8Array(await file.slice(at, at + BOX_HEADER_LEN).arrayBuffer());
    reading = runScrubber(() => (box = measureBox(header)));
    const end = at + (box?.len ?? file.size - at);
    const content = file.slice(at, end);
    if (box?.kind === "mdat") {
      parts.push(content);
      if (end > file.size) reading = "broken";
    } else if (box) {
      const stream = new ByteRewriter(new Uint8Array(await content.arrayBuffer()));
      reading = runScrubber(() => scrubBoxes(stream, found, false));
      stream.copyRest();
      parts.push(stream.blob(""));
    }
    at = box ? end : at;
    if (reading !== "whole") parts.push(file.slice(at));
  }
  return { content: new Blob(parts, { type: file.type }), reading };
}

/** Scrubs the chunks of a RIFF file one after the other. Media data is not read. */
async function scrubChunkByChunk(file: Blob, found: ScrubFindings): Promise<PartlyRead> {
  const read = async (from: number, until: number) => new Uint8Array(await file.slice(from, until).arrayBuffer());
  const riffHeader = await read(0, 12);
  const [end, form] = [8 + readLe(riffHeader, 4, 4)!, asText(riffHeader.subarray(8))];
  const parts: Blob[] = [file.slice(0, 12)];
  let [at, reading]: [number, ParseCoverage] = [12, "whole"];
  while (at < end && reading === "whole") {
    const header = await read(at, at + CHUNK_HEADER_LEN);
    let chunk: ReturnType<typeof measureChunk> | undefined;
    reading = runScrubber(() => (chunk = measureChunk(header, form)));
    if (chunk === undefined) break;
    const len = chunk.copied ?? 8 + chunk.padded;
    if (8 + chunk.padded > end - at || at + len > file.size) {
      reading = "broken";
    } else if (chunk.copied !== undefined) {
      parts.push(file.slice(at, at + len));
      at += len;
    } else {
      const stream = new ByteRewriter(concat(asBytes("RIFF"), littleEndian(len + 4), asBytes(form), await read(at, at + len)));
      reading = runScrubber(() => scrubRiff(stream, found));
      parts.push(new Blob([stream.content().subarray(12)]));
      at += len;
    }
  }
  // Long files continue after the stated end.
  if (at < file.size) reading = "broken";
  parts.push(file.slice(at));
  return { content: new Blob(parts, { type: file.type }), reading };
}

function littleEndian(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function scrubSvg(bytes: Bytes, found: ScrubFindings): Blob | undefined {
  const rewritten = rewriteXml(bytes, new AuthorPseudonyms(), found, "");
  return rewritten && new Blob([rewritten], { type: "image/svg+xml" });
}

/** Runs a scrubber. Returns how much of the file was parsed. */
function runScrubber(scrubber: () => void): ParseCoverage {
  try {
    scrubber();
    return "whole";
  } catch (error) {
    if (error instanceof MalformedFileError) return "broken";
    throw error;
  }
}

function signatureOf({ isSigned, removed }: ScrubFindings): SignatureStatus {
  if (!isSigned) return "absent";
  return removed.size === 0 ? "kept" : "broken";
}
