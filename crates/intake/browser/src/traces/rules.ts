// What tells who made a file: the same rules as at the intake (crates/traces/rules.json).
// Named imports: the bundle leaves out the rules that the intake alone applies.
import { boxes, parts, pdf, values, words } from "../../../../traces/rules.json";

export const rules = { boxes, parts, pdf, values, words };

export type Trace = "author" | "place" | "date" | "device" | "words" | "preview" | "history" | "other";

/** What was found in a file. */
export interface Found {
  removed: Set<Trace>;
  left: Set<Trace>;
}

export const nothing = (): Found => ({ removed: new Set(), left: new Set() });

/** Each byte as one sign, so that places in the text are places in the bytes. From 0x80 to 0x9F the signs are those of Windows. */
export const asText = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);

/** What words in a block that is taken out tell; something else, if none is known. */
export function toldBy(block: Uint8Array, traces: Set<Trace>): void {
  if (block.every((byte) => byte === 0)) return;
  const text = asText(block);
  const told = rules.words.filter(({ any }) => any.some((word) => text.includes(word)));
  told.forEach(({ trace }) => traces.add(trace as Trace));
  if (told.length === 0) traces.add("other");
}
