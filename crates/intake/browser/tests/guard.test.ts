import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { type Rule, traces } from "../src/guard.ts";

const read = (name: string): unknown => JSON.parse(readFileSync(`../guard/${name}.json`, "utf8"));

test("the same rules find the same as at the intake", () => {
  const rules = read("rules") as Rule[];
  for (const { text, found } of read("cases") as { text: string; found: [string, string][] }[]) {
    assert.deepEqual(traces(rules, text), found, text);
  }
});
