// Shows on the review page who will read the report. This device decides it by the rule that
// sealing uses.
import type { VerifiedDirectory } from "../directory.ts";
import { EXCLUSION_QUESTION, exclusionsIn, preferenceIn, refusesOversight } from "../report_body.ts";
import type { ComposedReport } from "./answers.ts";
import { queryOne } from "./dom.ts";
import { type OfflineForm, translateCount } from "./offline_form.ts";

/** Fills the section of the review page that names the readers. */
export function showReaders(offlineForm: OfflineForm, directory: VerifiedDirectory, { body }: ComposedReport): void {
  const section = queryOne(".readers");
  if (!section) return;
  const excluded = exclusionsIn(body);
  const { desk, members, oversight } = directory.route(body.category, body.audience, excluded, preferenceIn(body));
  const noneLeft = oversight && !directory.route(body.category, body.audience, []).oversight;
  const refused = refusesOversight(body);
  const idle = directory.exclusionsWithoutEffect(body.category, body.audience, excluded);
  const shown: [string, boolean][] = [
    [".team", !oversight],
    [".later", !oversight && !refused],
    [".refused", !oversight && refused],
    [".idle", idle.length > 0],
    [".none-left", noneLeft],
    [".oversight", oversight && !refused],
    [".refused-alone", oversight && refused],
    // The exclusions are the reason only if a desk serves the category without them.
    [".exclude-fewer", noneLeft],
  ];
  for (const [selector, shows] of shown) queryOne(selector, section)?.toggleAttribute("hidden", !shows);
  const [label, people] = [queryOne(".team b", section), queryOne(".team span", section)];
  if (label) label.textContent = desk.labels[offlineForm.lang] ?? Object.values(desk.labels)[0] ?? desk.id;
  if (people) people.textContent = translateCount(offlineForm, "readers-count", members.length);
  const named = queryOne(".idle b", section);
  const { options } = offlineForm.questions[EXCLUSION_QUESTION] ?? { options: {} as Record<string, string> };
  if (named) named.textContent = idle.map((exclusion) => options[exclusion] ?? exclusion).join(" · ");
  section.removeAttribute("hidden");
}
