// Normalizes typed text before sealing, by the rules of the intake
// (crates/intake/src/form/fields.rs).

/**
 * Returns the text with `\n` for every kind of line end, without other control characters except
 * tabs, and without lone surrogates.
 */
export const normalizeText = (text: string): string =>
  text
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, "\n")
    .replace(/[^\P{Cc}\n\t]/gu, "")
    .replace(/\p{Cs}/gu, "\ufffd");

/**
 * Returns whether a text shows nothing. Spaces, joiners, fillers and the empty Braille pattern look
 * like an empty field.
 */
export const isBlank = (text: string): boolean => /^[\s\p{Default_Ignorable_Code_Point}\u{2800}]*$/u.test(text);
