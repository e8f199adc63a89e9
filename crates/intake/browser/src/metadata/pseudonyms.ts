// Pseudonyms, a different one for each author, so that authors can still be distinguished.
import { trimWhitespace } from "./rules.ts";

/** Maximum number of pseudonyms: more than a document has authors. */
const MAX_NAMES = 1024;

export class AuthorPseudonyms {
  private readonly numbers = new Map<string, number>();

  /** Returns the pseudonym of an author. An author has the same one in all parts of a file. */
  pseudonymFor(author: string): string {
    const name = trimWhitespace(author);
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = Math.min(this.numbers.size + 1, MAX_NAMES);
      if (this.numbers.size < MAX_NAMES) this.numbers.set(name, number);
    }
    return `A${number}`;
  }
}
