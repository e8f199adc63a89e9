import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
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

const SETS = ["test_set", "second_test_set", "third_test_set"];
const sentences = (set: string): [string, [string, string][]][] =>
  readFileSync(`../guard/${set}.jsonl`, "utf8").trim().split("\n").map((line) => JSON.parse(line) as [string, [string, string][]]);

function redactAll(text: string): string {
  for (let round = 0; round < 3; round++) text = identifyingDetails(rules, text).reduce((rest, [trace]) => redact(rules, rest, trace), text);
  return text;
}

test("redacted words are removed and the rest stays, as at the intake", () => {
  for (const [text] of SETS.flatMap(sentences)) {
    const covered = redactAll(text);
    assert.deepEqual(identifyingDetails(rules, covered), [], `${text}: ${covered}`);
    let at = 0;
    for (const part of covered.split("[…]")) {
      const found = text.indexOf(part, at);
      assert.ok(found >= 0, `${part} is not in ${text}`);
      at = found + part.length;
    }
  }
});

// A run with UPDATE_DETECTIONS=1 writes the file. The intake reads it too.
test("each sentence has the details that the intake finds", () => {
  const lines = SETS.flatMap(sentences).map(([text]) => JSON.stringify([text, identifyingDetails(rules, text), redactAll(text)]) + "\n");
  if (process.env["UPDATE_DETECTIONS"] !== undefined) writeFileSync("../guard/detections.jsonl", lines.join(""));
  assert.equal(lines.join(""), readFileSync("../guard/detections.jsonl", "utf8"));
});

/** Measures as `identifying_details.rs` does; docs/THREAT_MODEL.md states the figures. */
function measure(set: string): string {
  let [expected, hits, found, right] = [0, 0, 0, 0];
  for (const [text, wanted] of sentences(set)) {
    const traced = identifyingDetails(rules, text).flatMap(([trace, all]) => all.map((words): [string, string] => [trace, words]));
    const meet = ([a, words]: [string, string], [b, others]: [string, string]) => a === b && (words.includes(others) || others.includes(words));
    expected += wanted.length;
    found += traced.length;
    hits += wanted.filter((one) => traced.some((other) => meet(one, other))).length;
    right += traced.filter((one) => wanted.some((other) => meet(one, other))).length;
  }
  return `recall ${hits}/${expected}, precision ${right}/${found}`;
}

test("most details of the test sets are found with few false positives, as at the intake", () => {
  assert.equal(measure("test_set"), "recall 114/118, precision 114/118");
  assert.equal(measure("second_test_set"), "recall 117/122, precision 117/117");
  assert.equal(measure("third_test_set"), "recall 48/50, precision 48/50");
});
