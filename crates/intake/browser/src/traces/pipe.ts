// A file in memory that is read from the front: each part of it is passed on, left out, or overwritten.
import { type Bytes, concat } from "../bytes.ts";

/** Thrown where a file is not what it says it is, or was cut off. What was not read yet goes on as it came. */
export class Broken extends Error {}

export class Pipe {
  at = 0;
  private readonly out: Uint8Array[] = [];

  constructor(readonly bytes: Bytes) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** Returns the next bytes: fewer than `most` at the end. */
  ahead(most: number): Bytes {
    return this.bytes.subarray(this.at, this.at + most);
  }

  /** Returns the next `count` bytes; throws `Broken` if they are not there. */
  need(count: number): Bytes {
    const bytes = this.ahead(count);
    if (bytes.length < count) throw new Broken();
    return bytes;
  }

  write(bytes: Uint8Array): void {
    this.out.push(bytes);
  }

  pass(count: number): void {
    this.take(count, (bytes) => this.write(bytes));
  }

  skip(count: number): void {
    this.take(count, () => undefined);
  }

  /** Writes zeros in the place of the next bytes. */
  blank(count: number): void {
    this.take(count, (bytes) => this.write(new Uint8Array(bytes.length)));
  }

  passRest(): void {
    this.pass(this.bytes.length - this.at);
  }

  skipRest(): void {
    this.at = this.bytes.length;
  }

  /** Returns what was written. */
  content(): Bytes {
    return concat(...this.out);
  }

  private take(count: number, give: (bytes: Bytes) => void): void {
    const bytes = this.ahead(count);
    give(bytes);
    this.at += bytes.length;
    if (bytes.length < count) throw new Broken();
  }
}

/** Returns the number of `count` bytes at a place, the highest byte first; undefined beyond the end. */
export function be(bytes: Uint8Array, at: number, count: number): number | undefined {
  if (at + count > bytes.length) return undefined;
  let number = 0;
  for (let n = 0; n < count; n += 1) number = number * 256 + bytes[at + n]!;
  return number;
}

/** The same with the lowest byte first. */
export function le(bytes: Uint8Array, at: number, count: number): number | undefined {
  if (at + count > bytes.length) return undefined;
  let number = 0;
  for (let n = count - 1; n >= 0; n -= 1) number = number * 256 + bytes[at + n]!;
  return number;
}

/** Whether these bytes, one for each character, stand at a place. */
export function standsAt(bytes: Uint8Array, at: number, what: string): boolean {
  for (let n = 0; n < what.length; n += 1) if (bytes[at + n] !== what.charCodeAt(n)) return false;
  return true;
}

/** Returns where these bytes begin first, within a range; -1 if they do not. */
export function find(bytes: Uint8Array, what: string, from = 0, until = bytes.length): number {
  const first = what.charCodeAt(0);
  for (let at = bytes.indexOf(first, from); at >= 0 && at + what.length <= until; at = bytes.indexOf(first, at + 1)) {
    if (standsAt(bytes, at, what)) return at;
  }
  return -1;
}
