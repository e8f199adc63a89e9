// What a file is, by its first bytes, and the file without what tells who made it. Nothing leaves the device.
import { TOP } from "../ladder.ts";
import { blankBoxes, stripMp3 } from "./boxes.ts";
import { type Redraw, rewritePackage } from "./package.ts";
import { blankPdf } from "./pdf.ts";
import { asText, nothing } from "./rules.ts";
import type { Reading, Sort, Washed } from "./washed.ts";

/** What pictures are written as again. */
const DRAWN: Record<string, string> = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };

export async function wash(file: Blob, redraw: Redraw): Promise<Washed> {
  const head = asText(new Uint8Array(await file.slice(0, 4096).arrayBuffer()));
  const [sort, kind] = kindOf(head);
  const found = nothing();
  const washed = (content: Blob | undefined, extension: string | undefined, reading: Reading = "whole"): Washed => ({
    ...found,
    sort,
    extension,
    content,
    reading: file.size === 0 ? "empty" : reading,
    signature: "absent",
    redrawn: sort === "image" && content !== undefined,
  });
  if (sort === "image") {
    const drawn = await redraw(file);
    return washed(drawn, drawn && DRAWN[drawn.type]);
  }
  // More than a submission can hold is not read: it cannot be sent.
  if (file.size > TOP) return washed(file, undefined, "unknown");
  if (kind === "unknown" || kind === "txt") return washed(file, undefined, kind === "unknown" ? "unknown" : "whole");
  const bytes = new Uint8Array(await file.arrayBuffer());
  try {
    switch (kind) {
      case "pdf":
        blankPdf(bytes, found);
        return washed(new Blob([bytes]), kind);
      case "mp3":
        return washed(new Blob([stripMp3(bytes, found) as Uint8Array<ArrayBuffer>]), kind);
      case "boxes": {
        const whole = blankBoxes(bytes, found);
        return washed(new Blob([bytes]), undefined, whole ? "whole" : "broken");
      }
      default:
        return washed(await rewritePackage(bytes, found, redraw), kind);
    }
  } catch {
    // Not what it says it is: it goes as it came, and the reporter is told.
    return { ...washed(file, undefined, "broken"), ...nothing() };
  }
}

function kindOf(head: string): [Sort, string] {
  if (/^(ÿØÿ|[^]PNG|GIF8|RIFF[^]{4}WEBP|II\*\0|MM\0\*)/.test(head) || /^[\s\S]{4}ftyp(he|mi|ms|av)/.test(head)) return ["image", ""];
  if (/^[\s\S]{4}ftypM4/.test(head)) return ["audio", "boxes"];
  if (/^[\s\S]{4}(ftyp|moov|mdat|wide)/.test(head)) return ["video", "boxes"];
  if (/^(ID3|ÿ[ñòóùúû])/.test(head)) return ["audio", "mp3"];
  if (/^(fLaC|OggS|RIFF[\s\S]{4}WAVE)/.test(head)) return ["audio", "unknown"];
  if (/^RIFF[\s\S]{4}AVI/.test(head)) return ["video", "unknown"];
  if (head.slice(0, 1024).includes("%PDF-")) return ["document", "pdf"];
  const odf = /^PK\x03\x04[\s\S]{26}mimetype[\s\S]{0,64}opendocument\.(text|spreadsheet|presentation|graphics)/.exec(head);
  if (odf) return ["document", { text: "odt", spreadsheet: "ods", presentation: "odp", graphics: "odg" }[odf[1]!]!];
  if (/^PK\x03\x04[\s\S]{26}(\[Content_Types\]|_rels\/|docProps\/|word\/|xl\/|ppt\/)/.test(head)) {
    return ["document", head.includes("xl/") ? "xlsx" : head.includes("ppt/") ? "pptx" : "docx"];
  }
  if (/^(ÐÏ\x11à|\{\\rtf)/.test(head)) return ["document", "unknown"];
  if (!/^[^\0-\x08\x0e-\x1f\x7f]+$/.test(head)) return ["file", "unknown"];
  return ["document", isPlain(head.replace(/^\u00EF\u00BB\u00BF/, "").trimStart()) ? "txt" : "unknown"];
}

/** The header fields of mails, of which two make a mail. */
const FIELD = /^(from|to|cc|bcc|date|subject|sender|received|return-path|message-id|mime-version|delivered-to|reply-to|content-type|in-reply-to|envelope-to|dkim-signature|x-[\w-]+):/gim;

/** Is it text alone? Mails, web pages, visiting cards and PostScript name people where no reader shows it, and are not cleaned. */
function isPlain(text: string): boolean {
  if (/^(<|begin:|%!|from \S*@)/i.test(text) || /<(html|head|body|meta|!doctype|\?xml)/i.test(text)) return false;
  return (text.split(/\r?\n\r?\n/)[0]!.match(FIELD) ?? []).length < 2;
}
