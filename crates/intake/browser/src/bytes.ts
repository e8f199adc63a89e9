// Bytes, and how they are written down.
import { base64urlnopad } from "@scure/base";

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** UTF-8. */
export const utf8 = (text: string): Bytes => encoder.encode(text) as Bytes;

/** The text of UTF-8; what is none is replaced, as a reader must see something. */
export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The text of UTF-8; throws on anything else. */
export const strictText = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

/** Unpadded base64url, as JSON carries bytes. */
export const encode = (bytes: Uint8Array): string => base64urlnopad.encode(bytes);

/** The bytes of unpadded base64url; throws on anything else. */
export const decode = (letters: string): Bytes => base64urlnopad.decode(letters) as Bytes;

/** Unpadded base64url of so many bytes. */
export function decodeExactly(letters: string, length: number): Bytes {
  const bytes = decode(letters);
  if (bytes.length !== length) throw new Error(`not ${length} bytes`);
  return bytes;
}

export function concat(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Four bytes, the highest first. */
export function u32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** A random whole number below `end`, which is at most 256; none is likelier than another. */
export function randomBelow(end: number): number {
  const fair = 256 - (256 % end);
  for (;;) {
    const byte = random(1)[0]!;
    if (byte < fair) return byte % end;
  }
}

export function shuffle<T>(items: T[]): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = randomBelow(last + 1);
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
}
