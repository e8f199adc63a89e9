// PDF (ISO 32000). A PDF refers to its parts by absolute offsets, so metadata is overwritten in
// place.
import type { Bytes } from "../bytes.ts";
import { deflate, inflate } from "./deflate.ts";
import { zeroJpegSegments } from "./jpeg.ts";
import { AuthorPseudonyms } from "./pseudonyms.ts";
import { indexOfText, matchesAt } from "./stream.ts";
import { type DictionaryEntry, type ByteSpan, skipRegular, skipWhitespace, enclosingDictionary, endOfString, isSpace, parseReference } from "./pdf_syntax.ts";
import { type ScrubFindings, type MetadataKind, addKinds, asText, noFindings, rules, classify, trimWhitespace } from "./rules.ts";

/**
 * Maximum length in bytes of XMP metadata and of a compressed object stream. A longer one is kept
 * and reported as left.
 */
const MAX_STREAM_LEN = 128 * 1024;
/** Maximum decompressed length of an object stream in bytes, */
const MAX_INFLATED = 2 * 1024 * 1024;
/** and of all object streams together, with this many bytes more for each byte of the file. */
const MIN_UNPACK_BUDGET = 64 * 1024 * 1024;
const UNPACKED_PER_INPUT_BYTE = 24;
/** Maximum length in bytes of the dictionary before a stream. */
const MAX_DESCRIPTION_LEN = 2048;
/** Subtypes of annotations that a person adds to a document and that name the author. */
const ANNOTATION_SUBTYPES =
  /^\/(Text|FreeText|Line|Square|Circle|Polygon|PolyLine|Highlight|Underline|Squiggly|StrikeOut|Stamp|Caret|Ink|FileAttachment|Sound|Redact|Popup)$/;

/** Overwrites the metadata of the file in place. */
export async function scrubPdf(bytes: Bytes, found: ScrubFindings): Promise<void> {
  const editor = new PdfEditor(bytes, found, new AuthorPseudonyms(), false);
  editor.edit();
  let budget = MIN_UNPACK_BUDGET + UNPACKED_PER_INPUT_BYTE * bytes.length;
  for (const data of editor.compressed) {
    const plain = await inflateWithin(data, Math.min(MAX_INFLATED, budget));
    budget -= plain?.length ?? MAX_INFLATED;
    const references = plain && (await scrubObjectStream(data, plain, found, editor.pseudonyms));
    if (references) references.forEach(([number, kind]) => editor.scrubReferenced(number, kind));
    else found.left.add("other");
  }
}

/**
 * Overwrites metadata in decompressed data and compresses it again into the same length. Returns
 * the objects that values refer to.
 */
async function scrubObjectStream(data: Bytes, plain: Bytes, found: ScrubFindings, pseudonyms: AuthorPseudonyms): Promise<[number, MetadataKind][]> {
  const references = noFindings();
  const editor = new PdfEditor(plain, references, pseudonyms, true);
  editor.edit();
  addKinds(found.left, ...references.left);
  if (references.removed.size === 0) return editor.references;
  const compressed = await deflate(plain, "deflate");
  if (compressed.length > data.length) {
    addKinds(found.left, ...references.removed);
    return editor.references;
  }
  data.fill(0x0a);
  data.set(compressed);
  addKinds(found.removed, ...references.removed);
  return editor.references;
}

/**
 * A line break may separate the data from its end. The browser rejects compressed data with bytes
 * after it.
 */
async function inflateWithin(data: Bytes, maxLen: number): Promise<Bytes | undefined> {
  if (maxLen <= 0) return undefined;
  for (let end = data.length; end > 0 && data.length - end < 3; end -= 1) {
    if (end < data.length && !isSpace(data[end])) return undefined;
    const plain = await inflate(data.subarray(0, end), "deflate", maxLen).catch(() => undefined);
    if (plain) return plain;
  }
  // Compressed here before: the rest is filled with line breaks.
  let end = data.length;
  while (end > 0 && data[end - 1] === 0x0a) end -= 1;
  return inflate(data.subarray(0, end), "deflate", maxLen).catch(() => undefined);
}

class PdfEditor {
  /** The data of compressed object streams and metadata streams. */
  readonly compressed: Bytes[] = [];
  /** The numbers of objects whose string is a value, if they are not in these bytes. */
  readonly references: [number, MetadataKind][] = [];
  /**
   * Number of bytes that may still be searched. A malicious file exhausts it, and the rest is kept
   * and reported as left.
   */
  private budget: number;
  /** The strings of the document information are overwritten up to this offset. */
  private infoEnd = 0;
  private objects: Map<number, number[]> | undefined;

  constructor(
    private readonly bytes: Bytes,
    private readonly found: ScrubFindings,
    readonly pseudonyms: AuthorPseudonyms,
    private readonly isObjectStream: boolean,
  ) {
    this.budget = 8 * bytes.length + 4 * MAX_STREAM_LEN;
  }

  edit(): void {
    const { bytes } = this;
    for (let at = 0; at < bytes.length; ) {
      const byte = bytes[at];
      let end = at + 1;
      if (byte === 0x2f) end = this.scrubKey(at);
      else if (byte === 0x3c && matchesAt(bytes, at, "<x:xmpmeta")) end = this.scrubXmp(at, "</x:xmpmeta>");
      else if (byte === 0x3c && matchesAt(bytes, at, "<rdf:RDF")) end = this.scrubXmp(at, "</rdf:RDF>");
      else if (byte === 0x73 && !this.isObjectStream && matchesAt(bytes, at, "stream")) end = this.scrubStream(at);
      at = Math.max(end, at + 1);
    }
  }

  /**
   * Processes a key of the document information and its value. Returns the offset at which to
   * continue.
   */
  private scrubKey(at: number): number {
    const { bytes, found } = this;
    const end = skipRegular(bytes, at + 1, Math.min(bytes.length, at + 64));
    const name = asText(bytes.subarray(at, end));
    if (name === "/EmbeddedFile") found.left.add("other");
    else if (name === "/ByteRange") {
      found.isSigned = true;
      found.left.add("author");
    } else if (name === "/PieceInfo") addKinds(found.left, "author", "other");
    else if (name === "/T" || name === "/M") return this.scrubAnnotation(at, end);
    else if (name === "/ID") return this.scrubFileId(at, end);
    const rule = rules.pdf.find(({ key }) => key === name);
    if (!rule) return at + 1;
    if (this.scrubInfoDictionary(at, end)) return end;
    if (rule.ambiguous && !isInfoKey(bytes, at)) return at + 1;
    if (!this.chargeBudget(64)) {
      found.left.add(rule.kind);
      return at + 1;
    }
    const value = skipWhitespace(bytes, end);
    const until = endOfString(bytes, value);
    if (until !== undefined) {
      this.overwrite(value, until, rule.kind);
      return until;
    }
    if (bytes[value] === 0x28) this.chargeBudget(MAX_STREAM_LEN / 2);
    const reference = parseReference(bytes, value);
    if (!reference) return end;
    this.scrubReferenced(reference.number, rule.kind);
    return reference.end;
  }

  /** Empties a string in place. */
  private overwrite(start: number, end: number, kind: MetadataKind): void {
    const text = this.bytes.subarray(start + 1, end - 1);
    if (text.every(isSpace)) return;
    this.found.removed.add(kind);
    text.fill(0x20);
    // The closing parenthesis follows the opening one, and spaces follow it.
    if (this.bytes[start] === 0x28) {
      this.bytes[end - 1] = 0x20;
      this.bytes[start + 1] = 0x29;
    }
  }

  /** Overwrites the string that is the whole object, in every revision. */
  scrubReferenced(number: number, kind: MetadataKind): void {
    if (this.isObjectStream) {
      this.references.push([number, kind]);
      return;
    }
    this.objects ??= indexObjects(this.bytes);
    const offsets = this.objects.get(number);
    if (!offsets) this.found.left.add(kind);
    for (const offset of offsets ?? []) {
      const start = skipWhitespace(this.bytes, offset);
      const end = endOfString(this.bytes, start);
      if (end === undefined) this.found.left.add(kind);
      else this.overwrite(start, end, kind);
    }
    // Further references to the object have nothing to do.
    if (offsets) this.objects.set(number, []);
  }

  private chargeBudget(bytes: number): boolean {
    const enough = this.budget >= bytes;
    this.budget = Math.max(0, this.budget - bytes);
    return enough;
  }

  private scrubXmp(at: number, end: string): number {
    const limit = Math.min(this.bytes.length, at + MAX_STREAM_LEN);
    const close = this.budget < limit - at ? -1 : indexOfText(this.bytes, end, at, limit);
    if (close < 0) {
      this.chargeBudget(limit - at);
      this.found.left.add("other");
      return at + 1;
    }
    const metadata = this.bytes.subarray(at, close + end.length);
    addKinds(this.found.removed, ...classify(metadata));
    metadata.fill(0x20);
    return close + end.length;
  }

  /** Processes the beginning of a stream: a JPEG picture, XMP metadata, or an object stream. */
  private scrubStream(at: number): number {
    const { bytes, found } = this;
    const before = trimWhitespace(asText(bytes.subarray(Math.max(0, at - MAX_DESCRIPTION_LEN), at)));
    if (!before.endsWith(">>") || !this.chargeBudget(64)) return at + 6;
    const dictionary = before.slice(Math.max(0, before.lastIndexOf("obj")));
    const contains = (text: string) => dictionary.includes(text);
    let start = at + 6;
    if (bytes[start] === 0x0d) start += 1;
    if (bytes[start] === 0x0a) start += 1;
    const isMetadata = /\/Type ?\/Metadata|\/Subtype \/XML/.test(dictionary);
    if (matchesAt(bytes, start, "\xFF\xD8\xFF")) zeroJpegSegments(bytes.subarray(start), found);
    else if (isMetadata && !contains("/Filter") && !isXmp(asText(bytes.subarray(start, start + MAX_DESCRIPTION_LEN)))) {
      // Encrypted, or in an encoding that is not searched.
      addKinds(found.left, "author", "other");
    } else if ((contains("/ObjStm") || contains("/Metadata")) && contains("/Filter")) {
      const end = indexOfText(bytes, "endstream", start, Math.min(bytes.length, start + MAX_STREAM_LEN));
      const isPlainDeflate = contains("/FlateDecode") && !contains("/DecodeParms") && !contains("/ASCII");
      if (end >= 0 && isPlainDeflate) this.compressed.push(bytes.subarray(start, end));
      else found.left.add("other");
    }
    return start;
  }

  /**
   * Overwrites all strings of the document information, including those under unknown keys. Returns
   * whether the value of this key is one of them.
   */
  private scrubInfoDictionary(at: number, keyEnd: number): boolean {
    const valueStart = skipWhitespace(this.bytes, keyEnd);
    // The whole dictionary has been overwritten.
    if (at < this.infoEnd) return this.bytes[valueStart] === 0x28 || this.bytes[valueStart] === 0x3c;
    const strings = this.infoTexts(this.enclosingDictionary(at));
    if (!strings) return false;
    // If a value is in another object, the rule of its key follows the reference.
    this.infoEnd = Math.max(0, ...strings.map(({ value }) => value.end));
    for (const { key, value } of strings) {
      this.overwrite(value.start, value.end, rules.pdf.find((rule) => rule.key === key)?.kind ?? "other");
    }
    return strings.some(({ value }) => value.start === valueStart);
  }

  /**
   * Returns the strings of a dictionary if it is the document information, which contains nothing
   * but strings. Returns undefined otherwise.
   */
  private infoTexts(entries: DictionaryEntry[] | undefined): DictionaryEntry[] | undefined {
    const isKnown = (key: string) => rules.pdf.some((rule) => rule.key === key);
    if (!entries?.some(({ key }) => isKnown(key))) return undefined;
    const strings = entries.filter(({ value }) => this.isText(value));
    const isOther = ({ key, value }: DictionaryEntry) =>
      // A string in another object is followed by the rule of its key.
      !this.isText(value) && key !== "/Trapped" && !(isKnown(key) && this.bytes[value.end - 1] === 0x52);
    return entries.some(isOther) ? undefined : strings;
  }

  private isText({ start }: ByteSpan): boolean {
    return this.bytes[start] === 0x28 || (this.bytes[start] === 0x3c && this.bytes[start + 1] !== 0x3c);
  }

  /**
   * Overwrites the author or date of an annotation. Annotations of one author get the same
   * pseudonym.
   */
  private scrubAnnotation(at: number, keyEnd: number): number {
    const { bytes } = this;
    const start = skipWhitespace(bytes, keyEnd);
    if (bytes[start] !== 0x28 && bytes[start] !== 0x3c) return at + 1;
    if (this.budget < 64) {
      this.found.left.add("history");
      return at + 1;
    }
    const entries = this.enclosingDictionary(at);
    const isAnnotation = entries?.some(({ key, value }) => key === "/Subtype" && ANNOTATION_SUBTYPES.test(asText(bytes.subarray(value.start, value.end))));
    const end = endOfString(bytes, start);
    if (!isAnnotation || entries?.some(({ key }) => key === "/FT") || end === undefined) return at + 1;
    if (matchesAt(bytes, start, "(D:")) this.overwrite(start, end, "history");
    else this.replaceAuthor(start, end);
    return end;
  }

  /** Replaces an author's name by a pseudonym if it fits. */
  private replaceAuthor(start: number, end: number): void {
    const author = trimWhitespace(asText(this.bytes.subarray(start + 1, end - 1)));
    if (author === "") return;
    const isHex = this.bytes[start] === 0x3c;
    const name = this.pseudonyms.pseudonymFor(author);
    const encoded = isHex ? [...name].map((character) => character.charCodeAt(0).toString(16).toUpperCase()).join("") : name;
    if (author === encoded) return;
    this.overwrite(start, end, "history");
    if (encoded.length + 2 > end - start) return;
    for (let n = 0; n < encoded.length; n += 1) this.bytes[start + 1 + n] = encoded.charCodeAt(n);
    if (isHex) return;
    this.bytes.fill(0x20, start + encoded.length + 2, end);
    this.bytes[start + encoded.length + 1] = 0x29;
  }

  /** Overwrites the two identifiers that all copies of a file share. Encrypted files need them. */
  private scrubFileId(at: number, keyEnd: number): number {
    const { bytes } = this;
    const start = skipWhitespace(bytes, keyEnd);
    if (bytes[start] !== 0x5b || this.isObjectStream) return at + 1;
    const keys = this.enclosingDictionary(at)?.map(({ key }) => key) ?? [];
    if (!keys.includes("/Root") || keys.includes("/Encrypt")) return at + 1;
    for (let text = skipWhitespace(bytes, start + 1), end = endOfString(bytes, text); end !== undefined; end = endOfString(bytes, text)) {
      const number = bytes.subarray(text + 1, end - 1);
      if (number.some((byte) => byte !== 0x30)) {
        this.found.removed.add("other");
        number.fill(0x30);
      }
      text = skipWhitespace(bytes, end);
    }
    return at + 1;
  }

  /** Returns the dictionary around a key, unless the budget is exhausted. */
  private enclosingDictionary(at: number): DictionaryEntry[] | undefined {
    if (this.budget === 0) return undefined;
    const { entries, searched } = enclosingDictionary(this.bytes, at);
    this.budget = Math.max(0, this.budget - searched);
    return entries;
  }
}

/** Returns the offsets after `obj` of all objects with generation 0, by their numbers. */
function indexObjects(bytes: Uint8Array): Map<number, number[]> {
  const objects = new Map<number, number[]>();
  for (let at = indexOfText(bytes, "obj"); at >= 0; at = indexOfText(bytes, "obj", at + 3)) {
    const number = /(\d{1,10})\s+0\s+$/.exec(asText(bytes.subarray(Math.max(0, at - 24), at)))?.[1];
    if (number === undefined) continue;
    const offsets = objects.get(Number(number));
    if (offsets) offsets.push(at + 3);
    else objects.set(Number(number), [at + 3]);
  }
  return objects;
}

/** Returns whether a stream begins with XMP metadata that is found and overwritten, or is empty. */
function isXmp(start: string): boolean {
  return /^\s*(endstream|<\?xpacket)/.test(start) || start.includes("<x:xmpmeta") || start.includes("<rdf:RDF");
}

/**
 * Returns whether the key at this offset belongs to the document information and not to the
 * content.
 */
function isInfoKey(bytes: Uint8Array, at: number): boolean {
  const before = asText(bytes.subarray(Math.max(0, at - MAX_DESCRIPTION_LEN), at));
  const start = before.lastIndexOf("<<");
  // The document information contains no nested dictionaries.
  if (start < 0 || before.lastIndexOf(">>") > start) return false;
  const dictionary = before.slice(start) + asText(bytes.subarray(at, at + MAX_DESCRIPTION_LEN)).split(">>")[0]!;
  return rules.pdf.some((rule) => !rule.ambiguous && dictionary.includes(rule.key));
}
