// What in a text could show who wrote it, by the same rules as at the intake (guard/rules.json). Nothing of it leaves the device.
export type Trace = "phone" | "email" | "name" | "vehicle" | "declaration" | "tax" | "identity" | "date" | "function" | "time" | "only-me";

export interface Rule {
  trace: Trace;
  ignore_case: boolean;
  pattern: string;
}

/** The traces in a text, one of each kind at most, with the words. None lies inside another. */
export function traces(rules: readonly Rule[], text: string): [Trace, string][] {
  const taken: [number, number][] = [];
  const found: [Trace, string][] = [];
  for (const { trace, ignore_case, pattern } of rules) {
    if (found.some(([known]) => known === trace)) continue;
    const free = (from: number, to: number) => taken.every(([start, end]) => to <= start || end <= from);
    for (const hit of text.matchAll(new RegExp(pattern, ignore_case ? "giu" : "gu"))) {
      const [from, to] = [hit.index, hit.index + hit[0].length];
      if (!free(from, to)) continue;
      taken.push([from, to]);
      found.push([trace, hit[0].trim()]);
      break;
    }
  }
  return found;
}
