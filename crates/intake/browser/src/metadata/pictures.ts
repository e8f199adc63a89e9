// Pictures that are cleaned as bytes: what draws goes on byte for byte.
import type { Bytes } from "../bytes.ts";
import { stripGif } from "./gif.ts";
import { SNIFF_LEN, detectFormat } from "./detect.ts";
import { stripJpeg } from "./jpeg.ts";
import { MalformedFileError, ByteRewriter } from "./stream.ts";
import { stripPng } from "./png.ts";
import { scrubRiff } from "./riff.ts";
import type { ScrubFindings } from "./rules.ts";

/**
 * Returns a picture inside a package without its traces. Only picture formats are taken apart: a package that poses as a picture stays
 * as it came and is told, so that no package is opened inside a package.
 */
export function scrubEmbeddedPicture(picture: Bytes, found: ScrubFindings): Bytes {
  const strip = { jpeg: stripJpeg, png: stripPng, gif: stripGif, webp: scrubRiff }[detectFormat(picture.subarray(0, SNIFF_LEN)) as "jpeg"];
  const pipe = new ByteRewriter(picture);
  try {
    if (!strip) throw new MalformedFileError();
    strip(pipe, found);
  } catch (error) {
    if (!(error instanceof MalformedFileError)) throw error;
    found.left.add("other");
  }
  pipe.copyRest();
  return pipe.content();
}
