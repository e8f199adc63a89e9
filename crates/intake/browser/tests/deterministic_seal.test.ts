// Deterministic sealing, compared byte for byte with the Rust implementation, whose test vectors
// are in crates/age-hybrid/vectors.json.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { open, recipientOf } from "../src/age.ts";
import { identity } from "../src/recipients.ts";
import { decode, encode, text } from "../src/bytes.ts";
import { sealDeterministic } from "../src/deterministic_seal.ts";
import { hashText } from "../src/hash.ts";

interface SealVector {
  identity_seed: string;
  recipient: string;
  seed: string;
  plaintext?: string;
  /** The number of zeros, for a long plaintext. */
  zeros?: number;
  file?: string;
  file_sha256: string;
}

const vectors: SealVector[] = JSON.parse(readFileSync(`${process.cwd()}/../../age-hybrid/vectors.json`, "utf8"));

test("deterministic files match the test vectors byte for byte, and open", async () => {
  assert.ok(vectors.length >= 4);
  for (const vector of vectors) {
    const secret = identity(decode(vector.identity_seed));
    const to = await recipientOf(secret);
    assert.equal(to.text, vector.recipient);
    const plain = vector.plaintext === undefined ? new Uint8Array(vector.zeros!) : decode(vector.plaintext);
    const file = sealDeterministic(to, plain, decode(vector.seed));
    assert.equal(hashText(file), vector.file_sha256);
    if (vector.file !== undefined) assert.equal(encode(file), vector.file);
    assert.deepEqual(await open(secret, file), plain);
  }
});

test("each input determines the file, and it has no grease", async () => {
  const [to, other] = [await recipientOf(identity(new Uint8Array(32).fill(1))), await recipientOf(identity(new Uint8Array(32).fill(2)))];
  const [plain, seed] = [Uint8Array.of(1, 2, 3), new Uint8Array(32)];
  const first = encode(sealDeterministic(to, plain, seed));
  assert.equal(encode(sealDeterministic(to, plain, seed)), first);
  const others = [
    sealDeterministic(other, plain, seed),
    sealDeterministic(to, Uint8Array.of(1, 2, 4), seed),
    sealDeterministic(to, plain, new Uint8Array(32).fill(1)),
  ];
  assert.equal(new Set([first, ...others.map(encode)]).size, 4);
  const header = text(decode(first)).split("\n---")[0]!;
  assert.match(header, /^age-encryption\.org\/v1\n-> mlkem768x25519 [A-Za-z0-9+/]{1494}\n[A-Za-z0-9+/]{43}$/);
});

test("a plaintext of more than one chunk is refused", async () => {
  const to = await recipientOf(identity(new Uint8Array(32).fill(1)));
  assert.throws(() => sealDeterministic(to, new Uint8Array(64 * 1024 + 1), new Uint8Array(32)), /exceeds one chunk/);
});
