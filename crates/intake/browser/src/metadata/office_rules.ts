// Rules for the XML of office files: the replacement of a value.
import type { AuthorPseudonyms } from "./pseudonyms.ts";
import { type MetadataKind, rules } from "./rules.ts";
import { type XmlAttribute, localName } from "./xml_tokens.ts";

export interface ValueRule {
  kind: MetadataKind;
  put: string;
  /** Names of roots, or of groups of roots. */
  within?: string[];
  of?: string[];
  /** Names of attributes. A name that ends with `*` is a prefix. */
  names?: string[];
  /** The rule applies if the element has this attribute with one of these values. */
  where?: { attribute: string; values: string[] };
  /** The rule applies if the element has no attributes. */
  bare?: boolean;
}

/** An element, described by local names. */
export interface ElementContext {
  root: string;
  local: string;
  attributes: XmlAttribute[];
}

const { groups, attributes, texts } = rules.office as unknown as { groups: Record<string, string[]>; attributes: ValueRule[]; texts: ValueRule[] };

/** Rules by exact attribute names, and rules by prefixes of names. */
const rulesByName = new Map<string, ValueRule[]>();
const rulesByPrefix: [string, ValueRule][] = [];
for (const rule of attributes) {
  for (const name of rule.names ?? []) {
    if (name.endsWith("*")) rulesByPrefix.push([name.slice(0, -1), rule]);
    else rulesByName.set(name, [...(rulesByName.get(name) ?? []), rule]);
  }
}

const contains = (list: readonly string[], item: string): boolean => list.includes(item);

export const knowsRoot = (root: string): boolean => contains(rules.office.roots, root);
export const isSignature = (root: string): boolean => contains(rules.office.signatures, root);

/** Returns whether a part is reduced to its root. */
export function isEmptied(root: string, part: string): boolean {
  const { roots, starts, ends } = rules.office.emptied;
  const byPart = starts.some((start) => part.startsWith(start)) || ends.some((extension) => part.endsWith(extension));
  return contains(roots, root) || (byPart && !knowsRoot(root));
}

/** Returns the rule for an attribute with this local name. */
export function ruleForAttribute(context: ElementContext, name: string): ValueRule | undefined {
  const exact = rulesByName.get(name)?.find((rule) => matches(rule, context));
  return exact ?? rulesByPrefix.find(([start, rule]) => name.startsWith(start) && matches(rule, context))?.[1];
}

/** Returns the rule for the text of an element. */
export const ruleForText = (context: ElementContext): ValueRule | undefined => texts.find((rule) => matches(rule, context));

function matches({ of, within, bare, where }: ValueRule, { root, local, attributes }: ElementContext): boolean {
  const value = where && attributes.find(({ name }) => localName(name) === where.attribute)?.value;
  return (
    (!of || contains(of, local)) &&
    (!within || within.some((item) => contains(groups[item] ?? [item], root))) &&
    (!bare || attributes.length === 0) &&
    (!where || (value !== undefined && contains(where.values, value)))
  );
}

/** Returns the replacement of a value, and whether the value is retained and reported. */
export function applyReplacement(put: string, value: string, pseudonyms: AuthorPseudonyms): { isReported: boolean; text: string } {
  const replaceBy = (text: string) => ({ isReported: false, text });
  switch (put) {
    case "@name":
      return replaceBy(pseudonyms.pseudonymFor(value));
    case "@path":
      return replaceBy(isPath(value) ? neutralPath(value) : value);
    case "@zeros":
      return replaceBy(zeroDigits(value));
    case "@report":
      return { isReported: true, text: value };
    case "@report-path":
      return { isReported: value.includes(":\\") || value.includes("file:"), text: value };
    default:
      return replaceBy(put);
  }
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", apos: "'", quot: '"' };

/**
 * Returns whether a value is a path to personal files: on a disk, a server, or a personal cloud
 * storage.
 */
export function isPath(escaped: string): boolean {
  let isValid = true;
  const unescaped = escaped.replace(/&([^;&]*);?/g, (match, entity: string) => {
    const code = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(entity);
    const codePoint = code ? parseInt(code[1] ?? code[2]!, code[1] ? 16 : 10) : undefined;
    const character = codePoint === undefined ? ENTITIES[entity] : codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : undefined;
    isValid &&= character !== undefined && match.endsWith(";");
    return character ?? match;
  });
  const value = isValid ? unescaped : escaped;
  const start = value.slice(0, 16).toLowerCase();
  if (/^(file:|[a-z]:[\\/]|[a-z]:%5c|\\\\[a-z0-9]|\/(users|home|volumes|private|mnt|media|tmp|root|var)\/)/.test(start)) return true;
  return start.startsWith("http") && /-my\.sharepoint\.|d\.docs\.live\.net\//.test(value);
}

/** Returns a file name that shows nothing but the extension of the path. */
export function neutralPath(value: string): string {
  const extension = /\.([A-Za-z0-9]{1,5})$/.exec(value)?.[1];
  return extension === undefined ? "file" : `file.${extension.toLowerCase()}`;
}

/**
 * Returns an identifier of the same shape, with zeros for the digits from the first brace on, or
 * for all digits where there is no brace.
 */
export function zeroDigits(value: string): string {
  const at = Math.max(0, value.indexOf("{"));
  return value.slice(0, at) + value.slice(at).replace(/[0-9a-f]/gi, "0");
}
