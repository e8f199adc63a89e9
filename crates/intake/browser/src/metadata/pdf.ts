// PDF (ISO 32000): what tells something is overwritten where it stands, for a PDF finds its parts
// by their distance from the beginning.
import type { Bytes } from "../bytes.ts";
import { deflate, inflate } from "./deflate.ts";
import { zeroJpegSegments } from "./jpeg.ts";
import { AuthorPseudonyms } from "./pseudonyms.ts";
import { indexOfText, matchesAt } from "./stream.ts";
import { type DictionaryEntry, type ByteSpan, skipRegular, skipWhitespace, enclosingDictionary, endOfString, isSpace, parseReference } from "./pdf_syntax.ts";
import { type ScrubFindings, type MetadataKind, addKinds, asText, noFindings, rules, classify, trimWhitespace } from "./rules.ts";

/** Notes in XMP or a packed store of objects that is longer than this is left, and told. */
const MAX_STREAM_LEN = 128 * 1024;
/** A packed store unpacks to no more than this, */
const MAX_INFLATED = 2 * 1024 * 1024;
/** and all of them to no more than this, with so much for each byte of the file. */
const MIN_UNPACK_BUDGET = 64 * 1024 * 1024;
const UNPACKED_PER_INPUT_BYTE = 24;
/** So far before a stream its description may begin. */
const MAX_DESCRIPTION_LEN = 2048;
/** Kinds of notes that people make in a document, and that carry a name. */
const ANNOTATION_SUBTYPES =
  /^\/(Text|FreeText|Line|Square|Circle|Polygon|PolyLine|Highlight|Underline|Squiggly|StrikeOut|Stamp|Caret|Ink|FileAttachment|Sound|Redact|Popup)$/;

/** Overwrites in place what tells who made the file. */
export async function scrubPdf(bytes: Bytes, found: ScrubFindings): Promise<void> {
  const editor = new PdfEditor(bytes, found, new AuthorPseudonyms(), false);
  editor.edit();
  let budget = MIN_UNPACK_BUDGET + UNPACKED_PER_INPUT_BYTE * bytes.length;
  for (const data of editor.packed) {
    const plain = await inflateWithin(data, Math.min(MAX_INFLATED, budget));
    budget -= plain?.length ?? MAX_INFLATED;
    const inside = plain && (await scrubObjectStream(data, plain, found, editor.names));
    if (inside) inside.forEach(([number, trace]) => editor.scrubReferenced(number, trace));
    else found.left.add("other");
  }
}

/** Overwrites what is packed, and packs it again into no more room. Returns the objects that values point at. */
async function scrubObjectStream(data: Bytes, plain: Bytes, found: ScrubFindings, names: AuthorPseudonyms): Promise<[number, MetadataKind][]> {
  const inside = noFindings();
  const editor = new PdfEditor(plain, inside, names, true);
  editor.edit();
  addKinds(found.left, ...inside.left);
  if (inside.removed.size === 0) return editor.pointed;
  const packed = await deflate(plain, "deflate");
  if (packed.length > data.length) {
    addKinds(found.left, ...inside.removed);
    return editor.pointed;
  }
  data.fill(0x0a);
  data.set(packed);
  addKinds(found.removed, ...inside.removed);
  return editor.pointed;
}

/** A line end may stand between the data and its end. The browser unpacks nothing with bytes behind it. */
async function inflateWithin(data: Bytes, most: number): Promise<Bytes | undefined> {
  if (most <= 0) return undefined;
  for (let end = data.length; end > 0 && data.length - end < 3; end -= 1) {
    if (end < data.length && !isSpace(data[end])) return undefined;
    const plain = await inflate(data.subarray(0, end), "deflate", most).catch(() => undefined);
    if (plain) return plain;
  }
  // Packed here before: the room that was left is filled with line ends.
  let end = data.length;
  while (end > 0 && data[end - 1] === 0x0a) end -= 1;
  return inflate(data.subarray(0, end), "deflate", most).catch(() => undefined);
}

class PdfEditor {
  /** The data of packed stores of objects and notes. */
  readonly packed: Bytes[] = [];
  /** Objects whose text is a value, where they do not stand in these bytes. */
  readonly pointed: [number, MetadataKind][] = [];
  /** Bytes that may still be looked through: a file made to be slow runs out of them, and the rest of it is left as it is, and told. */
  private effort: number;
  /** Up to here the texts of the file's information are overwritten. */
  private informed = 0;
  private objects: Map<number, number[]> | undefined;

  constructor(
    private readonly bytes: Bytes,
    private readonly found: ScrubFindings,
    readonly names: AuthorPseudonyms,
    private readonly isPacked: boolean,
  ) {
    this.effort = 8 * bytes.length + 4 * MAX_STREAM_LEN;
  }

  edit(): void {
    const { bytes } = this;
    for (let at = 0; at < bytes.length; ) {
      const byte = bytes[at];
      let end = at + 1;
      if (byte === 0x2f) end = this.key(at);
      else if (byte === 0x3c && matchesAt(bytes, at, "<x:xmpmeta")) end = this.xmp(at, "</x:xmpmeta>");
      else if (byte === 0x3c && matchesAt(bytes, at, "<rdf:RDF")) end = this.xmp(at, "</rdf:RDF>");
      else if (byte === 0x73 && !this.isPacked && matchesAt(bytes, at, "stream")) end = this.stream(at);
      at = Math.max(end, at + 1);
    }
  }

  /** A key of the file's information, and its value. Returns where to go on. */
  private key(at: number): number {
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
    if (rule.beside && !isInfoKey(bytes, at)) return at + 1;
    if (!this.chargeBudget(64)) {
      found.left.add(rule.trace);
      return at + 1;
    }
    const value = skipWhitespace(bytes, end);
    const until = endOfString(bytes, value);
    if (until !== undefined) {
      this.overwrite(value, until, rule.trace);
      return until;
    }
    if (bytes[value] === 0x28) this.chargeBudget(MAX_STREAM_LEN / 2);
    const reference = parseReference(bytes, value);
    if (!reference) return end;
    this.scrubReferenced(reference.number, rule.trace);
    return reference.end;
  }

  /** Makes a text an empty one. */
  private overwrite(start: number, end: number, trace: MetadataKind): void {
    const text = this.bytes.subarray(start + 1, end - 1);
    if (text.every(isSpace)) return;
    this.found.removed.add(trace);
    text.fill(0x20);
    // Nothing between the signs, and the room behind them.
    if (this.bytes[start] === 0x28) {
      this.bytes[end - 1] = 0x20;
      this.bytes[start + 1] = 0x29;
    }
  }

  /** Overwrites the text that is all of an object, in every revision. */
  scrubReferenced(number: number, trace: MetadataKind): void {
    if (this.isPacked) {
      this.pointed.push([number, trace]);
      return;
    }
    this.objects ??= indexObjects(this.bytes);
    const places = this.objects.get(number);
    if (!places) this.found.left.add(trace);
    for (const place of places ?? []) {
      const start = skipWhitespace(this.bytes, place);
      const end = endOfString(this.bytes, start);
      if (end === undefined) this.found.left.add(trace);
      else this.overwrite(start, end, trace);
    }
    // Once is enough, however often it is pointed at.
    if (places) this.objects.set(number, []);
  }

  private chargeBudget(bytes: number): boolean {
    const enough = this.effort >= bytes;
    this.effort = Math.max(0, this.effort - bytes);
    return enough;
  }

  private xmp(at: number, end: string): number {
    const within = Math.min(this.bytes.length, at + MAX_STREAM_LEN);
    const close = this.effort < within - at ? -1 : indexOfText(this.bytes, end, at, within);
    if (close < 0) {
      this.chargeBudget(within - at);
      this.found.left.add("other");
      return at + 1;
    }
    const notes = this.bytes.subarray(at, close + end.length);
    addKinds(this.found.removed, ...classify(notes));
    notes.fill(0x20);
    return close + end.length;
  }

  /** What a stream begins with: a photo with its notes, or a packed store of objects. */
  private stream(at: number): number {
    const { bytes, found } = this;
    const before = trimWhitespace(asText(bytes.subarray(Math.max(0, at - MAX_DESCRIPTION_LEN), at)));
    if (!before.endsWith(">>") || !this.chargeBudget(64)) return at + 6;
    const description = before.slice(Math.max(0, before.lastIndexOf("obj")));
    const says = (words: string) => description.includes(words);
    let start = at + 6;
    if (bytes[start] === 0x0d) start += 1;
    if (bytes[start] === 0x0a) start += 1;
    const isNotes = /\/Type ?\/Metadata|\/Subtype \/XML/.test(description);
    if (matchesAt(bytes, start, "\xFF\xD8\xFF")) zeroJpegSegments(bytes.subarray(start), found);
    else if (isNotes && !says("/Filter") && !isXmp(asText(bytes.subarray(start, start + MAX_DESCRIPTION_LEN)))) {
      // Locked, or in letters that are not looked for.
      addKinds(found.left, "author", "other");
    } else if ((says("/ObjStm") || says("/Metadata")) && says("/Filter")) {
      const end = indexOfText(bytes, "endstream", start, Math.min(bytes.length, start + MAX_STREAM_LEN));
      const isPlainlyPacked = says("/FlateDecode") && !says("/DecodeParms") && !says("/ASCII");
      if (end >= 0 && isPlainlyPacked) this.packed.push(bytes.subarray(start, end));
      else found.left.add("other");
    }
    return start;
  }

  /**
   * Overwrites all texts of the file's information, also those under keys of its own. Returns whether the value of this key is one of
   * them.
   */
  private scrubInfoDictionary(at: number, keyEnd: number): boolean {
    const here = skipWhitespace(this.bytes, keyEnd);
    // All of this dictionary is overwritten already.
    if (at < this.informed) return this.bytes[here] === 0x28 || this.bytes[here] === 0x3c;
    const texts = this.infoTexts(this.enclosingDictionary(at));
    if (!texts) return false;
    // Where a value stands elsewhere, the rule of its key follows it.
    this.informed = Math.max(0, ...texts.map(({ value }) => value.end));
    for (const { key, value } of texts) {
      this.overwrite(value.start, value.end, rules.pdf.find((rule) => rule.key === key)?.trace ?? "other");
    }
    return texts.some(({ value }) => value.start === here);
  }

  /** Returns the texts of a dictionary; undefined if it is not the file's information, which has nothing but texts. */
  private infoTexts(entries: DictionaryEntry[] | undefined): DictionaryEntry[] | undefined {
    const isKnown = (key: string) => rules.pdf.some((rule) => rule.key === key);
    if (!entries?.some(({ key }) => isKnown(key))) return undefined;
    const texts = entries.filter(({ value }) => this.isText(value));
    const isOther = ({ key, value }: DictionaryEntry) =>
      // A text elsewhere is followed by its own rule.
      !this.isText(value) && key !== "/Trapped" && !(isKnown(key) && this.bytes[value.end - 1] === 0x52);
    return entries.some(isOther) ? undefined : texts;
  }

  private isText({ start }: ByteSpan): boolean {
    return this.bytes[start] === 0x28 || (this.bytes[start] === 0x3c && this.bytes[start + 1] !== 0x3c);
  }

  /** Name or date of a note on a page: other notes of the same author keep the same neutral name. */
  private scrubAnnotation(at: number, keyEnd: number): number {
    const { bytes } = this;
    const start = skipWhitespace(bytes, keyEnd);
    if (bytes[start] !== 0x28 && bytes[start] !== 0x3c) return at + 1;
    if (this.effort < 64) {
      this.found.left.add("history");
      return at + 1;
    }
    const entries = this.enclosingDictionary(at);
    const isNote = entries?.some(({ key, value }) => key === "/Subtype" && ANNOTATION_SUBTYPES.test(asText(bytes.subarray(value.start, value.end))));
    const end = endOfString(bytes, start);
    if (!isNote || entries?.some(({ key }) => key === "/FT") || end === undefined) return at + 1;
    if (matchesAt(bytes, start, "(D:")) this.overwrite(start, end, "history");
    else this.replaceAuthor(start, end);
    return end;
  }

  /** Puts a neutral name in the place of an author's, where it fits. */
  private replaceAuthor(start: number, end: number): void {
    const author = trimWhitespace(asText(this.bytes.subarray(start + 1, end - 1)));
    if (author === "") return;
    const isHex = this.bytes[start] === 0x3c;
    const name = this.names.pseudonymFor(author);
    const written = isHex ? [...name].map((sign) => sign.charCodeAt(0).toString(16).toUpperCase()).join("") : name;
    if (author === written) return;
    this.overwrite(start, end, "history");
    if (written.length + 2 > end - start) return;
    for (let n = 0; n < written.length; n += 1) this.bytes[start + 1 + n] = written.charCodeAt(n);
    if (isHex) return;
    this.bytes.fill(0x20, start + written.length + 2, end);
    this.bytes[start + written.length + 1] = 0x29;
  }

  /** Two numbers that all copies of a file share. A file that is locked needs them. */
  private scrubFileId(at: number, keyEnd: number): number {
    const { bytes } = this;
    const start = skipWhitespace(bytes, keyEnd);
    if (bytes[start] !== 0x5b || this.isPacked) return at + 1;
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

  /** The dictionary around a key, as long as there is something left to look through it. */
  private enclosingDictionary(at: number): DictionaryEntry[] | undefined {
    if (this.effort === 0) return undefined;
    const { entries, effort } = enclosingDictionary(this.bytes, at);
    this.effort = Math.max(0, this.effort - effort);
    return entries;
  }
}

/** Where the objects with generation 0 begin, behind `obj`, by their numbers. */
function indexObjects(bytes: Uint8Array): Map<number, number[]> {
  const objects = new Map<number, number[]>();
  for (let at = indexOfText(bytes, "obj"); at >= 0; at = indexOfText(bytes, "obj", at + 3)) {
    const number = /(\d{1,10})\s+0\s+$/.exec(asText(bytes.subarray(Math.max(0, at - 24), at)))?.[1];
    if (number === undefined) continue;
    const places = objects.get(Number(number));
    if (places) places.push(at + 3);
    else objects.set(Number(number), [at + 3]);
  }
  return objects;
}

/** Whether a stream begins with notes that are found and overwritten, or with nothing. */
function isXmp(start: string): boolean {
  return /^\s*(endstream|<\?xpacket)/.test(start) || start.includes("<x:xmpmeta") || start.includes("<rdf:RDF");
}

/** Whether the key at this place is one of the file's information, and not of its content. */
function isInfoKey(bytes: Uint8Array, at: number): boolean {
  const before = asText(bytes.subarray(Math.max(0, at - MAX_DESCRIPTION_LEN), at));
  const start = before.lastIndexOf("<<");
  // Information holds nothing nested.
  if (start < 0 || before.lastIndexOf(">>") > start) return false;
  const around = before.slice(start) + asText(bytes.subarray(at, at + MAX_DESCRIPTION_LEN)).split(">>")[0]!;
  return rules.pdf.some((rule) => !rule.beside && around.includes(rule.key));
}
