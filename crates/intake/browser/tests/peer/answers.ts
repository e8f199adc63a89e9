// The browser side of crates/intake/tests/answers.rs. The first line is a form bundle, each further
// line a confirmation of the service. Writes the text of the receipt for each confirmation.
import { createInterface } from "node:readline";
import type { OfflineForm } from "../../src/pages/offline_form.ts";
import { answerInWords, stored } from "../../src/pages/submission_receipt.ts";

let bundle: OfflineForm | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  if (bundle === undefined) bundle = JSON.parse(line) as OfflineForm;
  else console.log(JSON.stringify(answerInWords(bundle, stored(line))));
}
