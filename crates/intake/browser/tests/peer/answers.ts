// The browser's half of crates/intake/tests/answers.rs: the first line is a kit, each further one a
// confirmation of the server. Writes for each confirmation what the receipt says.
import { createInterface } from "node:readline";
import type { OfflineForm } from "../../src/pages/offline_form.ts";
import { answerInWords, stored } from "../../src/pages/submission_receipt.ts";

let kit: OfflineForm | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  if (kit === undefined) kit = JSON.parse(line) as OfflineForm;
  else console.log(JSON.stringify(answerInWords(kit, stored(line))));
}
