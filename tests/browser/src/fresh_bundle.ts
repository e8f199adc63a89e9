// Checks before the tests that the bundle of the pages was built from its present sources. Tests of
// an older bundle fail in ways that look like defects of the pages.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const browser = fileURLToPath(new URL("../../../crates/intake/browser", import.meta.url));
const BUILD_FILES = ["build.mjs", "modules.mjs", "package-lock.json"];

/** Returns when each file of a folder was changed, with the files of its folders. */
const changeTimes = (folder: string): number[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);

/** Throws if a source is newer than the oldest file of the bundle, or if there is no bundle. */
export default function checkBundle(): void {
  const sources = [...changeTimes(join(browser, "src")), ...BUILD_FILES.map((name) => statSync(join(browser, name)).mtimeMs)];
  const built = changeTimes(join(browser, "dist"));
  if (built.length > 0 && Math.max(...sources) <= Math.min(...built)) return;
  throw new Error("the bundle of the pages is older than its sources: run `npm run build` in crates/intake/browser, and build the programs again");
}
