// Rules for the XML of office files: what comes in the place of a value.
import type { Names } from "./names.ts";
import { type Trace, rules } from "./rules.ts";
import { type Attribute, localName } from "./xml_tokens.ts";

export interface Rule {
  trace: Trace;
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
export interface Place {
  root: string;
  local: string;
  attributes: Attribute[];
}

const { groups, attributes, texts } = rules.office as unknown as { groups: Record<string, string[]>; attributes: Rule[]; texts: Rule[] };

/** Rules by the exact names of their attributes, and rules by the beginning of names. */
const byName = new Map<string, Rule[]>();
const byBeginning: [string, Rule][] = [];
for (const rule of attributes) {
  for (const name of rule.names ?? []) {
    if (name.endsWith("*")) byBeginning.push([name.slice(0, -1), rule]);
    else byName.set(name, [...(byName.get(name) ?? []), rule]);
  }
}

const has = (list: readonly string[], one: string): boolean => list.includes(one);

export const knowsRoot = (root: string): boolean => has(rules.office.roots, root);
export const isSignature = (root: string): boolean => has(rules.office.signatures, root);

/** Whether nothing but its root is to stay of a part. */
export function isEmptied(root: string, part: string): boolean {
  const { roots, starts, ends } = rules.office.emptied;
  const byPart = starts.some((start) => part.startsWith(start)) || ends.some((end) => part.endsWith(end));
  return has(roots, root) || (byPart && !knowsRoot(root));
}

/** Returns the rule for an attribute with this local name. */
export function ruleForAttribute(place: Place, name: string): Rule | undefined {
  const exact = byName.get(name)?.find((rule) => isFor(rule, place));
  return exact ?? byBeginning.find(([start, rule]) => name.startsWith(start) && isFor(rule, place))?.[1];
}

/** Returns the rule for the text of an element. */
export const ruleForText = (place: Place): Rule | undefined => texts.find((rule) => isFor(rule, place));

function isFor({ of, within, bare, where }: Rule, { root, local, attributes }: Place): boolean {
  const value = where && attributes.find(({ name }) => localName(name) === where.attribute)?.value;
  return (
    (!of || has(of, local)) &&
    (!within || within.some((one) => has(groups[one] ?? [one], root))) &&
    (!bare || attributes.length === 0) &&
    (!where || (value !== undefined && has(where.values, value)))
  );
}

/** Returns what a value becomes: itself, "told" if it stays and is told, or other words. */
export function insteadOf(put: string, value: string, names: Names): { told: boolean; text: string } {
  const become = (text: string) => ({ told: false, text });
  switch (put) {
    case "@name":
      return become(names.of(value));
    case "@path":
      return become(isPath(value) ? plainPath(value) : value);
    case "@zeros":
      return become(zeros(value));
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
export function plainPath(value: string): string {
  const end = /\.([A-Za-z0-9]{1,5})$/.exec(value)?.[1];
  return end === undefined ? "file" : `file.${end.toLowerCase()}`;
}

/** Returns an identifier of the same shape: zeros for the digits from the first brace on, or for all where there is none. */
export function zeros(value: string): string {
  const at = Math.max(0, value.indexOf("{"));
  return value.slice(0, at) + value.slice(at).replace(/[0-9a-f]/gi, "0");
}
