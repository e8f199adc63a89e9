// For the Rust tests: cleans files as the script does where the browser redraws nothing. Reads a
// list of their paths on the standard input, writes each result beside the file with ".washed"
// behind its name, and what became of them as one list on the standard output.
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { scrub } from "../../src/metadata/scrub.ts";
import { neutralName } from "../../src/metadata/scrub_report.ts";

const told = [];
for (const path of JSON.parse(readFileSync(0, "utf8")) as string[]) {
  const file = new File([readFileSync(path)], basename(path));
  const { removed, left, content, ...washed } = await scrub(file, async () => undefined);
  // Where nothing can be taken out of a picture, what the reporter may choose to send is the
  // picture itself.
  writeFileSync(`${path}.washed`, new Uint8Array(await (content ?? file).arrayBuffer()));
  told.push({ removed: [...removed], left: [...left], reading: washed.reading, signature: washed.signature, name: neutralName(washed, 1, file.name) });
}
process.stdout.write(JSON.stringify(told));
