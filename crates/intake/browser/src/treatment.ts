// What the sender did to a file before sealing it, in fixed words. It is a claim that no reader can
// check.
import { type Decoder, exactly, list, object } from "./canonical.ts";

/** The metadata kinds in canonical order. */
export const METADATA_KINDS = ["author", "place", "date", "device", "words", "preview", "history", "other"] as const;
export type MetadataKind = (typeof METADATA_KINDS)[number];

/** The result of cleaning a file. */
export interface CleaningReport {
  how: "cleaned";
  removed: MetadataKind[];
  left: MetadataKind[];
  reading: "whole" | "broken" | "unknown" | "empty";
  signature: "absent" | "kept" | "broken";
}

/** The other treatments. A cut-off file ends where cleaning failed. */
const OTHER_TREATMENTS = ["redrawn", "kept", "cut-off", "voice-altered"] as const;

/** What was done to a file: cleaned, or one of the other treatments. */
export type FileTreatment = CleaningReport | { how: (typeof OTHER_TREATMENTS)[number] };

/**
 * Decodes a list of kinds into canonical order. Any other list then differs from the input and is
 * rejected.
 */
const readMetadataKinds: Decoder<MetadataKind[]> = (value) => inCanonicalOrder(new Set(list(exactly(...METADATA_KINDS))(value)));

const readCleaned = object<CleaningReport>({
  how: exactly("cleaned"),
  removed: readMetadataKinds,
  left: readMetadataKinds,
  reading: exactly("whole", "broken", "unknown", "empty"),
  signature: exactly("absent", "kept", "broken"),
});

const readOther = object<{ how: (typeof OTHER_TREATMENTS)[number] }>({ how: exactly(...OTHER_TREATMENTS) });

export const readTreatment: Decoder<FileTreatment> = (value) =>
  (value as { how?: unknown } | null)?.how === "cleaned" ? readCleaned(value) : readOther(value);

export function inCanonicalOrder(found: ReadonlySet<MetadataKind>): MetadataKind[] {
  return METADATA_KINDS.filter((kind) => found.has(kind));
}
