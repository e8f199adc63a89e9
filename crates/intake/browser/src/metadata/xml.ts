// Rewrites the XML of office files and drawings by rules. What no rule changes is copied byte for
// byte. From the first malformed XML on, everything is copied unchanged and reported.
import { type Bytes, utf8 } from "../bytes.ts";
import type { AuthorPseudonyms } from "./pseudonyms.ts";
import { type ValueRule, applyReplacement, isEmptied, isPath, isSignature, knowsRoot, ruleForAttribute, ruleForText } from "./office_rules.ts";
import { type ScrubFindings, type MetadataKind, addKinds, asBytes, asText, recordSignature, classifyText, trimWhitespace } from "./rules.ts";
import { isRemovedElement, scrubSvgElement } from "./svg.ts";
import { type XmlAttribute, type XmlElement, type XmlToken, parseElement, localName, elementName, tokenize, writeElement } from "./xml_tokens.ts";

/** Maximum nesting of elements. */
const MAX_DEPTH = 1000;
/** Bytes of removed content that are classified. */
const INSPECT_LIMIT = 65_536;
/** Maximum length in bytes of a text that a rule replaces. A longer text is not a name. */
const MAX_TEXT_LEN = 65_536;

/** Rewrites the part with this name. Returns its new content, or undefined if nothing changes. */
export function rewriteXml(plain: Bytes, pseudonyms: AuthorPseudonyms, found: ScrubFindings, part: string): Bytes | undefined {
  const utf16 = utf16Encoding(plain);
  const xml = utf16 ? asText(utf8(new TextDecoder(utf16).decode(plain))) : asText(plain);
  const rewriter = new XmlRewriter(pseudonyms, found, part, utf16 !== undefined);
  const written = rewriter.rewrite(xml);
  return rewriter.changed ? asBytes(written) : undefined;
}

/**
 * Returns the UTF-16 variant of a text, or undefined for an encoding that agrees with ASCII where
 * the parser needs it.
 */
function utf16Encoding(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return "utf-16le";
  return (first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c) ? "utf-16be" : undefined;
}

/** How a part is rewritten. Its root element decides. */
type RewriteMode = "before" | "rules" | "svg" | "emptied";

class XmlRewriter {
  changed = false;
  private readonly out: string[] = [];
  private root = "";
  private mode: RewriteMode = "before";
  private depth = 0;
  /** The depth of an element that is removed with its content. */
  private droppedDepth: number | undefined;
  /** A text whose end has not been read yet, and the rule for it. */
  private pendingText: { rule: ValueRule; raw: string; value: string } | undefined;
  /** Of an emptied part: its reduced root, and the beginning of its removed content. */
  private emptied = { root: "", inside: "" };

  constructor(
    private readonly pseudonyms: AuthorPseudonyms,
    private readonly found: ScrubFindings,
    private readonly part: string,
    private readonly isUtf16: boolean,
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
      if (this.droppedDepth === undefined) this.handleElement(token);
    } else if (kind === "end") {
      this.flushText();
      const wasDropped = this.droppedDepth !== undefined;
      if (this.droppedDepth === this.depth) this.droppedDepth = undefined;
      this.depth = Math.max(0, this.depth - 1);
      if (!wasDropped) this.writeRaw(raw);
    } else if (kind === "text" || kind === "cdata") this.text(token);
    else if (kind === "declaration") this.out.push(this.isUtf16 ? declareUtf8(raw) : raw);
    else if (kind === "comment" || (kind === "instruction" && !raw.startsWith("<?mso-"))) this.removeMarkup(raw);
    else {
      // Entities may contain anything.
      if (kind === "doctype" && raw.includes("[")) this.found.left.add("other");
      this.writeRaw(raw);
    }
  }

  private text({ kind, raw }: XmlToken): void {
    // Text outside the root is not well-formed.
    if (this.mode === "before" && trimWhitespace(raw) !== "") this.found.left.add("other");
    if (this.pendingText && this.pendingText.raw.length + raw.length > MAX_TEXT_LEN) this.flushText();
    if (this.pendingText) {
      this.pendingText.raw += raw;
      this.pendingText.value += kind === "cdata" ? raw.slice(9, -3) : raw;
    } else this.writeRaw(raw);
  }

  /** Writes what is not removed. */
  private writeRaw(raw: string): void {
    if (this.droppedDepth !== undefined) return;
    if (this.mode !== "emptied") this.out.push(raw);
    else if (this.emptied.inside.length < INSPECT_LIMIT) this.emptied.inside += raw.slice(0, INSPECT_LIMIT);
  }

  /** Removes a comment or processing instruction. */
  private removeMarkup(raw: string): void {
    if (this.mode === "emptied") this.writeRaw(raw);
    // The text around it may yet be retained unchanged.
    else if (this.pendingText) this.pendingText.raw += raw;
    else this.recordRemoved(...classifyText(raw));
  }

  private recordRemoved(...kinds: MetadataKind[]): void {
    addKinds(this.found.removed, ...kinds);
    this.changed = true;
  }

  private handleElement(token: XmlToken): void {
    const element = parseElement(token);
    if (this.mode === "before") {
      this.mode = this.classifyRoot(elementName(token.raw), element);
      if (this.mode === "emptied") return;
    }
    if (this.mode === "emptied") this.writeRaw(token.raw);
    else if (this.mode === "svg") this.rewriteSvgElement(token, element);
    else if (element) this.applyRules(token.raw, element);
    else {
      this.found.left.add("other");
      this.out.push(token.raw);
    }
  }

  /** Chooses the mode by the root element. */
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
    if (root === "svg") return "svg";
    if (!knowsRoot(root)) this.found.left.add("other");
    return "rules";
  }

  private rewriteSvgElement(token: XmlToken, element: XmlElement | undefined): void {
    const rewritten = element && scrubSvgElement(element, this.found);
    if (rewritten && rewritten !== element) {
      this.changed = true;
      this.out.push(writeElement(rewritten));
    } else if (rewritten || (!element && !isRemovedElement(elementName(token.raw)))) {
      if (!element) this.found.left.add("other");
      this.out.push(token.raw);
    } else {
      this.recordRemoved(...classifyText(token.raw));
      if (token.kind === "start") this.droppedDepth = this.depth;
    }
  }

  private applyRules(raw: string, element: XmlElement): void {
    const { attributes, isEmpty } = element;
    const context = { root: this.root, local: localName(element.name), attributes };
    const rule = isEmpty ? undefined : ruleForText(context);
    if (rule) this.pendingText = { rule, raw: "", value: "" };
    const written = attributes.map((attribute) => this.rewriteAttribute(attribute, ruleForAttribute(context, localName(attribute.name))));
    const isSame = written.every(({ value }, n) => value === attributes[n]!.value);
    this.out.push(isSame ? raw : writeElement({ ...element, attributes: written }));
  }

  private rewriteAttribute(attribute: XmlAttribute, rule: ValueRule | undefined): XmlAttribute {
    const { name, value } = attribute;
    if (name.startsWith("xmlns") || value === "") return attribute;
    if (rule) return { name, value: this.replaceValue(rule.kind, rule.put, value) };
    return isPath(value) ? { name, value: this.replaceValue("author", "@path", value) } : attribute;
  }

  private replaceValue(kind: MetadataKind, replacement: string, value: string): string {
    const { isReported, text } = applyReplacement(replacement, value, this.pseudonyms);
    if (isReported) this.found.left.add(kind);
    else if (text !== value) this.recordRemoved(kind);
    return text;
  }

  /** Applies the rule to a complete text. */
  private flushText(): void {
    if (!this.pendingText) return;
    const { rule, raw, value } = this.pendingText;
    this.pendingText = undefined;
    const text = trimWhitespace(value) === "" ? value : this.replaceValue(rule.kind, rule.put, value);
    this.out.push(text === value ? raw : text);
  }

  /** Writes the root of an emptied part, without its content. */
  private finishEmptied(): void {
    const inside = trimWhitespace(this.emptied.inside);
    // The end tag of the root, if there is one.
    if (inside !== "" && !inside.startsWith("</")) this.recordRemoved(...classifyText(inside));
    else if (this.changed) this.found.removed.add("other");
    this.out.push(this.emptied.root);
  }

  /** Ends the rewrite at malformed XML. */
  private abandonRewrite(rest: string): void {
    if (this.mode === "emptied") {
      // Only the root may stay, whatever follows.
      this.recordRemoved(...classifyText(this.emptied.inside + rest.slice(0, INSPECT_LIMIT)));
      this.out.push(this.emptied.root);
      return;
    }
    addKinds(this.found.left, "history", "other");
    this.out.push(rest);
  }
}

/** Returns the declaration of UTF-16 input that is written as UTF-8. */
function declareUtf8(declaration: string): string {
  return `<?xml version="1.0" encoding="UTF-8"${declaration.includes("standalone") ? ' standalone="yes"' : ""}?>`;
}
