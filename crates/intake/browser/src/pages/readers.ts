// Who will read a report, on the review page: decided on this device by the rule by which it is sealed.
import type { Directory } from "../directory.ts";
import { excludedBy } from "../report.ts";
import type { Report } from "./answers.ts";
import { one } from "./dom.ts";
import { type Kit, count } from "./kit.ts";

/** Fills the part of the review page that says who will read the report. */
export function sayReaders(kit: Kit, directory: Directory, { body }: Report): void {
  const section = one(".readers");
  if (!section) return;
  const excluded = excludedBy(body);
  const { desk, members, oversight } = directory.chosen(body.category, body.audience, excluded);
  const noneLeft = oversight && !directory.chosen(body.category, body.audience, []).oversight;
  const shown: [string, boolean][] = [[".team", !oversight], [".later", !oversight], [".none-left", noneLeft], [".oversight", oversight]];
  for (const [selector, shows] of shown) one(selector, section)?.toggleAttribute("hidden", !shows);
  const [label, people] = [one(".team b", section), one(".team span", section)];
  if (label) label.textContent = desk.labels[kit.lang] ?? Object.values(desk.labels)[0] ?? desk.id;
  if (people) people.textContent = count(kit, "readers-count", members.length);
  section.removeAttribute("hidden");
}
