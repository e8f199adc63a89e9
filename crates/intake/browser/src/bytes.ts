// Helpers for bytes and their text encodings.
import { base64urlnopad } from "@scure/base";

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** Encodes a text as UTF-8. */
export const utf8 = (text: string): Bytes => encoder.encode(text) as Bytes;

/** Decodes UTF-8. Invalid bytes are replaced, because a reader must see the rest of the text. */
export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Decodes UTF-8. Throws on invalid bytes. */
export const strictText = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

/** Encodes bytes as unpadded base64url, as in JSON. */
export const encode = (bytes: Uint8Array): string => base64urlnopad.encode(bytes);

/** Decodes unpadded base64url. Throws on other text. */
export const decode = (letters: string): Bytes => base64urlnopad.decode(letters) as Bytes;

/** Decodes unpadded base64url of exactly `length` bytes. Throws on other text. */
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

/** Encodes a number as two bytes in big-endian order. */
export const u16 = (value: number): Bytes => Uint8Array.of(value >> 8, value & 0xff);

/** Encodes a number as four bytes in big-endian order. */
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

/** Returns a uniformly distributed random integer below `end`, which is at most 256. */
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
