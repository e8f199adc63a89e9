// Neutral names, one for each author: who wrote what can still be told apart.
import { trimWhitespace } from "./rules.ts";

/** More names than any document has authors. */
const MAX_NAMES = 1024;

export class AuthorPseudonyms {
  private readonly known = new Map<string, number>();

  /** Returns the neutral name of an author. The same author has the same one in all parts of a file. */
  pseudonymFor(author: string): string {
    const name = trimWhitespace(author);
    let number = this.known.get(name);
    if (number === undefined) {
      number = Math.min(this.known.size + 1, MAX_NAMES);
      if (this.known.size < MAX_NAMES) this.known.set(name, number);
    }
    return `A${number}`;
  }
}
