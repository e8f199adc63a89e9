// The file without what tells who made it. Nothing leaves the device.
import type { Bytes } from "../bytes.ts";
import { TOP } from "../ladder.ts";
import { blankBoxes } from "./boxes.ts";
import { readNotes } from "./exif.ts";
import { HEAD, type Kind, endingOf, kindOf, sortOf } from "./format.ts";
import { stripGif } from "./gif.ts";
import { stripJpeg } from "./jpeg.ts";
import { Names } from "./names.ts";
import { rewritePackage } from "./package.ts";
import { blankPdf } from "./pdf.ts";
import { Broken, Pipe } from "./pipe.ts";
import { stripPng } from "./png.ts";
import { blankRiff } from "./riff.ts";
import { type Finding, type Trace, add, nothing } from "./rules.ts";
import { stripSound } from "./sound.ts";
import type { Reading, Signature, Washed } from "./washed.ts";
import { rewriteXml } from "./xml.ts";

/** Returns a picture without its notes; undefined if it cannot be drawn faithfully. */
export type Redraw = (picture: Blob) => Promise<Blob | undefined>;

/** What pictures are drawn as again. */
const DRAWN: Record<string, string> = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };

/** Cleaners that read from the front and give each byte on, leave it out, or overwrite it. */
const WALKS: Partial<Record<Kind, (pipe: Pipe, found: Finding) => void>> = {
  jpeg: stripJpeg,
  png: stripPng,
  gif: stripGif,
  webp: blankRiff,
  wav: blankRiff,
  avi: blankRiff,
  heif: (pipe, found) => blankBoxes(pipe, found, true),
  film: (pipe, found) => blankBoxes(pipe, found, false),
  m4a: (pipe, found) => blankBoxes(pipe, found, false),
  mp3: stripSound,
  flac: stripSound,
};

/** What files tell that are not taken apart. */
const TOLD: Partial<Record<Kind, Trace[]>> = {
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
export async function wash(file: Blob & { name?: string }, redraw: Redraw): Promise<Washed> {
  const first = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  const kind = kindOf(first);
  const given = /\.([A-Za-z0-9]{1,5})$/.exec(file.name ?? "")?.[1]?.toLowerCase();
  const found = nothing();
  const washed = (content: Blob | undefined, reading: Reading, extension = endingOf(kind, given)): Washed => ({
    removed: found.removed,
    left: found.left,
    sort: sortOf(kind),
    extension,
    content,
    reading,
    signature: signatureOf(found),
    redrawn: false,
  });
  if (file.size === 0) return washed(file, "empty");
  const drawn = sortOf(kind) === "image" && kind !== "svg" ? await redraw(file) : undefined;
  if (drawn) return { ...washed(drawn, "whole", DRAWN[drawn.type]), redrawn: true };
  if (kind === "tiff") {
    add(found.left, ...readNotes(first).traces);
    return washed(undefined, "unknown");
  }
  add(found.left, ...(TOLD[kind] ?? []));
  // More than a submission can hold is not read: it cannot be sent.
  if (TOLD[kind] || kind === "unknown" || file.size > TOP) return washed(file, "unknown");
  if (kind === "text") return washed(file, "whole");
  const bytes = new Uint8Array(await file.arrayBuffer());
  const walk = WALKS[kind];
  if (walk) {
    const pipe = new Pipe(bytes);
    const reading = attempt(() => walk(pipe, found));
    // Nobody sees whether notes stand behind the damage: the reporter decides.
    if (reading === "broken" && sortOf(kind) === "image") return washed(undefined, reading);
    pipe.passRest();
    return washed(new Blob([pipe.content()], { type: file.type }), reading);
  }
  if (kind === "pdf") {
    await blankPdf(bytes, found);
    return washed(new Blob([bytes]), "whole");
  }
  if (kind === "svg") return washed(drawing(bytes, found) ?? file, "whole");
  try {
    const { content, extension } = await rewritePackage(bytes, kind === "office" ? kind : "open-document", given, found);
    return washed(content, "whole", extension);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    // Not what it says it is: it goes on as it came, and the reporter is told.
    Object.assign(found, nothing());
    add(found.left, "author", "history", "other");
    return washed(file, "broken", given);
  }
}

function drawing(bytes: Bytes, found: Finding): Blob | undefined {
  const rewritten = rewriteXml(bytes, new Names(), found, "");
  return rewritten && new Blob([rewritten], { type: "image/svg+xml" });
}

/** How far a file is read: what is not what the file says it is goes on as it came. */
function attempt(walk: () => void): Reading {
  try {
    walk();
    return "whole";
  } catch (error) {
    if (error instanceof Broken) return "broken";
    throw error;
  }
}

function signatureOf({ isSigned, removed }: Finding): Signature {
  if (!isSigned) return "absent";
  return removed.size === 0 ? "kept" : "broken";
}
