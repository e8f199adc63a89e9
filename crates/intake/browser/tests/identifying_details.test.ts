import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { type DetailRule, type DetailKind, redact, identifyingDetails } from "../src/identifying_details.ts";

interface DetectionCase {
  text: string;
  found: [DetailKind, string[]][];
  covered: string;
}

interface LanguageTerms {
  word_boundaries: boolean;
  terms: Record<string, string[]>;
  cases: DetectionCase[];
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const LOCALES = "../../locales/data";
const languages = readdirSync(LOCALES).map((code) => readJson(`${LOCALES}/${code}/identifying_details.json`) as LanguageTerms);
const cases = [...(readJson("../guard/cases.json") as DetectionCase[]), ...languages.flatMap((language) => language.cases)];

/** The rules as the intake serves them: with the terms of every language (`detection_rules.rs`). */
const rules = (readJson("../guard/rules.json") as DetailRule[]).map((rule) => ({
  ...rule,
  pattern: rule.pattern.replace(/{{(\w+?)(_without_boundary)?}}/g, (_, name: string, suffix?: string) =>
    languages.filter((language) => language.word_boundaries === (suffix === undefined)).flatMap(({ terms }) => terms[name] ?? []).join("|"),
  ),
}));

test("the rules find the same details as at the intake", () => {
  for (const { text, found, covered } of cases) {
    assert.deepEqual(identifyingDetails(rules, text), found, text);
    assert.equal(found.reduce((rest, [trace]) => redact(rules, rest, trace), text), covered);
    assert.deepEqual(identifyingDetails(rules, covered), []);
  }
});

test("redacted words are removed and the rest stays, as at the intake", () => {
  for (const line of readFileSync("../guard/test_set.jsonl", "utf8").trim().split("\n")) {
    const [text] = JSON.parse(line) as [string];
    let covered = text;
    for (let round = 0; round < 3; round++) covered = identifyingDetails(rules, covered).reduce((rest, [trace]) => redact(rules, rest, trace), covered);
    assert.deepEqual(identifyingDetails(rules, covered), [], `${text}: ${covered}`);
    let at = 0;
    for (const part of covered.split("[…]")) {
      const found = text.indexOf(part, at);
      assert.ok(found >= 0, `${part} is not in ${text}`);
      at = found + part.length;
    }
  }
});

test("most details of the test set are found with few false positives, as at the intake", () => {
  let [expected, hits, found, right] = [0, 0, 0, 0];
  for (const line of readFileSync("../guard/test_set.jsonl", "utf8").trim().split("\n")) {
    const [text, wanted] = JSON.parse(line) as [string, [string, string][]];
    const traced = identifyingDetails(rules, text).flatMap(([trace, all]) => all.map((words): [string, string] => [trace, words]));
    const meet = ([a, words]: [string, string], [b, others]: [string, string]) => a === b && (words.includes(others) || others.includes(words));
    expected += wanted.length;
    found += traced.length;
    hits += wanted.filter((one) => traced.some((other) => meet(one, other))).length;
    right += traced.filter((one) => wanted.some((other) => meet(one, other))).length;
  }
  const summary = `recall ${hits}/${expected}, precision ${right}/${found}`;
  assert.ok(expected >= 115 && hits / expected >= 0.9 && right / found >= 0.9, summary);
});
