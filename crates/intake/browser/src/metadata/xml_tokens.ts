// The tokens of XML 1.0, each as it is written. Each character is one byte: the parser needs only
// ASCII.

export type TokenKind = "start" | "empty" | "end" | "text" | "cdata" | "declaration" | "instruction" | "comment" | "doctype";

export interface XmlToken {
  kind: TokenKind;
  raw: string;
}

/**
 * Yields the tokens of a text. Returns the offset of the first malformed XML, or the length of the
 * text.
 */
export function* tokenize(xml: string): Generator<XmlToken, number> {
  for (let at = 0; at < xml.length; ) {
    const [kind, end] = xml[at] === "<" ? markupAt(xml, at) : (["text", endOr(xml.indexOf("<", at), xml.length)] as const);
    if (kind === undefined) return at;
    yield { kind, raw: xml.slice(at, end) };
    at = end;
  }
  return xml.length;
}

const endOr = (end: number, other: number): number => (end < 0 ? other : end);

/**
 * Returns kind and end of the markup that begins at an offset. The kind is undefined if the markup
 * is malformed.
 */
function markupAt(xml: string, at: number): [TokenKind | undefined, number] {
  const until = (kind: TokenKind, end: string, from: number): [TokenKind | undefined, number] => {
    const found = xml.indexOf(end, from);
    return found < 0 ? [undefined, at] : [kind, found + end.length];
  };
  if (xml.startsWith("<?>", at)) return [undefined, at];
  if (xml.startsWith("<!--", at)) return until("comment", "-->", at + 4);
  if (xml.startsWith("<![CDATA[", at)) return until("cdata", "]]>", at + 9);
  if (/^<!doctype/i.test(xml.slice(at, at + 9))) return endOfDoctype(xml, at);
  if (xml[at + 1] === "?") return until(/^<\?xml[ \t\r\n?]/.test(xml.slice(at, at + 6)) ? "declaration" : "instruction", "?>", at + 2);
  if (xml[at + 1] === "!") return [undefined, at];
  return endOfElement(xml, at);
}

/** Finds the end of a tag. A `>` within quotes does not end it. */
function endOfElement(xml: string, start: number): [TokenKind | undefined, number] {
  let at = start + 1;
  for (;;) {
    const end = xml.indexOf(">", at);
    if (end < 0) return [undefined, start];
    const quote = /["']/.exec(xml.slice(at, end));
    if (!quote && xml[start + 1] === "/") return ["end", end + 1];
    if (!quote) return [xml[end - 1] === "/" && end - 1 > start ? "empty" : "start", end + 1];
    const close = xml.indexOf(quote[0], at + quote.index + 1);
    if (close < 0) return [undefined, start];
    at = close + 1;
  }
}

/** Finds the end of a document type. Declarations within brackets may contain a `>`. */
function endOfDoctype(xml: string, start: number): [TokenKind | undefined, number] {
  for (let [at, depth] = [start + 9, 0]; at < xml.length; at += 1) {
    const character = xml[at];
    if (character === '"' || character === "'") {
      at = xml.indexOf(character, at + 1);
      if (at < 0) break;
    } else if (character === "<" || character === "[") depth += 1;
    else if (character === "]") depth -= 1;
    else if (character === ">") {
      if (depth <= 0) return ["doctype", at + 1];
      depth -= 1;
    }
  }
  return [undefined, start];
}

export interface XmlAttribute {
  name: string;
  value: string;
}

export interface XmlElement {
  name: string;
  attributes: XmlAttribute[];
  isEmpty: boolean;
}

const ATTRIBUTE = /[ \t\r\n]*([^ \t\r\n=]+)[ \t\r\n]*=[ \t\r\n]*(?:"([^"]*)"|'([^']*)')/y;

/** Parses an element. Returns undefined if its attributes are malformed. */
export function parseElement({ kind, raw }: XmlToken): XmlElement | undefined {
  const name = elementName(raw);
  const end = raw.length - (kind === "empty" ? 2 : 1);
  const attributes: XmlAttribute[] = [];
  ATTRIBUTE.lastIndex = 1 + name.length;
  for (let at = ATTRIBUTE.lastIndex; ; at = ATTRIBUTE.lastIndex) {
    const found = ATTRIBUTE.exec(raw);
    if (found) attributes.push({ name: found[1]!, value: found[2] ?? found[3]! });
    else return /^[ \t\r\n]*$/.test(raw.slice(at, end)) ? { name, attributes, isEmpty: kind === "empty" } : undefined;
  }
}

/** Returns the name with which an element begins. */
export const elementName = (raw: string): string => /^<([^ \t\r\n]*?)(?:[ \t\r\n]|\/?>$)/.exec(raw)?.[1] ?? "";

/** Returns a name without its prefix. */
export const localName = (name: string): string => name.slice(name.indexOf(":") + 1);

/** Writes an element with its attributes. */
export function writeElement({ name, attributes, isEmpty }: XmlElement): string {
  const attributesText = attributes.map(({ name, value }) => {
    const quote = value.includes('"') ? "'" : '"';
    return ` ${name}=${quote}${value}${quote}`;
  });
  return `<${name}${attributesText.join("")}${isEmpty ? "/>" : ">"}`;
}
