// The browser's half of crates/intake/tests/answers.rs: the first line is a kit, each further one a confirmation of the server.
// Writes for each confirmation what the receipt says.
import { createInterface } from "node:readline";
import type { Kit } from "../../src/pages/kit.ts";
import { answerInWords, stored } from "../../src/pages/stored.ts";

let kit: Kit | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  if (kit === undefined) kit = JSON.parse(line) as Kit;
  else console.log(JSON.stringify(answerInWords(kit, stored(line))));
}
