// Neutral names, one for each author: who wrote what can still be told apart.
import { trimmed } from "./rules.ts";

/** More names than any document has authors. */
const MOST_NAMES = 1024;

export class Names {
  private readonly known = new Map<string, number>();

  /** Returns the neutral name of an author. The same author has the same one in all parts of a file. */
  of(author: string): string {
    const name = trimmed(author);
    let number = this.known.get(name);
    if (number === undefined) {
      number = Math.min(this.known.size + 1, MOST_NAMES);
      if (this.known.size < MOST_NAMES) this.known.set(name, number);
    }
    return `A${number}`;
  }
}
