// Rules for the XML of office files: what comes in the place of a value.
import type { AuthorPseudonyms } from "./pseudonyms.ts";
import { type MetadataKind, rules } from "./rules.ts";
import { type XmlAttribute, localName } from "./xml_tokens.ts";

export interface ValueRule {
  trace: MetadataKind;
  put: string;
  /** Roots, or groups of them. */
  within?: string[];
  of?: string[];
  /** Attributes. One that ends with `*` begins like this. */
  names?: string[];
  /** The element has this attribute with one of these values. */
  where?: { attribute: string; values: string[] };
  /** The element has no attributes. */
  bare?: boolean;
}

/** An element, by local names. */
export interface ElementContext {
  root: string;
  local: string;
  attributes: XmlAttribute[];
}

const { groups, attributes, texts } = rules.office as unknown as { groups: Record<string, string[]>; attributes: ValueRule[]; texts: ValueRule[] };

/** Rules by the exact names of their attributes, and rules by the beginning of names. */
const rulesByName = new Map<string, ValueRule[]>();
const rulesByPrefix: [string, ValueRule][] = [];
for (const rule of attributes) {
  for (const name of rule.names ?? []) {
    if (name.endsWith("*")) rulesByPrefix.push([name.slice(0, -1), rule]);
    else rulesByName.set(name, [...(rulesByName.get(name) ?? []), rule]);
  }
}

const contains = (list: readonly string[], one: string): boolean => list.includes(one);

export const knowsRoot = (root: string): boolean => contains(rules.office.roots, root);
export const isSignature = (root: string): boolean => contains(rules.office.signatures, root);

/** Whether nothing but its root is to stay of a part. */
export function isEmptied(root: string, part: string): boolean {
  const { roots, starts, ends } = rules.office.emptied;
  const byPart = starts.some((start) => part.startsWith(start)) || ends.some((end) => part.endsWith(end));
  return contains(roots, root) || (byPart && !knowsRoot(root));
}

/** Returns the rule for an attribute with this local name. */
export function ruleForAttribute(place: ElementContext, name: string): ValueRule | undefined {
  const exact = rulesByName.get(name)?.find((rule) => matches(rule, place));
  return exact ?? rulesByPrefix.find(([start, rule]) => name.startsWith(start) && matches(rule, place))?.[1];
}

/** Returns the rule for the text of an element. */
export const ruleForText = (place: ElementContext): ValueRule | undefined => texts.find((rule) => matches(rule, place));

function matches({ of, within, bare, where }: ValueRule, { root, local, attributes }: ElementContext): boolean {
  const value = where && attributes.find(({ name }) => localName(name) === where.attribute)?.value;
  return (
    (!of || contains(of, local)) &&
    (!within || within.some((one) => contains(groups[one] ?? [one], root))) &&
    (!bare || attributes.length === 0) &&
    (!where || (value !== undefined && contains(where.values, value)))
  );
}

/** Returns what a value becomes: itself, "told" if it stays and is told, or other words. */
export function applyReplacement(put: string, value: string, names: AuthorPseudonyms): { told: boolean; text: string } {
  const become = (text: string) => ({ told: false, text });
  switch (put) {
    case "@name":
      return become(names.pseudonymFor(value));
    case "@path":
      return become(isPath(value) ? neutralPath(value) : value);
    case "@zeros":
      return become(zeroDigits(value));
    case "@tell":
      return { told: true, text: value };
    case "@tell-path":
      return { told: value.includes(":\\") || value.includes("file:"), text: value };
    default:
      return become(put);
  }
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", apos: "'", quot: '"' };

/** Whether a value is a place among somebody's files: on a disk, a server, or in a personal cloud store. */
export function isPath(written: string): boolean {
  let isSound = true;
  const unescaped = written.replace(/&([^;&]*);?/g, (whole, entity: string) => {
    const code = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(entity);
    const number = code ? parseInt(code[1] ?? code[2]!, code[1] ? 16 : 10) : undefined;
    const sign = number === undefined ? ENTITIES[entity] : number <= 0x10ffff ? String.fromCodePoint(number) : undefined;
    isSound &&= sign !== undefined && whole.endsWith(";");
    return sign ?? whole;
  });
  const value = isSound ? unescaped : written;
  const start = value.slice(0, 16).toLowerCase();
  if (/^(file:|[a-z]:[\\/]|[a-z]:%5c|\\\\[a-z0-9]|\/(users|home|volumes|private|mnt|media|tmp|root|var)\/)/.test(start)) return true;
  return start.startsWith("http") && /-my\.sharepoint\.|d\.docs\.live\.net\//.test(value);
}

/** Returns a file name that says nothing but what kind of file it was. */
export function neutralPath(value: string): string {
  const end = /\.([A-Za-z0-9]{1,5})$/.exec(value)?.[1];
  return end === undefined ? "file" : `file.${end.toLowerCase()}`;
}

/** Returns an identifier of the same shape: zeros for the digits from the first brace on, or for all where there is none. */
export function zeroDigits(value: string): string {
  const at = Math.max(0, value.indexOf("{"));
  return value.slice(0, at) + value.slice(at).replace(/[0-9a-f]/gi, "0");
}
