// PDF (ISO 32000): what tells something is overwritten where it stands, for a PDF finds its parts by their distance from the beginning.
import type { Bytes } from "../bytes.ts";
import { deflate, inflate } from "./deflate.ts";
import { blankJpeg } from "./jpeg.ts";
import { Names } from "./names.ts";
import { find, standsAt } from "./pipe.ts";
import { type Entry, type Span, afterRegular, afterSpace, dictionaryAround, endOfText, isSpace, referenceAt } from "./pdf_syntax.ts";
import { type Finding, type Trace, add, asText, nothing, rules, toldBy, trimmed } from "./rules.ts";

/** Notes in XMP or a packed store of objects that is longer than this is left, and told. */
const LONGEST = 128 * 1024;
/** A packed store unpacks to no more than this, */
const UNPACKED = 2 * 1024 * 1024;
/** and all of them to no more than this, with so much for each byte of the file. */
const ALL_UNPACKED = 64 * 1024 * 1024;
const UNPACKED_FOR_EACH = 24;
/** So far before a stream its description may begin. */
const DESCRIPTION = 2048;
/** Kinds of notes that people make in a document, and that carry a name. */
const NOTES =
  /^\/(Text|FreeText|Line|Square|Circle|Polygon|PolyLine|Highlight|Underline|Squiggly|StrikeOut|Stamp|Caret|Ink|FileAttachment|Sound|Redact|Popup)$/;

/** Overwrites in place what tells who made the file. */
export async function blankPdf(bytes: Bytes, found: Finding): Promise<void> {
  const editor = new Editor(bytes, found, new Names(), false);
  editor.edit();
  let budget = ALL_UNPACKED + UNPACKED_FOR_EACH * bytes.length;
  for (const data of editor.packed) {
    const plain = await unpacked(data, Math.min(UNPACKED, budget));
    budget -= plain?.length ?? UNPACKED;
    const inside = plain && (await blankPacked(data, plain, found, editor.names));
    if (inside) inside.forEach(([number, trace]) => editor.follow(number, trace));
    else found.left.add("other");
  }
}

/** Overwrites what is packed, and packs it again into no more room. Returns the objects that values point at. */
async function blankPacked(data: Bytes, plain: Bytes, found: Finding, names: Names): Promise<[number, Trace][]> {
  const inside = nothing();
  const editor = new Editor(plain, inside, names, true);
  editor.edit();
  add(found.left, ...inside.left);
  if (inside.removed.size === 0) return editor.pointed;
  const packed = await deflate(plain, "deflate");
  if (packed.length > data.length) {
    add(found.left, ...inside.removed);
    return editor.pointed;
  }
  data.fill(0x0a);
  data.set(packed);
  add(found.removed, ...inside.removed);
  return editor.pointed;
}

/** A line end may stand between the data and its end. The browser unpacks nothing with bytes behind it. */
async function unpacked(data: Bytes, most: number): Promise<Bytes | undefined> {
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

class Editor {
  /** The data of packed stores of objects and notes. */
  readonly packed: Bytes[] = [];
  /** Objects whose text is a value, where they do not stand in these bytes. */
  readonly pointed: [number, Trace][] = [];
  /** Bytes that may still be looked through: a file made to be slow runs out of them, and the rest of it is left as it is, and told. */
  private effort: number;
  /** Up to here the texts of the file's information are overwritten. */
  private informed = 0;
  private objects: Map<number, number[]> | undefined;

  constructor(
    private readonly bytes: Bytes,
    private readonly found: Finding,
    readonly names: Names,
    private readonly isPacked: boolean,
  ) {
    this.effort = 8 * bytes.length + 4 * LONGEST;
  }

  edit(): void {
    const { bytes } = this;
    for (let at = 0; at < bytes.length; ) {
      const byte = bytes[at];
      let end = at + 1;
      if (byte === 0x2f) end = this.key(at);
      else if (byte === 0x3c && standsAt(bytes, at, "<x:xmpmeta")) end = this.xmp(at, "</x:xmpmeta>");
      else if (byte === 0x3c && standsAt(bytes, at, "<rdf:RDF")) end = this.xmp(at, "</rdf:RDF>");
      else if (byte === 0x73 && !this.isPacked && standsAt(bytes, at, "stream")) end = this.stream(at);
      at = Math.max(end, at + 1);
    }
  }

  /** A key of the file's information, and its value. Returns where to go on. */
  private key(at: number): number {
    const { bytes, found } = this;
    const end = afterRegular(bytes, at + 1, Math.min(bytes.length, at + 64));
    const name = asText(bytes.subarray(at, end));
    if (name === "/EmbeddedFile") found.left.add("other");
    else if (name === "/ByteRange") {
      found.isSigned = true;
      found.left.add("author");
    } else if (name === "/PieceInfo") add(found.left, "author", "other");
    else if (name === "/T" || name === "/M") return this.note(at, end);
    else if (name === "/ID") return this.identifier(at, end);
    const rule = rules.pdf.find(({ key }) => key === name);
    if (!rule) return at + 1;
    if (this.information(at, end)) return end;
    if (rule.beside && !isInformation(bytes, at)) return at + 1;
    if (!this.spend(64)) {
      found.left.add(rule.trace);
      return at + 1;
    }
    const value = afterSpace(bytes, end);
    const until = endOfText(bytes, value);
    if (until !== undefined) {
      this.overwrite(value, until, rule.trace);
      return until;
    }
    if (bytes[value] === 0x28) this.spend(LONGEST / 2);
    const reference = referenceAt(bytes, value);
    if (!reference) return end;
    this.follow(reference.number, rule.trace);
    return reference.end;
  }

  /** Makes a text an empty one. */
  private overwrite(start: number, end: number, trace: Trace): void {
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
  follow(number: number, trace: Trace): void {
    if (this.isPacked) {
      this.pointed.push([number, trace]);
      return;
    }
    this.objects ??= objectsOf(this.bytes);
    const places = this.objects.get(number);
    if (!places) this.found.left.add(trace);
    for (const place of places ?? []) {
      const start = afterSpace(this.bytes, place);
      const end = endOfText(this.bytes, start);
      if (end === undefined) this.found.left.add(trace);
      else this.overwrite(start, end, trace);
    }
    // Once is enough, however often it is pointed at.
    if (places) this.objects.set(number, []);
  }

  private spend(bytes: number): boolean {
    const enough = this.effort >= bytes;
    this.effort = Math.max(0, this.effort - bytes);
    return enough;
  }

  private xmp(at: number, end: string): number {
    const within = Math.min(this.bytes.length, at + LONGEST);
    const close = this.effort < within - at ? -1 : find(this.bytes, end, at, within);
    if (close < 0) {
      this.spend(within - at);
      this.found.left.add("other");
      return at + 1;
    }
    const notes = this.bytes.subarray(at, close + end.length);
    add(this.found.removed, ...toldBy(notes));
    notes.fill(0x20);
    return close + end.length;
  }

  /** What a stream begins with: a photo with its notes, or a packed store of objects. */
  private stream(at: number): number {
    const { bytes, found } = this;
    const before = trimmed(asText(bytes.subarray(Math.max(0, at - DESCRIPTION), at)));
    if (!before.endsWith(">>") || !this.spend(64)) return at + 6;
    const description = before.slice(Math.max(0, before.lastIndexOf("obj")));
    const says = (words: string) => description.includes(words);
    let start = at + 6;
    if (bytes[start] === 0x0d) start += 1;
    if (bytes[start] === 0x0a) start += 1;
    const isNotes = /\/Type ?\/Metadata|\/Subtype \/XML/.test(description);
    if (standsAt(bytes, start, "\xFF\xD8\xFF")) blankJpeg(bytes.subarray(start), found);
    else if (isNotes && !says("/Filter") && !isXmp(asText(bytes.subarray(start, start + DESCRIPTION)))) {
      // Locked, or in letters that are not looked for.
      add(found.left, "author", "other");
    } else if ((says("/ObjStm") || says("/Metadata")) && says("/Filter")) {
      const end = find(bytes, "endstream", start, Math.min(bytes.length, start + LONGEST));
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
  private information(at: number, keyEnd: number): boolean {
    const here = afterSpace(this.bytes, keyEnd);
    // All of this dictionary is overwritten already.
    if (at < this.informed) return this.bytes[here] === 0x28 || this.bytes[here] === 0x3c;
    const texts = this.textsOfInformation(this.dictionary(at));
    if (!texts) return false;
    // Where a value stands elsewhere, the rule of its key follows it.
    this.informed = Math.max(0, ...texts.map(({ value }) => value.end));
    for (const { key, value } of texts) {
      this.overwrite(value.start, value.end, rules.pdf.find((rule) => rule.key === key)?.trace ?? "other");
    }
    return texts.some(({ value }) => value.start === here);
  }

  /** Returns the texts of a dictionary; undefined if it is not the file's information, which has nothing but texts. */
  private textsOfInformation(entries: Entry[] | undefined): Entry[] | undefined {
    const isKnown = (key: string) => rules.pdf.some((rule) => rule.key === key);
    if (!entries?.some(({ key }) => isKnown(key))) return undefined;
    const texts = entries.filter(({ value }) => this.isText(value));
    const isOther = ({ key, value }: Entry) =>
      // A text elsewhere is followed by its own rule.
      !this.isText(value) && key !== "/Trapped" && !(isKnown(key) && this.bytes[value.end - 1] === 0x52);
    return entries.some(isOther) ? undefined : texts;
  }

  private isText({ start }: Span): boolean {
    return this.bytes[start] === 0x28 || (this.bytes[start] === 0x3c && this.bytes[start + 1] !== 0x3c);
  }

  /** Name or date of a note on a page: other notes of the same author keep the same neutral name. */
  private note(at: number, keyEnd: number): number {
    const { bytes } = this;
    const start = afterSpace(bytes, keyEnd);
    if (bytes[start] !== 0x28 && bytes[start] !== 0x3c) return at + 1;
    if (this.effort < 64) {
      this.found.left.add("history");
      return at + 1;
    }
    const entries = this.dictionary(at);
    const isNote = entries?.some(({ key, value }) => key === "/Subtype" && NOTES.test(asText(bytes.subarray(value.start, value.end))));
    const end = endOfText(bytes, start);
    if (!isNote || entries?.some(({ key }) => key === "/FT") || end === undefined) return at + 1;
    if (standsAt(bytes, start, "(D:")) this.overwrite(start, end, "history");
    else this.rename(start, end);
    return end;
  }

  /** Puts a neutral name in the place of an author's, where it fits. */
  private rename(start: number, end: number): void {
    const author = trimmed(asText(this.bytes.subarray(start + 1, end - 1)));
    if (author === "") return;
    const isHex = this.bytes[start] === 0x3c;
    const name = this.names.of(author);
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
  private identifier(at: number, keyEnd: number): number {
    const { bytes } = this;
    const start = afterSpace(bytes, keyEnd);
    if (bytes[start] !== 0x5b || this.isPacked) return at + 1;
    const keys = this.dictionary(at)?.map(({ key }) => key) ?? [];
    if (!keys.includes("/Root") || keys.includes("/Encrypt")) return at + 1;
    for (let text = afterSpace(bytes, start + 1), end = endOfText(bytes, text); end !== undefined; end = endOfText(bytes, text)) {
      const number = bytes.subarray(text + 1, end - 1);
      if (number.some((byte) => byte !== 0x30)) {
        this.found.removed.add("other");
        number.fill(0x30);
      }
      text = afterSpace(bytes, end);
    }
    return at + 1;
  }

  /** The dictionary around a key, as long as there is something left to look through it. */
  private dictionary(at: number): Entry[] | undefined {
    if (this.effort === 0) return undefined;
    const { entries, effort } = dictionaryAround(this.bytes, at);
    this.effort = Math.max(0, this.effort - effort);
    return entries;
  }
}

/** Where the objects with generation 0 begin, behind `obj`, by their numbers. */
function objectsOf(bytes: Uint8Array): Map<number, number[]> {
  const objects = new Map<number, number[]>();
  for (let at = find(bytes, "obj"); at >= 0; at = find(bytes, "obj", at + 3)) {
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
function isInformation(bytes: Uint8Array, at: number): boolean {
  const before = asText(bytes.subarray(Math.max(0, at - DESCRIPTION), at));
  const start = before.lastIndexOf("<<");
  // Information holds nothing nested.
  if (start < 0 || before.lastIndexOf(">>") > start) return false;
  const around = before.slice(start) + asText(bytes.subarray(at, at + DESCRIPTION)).split(">>")[0]!;
  return rules.pdf.some((rule) => !rule.beside && around.includes(rule.key));
}
