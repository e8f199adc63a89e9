// The notes of cameras (TIFF 6.0, Exif 2.32): what they tell, and how the picture is turned.
import { readBe, readLe, matchesAt } from "./stream.ts";
import { type MetadataKind, addKinds, asBytes, classify } from "./rules.ts";

type IntegerReader = (bytes: Uint8Array, at: number, count: number) => number | undefined;

/** More entries than any camera writes in one directory, and more directories than it writes. */
const MAX_ENTRIES = 512;
const MAX_DIRECTORIES = 16;
/** Pointer to the directory of the shot. */
const EXIF_IFD_POINTER = 0x8769;
const ORIENTATION = 0x0112;
/** Bytes of a value, by its type. */
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
  traces: Set<MetadataKind>;
  /** From 2 to 8; undefined for a picture that stands upright. */
  turned: number | undefined;
}

/** Reads notes, from their byte order on. Follows one pointer and no other, so that it ends. */
export function parseExif(tiff: Uint8Array): ExifFindings {
  const notes: ExifFindings = { traces: new Set(), turned: undefined };
  const number = integerReader(tiff);
  if (!number) return { traces: new Set(classify(tiff)), turned: undefined };
  const first = readIfd(tiff, number, number(tiff, 4, 4), notes);
  if (first.next) notes.traces.add("preview");
  if (first.shot !== undefined) {
    const ours: ExifFindings = { traces: new Set(), turned: undefined };
    readIfd(tiff, number, first.shot, ours);
    addKinds(notes.traces, ...ours.traces);
  }
  return notes;
}

function integerReader(tiff: Uint8Array): IntegerReader | undefined {
  return matchesAt(tiff, 0, "II*\0") ? readLe : matchesAt(tiff, 0, "MM\0*") ? readBe : undefined;
}

function readIfd(tiff: Uint8Array, number: IntegerReader, start: number | undefined, notes: ExifFindings): { next?: number | undefined; shot?: number | undefined } {
  const count = start === undefined ? undefined : number(tiff, start, 2);
  if (start === undefined || count === undefined) return {};
  const entries = Math.min(count, MAX_ENTRIES);
  let shot: number | undefined;
  for (let n = 0; n < entries; n += 1) {
    const entry = start + 2 + 12 * n;
    const tag = number(tiff, entry, 2);
    if (tag === undefined) return { shot };
    if (tag === EXIF_IFD_POINTER) shot = number(tiff, entry + 8, 4);
    else if (tag === ORIENTATION) {
      const turned = number(tiff, entry + 8, 2) ?? 0;
      notes.turned = turned >= 2 && turned <= 8 ? turned : undefined;
    } else {
      const told = KINDS_BY_TAG.find(([, tags]) => tags.includes(tag));
      if (told) notes.traces.add(told[0]);
    }
  }
  return { shot, next: number(tiff, start + 2 + 12 * entries, 4) };
}

/**
 * Returns how far notes reach from their byte order on: to the end of the last value that one of their directories points at. Returns
 * undefined where they are not sound.
 */
export function exifExtent(tiff: Uint8Array): number | undefined {
  const number = integerReader(tiff);
  const first = number?.(tiff, 4, 4);
  if (!number || first === undefined) return undefined;
  const directories = [first];
  let end = 8;
  for (let done = 0; done < directories.length; done += 1) {
    const start = directories[done]!;
    const came = number(tiff, start, 2);
    if (came === undefined) return undefined;
    const count = Math.min(came, MAX_ENTRIES);
    let [preview, previewLen] = [0, 0];
    for (let n = 0; n < count; n += 1) {
      const entry = start + 2 + 12 * n;
      const [tag, kind] = [number(tiff, entry, 2), number(tiff, entry + 2, 2)];
      const [values, value] = [number(tiff, entry + 4, 4), number(tiff, entry + 8, 4)];
      if (tag === undefined || kind === undefined || values === undefined || value === undefined) return undefined;
      const len = (VALUE_SIZES[kind] ?? 1) * values;
      if (len > 4) end = Math.max(end, value + len);
      if (tag === EXIF_IFD_POINTER || tag === 0x8825 || tag === 0xa005) directories.push(value);
      if (tag === 0x0201) preview = value;
      if (tag === 0x0202) previewLen = value;
    }
    end = Math.max(end, preview + previewLen, start + 2 + 12 * count + 4);
    const next = number(tiff, start + 2 + 12 * count, 4);
    if (next) directories.push(next);
    directories.length = Math.min(directories.length, MAX_DIRECTORIES);
  }
  return Math.min(end, tiff.length);
}

/** Returns notes that say nothing but how the picture is turned. */
export function orientationOnly(turned: number | undefined): Uint8Array {
  const tiff = asBytes("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0");
  tiff[19] = turned ?? 1;
  return tiff;
}
