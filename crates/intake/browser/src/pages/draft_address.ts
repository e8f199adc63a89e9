// The address of a draft.

/** The beginning of the fragment of an address with a draft. */
export const FRAGMENT = "#d=";
