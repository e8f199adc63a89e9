// What the sender did with a file before sealing it, in fixed words. The sender says so: no reader
// can check it.
import { type Decoder, exactly, list, object } from "./canonical.ts";

/** The kinds of metadata, in the order in which they are written. */
export const METADATA_KINDS = ["author", "place", "date", "device", "words", "preview", "history", "other"] as const;
export type MetadataKind = (typeof METADATA_KINDS)[number];

/** What cleaning found in a file. */
export interface CleaningReport {
  how: "cleaned";
  removed: MetadataKind[];
  left: MetadataKind[];
  reading: "whole" | "broken" | "unknown" | "empty";
  signature: "absent" | "kept" | "broken";
}

/** Cleaned, encoded again as a picture, kept by the reporter's choice, or cut off where cleaning failed. */
export type FileTreatment = CleaningReport | { how: "redrawn" | "kept" | "cut-off" };

/** Each kind once, in their order; another list differs from what was read. */
const readMetadataKinds: Decoder<MetadataKind[]> = (value) => inCanonicalOrder(new Set(list(exactly(...METADATA_KINDS))(value)));

const readCleaned = object<CleaningReport>({
  how: exactly("cleaned"),
  removed: readMetadataKinds,
  left: readMetadataKinds,
  reading: exactly("whole", "broken", "unknown", "empty"),
  signature: exactly("absent", "kept", "broken"),
});

const readOther = object<{ how: "redrawn" | "kept" | "cut-off" }>({ how: exactly("redrawn", "kept", "cut-off") });

export const readTreatment: Decoder<FileTreatment> = (value) =>
  (value as { how?: unknown } | null)?.how === "cleaned" ? readCleaned(value) : readOther(value);

export function inCanonicalOrder(found: ReadonlySet<MetadataKind>): MetadataKind[] {
  return METADATA_KINDS.filter((trace) => found.has(trace));
}
