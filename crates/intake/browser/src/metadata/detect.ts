// Detects the format of a file from its first bytes. The file name is not trusted.
import { asText } from "./rules.ts";
import { readSyncsafe } from "./audio.ts";
import type { MediaClass } from "./scrub_report.ts";

/** Number of first bytes that `detectFormat` needs. */
export const SNIFF_LEN = 4096;

export type FileFormat =
  | "jpeg" | "png" | "gif" | "webp" | "heif" | "tiff" | "svg"
  | "mp4" | "avi" | "m4a" | "mp3" | "wav" | "flac" | "ogg"
  | "pdf" | "office" | "open-document" | "old-office" | "rtf" | "text" | "markup" | "mail" | "card" | "post-script"
  | "archive" | "unknown";

const MEDIA_CLASSES: Partial<Record<FileFormat, MediaClass>> = {
  jpeg: "image", png: "image", gif: "image", webp: "image", heif: "image", tiff: "image", svg: "image",
  mp4: "video", avi: "video",
  m4a: "audio", mp3: "audio", wav: "audio", flac: "audio", ogg: "audio",
  archive: "file", unknown: "file",
};

/** The file extensions of formats that have exactly one. */
const EXTENSIONS: Partial<Record<FileFormat, string>> = {
  jpeg: "jpg", png: "png", gif: "gif", webp: "webp", svg: "svg", avi: "avi", m4a: "m4a", wav: "wav", flac: "flac", pdf: "pdf", rtf: "rtf",
};

export const mediaClassOf = (format: FileFormat): MediaClass => MEDIA_CLASSES[format] ?? "document";

/** Returns the file extension of a format, or undefined if the given one is retained. */
export function extensionOf(format: FileFormat, given: string | undefined): string | undefined {
  // An ID3 tag longer than the first bytes hides what follows it.
  if (format === "mp3") return given === "flac" || given === "aac" ? given : "mp3";
  return EXTENSIONS[format];
}

/** The first parts of office packages, as programs write them. */
const OFFICE_PARTS =
  /^(\[Content_Types\]\.xml|_rels\/|docProps\/|word\/|xl\/|ppt\/|visio\/|customXml\/|Documents\/|FixedDoc|docMetadata\/|package\/services\/)/;
const OPEN_DOCUMENT_PARTS = /^(content\.xml|meta\.xml|styles\.xml|settings\.xml|META-INF\/manifest\.xml)$/;

/** Returns the format of a file that begins with these bytes. */
export function detectFormat(first: Uint8Array): FileFormat {
  const head = asText(first);
  const riff = /^RIFF[^]{4}(WEBP|WAVE|AVI )/.exec(head)?.[1];
  const brand = /^[^]{4}ftyp([^]{0,4})/.exec(head)?.[1];
  if (head.startsWith("\xFF\xD8\xFF")) return "jpeg";
  if (head.startsWith("\x89PNG\r\n\x1A\n")) return "png";
  if (/^GIF8[79]a/.test(head)) return "gif";
  if (riff) return riff === "WEBP" ? "webp" : riff === "WAVE" ? "wav" : "avi";
  if (/^(II\*\0|MM\0\*)/.test(head)) return "tiff";
  if (head.startsWith("ID3")) return head.startsWith("fLaC", audioOffsetAfterId3(first)) ? "flac" : "mp3";
  if (/^\xFF[\xF1-\xF3\xF9-\xFB]/.test(head)) return "mp3";
  if (head.startsWith("fLaC")) return "flac";
  if (head.startsWith("OggS")) return "ogg";
  if (head.startsWith("\xD0\xCF\x11\xE0")) return "old-office";
  if (head.startsWith("{\\rtf")) return "rtf";
  if (head.startsWith("PK\x03\x04")) return detectPackage(head);
  if (brand !== undefined) return /^(he[iv]|m[is]f1|avi)/.test(brand) ? "heif" : /^M4[AB]/.test(brand) ? "m4a" : "mp4";
  if (/^[^]{4}(moov|mdat|wide)/.test(head)) return "mp4";
  // PDF readers ignore bytes before the header.
  if (head.slice(0, 1024).includes("%PDF-")) return "pdf";
  return detectText(first, head);
}

/** Returns the offset of the audio after an ID3 tag. */
const audioOffsetAfterId3 = (first: Uint8Array): number => 10 + readSyncsafe(first.subarray(6, 10)) + (first[5]! & 0x10 ? 10 : 0);

function detectPackage(head: string): FileFormat {
  const nameLen = head.charCodeAt(26) + 256 * head.charCodeAt(27);
  const data = 30 + nameLen + head.charCodeAt(28) + 256 * head.charCodeAt(29);
  const name = head.slice(30, 30 + nameLen);
  if (name === "mimetype") return head.startsWith("application/vnd.oasis.opendocument.", data) ? "open-document" : "archive";
  if (OPEN_DOCUMENT_PARTS.test(name)) return "open-document";
  return OFFICE_PARTS.test(name) ? "office" : "archive";
}

/** Classifies a text by its beginning. Only text without headers and markup is plain text. */
function detectText(first: Uint8Array, head: string): FileFormat {
  // UTF-16: the ASCII characters are enough to recognise markup.
  if (/^(\xFF\xFE|\xFE\xFF)/.test(head)) return detectMarkup(head.slice(2).replaceAll("\0", "").toLowerCase()) ?? "unknown";
  const text = head.replace(/^\xEF\xBB\xBF/, "");
  const start = text.replace(/^[ \t\r\n\f]+/, "").toLowerCase();
  if (text === "") return "unknown";
  if (start.startsWith("%!")) return "post-script";
  if (start.startsWith("begin:")) return "card";
  if (start.startsWith("<")) return detectMarkup(start) ?? "markup";
  if (!isPlainText(first)) return "unknown";
  if (isMail(start)) return "mail";
  return detectMarkup(start) ?? "text";
}

/**
 * Returns whether the bytes are UTF-8 without control characters. The last character may be cut
 * off.
 */
function isPlainText(first: Uint8Array): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(first, { stream: true });
    return !/[\0-\x08\x0B\x0E-\x1F\x7F-\x9F]/.test(text);
  } catch {
    return false;
  }
}

/** The header fields of e-mails. A text with two of them is an e-mail. */
const MAIL_HEADERS = new Set(
  ("from received return-path subject to cc bcc date message-id mime-version delivered-to reply-to sender content-type dkim-signature " +
    "authentication-results x-mozilla-status x-account-key arc-seal x-received in-reply-to envelope-to").split(" "),
);

/** Returns whether the text begins with e-mail headers. */
function isMail(start: string): boolean {
  let known = 0;
  for (const line of start.split(/\r?\n/).slice(0, 40)) {
    if (line === "") break;
    // A folded header line.
    if (/^[ \t]/.test(line)) continue;
    // The first line of an mbox file.
    if (line.startsWith("from ") && line.includes("@")) return true;
    const name = /^([a-z0-9-]+):/.exec(line)?.[1];
    if (name === undefined) break;
    if (MAIL_HEADERS.has(name) || name.startsWith("x-")) known += 1;
  }
  return known >= 2;
}

/** Returns the format of a text with markup, or undefined if there is none. */
function detectMarkup(start: string): FileFormat | undefined {
  // The first element that is not a comment or declaration.
  const root = /<([a-z][a-z0-9:]*)/.exec(start)?.[1];
  if (root === "svg" || root?.endsWith(":svg")) return "svg";
  return /<(html|head|body|meta|!doctype|\?xml)/.test(start) ? "markup" : undefined;
}
