import fc from "fast-check";
import assert from "node:assert/strict";
import test from "node:test";
import { recipientOf } from "../src/age.ts";
import { type Bytes, decode, encode, utf8 } from "../src/bytes.ts";
import { readFileSync } from "node:fs";
import { peekFrame } from "../src/frame.ts";
import { Receipt } from "../src/receipt.ts";
import { ReceiptError, withNearestWord } from "../src/typed_receipt.ts";
import { lists, vectors } from "./support/world.ts";

const all = Object.values(lists);
const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 }) as fc.Arbitrary<Bytes>;

test("receipts match the test vectors", async () => {
  for (const vector of vectors.receipts) {
    const receipt = new Receipt(decode(vector.receipt));
    assert.equal(receipt.code(), vector.code);
    for (const [lang, list] of Object.entries(lists)) {
      assert.equal(receipt.words(list).normalize("NFKD"), vector.words[lang].normalize("NFKD"));
      assert.deepEqual(Receipt.parse(vector.words[lang], all).bytes, receipt.bytes);
    }
    assert.equal(encode(receipt.locator()), vector.locator);
    assert.equal(receipt.mailboxId(), vector.mailbox_id);
    assert.equal((await recipientOf(receipt.mailboxIdentity())).text, vector.mailbox_recipient);
    assert.equal(encode(receipt.reporterKey()), vector.reporter_key);
  }
});

test("every spelling of a receipt is parsed", () => {
  fc.assert(
    fc.property(bytes16, fc.constantFrom("-", " ", "", "  ", "\n", " – "), fc.boolean(), (bytes, between, lower) => {
      const receipt = new Receipt(bytes);
      let code = receipt.code().replaceAll("-", between);
      // Spellings that people use.
      code = lower ? code.toLowerCase().replaceAll("0", "o").replaceAll("1", "l") : code;
      assert.deepEqual(Receipt.parse(code, []).bytes, bytes);
      assert.deepEqual(Receipt.parse(code.replace(/\d/g, (digit) => "٠١٢٣٤٥٦٧٨٩"[Number(digit)]!), []).bytes, bytes);
      for (const list of all) {
        const words = receipt.words(list);
        const short = words.split(" ").map((word) => [...word.normalize("NFC")].slice(0, 4).join(""));
        assert.deepEqual(Receipt.parse(words.toUpperCase(), all).bytes, bytes);
        assert.deepEqual(Receipt.parse(short.join("\n"), [list]).bytes, bytes);
      }
    }),
    { numRuns: 60 },
  );
});

test("a mistyped receipt is rejected with the reason", () => {
  const receipt = new Receipt(decode(vectors.receipts[2].receipt));
  const problem = (typed: string) => {
    try {
      Receipt.parse(typed, all);
    } catch (error) {
      return (error as ReceiptError).problem.kind;
    }
    return undefined;
  };
  const code = receipt.code();
  assert.equal(problem(""), "length");
  assert.equal(problem(code.slice(0, -1)), "group");
  assert.equal(problem(code.slice(0, -6)), "length");
  assert.equal(problem(code.replace("A", "U")), "character");
  assert.equal(problem("Z" + code.slice(1)), "code");
  const words = receipt.words(lists.fr).split(" ");
  assert.equal(problem([...words.slice(1), "burkindi"].join(" ")), "word");
  assert.equal(problem(words.slice(1).join(" ")), "words");
  assert.equal(problem([words[1], words[0], ...words.slice(2)].join(" ")), "order");
  // Two swapped letters are detected, except once in a thousand times.
  let unnoticed = 0;
  for (let at = 0; at < code.length - 1; at++) {
    const [one, other] = [code[at]!, code[at + 1]!];
    if (one === other || one === "-" || other === "-") continue;
    unnoticed += problem(code.slice(0, at) + other + one + code.slice(at + 2)) === undefined ? 1 : 0;
  }
  assert.equal(unnoticed, 0);
});

test("real spellings are parsed and mistakes are named", () => {
  const spellings = JSON.parse(readFileSync(`${process.cwd()}/../../protocol/receipt-spellings.json`, "utf8"));
  assert.ok(spellings.length >= 80);
  for (const { text, code, problem, word, near, taken } of spellings) {
    try {
      assert.equal(Receipt.parse(text, all).code(), code, text);
    } catch (error) {
      if (!(error instanceof ReceiptError)) throw error;
      const found = error.problem;
      const { sign, place, group, count } = found as { sign?: string; place?: number; group?: number; count?: number };
      assert.equal([found.kind, sign, place, group, count].filter((detail) => detail !== undefined).join(" "), problem, text);
      assert.equal(withNearestWord(text, found), taken, text);
      if (found.kind === "word") assert.deepEqual([found.word, found.near], [word, near], text);
    }
  }
});

test("the sending tag matches the test vectors, including treatments of files", () => {
  for (const vector of vectors.receipts) {
    const receipt = new Receipt(decode(vector.receipt));
    const tag = (frame: number) =>
      encode(receipt.sendingTag(new Uint8Array(32).fill(5), utf8("body"), peekFrame(decode(vectors.frames[frame].frame)).attachments));
    assert.deepEqual([tag(0), tag(2)], [vector.sending_tag, vector.sending_tag_treated]);
  }
});

test("the sending tag changes with any difference", () => {
  const receipt = new Receipt(decode(vectors.receipts[0].receipt));
  const file = { name: "photo.jpg", media_type: "image/jpeg", len: 3, sha256: vectors.frames[0].header.attachments[0].sha256 };
  const tag = (token: number, body: string, files = [file]) =>
    encode(receipt.sendingTag(new Uint8Array(32).fill(token), utf8(body), files));
  const tags = [tag(0, "a"), tag(1, "a"), tag(0, "b"), tag(0, "a", []), tag(0, "a", [{ ...file, name: "b" }])];
  assert.equal(new Set(tags).size, tags.length);
  assert.equal(tag(0, "a"), tags[0]);
});
