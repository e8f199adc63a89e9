// The sealed draft: only its twelve words open it.
import assert from "node:assert/strict";
import test from "node:test";
import { concat, random, utf8 } from "../src/bytes.ts";
import { type DraftContent, DraftError, MAX_DRAFT_LEN, drawSecret, openDraft, sealDraft } from "../src/draft.ts";
import { ReceiptError, type ReceiptProblem, WORD_COUNT, parseWords, spellWords } from "../src/typed_receipt.ts";
import { lists } from "./support/world.ts";

const content = (story: string): DraftContent => ({ v: 1, step: "tell", audience: "trader", family: "money", category: "FAC", given: [["a.story", [story]], ["a.how", ["x", "y"]]] });
const all = Object.values(lists);

test("a draft opens with its words in any language, letter case and spelling", () => {
  for (const list of all) {
    const secret = drawSecret();
    const sealed = sealDraft(secret, content("Récit 🙂 شكراً"));
    const words = spellWords(secret, list);
    assert.equal(words.length, WORD_COUNT);
    assert.equal(secret.length, 16);
    const typings = [words.join(" "), words.map((word, at) => `${at + 1}. ${word.toUpperCase()}`).join("\n"), words.map((word) => word.normalize("NFKD").replace(/\p{M}/gu, "")).join(", ")];
    for (const typed of typings) assert.deepEqual(openDraft(parseWords(typed, all), sealed), content("Récit 🙂 شكراً"), typed);
  }
});

test("a draft that is made, changed, cut or opened with other words is refused", () => {
  const secret = drawSecret();
  const sealed = sealDraft(secret, content("Récit"));
  const words = spellWords(secret, lists.fr);
  const refused = (typed: string, bytes: Uint8Array) => assert.throws(() => openDraft(parseWords(typed, all), bytes), DraftError, typed);
  refused(spellWords(drawSecret(), lists.fr).join(" "), sealed);
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

test("wrong words of a draft are named as those of a receipt are", () => {
  const secret = new Uint8Array(16).fill(7);
  const words = spellWords(secret, lists.fr);
  assert.deepEqual(parseWords(words.join(" "), all), [secret]);
  const problem = (typed: readonly string[]): ReceiptProblem | undefined => {
    try {
      parseWords(typed.join(" "), all);
    } catch (error) {
      return error instanceof ReceiptError ? error.problem : undefined;
    }
    return undefined;
  };
  const mistyped = `${words[2]!.slice(0, 3)}x${words[2]!.slice(3)}`;
  assert.deepEqual(problem([...words.slice(0, 2), mistyped, ...words.slice(3)]), { kind: "word", place: 3, count: 12, word: mistyped, near: words[2]!.normalize("NFC") });
  assert.deepEqual(problem(words.slice(1)), { kind: "words", count: 11 });
  assert.deepEqual(problem([]), { kind: "words", count: 0 });
  // The checksum finds words in another order, and wrong words of the list, in 15 of 16 cases.
  const swapped = words.map((_, at) => words.with(at, words[(at + 1) % 12]!).with((at + 1) % 12, words[at]!));
  assert.ok(swapped.filter((typed) => problem(typed)?.kind === "order").length >= 9);
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
