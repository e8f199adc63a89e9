// SVG drawings: the data that drawing programs add for themselves is removed.
import { isPath } from "./office_rules.ts";
import { type ScrubFindings, addKinds, rules, classifyText } from "./rules.ts";
import { type XmlElement, localName } from "./xml_tokens.ts";

/**
 * Returns an element of a drawing without added attributes, or undefined if the element is removed
 * with its content. Namespaces are recognised by their prefixes.
 */
export function scrubSvgElement(element: XmlElement, found: ScrubFindings): XmlElement | undefined {
  const { added, known } = rules.office.svg;
  const prefix = (name: string) => (name.includes(":") ? name.slice(0, name.indexOf(":")) : undefined);
  const isAdded = (name: string) => added.includes(prefix(name) ?? "");
  if (isAdded(element.name) || isRemovedElement(element.name)) return undefined;
  if (!known.includes(prefix(element.name) ?? "svg")) found.left.add("other");
  const attributes = element.attributes.filter(({ name, value }) => {
    if (!name.startsWith("xmlns") && (isAdded(name) || isPath(value))) {
      addKinds(found.removed, ...classifyText(name), "author");
      return false;
    }
    // An embedded picture is not scrubbed.
    if (value.startsWith("data:image/")) found.left.add("other");
    return true;
  });
  return attributes.length === element.attributes.length ? element : { ...element, attributes };
}

/** Returns whether an element is removed by its name alone. */
export const isRemovedElement = (name: string): boolean => rules.office.svg["left-out"].includes(localName(name));
