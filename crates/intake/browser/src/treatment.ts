// What the sender did with a file before sealing it, in fixed words. The sender says so: no reader can check it.
import { type Read, exactly, list, object } from "./canonical.ts";

/** The kinds of metadata, in the order in which they are written. */
export const TRACES = ["author", "place", "date", "device", "words", "preview", "history", "other"] as const;
export type Trace = (typeof TRACES)[number];

/** What cleaning found in a file. */
export interface Cleaned {
  how: "cleaned";
  removed: Trace[];
  left: Trace[];
  reading: "whole" | "broken" | "unknown" | "empty";
  signature: "absent" | "kept" | "broken";
}

/** Cleaned, encoded again as a picture, kept by the reporter's choice, or cut off where cleaning failed. */
export type Treatment = Cleaned | { how: "redrawn" | "kept" | "cut-off" };

/** Each kind once, in their order; another list differs from what was read. */
const traces: Read<Trace[]> = (value) => inOrder(new Set(list(exactly(...TRACES))(value)));

const readCleaned = object<Cleaned>({
  how: exactly("cleaned"),
  removed: traces,
  left: traces,
  reading: exactly("whole", "broken", "unknown", "empty"),
  signature: exactly("absent", "kept", "broken"),
});

const readOther = object<{ how: "redrawn" | "kept" | "cut-off" }>({ how: exactly("redrawn", "kept", "cut-off") });

export const readTreatment: Read<Treatment> = (value) =>
  (value as { how?: unknown } | null)?.how === "cleaned" ? readCleaned(value) : readOther(value);

export function inOrder(found: ReadonlySet<Trace>): Trace[] {
  return TRACES.filter((trace) => found.has(trace));
}
