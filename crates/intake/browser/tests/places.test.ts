// The spelling of places, with the cases of the intake and the sample list.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { knownSpelling } from "../src/pages/places.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

/** Returns the names of the places in a language, and those that desks read. */
function namesIn(lang: string): string[][] {
  const lines = read("../../../../deploy/config/places.txt").split("\n").filter((line) => /^[^#[]/.test(line));
  return lines.map((line) => {
    const [name, ...others] = line.split(" | ") as [string, ...string[]];
    return [others.find((other) => other.startsWith(`${lang}: `))?.slice(lang.length + 2) ?? name, name];
  });
}

test("known places have one spelling", () => {
  const cases = JSON.parse(read("../tests/places.json")) as [string, string, string][];
  assert.ok(cases.length >= 10);
  assert.ok(namesIn("fr").length >= 20);
  for (const [lang, typed, read] of cases) {
    assert.equal(knownSpelling(namesIn(lang), typed), read, `${lang} ${typed}`);
  }
});
