// The rule of conditions, with the cases of the crate `taxonomy`.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Condition, applicable } from "../src/pages/conditions.ts";

interface ConditionCase {
  case: string;
  questions: { id: string; when?: Condition }[];
  answers: Record<string, string[]>;
  applying: string[];
}

const cases = JSON.parse(readFileSync(new URL("../../../taxonomy/tests/conditions.json", import.meta.url), "utf8")) as ConditionCase[];

for (const { case: name, questions, answers, applying } of cases) {
  test(name, () => assert.deepEqual(applicable(questions, (id) => answers[id] ?? []), applying));
}

test("there are cases", () => assert.ok(cases.length >= 12));
