import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { gzipSync } from "node:zlib";

const gzippedSize = (name: string): number => gzipSync(readFileSync(`dist/${name}`), { level: 9 }).length;

test("the script that seals takes 70 kB or less on the line", () => {
  assert.ok(gzippedSize("reporter.js") <= 70_000, `${gzippedSize("reporter.js")} bytes`);
});

test("the script that cleans files takes 24 kB or less on the line", () => {
  assert.ok(gzippedSize("files.js") <= 24_000, `${gzippedSize("files.js")} bytes`);
});
