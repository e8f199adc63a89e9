import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { gzipSync } from "node:zlib";

const gzippedSize = (name: string): number => gzipSync(readFileSync(`dist/${name}`), { level: 9 }).length;

test("the sealing script has at most 70 kB when compressed", () => {
  assert.ok(gzippedSize("reporter.js") <= 70_000, `${gzippedSize("reporter.js")} bytes`);
});

test("the scrubbing script has at most 24 kB when compressed", () => {
  assert.ok(gzippedSize("files.js") <= 24_000, `${gzippedSize("files.js")} bytes`);
});

test("the recording script has at most 8 kB when compressed", () => {
  assert.ok(gzippedSize("voice.js") <= 8_000, `${gzippedSize("voice.js")} bytes`);
});

test("the script of drafts has at most 12 kB when compressed", () => {
  assert.ok(gzippedSize("draft.js") <= 12_000, `${gzippedSize("draft.js")} bytes`);
});

test("the script of the quick exit, which pages wait for, has at most 1.5 kB when compressed", () => {
  assert.ok(gzippedSize("leave.js") <= 1_500, `${gzippedSize("leave.js")} bytes`);
});
