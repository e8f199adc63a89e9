// The answers of a form, and the report composed from them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ReportAnswers, type OtherStory } from "../src/pages/answers.ts";
import type { FormQuestion, OfflineForm } from "../src/pages/offline_form.ts";

const question = (answer: FormQuestion["answer"], pattern?: string): FormQuestion => ({
  label: "Label",
  answer,
  format: pattern === undefined ? null : { pattern, example: "14:30" },
  when: null,
  places: false,
  guarded: false,
  options: {},
});

const offlineForm = {
  categories: { FAC: { questions: ["time", "story"], story_required: true, priority_floor: "P3" } },
  questions: { time: question("text", "([01][0-9]|2[0-3]):[0-5][0-9]"), story: question("story") },
  audiences: {},
  priority_rules: [],
  longest: { story: 100, text: 50, message: 100 },
} as unknown as OfflineForm;

const nothingSpoken: OtherStory = { problem: undefined, isGiven: false, hasRecording: false };

/** Returns answers that were typed into a form. Only the fields of the form are read. */
function typed(fields: Record<string, string>): ReportAnswers {
  const form = { elements: Object.keys(fields).map((name) => ({ name })) } as unknown as HTMLFormElement;
  const FormDataOfNode = globalThis.FormData;
  globalThis.FormData = (function () {
    return Object.entries(fields);
  } as unknown) as typeof FormData;
  const answers = new ReportAnswers();
  answers.category = "FAC";
  answers.captureFields(form);
  globalThis.FormData = FormDataOfNode;
  return answers;
}

test("a text must have the form that its question requires", () => {
  for (const time of ["2 pm", "24:00", "14:30:00", "at 14:30"]) {
    const found = typed({ "a.time": time, "a.story": "text" }).report(offlineForm, nothingSpoken);
    assert.deepEqual(found, [{ question: "time", problem: "format", limit: 50 }], time);
  }
  const report = typed({ "a.time": " 14:30 ", "a.story": "text" }).report(offlineForm, nothingSpoken);
  assert.ok(!Array.isArray(report));
  assert.deepEqual(report.body.answers, { time: "14:30" });
  assert.ok(!Array.isArray(typed({ "a.time": "", "a.story": "text" }).report(offlineForm, nothingSpoken)));
});

test("the story may be empty if it is in a recording or a file", () => {
  const report = (story: string, spoken: Partial<OtherStory>) => {
    const found = typed({ "a.story": story }).report(offlineForm, { ...nothingSpoken, ...spoken });
    return Array.isArray(found) ? found.map(({ problem }) => problem) : { story: found.body.story, needsFile: found.needsFile };
  };
  assert.deepEqual(report("", {}), ["missing"]);
  assert.deepEqual(report("", { isGiven: true, hasRecording: true }), { story: "", needsFile: false });
  assert.deepEqual(report("", { isGiven: true }), { story: "", needsFile: true });
  assert.deepEqual(report("text", { isGiven: true }), { story: "text", needsFile: false });
});

test("a recording that was not heard, or is not ready, is not sent, also beside a text", () => {
  for (const problem of ["unheard", "busy"] as const) {
    const found = typed({ "a.story": "text" }).report(offlineForm, { problem, isGiven: true, hasRecording: true });
    assert.deepEqual(found, [{ question: "story", problem, limit: 100 }]);
  }
});

test("a text that is too long is named with its limit, and characters count as the intake counts them", () => {
  const report = (time: string, story: string) => typed({ "a.time": time, "a.story": story }).report(offlineForm, nothingSpoken);
  assert.deepEqual(report("x".repeat(51), "text"), [{ question: "time", problem: "long", limit: 50 }]);
  assert.deepEqual(report("", "x".repeat(101)), [{ question: "story", problem: "long", limit: 100 }]);
  // A character outside of the basic plane has two units in JavaScript.
  assert.ok(!Array.isArray(report("", "😀".repeat(100))));
  assert.deepEqual(report("", "😀".repeat(101)), [{ question: "story", problem: "long", limit: 100 }]);
});

test("added facts have no story and no answer that decides the readers", () => {
  const form = {
    ...offlineForm,
    categories: { FAC: { ...offlineForm.categories["FAC"], questions: ["time", "handlers_involved", "oversight_consent", "handler_preference", "story"] } },
    questions: { ...offlineForm.questions, ...Object.fromEntries(["handlers_involved", "oversight_consent", "handler_preference"].map((id) => [id, question("option")])) },
    priority_rules: [{ question: "time", answers: ["14:30"], raise_to: "P1" }],
  } as unknown as OfflineForm;
  const fields = { "a.time": "14:30", "a.handlers_involved": "unsure_all", "a.oversight_consent": "no", "a.handler_preference": "woman", "a.story": "text" };
  assert.deepEqual(typed(fields).facts(form), { facts: { category: "FAC", answers: { time: "14:30" } }, priority: "P1" });
  assert.deepEqual(typed({}).facts(form), { facts: { category: "FAC", answers: {} }, priority: "P3" });
  assert.deepEqual(typed({ "a.time": "2 pm" }).facts(form), [{ question: "time", problem: "format", limit: 50 }]);
});
