// For the Rust tests: scrubs files as the script does in a browser that cannot redraw pictures.
// Reads a list of paths from the standard input, writes each result to the path with ".scrubbed"
// appended, and writes the list of reports to the standard output.
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { scrub } from "../../src/metadata/scrub.ts";
import { neutralName } from "../../src/metadata/scrub_report.ts";

const reports = [];
for (const path of JSON.parse(readFileSync(0, "utf8")) as string[]) {
  const file = new File([readFileSync(path)], basename(path));
  const { removed, left, content, ...report } = await scrub(file, async () => undefined);
  // If a picture cannot be scrubbed, the reporter may choose to send the picture itself.
  writeFileSync(`${path}.scrubbed`, new Uint8Array(await (content ?? file).arrayBuffer()));
  reports.push({ removed: [...removed], left: [...left], reading: report.reading, signature: report.signature, name: neutralName(report, 1, file.name) });
}
process.stdout.write(JSON.stringify(reports));
