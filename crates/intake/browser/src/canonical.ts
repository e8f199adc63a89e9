// The canonical form of JSON that is signed or sealed: the bytes that the Rust implementation
// writes. The reader encodes the parsed value again and compares it, so that both implementations
// accept the same bytes: no unknown or missing fields, no second spelling, no space.
import { type Bytes, strictText, utf8 } from "./bytes.ts";

/**
 * Checks a value of parsed JSON and rebuilds it with its fields in canonical order. Throws on any
 * other value.
 */
export type Decoder<T> = (value: unknown) => T;

/** The JSON is not canonical, or has a value that is not allowed. */
export class MalformedJsonError extends Error {}

/** Maximum sequence number of a message in its direction. */
export const MAX_SEQ = 1_000_000;
/** Maximum generation of a case secret. */
export const MAX_GENERATION = 20;

/** Returns canonical JSON. Lone surrogates, which UTF-8 cannot encode, are replaced. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === "string" ? part.replace(/\p{Surrogate}/gu, "\ufffd") : part));

export const canonicalJsonBytes = (value: unknown): Bytes => utf8(canonicalJson(value));

/** Parses canonical JSON. Throws on any other. */
export function parseCanonical<T>(bytes: Uint8Array, read: Decoder<T>): T {
  const written = strictText(bytes);
  const value = read(JSON.parse(written));
  if (canonicalJson(value) !== written) throw new MalformedJsonError("JSON is not canonical");
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

/** An integer from 0 to `max`. */
export const whole =
  (max: number): Decoder<number> =>
  (value) => {
    assertValid(typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max, `a number up to ${max}`);
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

/** A string that `use` accepts. `use` throws on any other string. */
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

/** A field that may be absent, but not null. */
export const optional =
  <T>(read: Decoder<T>): Decoder<T | undefined> =>
  (value) =>
    value === undefined ? undefined : read(value);

export const list =
  <T>(read: Decoder<T>, max = Infinity): Decoder<T[]> =>
  (value) => {
    assertValid(Array.isArray(value) && value.length <= max, `a list of at most ${max}`);
    return (value as unknown[]).map(read);
  };

/** Adds the name of the field to an error about its value. */
function withKeyContext<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof MalformedJsonError ? new MalformedJsonError(`${key}: ${error.message}`) : error;
  }
}

type FieldDecoders<T> = { readonly [K in keyof T]-?: Decoder<T[K]> };

/**
 * An object with these fields in this order. Unknown fields make the canonical form differ from the
 * input.
 */
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

/** An object whose keys match a decoder, in alphabetical order. */
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
/** An ISO week that exists, of a year with four digits. */
export const week = checked((written) => {
  const [, year, number] = /^(\d{4})-W(\d\d)$/.exec(written) ?? [];
  assertValid(number !== undefined && Number(number) >= 1 && Number(number) <= weeksIn(Number(year)), "a week");
});

/** Returns the number of ISO weeks of a year: 53 if it has 53 Thursdays, 52 otherwise. */
function weeksIn(year: number): number {
  const weekday = (month: number, day: number): number => {
    const date = new Date(0);
    date.setUTCFullYear(year, month, day);
    return date.getUTCDay();
  };
  return weekday(0, 1) === 4 || weekday(11, 31) === 4 ? 53 : 52;
}

/** A date that exists in the calendar. */
export const day = checked((written) => {
  const time = /^\d{4}-\d\d-\d\d$/.test(written) ? Date.parse(`${written}T00:00:00Z`) : NaN;
  assertValid(!Number.isNaN(time) && new Date(time).toISOString().startsWith(written), "a day");
});
