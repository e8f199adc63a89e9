// The file without what tells who made it. Nothing leaves the device.
import type { Bytes } from "../bytes.ts";
import { MAX_SIZE } from "../size_classes.ts";
import { scrubBoxes } from "./isobmff.ts";
import { parseExif } from "./exif.ts";
import { SNIFF_LEN, type FileFormat, extensionOf, detectFormat, mediaClassOf } from "./detect.ts";
import { stripGif } from "./gif.ts";
import { stripJpeg } from "./jpeg.ts";
import { AuthorPseudonyms } from "./pseudonyms.ts";
import { rewritePackage } from "./office.ts";
import { scrubPdf } from "./pdf.ts";
import { MalformedFileError, ByteRewriter } from "./stream.ts";
import { stripPng } from "./png.ts";
import { scrubRiff } from "./riff.ts";
import { type ScrubFindings, type MetadataKind, addKinds, noFindings } from "./rules.ts";
import { stripAudio } from "./audio.ts";
import type { ParseCoverage, SignatureStatus, ScrubReport } from "./scrub_report.ts";
import { rewriteXml } from "./xml.ts";

/** Returns a picture without its notes; undefined if it cannot be drawn faithfully. */
export type RedrawPicture = (picture: Blob) => Promise<Blob | undefined>;

/** What pictures are drawn as again. */
const REDRAWN_EXTENSIONS: Record<string, string> = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };

/** Cleaners that read from the front and give each byte on, leave it out, or overwrite it. */
const SCRUBBERS: Partial<Record<FileFormat, (pipe: ByteRewriter, found: ScrubFindings) => void>> = {
  jpeg: stripJpeg,
  png: stripPng,
  gif: stripGif,
  webp: scrubRiff,
  wav: scrubRiff,
  avi: scrubRiff,
  heif: (pipe, found) => scrubBoxes(pipe, found, true),
  film: (pipe, found) => scrubBoxes(pipe, found, false),
  m4a: (pipe, found) => scrubBoxes(pipe, found, false),
  mp3: stripAudio,
  flac: stripAudio,
};

/** What files tell that are not taken apart. */
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

/** Returns what became of a file, and its content without what tells who made it. Rejects if the file cannot be read. */
export async function scrub(file: Blob & { name?: string }, redraw: RedrawPicture): Promise<ScrubReport> {
  const first = new Uint8Array(await file.slice(0, SNIFF_LEN).arrayBuffer());
  const kind = detectFormat(first);
  const given = /\.([A-Za-z0-9]{1,5})$/.exec(file.name ?? "")?.[1]?.toLowerCase();
  const found = noFindings();
  const washed = (content: Blob | undefined, reading: ParseCoverage, extension = extensionOf(kind, given)): ScrubReport => ({
    removed: found.removed,
    left: found.left,
    sort: mediaClassOf(kind),
    extension,
    content,
    reading,
    signature: signatureOf(found),
    redrawn: false,
  });
  if (file.size === 0) return washed(file, "empty");
  const drawn = mediaClassOf(kind) === "image" && kind !== "svg" ? await redraw(file) : undefined;
  if (drawn) return { ...washed(drawn, "whole", REDRAWN_EXTENSIONS[drawn.type]), redrawn: true };
  if (kind === "tiff") {
    addKinds(found.left, ...parseExif(first).traces);
    return washed(undefined, "unknown");
  }
  addKinds(found.left, ...(KNOWN_METADATA[kind] ?? []));
  // More than a submission can hold is not read: it cannot be sent.
  if (KNOWN_METADATA[kind] || kind === "unknown" || file.size > MAX_SIZE) return washed(file, "unknown");
  if (kind === "text") return washed(file, "whole");
  const bytes = new Uint8Array(await file.arrayBuffer());
  const walk = SCRUBBERS[kind];
  if (walk) {
    const pipe = new ByteRewriter(bytes);
    const reading = runScrubber(() => walk(pipe, found));
    // Nobody sees whether notes stand behind the damage: the reporter decides.
    if (reading === "broken" && mediaClassOf(kind) === "image") return washed(undefined, reading);
    pipe.copyRest();
    return washed(new Blob([pipe.content()], { type: file.type }), reading);
  }
  if (kind === "pdf") {
    await scrubPdf(bytes, found);
    return washed(new Blob([bytes]), "whole");
  }
  if (kind === "svg") return washed(scrubSvg(bytes, found) ?? file, "whole");
  try {
    const { content, extension } = await rewritePackage(bytes, kind === "office" ? kind : "open-document", given, found);
    return washed(content, "whole", extension);
  } catch (error) {
    if (!(error instanceof MalformedFileError)) throw error;
    // Not what it says it is: it goes on as it came, and the reporter is told.
    Object.assign(found, noFindings());
    addKinds(found.left, "author", "history", "other");
    return washed(file, "broken", given);
  }
}

function scrubSvg(bytes: Bytes, found: ScrubFindings): Blob | undefined {
  const rewritten = rewriteXml(bytes, new AuthorPseudonyms(), found, "");
  return rewritten && new Blob([rewritten], { type: "image/svg+xml" });
}

/** How far a file is read: what is not what the file says it is goes on as it came. */
function runScrubber(walk: () => void): ParseCoverage {
  try {
    walk();
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
