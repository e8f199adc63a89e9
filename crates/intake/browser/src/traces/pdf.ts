// PDF: what tells something is overwritten where it stands, for a PDF finds its parts by their distance from the beginning.
import { type Found, type Trace, asText, rules, toldBy } from "./rules.ts";

/** A text: `(…)`, with brackets one deep, or `<…>`. */
const VALUE = String.raw`\((?:[^()\\]|\\[\s\S]|\((?:[^()\\]|\\[\s\S])*\))*\)|<(?!<)[^<>]*>`;
/** So far around a key its neighbours are looked for. */
const BESIDE = 2048;

export function blankPdf(bytes: Uint8Array, found: Found): void {
  const text = asText(bytes);
  for (const { trace, key, beside } of rules.pdf as { trace: Trace; key: string; beside?: boolean }[]) {
    for (const hit of text.matchAll(new RegExp(String.raw`${key.replace(".", "\\.")}\s*(?:(${VALUE})|(\d+) 0 R\b)`, "g"))) {
      if (beside && !isInformation(text, hit.index)) continue;
      const at = hit.index + hit[0].length;
      if (hit[1] !== undefined) blankValue(bytes, at - hit[1].length, hit[1], trace, found);
      else blankObject(bytes, text, hit[2]!, trace, found);
    }
  }
  for (const [begin, end] of [["<x:xmpmeta", "</x:xmpmeta>"], ["<rdf:RDF", "</rdf:RDF>"]] as const) blankNotes(bytes, text, begin, end, found);
  blankPhotos(bytes, text, found);
  // What is packed cannot be overwritten here.
  if (text.includes("/ObjStm") || text.includes("/EmbeddedFile")) found.left.add("other");
  if (text.includes("/Popup")) found.left.add("history");
}

function blankValue(bytes: Uint8Array, at: number, value: string, trace: Trace, found: Found): void {
  if (value.slice(1, -1).trim() === "") return;
  found.removed.add(trace);
  bytes.fill(0x20, at + 1, at + value.length);
  bytes[value.startsWith("(") ? at + 1 : at + value.length - 1] = value.startsWith("(") ? 0x29 : 0x3e;
}

/** The text that is all of an object. */
function blankObject(bytes: Uint8Array, text: string, number: string, trace: Trace, found: Found): void {
  const object = new RegExp(String.raw`\b${number} 0 obj\s*(${VALUE})`).exec(text);
  if (object) blankValue(bytes, object.index + object[0].length - object[1]!.length, object[1]!, trace, found);
  else found.left.add(trace);
}

/** Is the key at this place one of the file's information, and not of its content? Information holds nothing nested. */
function isInformation(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - BESIDE), at);
  const start = before.lastIndexOf("<<");
  if (start < 0 || before.lastIndexOf(">>") > start) return false;
  const around = before.slice(start) + text.slice(at, at + BESIDE).split(">>")[0]!;
  return rules.pdf.some((rule) => !("beside" in rule) && around.includes(rule.key));
}

function blankNotes(bytes: Uint8Array, text: string, begin: string, end: string, found: Found): void {
  for (let at = text.indexOf(begin); at >= 0; ) {
    const close = text.indexOf(end, at);
    if (close < 0) return;
    const notes = bytes.subarray(at, close + end.length);
    if (notes.some((byte) => byte !== 0x20)) toldBy(notes, found.removed);
    notes.fill(0x20);
    at = text.indexOf(begin, close);
  }
}

/** Notes of cameras in photos that are kept as they were. */
function blankPhotos(bytes: Uint8Array, text: string, found: Found): void {
  for (const { index } of text.matchAll(/\u00FF\u00E1[^]{2}Exif\0\0/g)) {
    const at = text.indexOf("Exif\0\0", index);
    const len = (bytes[at - 2]! << 8) | bytes[at - 1]!;
    const notes = bytes.subarray(at, at - 2 + len);
    toldBy(notes, found.removed);
    // The pointer to a place, in both orders of bytes.
    if (/\u02C6%|%\u02C6/.test(asText(notes))) found.removed.add("place");
    notes.fill(0);
  }
}
