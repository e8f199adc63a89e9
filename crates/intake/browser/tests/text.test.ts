import assert from "node:assert/strict";
import test from "node:test";
import { isBlank, normalizeText } from "../src/text.ts";

test("control characters of word processors become line ends or are removed", () => {
  for (const end of ["\r\n", "\r", "\n", "\v", "\f", "\u0085", "\u2028", "\u2029"]) assert.equal(normalizeText(`a${end}b`), "a\nb");
  for (const gone of ["\0", "\u0001", "\u0003", "\b", "\u001b", "\u001f", "\u007f", "\u0080", "\u009f"]) assert.equal(normalizeText(`a${gone}b`), "ab");
  const kept = "tab\t, joiner \u200d, mark of direction \u200f, 👩🏽‍🌾";
  assert.equal(normalizeText(kept), kept);
  // A lone surrogate cannot be encoded as UTF-8.
  assert.equal(normalizeText("a\ud83db\udc00c👍"), "a\ufffdb\ufffdc👍");
});

test("a text that shows nothing is blank", () => {
  for (const blank of ["", " \n\t", "\u200b", "\u3164", "\u2800\u2800", "\u00ad", "\ufeff\u2060", "\u00a0\u3000", "\u115f\uffa0", "\u200e\u061c\ufe0f"]) assert.ok(isBlank(blank), JSON.stringify(blank));
  for (const shown of [".", "é", "0", "\u200ba", "؟", "👍"]) assert.ok(!isBlank(shown), shown);
});
