// Scrubs pictures that are embedded in packages. Drawn content is copied byte for byte.
import type { Bytes } from "../bytes.ts";
import { stripGif } from "./gif.ts";
import { SNIFF_LEN, detectFormat } from "./detect.ts";
import { stripJpeg } from "./jpeg.ts";
import { MalformedFileError, ByteRewriter } from "./stream.ts";
import { stripPng } from "./png.ts";
import { scrubRiff } from "./riff.ts";
import type { ScrubFindings } from "./rules.ts";

/**
 * Scrubs a picture inside a package. Only picture formats are parsed: a package disguised as a
 * picture is copied unchanged and reported, so that no package is opened inside a package.
 */
export function scrubEmbeddedPicture(picture: Bytes, found: ScrubFindings): Bytes {
  const strip = { jpeg: stripJpeg, png: stripPng, gif: stripGif, webp: scrubRiff }[detectFormat(picture.subarray(0, SNIFF_LEN)) as "jpeg"];
  const stream = new ByteRewriter(picture);
  try {
    if (!strip) throw new MalformedFileError();
    strip(stream, found);
  } catch (error) {
    if (!(error instanceof MalformedFileError)) throw error;
    found.left.add("other");
  }
  stream.copyRest();
  return stream.content();
}
