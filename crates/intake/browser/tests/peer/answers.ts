// The browser side of crates/intake/tests/answers.rs. The first line is a form bundle. Each further
// line is a confirmation of the service, the day of the next news or a week. Writes the text that
// the pages show for it.
import { createInterface } from "node:readline";
import { type OfflineForm, formatWeek, nextUpdateInWords } from "../../src/pages/offline_form.ts";
import { answerInWords, stored } from "../../src/pages/submission_receipt.ts";

function shownText(bundle: OfflineForm, line: string): string | null {
  const [, kind, value] = /^(news|week) (.*)$/.exec(line) ?? [];
  if (kind === "news") return nextUpdateInWords(bundle, value!);
  return kind === "week" ? formatWeek(bundle, value!) : answerInWords(bundle, stored(line));
}

let bundle: OfflineForm | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  if (bundle === undefined) bundle = JSON.parse(line) as OfflineForm;
  else console.log(JSON.stringify(shownText(bundle, line)));
}
