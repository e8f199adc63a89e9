// The build of the script is reproducible: the folder and the time of the build change no byte. A
// keeper of a root key can build it again and compare the hashes of the manifest.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

const workspace = join(process.cwd(), "../../..");

/** Builds the script from a copy of its sources in a folder with this name. Returns the files. */
function build(name: string): Record<string, string> {
  const root = mkdtempSync(join(tmpdir(), name));
  const browser = join(root, "crates/intake/browser");
  try {
    mkdirSync(browser, { recursive: true });
    for (const path of ["src", "build.mjs", "modules.mjs", "package.json", "tsconfig.json"]) cpSync(join(process.cwd(), path), join(browser, path), { recursive: true });
    cpSync(join(workspace, "crates/metadata-scrubber/rules.json"), join(root, "crates/metadata-scrubber/rules.json"));
    symlinkSync(join(process.cwd(), "node_modules"), join(browser, "node_modules"));
    execFileSync(process.execPath, ["build.mjs"], { cwd: browser });
    const dist = join(browser, "dist");
    return Object.fromEntries(readdirSync(dist).map((file) => [file, readFileSync(join(dist, file), "base64")]));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test("two builds in two folders are the same, byte for byte", () => {
  const [one, other] = [build("burkindi-"), build("another-place-with-a-longer-name-")];
  assert.deepEqual(Object.keys(one).sort(), ["draft.js", "files.js", "form.js", "leave.js", "listen.js", "prefetch.js", "qr.js", "reporter.js", "return.js", "seal.js", "voice.js"]);
  assert.deepEqual(one, other);
  for (const [name, content] of Object.entries(one)) {
    const script = Buffer.from(content, "base64").toString();
    assert.ok(!script.includes(tmpdir()) && !script.includes("another-place"), `${name} names its folder`);
  }
});
