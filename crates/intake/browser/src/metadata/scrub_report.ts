// What became of a file, in the shape in which the intake says it (`Washed` in
// crates/metadata-scrubber).
import type { MetadataSummary } from "./rules.ts";

export type MediaClass = "image" | "document" | "audio" | "video" | "file";

/** How far a file was understood: to its end, to a place that is not what the file says it is, not at all, or it holds nothing. */
export type ParseCoverage = "whole" | "broken" | "unknown" | "empty";

/** The electronic signature of a file: none was seen, it holds as before, or it does not hold because something was taken out. */
export type SignatureStatus = "absent" | "kept" | "broken";

/** What became of a file. */
export interface ScrubReport extends MetadataSummary {
  sort: MediaClass;
  /** What its name ends with, if the first bytes tell. */
  extension: string | undefined;
  /** What is to be sent; undefined for a picture that cannot be cleaned: the reporter decides. */
  content: Blob | undefined;
  reading: ParseCoverage;
  signature: SignatureStatus;
  /** True for a picture that the browser drew again: its bytes are other ones than those of the original. */
  redrawn: boolean;
}

/** Returns a name that tells nothing: what sort of thing the file is, and its place among the files. */
export function neutralName({ sort, extension }: Pick<ScrubReport, "sort" | "extension">, place: number, given: string): string {
  const end = /\.([A-Za-z0-9]{1,5})$/.exec(given)?.[1]?.toLowerCase() ?? "bin";
  return `${sort}-${place}.${extension ?? end}`;
}
