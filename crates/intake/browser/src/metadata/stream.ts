// Rewrites a file in memory from its beginning: each part is copied, skipped or overwritten.
import { type Bytes, concat } from "../bytes.ts";

/**
 * Thrown where a file violates its format or is truncated. The caller copies the rest unchanged.
 */
export class MalformedFileError extends Error {}

export class ByteRewriter {
  at = 0;
  private readonly out: Uint8Array[] = [];

  constructor(readonly bytes: Bytes) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** Returns the next bytes: at most `max`, and fewer at the end. */
  peek(max: number): Bytes {
    return this.bytes.subarray(this.at, this.at + max);
  }

  /** Returns the next `count` bytes. Throws `MalformedFileError` if the file ends before. */
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

  /** Writes zeros in place of the next bytes. */
  zero(count: number): void {
    this.consume(count, (bytes) => this.write(new Uint8Array(bytes.length)));
  }

  copyRest(): void {
    this.copy(this.bytes.length - this.at);
  }

  skipRest(): void {
    this.at = this.bytes.length;
  }

  /** Returns the written bytes. */
  content(): Bytes {
    return concat(...this.out);
  }

  /** Returns the written bytes as a blob, without a copy of the whole content. */
  blob(type: string): Blob {
    return new Blob(this.out as Bytes[], { type });
  }

  private consume(count: number, emit: (bytes: Bytes) => void): void {
    const bytes = this.peek(count);
    emit(bytes);
    this.at += bytes.length;
    if (bytes.length < count) throw new MalformedFileError();
  }
}

/** Returns the big-endian number of `count` bytes at an offset, or undefined beyond the end. */
export function readBe(bytes: Uint8Array, at: number, count: number): number | undefined {
  if (at + count > bytes.length) return undefined;
  let number = 0;
  for (let n = 0; n < count; n += 1) number = number * 256 + bytes[at + n]!;
  return number;
}

/** Returns the little-endian number of `count` bytes at an offset, or undefined beyond the end. */
export function readLe(bytes: Uint8Array, at: number, count: number): number | undefined {
  if (at + count > bytes.length) return undefined;
  let number = 0;
  for (let n = count - 1; n >= 0; n -= 1) number = number * 256 + bytes[at + n]!;
  return number;
}

/** Returns whether these bytes, one for each character, are at an offset. */
export function matchesAt(bytes: Uint8Array, at: number, text: string): boolean {
  for (let n = 0; n < text.length; n += 1) if (bytes[at + n] !== text.charCodeAt(n)) return false;
  return true;
}

/** Returns the offset of the first occurrence of these bytes within a range, or -1. */
export function indexOfText(bytes: Uint8Array, text: string, from = 0, until = bytes.length): number {
  const first = text.charCodeAt(0);
  for (let at = bytes.indexOf(first, from); at >= 0 && at + text.length <= until; at = bytes.indexOf(first, at + 1)) {
    if (matchesAt(bytes, at, text)) return at;
  }
  return -1;
}
