// The one form of JSON that is signed or sealed: the bytes that the Rust implementation writes.
// What was read is written once more and compared, so that both implementations accept the same
// bytes: no unknown or missing fields, no second spelling, no space.
import { type Bytes, strictText, utf8 } from "./bytes.ts";

/** Checks a value of parsed JSON and rebuilds it, field by field in the order of writing; throws on any other. */
export type Decoder<T> = (value: unknown) => T;

/** Bytes or a value that no sender writes. */
export class MalformedJsonError extends Error {}

/** The largest number of a message within its direction. */
export const MAX_SEQ = 1_000_000;
/** The newest generation of a case secret that a case can have. */
export const MAX_GENERATION = 100;

/** JSON as both implementations write it. Halves of a character that stand alone, which UTF-8 cannot carry, are replaced. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === "string" ? part.replace(/\p{Surrogate}/gu, "\ufffd") : part));

export const canonicalJsonBytes = (value: unknown): Bytes => utf8(canonicalJson(value));

/** Reads JSON in canonical form. */
export function parseCanonical<T>(bytes: Uint8Array, read: Decoder<T>): T {
  const written = strictText(bytes);
  const value = read(JSON.parse(written));
  if (canonicalJson(value) !== written) throw new MalformedJsonError("the JSON is not in canonical form");
  return value;
}

const assertValid = (holds: boolean, what: string): void => {
  if (!holds) throw new MalformedJsonError(`not ${what}`);
};

export const string: Decoder<string> = (value) => {
  assertValid(typeof value === "string", "a string");
  return value as string;
};

export const boolean: Decoder<boolean> = (value) => {
  assertValid(typeof value === "boolean", "true or false");
  return value as boolean;
};

/** A whole number from 0 to `most`. */
export const whole =
  (most: number): Decoder<number> =>
  (value) => {
    assertValid(typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most, `a number up to ${most}`);
    return value as number;
  };

export const exactly =
  <const T>(...values: readonly T[]): Decoder<T> =>
  (value) => {
    assertValid(values.includes(value as T), `one of ${values.join(", ")}`);
    return value as T;
  };

export const matching =
  (pattern: RegExp, what: string): Decoder<string> =>
  (value) => {
    assertValid(typeof value === "string" && pattern.test(value), what);
    return value as string;
  };

/** A string that `use` accepts; `use` throws on any other. */
export const checked =
  (use: (written: string) => unknown): Decoder<string> =>
  (value) => {
    use(string(value));
    return value as string;
  };

export const nullable =
  <T>(read: Decoder<T>): Decoder<T | null> =>
  (value) =>
    value === null ? null : read(value);

/** A field that may be left out, and is never null. */
export const optional =
  <T>(read: Decoder<T>): Decoder<T | undefined> =>
  (value) =>
    value === undefined ? undefined : read(value);

export const list =
  <T>(read: Decoder<T>, most = Infinity): Decoder<T[]> =>
  (value) => {
    assertValid(Array.isArray(value) && value.length <= most, `a list of at most ${most}`);
    return (value as unknown[]).map(read);
  };

/** Names the field in the error about its value. */
function withKeyContext<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof MalformedJsonError ? new MalformedJsonError(`${key}: ${error.message}`) : error;
  }
}

type FieldDecoders<T> = { readonly [K in keyof T]-?: Decoder<T[K]> };

/** An object with these fields, in this order. Others make it differ from what was read. */
export const object =
  <T extends object>(fields: FieldDecoders<T>): Decoder<T> =>
  (value) => {
    assertValid(typeof value === "object" && value !== null && !Array.isArray(value), "an object");
    const built: Partial<T> = {};
    for (const key of Object.keys(fields) as (keyof T & string)[]) {
      const field = withKeyContext(key, () => fields[key](Object.hasOwn(value as object, key) ? (value as Record<string, unknown>)[key] : undefined));
      if (field !== undefined) built[key] = field;
    }
    return built as T;
  };

/** An object whose keys have a shape, in the order of their letters. */
export const record =
  <T>(key: Decoder<string>, read: Decoder<T>): Decoder<Record<string, T>> =>
  (value) => {
    assertValid(typeof value === "object" && value !== null && !Array.isArray(value), "an object");
    const entries = Object.entries(value as object).sort(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(entries.map(([name, part]) => [key(name), read(part)]));
  };

/** A UUID in its usual spelling. */
export const uuid = matching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, "an id");
/** The tag of a language. */
export const lang = matching(/^[A-Za-z][A-Za-z0-9-]{0,34}$/, "a language");
/** An ISO week. */
export const week = matching(/^\d{4}-W(0[1-9]|[1-4]\d|5[0-3])$/, "a week");
/** A day that is in the calendar. */
export const day = checked((written) => {
  const time = /^\d{4}-\d\d-\d\d$/.test(written) ? Date.parse(`${written}T00:00:00Z`) : NaN;
  assertValid(!Number.isNaN(time) && new Date(time).toISOString().startsWith(written), "a day");
});
