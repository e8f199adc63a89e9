// The sealed draft: only its eight words open it.
import assert from "node:assert/strict";
import test from "node:test";
import { concat, random, utf8 } from "../src/bytes.ts";
import { type DraftContent, DRAFT_WORDS, DraftError, MAX_DRAFT_LEN, drawSecret, openDraft, sealDraft, secretWords, typedSecrets } from "../src/draft.ts";
import { lists } from "./support/world.ts";

const content = (story: string): DraftContent => ({ v: 1, step: "tell", audience: "trader", family: "money", category: "FAC", given: [["a.story", [story]], ["a.how", ["x", "y"]]] });
const all = Object.values(lists);

test("a draft opens with its words in any language, letter case and spelling", () => {
  for (const list of all) {
    const secret = drawSecret();
    const sealed = sealDraft(secret, content("Récit 🙂 شكراً"));
    const words = secretWords(secret, list);
    assert.equal(words.length, DRAFT_WORDS);
    const typings = [words.join(" "), words.map((word, at) => `${at + 1}. ${word.toUpperCase()}`).join("\n"), words.map((word) => word.normalize("NFKD").replace(/\p{M}/gu, "")).join(", ")];
    for (const typed of typings) assert.deepEqual(openDraft(typedSecrets(typed, all), sealed), content("Récit 🙂 شكراً"), typed);
  }
});

test("a draft that is made, changed, cut or opened with other words is refused", () => {
  const secret = drawSecret();
  const sealed = sealDraft(secret, content("Récit"));
  const words = secretWords(secret, lists.fr);
  const refused = (typed: string, bytes: Uint8Array) => assert.throws(() => openDraft(typedSecrets(typed, all), bytes), DraftError, typed);
  refused(words.slice(1).join(" "), sealed);
  refused([...words, words[0]].join(" "), sealed);
  refused([words[1], words[0], ...words.slice(2)].join(" "), sealed);
  refused(secretWords(drawSecret(), lists.fr).join(" "), sealed);
  refused("", sealed);
  for (let at = 0; at < sealed.length; at += 7) {
    const changed = sealed.slice();
    changed[at]! ^= 1;
    refused(words.join(" "), changed);
  }
  for (const length of [0, 15, 16, 31, sealed.length - 1]) refused(words.join(" "), sealed.subarray(0, length));
  refused(words.join(" "), concat(sealed, new Uint8Array(1)));
  refused(words.join(" "), random(1000));
  refused(words.join(" "), new Uint8Array(MAX_DRAFT_LEN + 1));
  refused(words.join(" "), sealDraft(secret, { ...content(""), v: 2 } as unknown as DraftContent));
  refused(words.join(" "), sealDraft(secret, { ...content(""), given: [["a.story", "text"]] } as unknown as DraftContent));
});

test("a draft shows nothing but a multiple of 512 bytes, and two drafts of one text differ", () => {
  const secret = drawSecret();
  const [one, other] = [sealDraft(secret, content("Récit")), sealDraft(secret, content("Récit"))];
  assert.equal((one.length - 32) % 512, 0);
  assert.equal(sealDraft(secret, content("Récits")).length, one.length);
  assert.notDeepEqual(one, other);
  assert.notDeepEqual(one.subarray(16), other.subarray(16));
  for (const word of ["story", "FAC", "trader", "burkindi", "age-encryption"]) assert.ok(!Buffer.from(one).includes(Buffer.from(utf8(word))), word);
});
