// The report on one file. The intake reports the same (`ScrubReport` in crates/metadata-scrubber).
import type { MetadataSummary } from "./rules.ts";

export type MediaClass = "image" | "document" | "audio" | "video" | "file";

/**
 * How much of a file was parsed: to its end, up to a violation of its format, not at all, or
 * nothing because it is empty.
 */
export type ParseCoverage = "whole" | "broken" | "unknown" | "empty";

/**
 * The electronic signature of a file: none was found, it is still valid, or it is invalid because
 * metadata was removed.
 */
export type SignatureStatus = "absent" | "kept" | "broken";

/** The result of scrubbing a file. */
export interface ScrubReport extends MetadataSummary {
  mediaClass: MediaClass;
  /** The file extension, if the first bytes show it. */
  extension: string | undefined;
  /** The content to send. Undefined for a picture that cannot be scrubbed: the reporter decides. */
  content: Blob | undefined;
  /** True if the content consists of parts of the file, which are read only when it is sealed. */
  isReadLater?: boolean;
  reading: ParseCoverage;
  signature: SignatureStatus;
  /** True for a picture that the browser redrew: its bytes differ from the original. */
  redrawn: boolean;
  /** True for a redrawn picture that has fewer pixels than the original. */
  reduced: boolean;
}

/** Returns a neutral file name: the class of the format, and the number of the file in the list. */
export function neutralName({ mediaClass, extension }: Pick<ScrubReport, "mediaClass" | "extension">, index: number, originalName: string): string {
  const extensionOfName = /\.([A-Za-z0-9]{1,5})$/.exec(originalName)?.[1]?.toLowerCase() ?? "bin";
  return `${mediaClass}-${index}.${extension ?? extensionOfName}`;
}
