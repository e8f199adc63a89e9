import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import test from "node:test";
import fc from "fast-check";
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

const lists = readdirSync(LOCALES).flatMap((code) => (existsSync(`${LOCALES}/${code}/receipt_words.txt`) ? [readFileSync(`${LOCALES}/${code}/receipt_words.txt`, "utf8").trim().split("\n")] : []));
const detection = { rules, lists };

test("the rules find the same details as at the intake", () => {
  for (const { text, found, covered } of cases) {
    assert.deepEqual(identifyingDetails(detection, text), found, text);
    assert.equal(found.reduce((rest, [trace]) => redact(detection, rest, trace), text), covered);
    assert.deepEqual(identifyingDetails(detection, covered), []);
  }
});

/** Characters that a folded form, a boundary of words or an index of a text can get wrong. */
const UNUSUAL = [
  ..."⅓⅔↉⒈⒛⑴⑽①㉈㏠㏩㋀㍘℡﷽ﷺﬁſİıßẞﾊﾞǅΐﬃ…½²º№",
  ..."٠١٢٣٤٥٦٧٨٩۰۵۹߀߉०१२९০৯๐๙𝟘𝟙𝟳🄀🄁",
  ..."\u200b\u200c\u200d\u200e\u200f\u202e\u2066\u2069\ufeff\u00ad\u034f\u180e\u0301\u0308\u0327\u064b\u0651\u0640\u20e3\ufe0f",
  ..."\u00a0\u202f\u3000\u2028\u2029\u0085\t\v\f\r\n\u2011\u2013\u2212\uff0d／．（）＠",
  ..."👩🏽‍🦱🇧🇫𐍈é·•~_*'’,;:./-+()@ ",
];
/** Parts of details. Together with the characters above, they form details at unusual places. */
const PARTS = [
  ..."0123456789", "70 12 34 56", "70123456", "+226 ", "00226", "1/1/20", "3 mai", "2026-03-14", "14h30", "9:15", "11 GH 4521", "MSKU1234567",
  "IFU 00012345 A", "CNIB n° B1234567", "déclaration n° 12345", "C 48213", "a@b.bf", "je m’appelle ", "my name is Mr. ", "C'est M. Kaboré", "اسمي ", "أنا وحدي",
  "zero un deux trois quatre", "أربع خمس ست سبع صفر", "en tant que receveur", "only me ", " et ", ", ", "0000-0000-0000-0000-0000-0000-006X", "abandon ".repeat(11), "about",
];
const unusualText = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...UNUSUAL) }, { weight: 4, arbitrary: fc.constantFrom(...PARTS) }, { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 3 }) }), { maxLength: 24 })
  .map((parts) => parts.join(""));

test("each detail of any text is a passage of it, and covering ends with a text without details", () => {
  fc.assert(
    fc.property(unusualText, (text) => {
      const composed = text.normalize("NFC");
      for (const [trace, all] of identifyingDetails(detection, text)) {
        for (const words of all) assert.ok(words !== "" && composed.includes(words));
        assert.notEqual(redact(detection, text, trace), composed);
      }
      assert.deepEqual(identifyingDetails(detection, redactAll(text)), []);
    }),
    { numRuns: 1000 },
  );
});

/** The longest text without unassigned characters, which versions of Unicode treat differently. */
const assignedText = unusualText.map((text) => text.replace(/\p{C}/gu, (hidden) => (UNUSUAL.includes(hidden) ? hidden : "")));

// A run with UPDATE_DETECTIONS=1 writes the file. The intake reads it too.
test("unusual texts have the details that the intake finds", () => {
  if (process.env["UPDATE_DETECTIONS"] !== undefined) {
    const texts = fc.sample(assignedText, { numRuns: 400, seed: 7 });
    writeFileSync("../guard/unusual_texts.jsonl", texts.map((text) => JSON.stringify([text, identifyingDetails(detection, text), redactAll(text)]) + "\n").join(""));
  }
  const lines = readFileSync("../guard/unusual_texts.jsonl", "utf8").trim().split("\n").map((line) => JSON.parse(line) as unknown[]);
  assert.ok(lines.filter(([, found]) => (found as unknown[]).length > 1).length > 50);
  for (const [text, ...expected] of lines) assert.deepEqual([identifyingDetails(detection, text as string), redactAll(text as string)], expected);
});

test("a receipt in a story is found in each spelling that the return page accepts", () => {
  const spellings = readJson("../../protocol/receipt-spellings.json") as { text: string; code?: string }[];
  const accepted = spellings.filter(({ code }) => code !== undefined);
  assert.ok(accepted.length > 20);
  for (const { text } of accepted) {
    const [[trace] = []] = identifyingDetails(detection, `Mon code secret est ici : ${text}\nIl a pris 5 000 F.`);
    assert.equal(trace, "receipt", text);
  }
  // Without the lists, a code is found and words are not.
  const words = accepted.find(({ text }) => text.startsWith("1. abaisser"))!.text;
  assert.deepEqual(identifyingDetails({ rules, lists: [] }, words), []);
});

const SETS = ["test_set", "second_test_set", "third_test_set"];
const sentences = (set: string): [string, [string, string][]][] =>
  readFileSync(`../guard/${set}.jsonl`, "utf8").trim().split("\n").map((line) => JSON.parse(line) as [string, [string, string][]]);

function redactAll(text: string): string {
  for (let round = 0; round < 3; round++) text = identifyingDetails(detection, text).reduce((rest, [trace]) => redact(detection, rest, trace), text);
  return text;
}

test("redacted words are removed and the rest stays, as at the intake", () => {
  for (const [text] of SETS.flatMap(sentences)) {
    const covered = redactAll(text);
    assert.deepEqual(identifyingDetails(detection, covered), [], `${text}: ${covered}`);
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
  const lines = SETS.flatMap(sentences).map(([text]) => JSON.stringify([text, identifyingDetails(detection, text), redactAll(text)]) + "\n");
  if (process.env["UPDATE_DETECTIONS"] !== undefined) writeFileSync("../guard/detections.jsonl", lines.join(""));
  assert.equal(lines.join(""), readFileSync("../guard/detections.jsonl", "utf8"));
});

/** Measures as `identifying_details.rs` does; docs/THREAT_MODEL.md states the figures. */
function measure(set: string): string {
  let [expected, hits, found, right] = [0, 0, 0, 0];
  for (const [text, wanted] of sentences(set)) {
    const traced = identifyingDetails(detection, text).flatMap(([trace, all]) => all.map((words): [string, string] => [trace, words]));
    const meet = ([a, words]: [string, string], [b, others]: [string, string]) => a === b && (words.includes(others) || others.includes(words));
    expected += wanted.length;
    found += traced.length;
    hits += wanted.filter((one) => traced.some((other) => meet(one, other))).length;
    right += traced.filter((one) => wanted.some((other) => meet(one, other))).length;
  }
  return `recall ${hits}/${expected}, precision ${right}/${found}`;
}

test("most details of the test sets are found with few false positives, as at the intake", () => {
  assert.equal(measure("test_set"), "recall 116/118, precision 116/118");
  assert.equal(measure("second_test_set"), "recall 117/122, precision 117/117");
  assert.equal(measure("third_test_set"), "recall 48/50, precision 48/50");
});
