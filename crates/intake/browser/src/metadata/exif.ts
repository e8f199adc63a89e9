// Exif metadata (TIFF 6.0, Exif 2.32): what it contains, and the orientation of the picture.
import { readBe, readLe, matchesAt } from "./stream.ts";
import { type MetadataKind, addKinds, asBytes, classify } from "./rules.ts";

type IntegerReader = (bytes: Uint8Array, at: number, count: number) => number | undefined;

/** Maximum number of entries in a directory, and of directories: more than a camera writes. */
const MAX_ENTRIES = 512;
const MAX_DIRECTORIES = 16;
/** The tag with the pointer to the Exif directory. */
const EXIF_IFD_POINTER = 0x8769;
const ORIENTATION = 0x0112;
/** Size of a value in bytes, by its type. */
const VALUE_SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];

const KINDS_BY_TAG: [MetadataKind, number[]][] = [
  ["author", [0x013b, 0x8298, 0x9c9d, 0xa430]],
  ["device", [0x010f, 0x0110, 0x0131, 0x013c, 0x927c, 0xa420, 0xa431, 0xa433, 0xa434, 0xa435]],
  ["place", [0x8825]],
  ["date", [0x0132, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012]],
  ["words", [0x010e, 0x9286, 0x9c9b, 0x9c9c, 0x9c9e, 0x9c9f]],
  ["other", [0x02bc, 0x83bb, 0x8649]],
];

export interface ExifFindings {
  kinds: Set<MetadataKind>;
  /** From 2 to 8. Undefined for a picture that is upright. */
  orientation: number | undefined;
}

/**
 * Parses Exif metadata from its byte order mark on. Follows one pointer and no other, so that a
 * loop is impossible.
 */
export function parseExif(tiff: Uint8Array): ExifFindings {
  const findings: ExifFindings = { kinds: new Set(), orientation: undefined };
  const readNumber = integerReader(tiff);
  if (!readNumber) return { kinds: new Set(classify(tiff)), orientation: undefined };
  const first = readIfd(tiff, readNumber, readNumber(tiff, 4, 4), findings);
  if (first.next) findings.kinds.add("preview");
  if (first.exifIfd !== undefined) {
    const exifFindings: ExifFindings = { kinds: new Set(), orientation: undefined };
    readIfd(tiff, readNumber, first.exifIfd, exifFindings);
    addKinds(findings.kinds, ...exifFindings.kinds);
  }
  return findings;
}

function integerReader(tiff: Uint8Array): IntegerReader | undefined {
  return matchesAt(tiff, 0, "II*\0") ? readLe : matchesAt(tiff, 0, "MM\0*") ? readBe : undefined;
}

function readIfd(tiff: Uint8Array, readNumber: IntegerReader, start: number | undefined, findings: ExifFindings): { next?: number | undefined; exifIfd?: number | undefined } {
  const count = start === undefined ? undefined : readNumber(tiff, start, 2);
  if (start === undefined || count === undefined) return {};
  const entries = Math.min(count, MAX_ENTRIES);
  let exifIfd: number | undefined;
  for (let n = 0; n < entries; n += 1) {
    const entry = start + 2 + 12 * n;
    const tag = readNumber(tiff, entry, 2);
    if (tag === undefined) return { exifIfd };
    if (tag === EXIF_IFD_POINTER) exifIfd = readNumber(tiff, entry + 8, 4);
    else if (tag === ORIENTATION) {
      const orientation = readNumber(tiff, entry + 8, 2) ?? 0;
      findings.orientation = orientation >= 2 && orientation <= 8 ? orientation : undefined;
    } else {
      const match = KINDS_BY_TAG.find(([, tags]) => tags.includes(tag));
      if (match) findings.kinds.add(match[0]);
    }
  }
  return { exifIfd, next: readNumber(tiff, start + 2 + 12 * entries, 4) };
}

/**
 * Returns the length of Exif metadata from its byte order mark on: up to the end of the last value
 * that a directory points to. Returns undefined if the metadata is malformed.
 */
export function exifExtent(tiff: Uint8Array): number | undefined {
  const readNumber = integerReader(tiff);
  const first = readNumber?.(tiff, 4, 4);
  if (!readNumber || first === undefined) return undefined;
  const directories = [first];
  let end = 8;
  for (let index = 0; index < directories.length; index += 1) {
    const start = directories[index]!;
    const entryCount = readNumber(tiff, start, 2);
    if (entryCount === undefined) return undefined;
    const count = Math.min(entryCount, MAX_ENTRIES);
    let [preview, previewLen] = [0, 0];
    for (let n = 0; n < count; n += 1) {
      const entry = start + 2 + 12 * n;
      const [tag, kind] = [readNumber(tiff, entry, 2), readNumber(tiff, entry + 2, 2)];
      const [values, value] = [readNumber(tiff, entry + 4, 4), readNumber(tiff, entry + 8, 4)];
      if (tag === undefined || kind === undefined || values === undefined || value === undefined) return undefined;
      const len = (VALUE_SIZES[kind] ?? 1) * values;
      if (len > 4) end = Math.max(end, value + len);
      if (tag === EXIF_IFD_POINTER || tag === 0x8825 || tag === 0xa005) directories.push(value);
      if (tag === 0x0201) preview = value;
      if (tag === 0x0202) previewLen = value;
    }
    end = Math.max(end, preview + previewLen, start + 2 + 12 * count + 4);
    const next = readNumber(tiff, start + 2 + 12 * count, 4);
    if (next) directories.push(next);
    directories.length = Math.min(directories.length, MAX_DIRECTORIES);
  }
  return Math.min(end, tiff.length);
}

/** Returns Exif metadata that contains only the orientation. */
export function orientationOnly(orientation: number | undefined): Uint8Array {
  const tiff = asBytes("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0");
  tiff[19] = orientation ?? 1;
  return tiff;
}
