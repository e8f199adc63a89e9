// Typed text as it is sealed, by the same rules as at the intake
// (crates/intake/src/form/fields.rs).

/** A text with `\n` for every kind of line end, without other control characters but tabs, and without halves of characters. */
export const normalizeText = (text: string): string =>
  text
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, "\n")
    .replace(/[^\P{Cc}\n\t]/gu, "")
    .replace(/\p{Cs}/gu, "\ufffd");

/** Does a text show nothing at all? Spaces, joiners, fillers and the empty Braille pattern look like an empty field. */
export const isBlank = (text: string): boolean => /^[\s\p{Default_Ignorable_Code_Point}\u{2800}]*$/u.test(text);
