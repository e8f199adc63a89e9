import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { gzipSync } from "node:zlib";

/** The largest size of each script in bytes, compressed by gzip. */
const MAX_SIZES: Record<string, number> = {
  // The pages load it. It loads the modules afterwards.
  "reporter.js": 28_000,
  "form.js": 12_000,
  "seal.js": 28_000,
  "return.js": 39_500,
  "qr.js": 8_000,
  "files.js": 24_000,
  "voice.js": 8_000,
  "draft.js": 12_000,
  "listen.js": 4_000,
  // The home page loads it.
  "prefetch.js": 1_000,
  // The pages wait for it.
  "leave.js": 1_500,
};

const script = (name: string): Buffer => readFileSync(`dist/${name}`);
const gzippedSize = (name: string): number => gzipSync(script(name), { level: 9 }).length;

test("each script has at most its size when compressed", () => {
  assert.deepEqual(readdirSync("dist").sort(), Object.keys(MAX_SIZES).sort());
  for (const [name, max] of Object.entries(MAX_SIZES)) assert.ok(gzippedSize(name) <= max, `${name}: ${gzippedSize(name)} bytes`);
});

test("what seals a report, and what opens a mailbox, has at most 70 kB when compressed", () => {
  for (const names of [["reporter.js", "form.js", "seal.js", "qr.js"], ["reporter.js", "return.js"]]) {
    const size = names.reduce((sum, name) => sum + gzippedSize(name), 0);
    assert.ok(size <= 70_000, `${names.join(", ")}: ${size} bytes`);
  }
});

test("a module imports the script by its address and hash, and nothing else", () => {
  const hash = createHash("sha256").update(script("reporter.js")).digest("hex").slice(0, 16);
  const importing = ["form.js", "seal.js", "return.js", "files.js", "voice.js", "draft.js", "listen.js"];
  for (const name of readdirSync("dist")) {
    const text = script(name).toString();
    const imported = Array.from(text.matchAll(/(?:^|[;}])(?:import|export)[^"'();=]*"([^"]*)"/g), ([, address]) => address);
    assert.deepEqual(imported, importing.includes(name) ? [`/assets/reporter.${hash}.js`] : [], name);
    // Only the loader of the script, which checks what it loads.
    assert.equal(text.match(/\bimport\(/g)?.length ?? 0, name === "reporter.js" ? 1 : 0, name);
  }
});
