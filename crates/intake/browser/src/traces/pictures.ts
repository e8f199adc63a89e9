// Pictures that are cleaned as bytes: what draws goes on byte for byte.
import type { Bytes } from "../bytes.ts";
import { stripGif } from "./gif.ts";
import { HEAD, kindOf } from "./format.ts";
import { stripJpeg } from "./jpeg.ts";
import { Broken, Pipe } from "./pipe.ts";
import { stripPng } from "./png.ts";
import { blankRiff } from "./riff.ts";
import type { Finding } from "./rules.ts";

/**
 * Returns a picture inside a package without its traces. Only picture formats are taken apart: a package that poses as a picture stays
 * as it came and is told, so that no package is opened inside a package.
 */
export function stripPicture(picture: Bytes, found: Finding): Bytes {
  const strip = { jpeg: stripJpeg, png: stripPng, gif: stripGif, webp: blankRiff }[kindOf(picture.subarray(0, HEAD)) as "jpeg"];
  const pipe = new Pipe(picture);
  try {
    if (!strip) throw new Broken();
    strip(pipe, found);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    found.left.add("other");
  }
  pipe.passRest();
  return pipe.content();
}
