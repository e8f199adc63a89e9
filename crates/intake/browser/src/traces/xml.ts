// The XML of office files and drawings, rewritten by rules. What no rule touches goes on byte for byte; from a place on that is no XML,
// everything does, and is told.
import { type Bytes, utf8 } from "../bytes.ts";
import type { Names } from "./names.ts";
import { type Rule, insteadOf, isEmptied, isPath, isSignature, knowsRoot, ruleForAttribute, ruleForText } from "./office_rules.ts";
import { type Finding, type Trace, add, asBytes, asText, sign, toldByText, trimmed } from "./rules.ts";
import { isLeftOut, judge } from "./svg.ts";
import { type Attribute, type Element, type Token, elementOf, localName, nameOf, tokensOf, writeElement } from "./xml_tokens.ts";

/** Elements inside one another, at most. */
const DEEPEST = 1000;
/** Of what is left out, so much is looked into. */
const LOOKED_AT = 65_536;
/** A text that is longer is no name. */
const LONGEST_NAME = 65_536;

/** Rewrites a part with this name. Returns its content as it is to be; undefined if nothing is to be changed. */
export function rewriteXml(plain: Bytes, names: Names, found: Finding, part: string): Bytes | undefined {
  const wide = wideLetters(plain);
  const xml = wide ? asText(utf8(new TextDecoder(wide).decode(plain))) : asText(plain);
  const rewriter = new Rewriter(names, found, part, wide !== undefined);
  const written = rewriter.rewrite(xml);
  return rewriter.changed ? asBytes(written) : undefined;
}

/** Which UTF-16 a text is written in; undefined for letters that are ASCII where it matters. */
function wideLetters(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return "utf-16le";
  return (first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c) ? "utf-16be" : undefined;
}

/** How a part is treated; its root says so. */
type Mode = "before" | "rules" | "drawing" | "emptied";

class Rewriter {
  changed = false;
  private readonly out: string[] = [];
  private root = "";
  private mode: Mode = "before";
  private depth = 0;
  /** The depth of an element that is left out with all that is in it. */
  private dropped: number | undefined;
  /** A text that a rule is about. */
  private awaited: { rule: Rule; raw: string; value: string } | undefined;
  /** Of a part that is emptied: what stays of its root, and what was in it. */
  private emptied = { root: "", inside: "" };

  constructor(
    private readonly names: Names,
    private readonly found: Finding,
    private readonly part: string,
    private readonly isWide: boolean,
  ) {}

  rewrite(xml: string): string {
    const start = xml.startsWith("\xEF\xBB\xBF") ? 3 : 0;
    this.out.push(xml.slice(0, start));
    const tokens = tokensOf(xml.slice(start));
    let [next, at] = [tokens.next(), start];
    for (; !next.done && this.depth <= DEEPEST; next = tokens.next()) {
      this.token(next.value);
      at += next.value.raw.length;
    }
    this.flushText();
    if (at < xml.length) this.giveUp(xml.slice(at));
    else if (this.mode === "emptied") this.empty();
    return this.out.join("");
  }

  private token(token: Token): void {
    const { kind, raw } = token;
    if (kind === "start" || kind === "empty") {
      this.flushText();
      if (kind === "start") this.depth += 1;
      if (this.dropped === undefined) this.element(token);
    } else if (kind === "end") {
      this.flushText();
      const wasDropped = this.dropped !== undefined;
      if (this.dropped === this.depth) this.dropped = undefined;
      this.depth = Math.max(0, this.depth - 1);
      if (!wasDropped) this.pass(raw);
    } else if (kind === "text" || kind === "cdata") this.text(token);
    else if (kind === "declaration") this.out.push(this.isWide ? narrow(raw) : raw);
    else if (kind === "comment" || (kind === "instruction" && !raw.startsWith("<?mso-"))) this.leaveOut(raw);
    else {
      // Entities may hold anything.
      if (kind === "doctype" && raw.includes("[")) this.found.left.add("other");
      this.pass(raw);
    }
  }

  private text({ kind, raw }: Token): void {
    // Words without a root are no XML.
    if (this.mode === "before" && trimmed(raw) !== "") this.found.left.add("other");
    if (this.awaited && this.awaited.raw.length + raw.length > LONGEST_NAME) this.flushText();
    if (this.awaited) {
      this.awaited.raw += raw;
      this.awaited.value += kind === "cdata" ? raw.slice(9, -3) : raw;
    } else this.pass(raw);
  }

  /** Gives on what is not left out. */
  private pass(raw: string): void {
    if (this.dropped !== undefined) return;
    if (this.mode !== "emptied") this.out.push(raw);
    else if (this.emptied.inside.length < LOOKED_AT) this.emptied.inside += raw.slice(0, LOOKED_AT);
  }

  /** A remark that is no content. */
  private leaveOut(raw: string): void {
    if (this.mode === "emptied") this.pass(raw);
    // Within a text that may yet stay as it is.
    else if (this.awaited) this.awaited.raw += raw;
    else this.remove(...toldByText(raw));
  }

  private remove(...traces: Trace[]): void {
    add(this.found.removed, ...traces);
    this.changed = true;
  }

  private element(token: Token): void {
    const element = elementOf(token);
    if (this.mode === "before") {
      this.mode = this.begin(nameOf(token.raw), element);
      if (this.mode === "emptied") return;
    }
    if (this.mode === "emptied") this.pass(token.raw);
    else if (this.mode === "drawing") this.drawn(token, element);
    else if (element) this.byRules(token.raw, element);
    else {
      this.found.left.add("other");
      this.out.push(token.raw);
    }
  }

  /** The root says what the part is. */
  private begin(name: string, element: Element | undefined): Mode {
    const root = localName(name);
    this.root = root;
    if (isSignature(root)) {
      sign(this.found);
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

  private drawn(token: Token, element: Element | undefined): void {
    const became = element && judge(element, this.found);
    if (became && became !== element) {
      this.changed = true;
      this.out.push(writeElement(became));
    } else if (became || (!element && !isLeftOut(nameOf(token.raw)))) {
      if (!element) this.found.left.add("other");
      this.out.push(token.raw);
    } else {
      this.remove(...toldByText(token.raw));
      if (token.kind === "start") this.dropped = this.depth;
    }
  }

  private byRules(raw: string, element: Element): void {
    const { attributes, isEmpty } = element;
    const place = { root: this.root, local: localName(element.name), attributes };
    const rule = isEmpty ? undefined : ruleForText(place);
    if (rule) this.awaited = { rule, raw: "", value: "" };
    const written = attributes.map((attribute) => this.attribute(attribute, ruleForAttribute(place, localName(attribute.name))));
    const isSame = written.every(({ value }, n) => value === attributes[n]!.value);
    this.out.push(isSame ? raw : writeElement({ ...element, attributes: written }));
  }

  private attribute(attribute: Attribute, rule: Rule | undefined): Attribute {
    const { name, value } = attribute;
    if (name.startsWith("xmlns") || value === "") return attribute;
    if (rule) return { name, value: this.instead(rule.trace, rule.put, value) };
    return isPath(value) ? { name, value: this.instead("author", "@path", value) } : attribute;
  }

  private instead(trace: Trace, put: string, value: string): string {
    const { told, text } = insteadOf(put, value, this.names);
    if (told) this.found.left.add(trace);
    else if (text !== value) this.remove(trace);
    return text;
  }

  /** The text that a rule is about is all there. */
  private flushText(): void {
    if (!this.awaited) return;
    const { rule, raw, value } = this.awaited;
    this.awaited = undefined;
    const text = trimmed(value) === "" ? value : this.instead(rule.trace, rule.put, value);
    this.out.push(text === value ? raw : text);
  }

  /** Nothing stays of the part but its root. */
  private empty(): void {
    const inside = trimmed(this.emptied.inside);
    // The end of the root, where it has one.
    if (inside !== "" && !inside.startsWith("</")) this.remove(...toldByText(inside));
    else if (this.changed) this.found.removed.add("other");
    this.out.push(this.emptied.root);
  }

  /** From here on it is no XML. */
  private giveUp(rest: string): void {
    if (this.mode === "emptied") {
      // Its root is all that may stay, whatever follows.
      this.remove(...toldByText(this.emptied.inside + rest.slice(0, LOOKED_AT)));
      this.out.push(this.emptied.root);
      return;
    }
    add(this.found.left, "history", "other");
    this.out.push(rest);
  }
}

/** The declaration of what came in UTF-16 and goes on in UTF-8. */
function narrow(declaration: string): string {
  return `<?xml version="1.0" encoding="UTF-8"${declaration.includes("standalone") ? ' standalone="yes"' : ""}?>`;
}
