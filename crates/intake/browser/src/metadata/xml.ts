// The XML of office files and drawings, rewritten by rules. What no rule touches goes on byte for
// byte; from a place on that is no XML, everything does, and is told.
import { type Bytes, utf8 } from "../bytes.ts";
import type { AuthorPseudonyms } from "./pseudonyms.ts";
import { type ValueRule, applyReplacement, isEmptied, isPath, isSignature, knowsRoot, ruleForAttribute, ruleForText } from "./office_rules.ts";
import { type ScrubFindings, type MetadataKind, addKinds, asBytes, asText, recordSignature, classifyText, trimWhitespace } from "./rules.ts";
import { isRemovedElement, scrubSvgElement } from "./svg.ts";
import { type XmlAttribute, type XmlElement, type XmlToken, parseElement, localName, elementName, tokenize, writeElement } from "./xml_tokens.ts";

/** Elements inside one another, at most. */
const MAX_DEPTH = 1000;
/** Of what is left out, so much is looked into. */
const INSPECT_LIMIT = 65_536;
/** A text that is longer is no name. */
const MAX_TEXT_LEN = 65_536;

/** Rewrites a part with this name. Returns its content as it is to be; undefined if nothing is to be changed. */
export function rewriteXml(plain: Bytes, names: AuthorPseudonyms, found: ScrubFindings, part: string): Bytes | undefined {
  const wide = utf16Encoding(plain);
  const xml = wide ? asText(utf8(new TextDecoder(wide).decode(plain))) : asText(plain);
  const rewriter = new XmlRewriter(names, found, part, wide !== undefined);
  const written = rewriter.rewrite(xml);
  return rewriter.changed ? asBytes(written) : undefined;
}

/** Which UTF-16 a text is written in; undefined for letters that are ASCII where it matters. */
function utf16Encoding(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return "utf-16le";
  return (first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c) ? "utf-16be" : undefined;
}

/** How a part is treated; its root says so. */
type RewriteMode = "before" | "rules" | "drawing" | "emptied";

class XmlRewriter {
  changed = false;
  private readonly out: string[] = [];
  private root = "";
  private mode: RewriteMode = "before";
  private depth = 0;
  /** The depth of an element that is left out with all that is in it. */
  private dropped: number | undefined;
  /** A text that a rule is about. */
  private awaited: { rule: ValueRule; raw: string; value: string } | undefined;
  /** Of a part that is emptied: what stays of its root, and what was in it. */
  private emptied = { root: "", inside: "" };

  constructor(
    private readonly names: AuthorPseudonyms,
    private readonly found: ScrubFindings,
    private readonly part: string,
    private readonly isWide: boolean,
  ) {}

  rewrite(xml: string): string {
    const start = xml.startsWith("\xEF\xBB\xBF") ? 3 : 0;
    this.out.push(xml.slice(0, start));
    const tokens = tokenize(xml.slice(start));
    let [next, at] = [tokens.next(), start];
    for (; !next.done && this.depth <= MAX_DEPTH; next = tokens.next()) {
      this.handleToken(next.value);
      at += next.value.raw.length;
    }
    this.flushText();
    if (at < xml.length) this.abandonRewrite(xml.slice(at));
    else if (this.mode === "emptied") this.finishEmptied();
    return this.out.join("");
  }

  private handleToken(token: XmlToken): void {
    const { kind, raw } = token;
    if (kind === "start" || kind === "empty") {
      this.flushText();
      if (kind === "start") this.depth += 1;
      if (this.dropped === undefined) this.handleElement(token);
    } else if (kind === "end") {
      this.flushText();
      const wasDropped = this.dropped !== undefined;
      if (this.dropped === this.depth) this.dropped = undefined;
      this.depth = Math.max(0, this.depth - 1);
      if (!wasDropped) this.writeRaw(raw);
    } else if (kind === "text" || kind === "cdata") this.text(token);
    else if (kind === "declaration") this.out.push(this.isWide ? declareUtf8(raw) : raw);
    else if (kind === "comment" || (kind === "instruction" && !raw.startsWith("<?mso-"))) this.removeMarkup(raw);
    else {
      // Entities may hold anything.
      if (kind === "doctype" && raw.includes("[")) this.found.left.add("other");
      this.writeRaw(raw);
    }
  }

  private text({ kind, raw }: XmlToken): void {
    // Words without a root are no XML.
    if (this.mode === "before" && trimWhitespace(raw) !== "") this.found.left.add("other");
    if (this.awaited && this.awaited.raw.length + raw.length > MAX_TEXT_LEN) this.flushText();
    if (this.awaited) {
      this.awaited.raw += raw;
      this.awaited.value += kind === "cdata" ? raw.slice(9, -3) : raw;
    } else this.writeRaw(raw);
  }

  /** Gives on what is not left out. */
  private writeRaw(raw: string): void {
    if (this.dropped !== undefined) return;
    if (this.mode !== "emptied") this.out.push(raw);
    else if (this.emptied.inside.length < INSPECT_LIMIT) this.emptied.inside += raw.slice(0, INSPECT_LIMIT);
  }

  /** A remark that is no content. */
  private removeMarkup(raw: string): void {
    if (this.mode === "emptied") this.writeRaw(raw);
    // Within a text that may yet stay as it is.
    else if (this.awaited) this.awaited.raw += raw;
    else this.recordRemoved(...classifyText(raw));
  }

  private recordRemoved(...traces: MetadataKind[]): void {
    addKinds(this.found.removed, ...traces);
    this.changed = true;
  }

  private handleElement(token: XmlToken): void {
    const element = parseElement(token);
    if (this.mode === "before") {
      this.mode = this.classifyRoot(elementName(token.raw), element);
      if (this.mode === "emptied") return;
    }
    if (this.mode === "emptied") this.writeRaw(token.raw);
    else if (this.mode === "drawing") this.rewriteSvgElement(token, element);
    else if (element) this.applyRules(token.raw, element);
    else {
      this.found.left.add("other");
      this.out.push(token.raw);
    }
  }

  /** The root says what the part is. */
  private classifyRoot(name: string, element: XmlElement | undefined): RewriteMode {
    const root = localName(name);
    this.root = root;
    if (isSignature(root)) {
      recordSignature(this.found);
      return "rules";
    }
    if (isEmptied(root, this.part)) {
      const attributes = element?.attributes ?? [];
      const kept = attributes.filter(({ name }) => name.startsWith("xmlns") || localName(name) === "version");
      this.changed ||= !element || kept.length < attributes.length;
      this.emptied.root = writeElement({ name, attributes: kept, isEmpty: true });
      return "emptied";
    }
    if (root === "svg") return "drawing";
    if (!knowsRoot(root)) this.found.left.add("other");
    return "rules";
  }

  private rewriteSvgElement(token: XmlToken, element: XmlElement | undefined): void {
    const became = element && scrubSvgElement(element, this.found);
    if (became && became !== element) {
      this.changed = true;
      this.out.push(writeElement(became));
    } else if (became || (!element && !isRemovedElement(elementName(token.raw)))) {
      if (!element) this.found.left.add("other");
      this.out.push(token.raw);
    } else {
      this.recordRemoved(...classifyText(token.raw));
      if (token.kind === "start") this.dropped = this.depth;
    }
  }

  private applyRules(raw: string, element: XmlElement): void {
    const { attributes, isEmpty } = element;
    const place = { root: this.root, local: localName(element.name), attributes };
    const rule = isEmpty ? undefined : ruleForText(place);
    if (rule) this.awaited = { rule, raw: "", value: "" };
    const written = attributes.map((rewriteAttribute) => this.attribute(rewriteAttribute, ruleForAttribute(place, localName(rewriteAttribute.name))));
    const isSame = written.every(({ value }, n) => value === attributes[n]!.value);
    this.out.push(isSame ? raw : writeElement({ ...element, attributes: written }));
  }

  private attribute(attribute: XmlAttribute, rule: ValueRule | undefined): XmlAttribute {
    const { name, value } = attribute;
    if (name.startsWith("xmlns") || value === "") return attribute;
    if (rule) return { name, value: this.replaceValue(rule.trace, rule.put, value) };
    return isPath(value) ? { name, value: this.replaceValue("author", "@path", value) } : attribute;
  }

  private replaceValue(trace: MetadataKind, put: string, value: string): string {
    const { told, text } = applyReplacement(put, value, this.names);
    if (told) this.found.left.add(trace);
    else if (text !== value) this.recordRemoved(trace);
    return text;
  }

  /** The text that a rule is about is all there. */
  private flushText(): void {
    if (!this.awaited) return;
    const { rule, raw, value } = this.awaited;
    this.awaited = undefined;
    const text = trimWhitespace(value) === "" ? value : this.replaceValue(rule.trace, rule.put, value);
    this.out.push(text === value ? raw : text);
  }

  /** Nothing stays of the part but its root. */
  private finishEmptied(): void {
    const inside = trimWhitespace(this.emptied.inside);
    // The end of the root, where it has one.
    if (inside !== "" && !inside.startsWith("</")) this.recordRemoved(...classifyText(inside));
    else if (this.changed) this.found.removed.add("other");
    this.out.push(this.emptied.root);
  }

  /** From here on it is no XML. */
  private abandonRewrite(rest: string): void {
    if (this.mode === "emptied") {
      // Its root is all that may stay, whatever follows.
      this.recordRemoved(...classifyText(this.emptied.inside + rest.slice(0, INSPECT_LIMIT)));
      this.out.push(this.emptied.root);
      return;
    }
    addKinds(this.found.left, "history", "other");
    this.out.push(rest);
  }
}

/** The declaration of what came in UTF-16 and goes on in UTF-8. */
function declareUtf8(declaration: string): string {
  return `<?xml version="1.0" encoding="UTF-8"${declaration.includes("standalone") ? ' standalone="yes"' : ""}?>`;
}
