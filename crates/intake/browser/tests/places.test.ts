// The spelling of places, with the cases of the intake and the names of the taxonomy.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { knownSpelling } from "../src/pages/places.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

/** Returns the names of the places in a language, by id. */
function names(lang: string): Map<string, string> {
  const section = read(`../../../locales/data/${lang}/taxonomy.toml`).split("[places]\n")[1]!.split("\n\n")[0]!;
  return new Map(section.split("\n").map((line) => /^(\w+)\.label = "(.*)"$/.exec(line)!.slice(1) as [string, string]));
}

test("known places have one spelling", () => {
  const cases = JSON.parse(read("../tests/places.json")) as [string, string, string][];
  assert.ok(cases.length >= 10);
  const byDesks = names("fr");
  for (const [lang, typed, read] of cases) {
    const places = [...names(lang)].map(([id, name]) => [name, byDesks.get(id)!]);
    assert.equal(knownSpelling(places, typed), read, `${lang} ${typed}`);
  }
});
