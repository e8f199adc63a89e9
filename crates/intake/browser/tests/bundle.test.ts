import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { gzipSync } from "node:zlib";

test("the whole script takes 70 kB or less on the line", () => {
  const size = gzipSync(readFileSync("dist/reporter.js"), { level: 9 }).length;
  assert.ok(size <= 70_000, `${size} bytes`);
});
