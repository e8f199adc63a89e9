// Drawings (SVG): what drawing programs add for themselves goes.
import { isPath } from "./office_rules.ts";
import { type ScrubFindings, addKinds, rules, classifyText } from "./rules.ts";
import { type XmlElement, localName } from "./xml_tokens.ts";

/** Returns what becomes of an element of a drawing; undefined if it goes with all that is in it. Namespaces are known by their prefixes. */
export function scrubSvgElement(element: XmlElement, found: ScrubFindings): XmlElement | undefined {
  const { added, known } = rules.office.drawing;
  const prefix = (name: string) => (name.includes(":") ? name.slice(0, name.indexOf(":")) : undefined);
  const isAdded = (name: string) => added.includes(prefix(name) ?? "");
  if (isAdded(element.name) || isRemovedElement(element.name)) return undefined;
  if (!known.includes(prefix(element.name) ?? "svg")) found.left.add("other");
  const attributes = element.attributes.filter(({ name, value }) => {
    if (!name.startsWith("xmlns") && (isAdded(name) || isPath(value))) {
      addKinds(found.removed, ...classifyText(name), "author");
      return false;
    }
    // A picture inside the drawing is not looked into.
    if (value.startsWith("data:image/")) found.left.add("other");
    return true;
  });
  return attributes.length === element.attributes.length ? element : { ...element, attributes };
}

/** Whether an element goes by its name alone. */
export const isRemovedElement = (name: string): boolean => rules.office.drawing["left-out"].includes(localName(name));
