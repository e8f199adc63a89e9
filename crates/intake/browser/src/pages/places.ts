// The spelling of places. Desks read one name of each place, however a reporter spells it. The
// intake has the same rule; both are tested with the cases in tests/places.json.

const fold = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/** Returns the name of a known place as desks read it, or the text as it was typed. */
export function knownSpelling(places: readonly string[][], typed: string): string {
  const folded = fold(typed);
  return places.find((names) => names.some((name) => fold(name) === folded))?.[1] ?? typed;
}
