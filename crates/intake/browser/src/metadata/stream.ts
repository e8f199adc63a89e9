// A file in memory that is read from the front: each part of it is passed on, left out, or
// overwritten.
import { type Bytes, concat } from "../bytes.ts";

/** Thrown where a file is not what it says it is, or was cut off. What was not read yet goes on as it came. */
export class MalformedFileError extends Error {}

export class ByteRewriter {
  at = 0;
  private readonly out: Uint8Array[] = [];

  constructor(readonly bytes: Bytes) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** Returns the next bytes: fewer than `most` at the end. */
  peek(most: number): Bytes {
    return this.bytes.subarray(this.at, this.at + most);
  }

  /** Returns the next `count` bytes; throws `Broken` if they are not there. */
  peekExact(count: number): Bytes {
    const bytes = this.peek(count);
    if (bytes.length < count) throw new MalformedFileError();
    return bytes;
  }

  write(bytes: Uint8Array): void {
    this.out.push(bytes);
  }

  copy(count: number): void {
    this.consume(count, (bytes) => this.write(bytes));
  }

  skip(count: number): void {
    this.consume(count, () => undefined);
  }

  /** Writes zeros in the place of the next bytes. */
  zero(count: number): void {
    this.consume(count, (bytes) => this.write(new Uint8Array(bytes.length)));
  }

  copyRest(): void {
    this.copy(this.bytes.length - this.at);
  }

  skipRest(): void {
    this.at = this.bytes.length;
  }

  /** Returns what was written. */
  content(): Bytes {
    return concat(...this.out);
  }

  private consume(count: number, give: (bytes: Bytes) => void): void {
    const bytes = this.peek(count);
    give(bytes);
    this.at += bytes.length;
    if (bytes.length < count) throw new MalformedFileError();
  }
}

/** Returns the number of `count` bytes at a place, the highest byte first; undefined beyond the end. */
export function readBe(bytes: Uint8Array, at: number, count: number): number | undefined {
  if (at + count > bytes.length) return undefined;
  let number = 0;
  for (let n = 0; n < count; n += 1) number = number * 256 + bytes[at + n]!;
  return number;
}

/** The same with the lowest byte first. */
export function readLe(bytes: Uint8Array, at: number, count: number): number | undefined {
  if (at + count > bytes.length) return undefined;
  let number = 0;
  for (let n = count - 1; n >= 0; n -= 1) number = number * 256 + bytes[at + n]!;
  return number;
}

/** Whether these bytes, one for each character, stand at a place. */
export function matchesAt(bytes: Uint8Array, at: number, what: string): boolean {
  for (let n = 0; n < what.length; n += 1) if (bytes[at + n] !== what.charCodeAt(n)) return false;
  return true;
}

/** Returns where these bytes begin first, within a range; -1 if they do not. */
export function indexOfText(bytes: Uint8Array, what: string, from = 0, until = bytes.length): number {
  const first = what.charCodeAt(0);
  for (let at = bytes.indexOf(first, from); at >= 0 && at + what.length <= until; at = bytes.indexOf(first, at + 1)) {
    if (matchesAt(bytes, at, what)) return at;
  }
  return -1;
}
