// The test vectors of the protocol, recomputed with libraries that share no code with the Rust
// implementation.
import { ed25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bech32 } from "@scure/base";
import { entropyToMnemonic } from "@scure/bip39";
import { wordlist as english } from "@scure/bip39/wordlists/english.js";
import { wordlist as french } from "@scure/bip39/wordlists/french.js";
import { wordlist as portuguese } from "@scure/bip39/wordlists/portuguese.js";
import { wordlist as spanish } from "@scure/bip39/wordlists/spanish.js";
import { Decrypter, identityToRecipient } from "age-encryption";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const vectors = JSON.parse(readFileSync(new URL("../../crates/protocol/vectors.json", import.meta.url)));
const text = (string) => new TextEncoder().encode(string);
const b64 = {
  encode: (bytes) => Buffer.from(bytes).toString("base64url"),
  decode: (string) => new Uint8Array(Buffer.from(string, "base64url")),
};
const join = (...parts) => new Uint8Array(Buffer.concat(parts));
const hash = (...parts) => sha256(join(...parts));
const derive = (secret, salt, info) => hkdf(sha256, secret, text(salt), text(info), 32);
const identity = (seed) => bech32.encodeFromBytes("AGE-SECRET-KEY-PQ-", seed).toUpperCase();

async function open(seed, sealed) {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity(seed));
  return decrypter.decrypt(sealed);
}

test("receipts: spellings, and every key derived from them", async () => {
  const lists = { fr: french, en: english, es: spanish, pt: portuguese };
  for (const vector of vectors.receipts) {
    const receipt = b64.decode(vector.receipt);
    assert.equal(b64.encode(receipt), vector.receipt);
    for (const [lang, list] of Object.entries(lists)) {
      assert.equal(entropyToMnemonic(receipt, list).normalize("NFKD").replaceAll("\u3000", " "), vector.words[lang].normalize("NFKD"));
    }
    const salt = "burkindi/receipt/v1";
    const locator = derive(receipt, salt, "locator");
    assert.equal(b64.encode(locator), vector.locator);
    assert.equal(b64.encode(hash(locator)), vector.mailbox_id);
    assert.equal(await identityToRecipient(identity(derive(receipt, salt, "mailbox"))), vector.mailbox_recipient);
    assert.equal(b64.encode(ed25519.getPublicKey(derive(receipt, salt, "signing"))), vector.reporter_key);
    assert.equal(code(receipt), vector.code);
  }
});

/** Crockford base32 of 130 bits, and ten check bits. */
function code(receipt) {
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const digest = sha256(receipt);
  let bits = (BigInt("0x" + Buffer.from(receipt).toString("hex")) << 10n) | BigInt((digest[0] << 2) | (digest[1] >> 6));
  let letters = "";
  for (let n = 0; n < 28; n++, bits >>= 5n) letters = alphabet[Number(bits & 31n)] + letters;
  return letters.match(/.{4}/g).join("-");
}

test("case secrets", async () => {
  const { secret, case_recipient, replies_key, frame_salt, sending_token, follow_up } = vectors.case;
  const salt = "burkindi/case/v2";
  assert.equal(await identityToRecipient(identity(derive(b64.decode(secret), salt, "identity"))), case_recipient);
  assert.equal(b64.encode(ed25519.getPublicKey(derive(b64.decode(secret), salt, "replies"))), replies_key);
  assert.equal(b64.encode(derive(b64.decode(secret), salt, "frame-salt")), frame_salt);
  assert.equal(b64.encode(derive(b64.decode(secret), salt, "sending")), sending_token);
  assert.equal(b64.encode(derive(b64.decode(follow_up.token), "burkindi/message/v2", "frame-salt")), follow_up.salt);
});

test("frames: layout, hash, signature", () => {
  for (const vector of vectors.frames) {
    const frame = b64.decode(vector.frame);
    assert.equal(b64.encode(hash(frame)), vector.hash);
    const { header, rest } = readHeader("BKF2", frame);
    assert.deepEqual(header, { ...vector.header });
    assert.equal(b64.encode(rest.subarray(0, -64)), vector.body);
    const signer = b64.decode(vectors.receipts[0].reporter_key);
    const signed = join(text("burkindi/frame/v2\0"), frame.subarray(0, -64));
    assert.ok(ed25519.verify(frame.subarray(-64), signed, signer));
  }
});

test("a related report: token and proof", () => {
  const { header, related_case } = vectors.frames[1];
  const ids = Buffer.from((related_case + header.case).replaceAll("-", ""), "hex");
  const message = join(text("burkindi/related-report/v1\0"), ids);
  assert.equal(b64.encode(hash(message)), header.related.token);
  assert.ok(ed25519.verify(b64.decode(header.related.proof), message, b64.decode(vectors.receipts[1].reporter_key)));
});

/** magic ‖ u32 header length ‖ header JSON */
function readHeader(magic, bytes) {
  assert.equal(Buffer.from(bytes.subarray(0, 4)).toString(), magic);
  const length = new DataView(bytes.buffer, bytes.byteOffset + 4, 4).getUint32(0);
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString());
  return { header, rest: bytes.subarray(8 + length) };
}

test("a signed event and its hash", () => {
  const { key, signed, event, event_hash } = vectors.event;
  const [bytes, signature] = [b64.decode(signed.bytes), b64.decode(signed.signature)];
  const label = text("burkindi/event/v2\0");
  assert.ok(ed25519.verify(signature, join(label, bytes), b64.decode(key)));
  assert.deepEqual(JSON.parse(Buffer.from(bytes).toString()), event);
  assert.equal(b64.encode(hash(label, signature, bytes)), event_hash);
});

test("a submission that Rust sealed opens down to the story", async () => {
  const { transport_seed, member_seed, submission } = vectors.sealed;
  const sealed = b64.decode(submission);
  assert.ok(vectors.size_classes.sizes.includes(sealed.length));
  const { header, rest } = readHeader("BKE1", await open(b64.decode(transport_seed), sealed));
  assert.equal(header.kind, "report");
  assert.equal(header.case.id, vectors.case.report_secrets.case);
  const found = records(rest);
  assert.equal(found.filter(({ type }) => type === 1).length, 8);
  const grant = await openFirstGrant(b64.decode(member_seed), found);
  assert.equal(Buffer.from(grant.subarray(0, 4)).toString(), "BKG1");
  const secret = derive(grant.subarray(24, 56), "burkindi/case/v2", "identity");
  const body = found.find(({ type }) => type === 5).bytes;
  const frame = readHeader("BKF2", unpad(await open(secret, body), 4096));
  const report = JSON.parse(Buffer.from(frame.rest.subarray(0, -64)).toString());
  assert.equal(report.story, "On m’a demandé 5 000 francs.");
  const chunks = found.filter(({ type }) => type === 3).map(({ bytes }) => bytes);
  const padded = await open(secret, join(...chunks));
  const { len, sha256: named } = frame.header.attachments[0];
  assert.equal(padded.length, 4096);
  assert.ok(padded.subarray(len).every((byte) => byte === 0));
  assert.equal(b64.encode(hash(padded.subarray(0, len))), named);
});

/** u32 length ‖ text ‖ zeros up to a multiple of the step */
function unpad(plain, step) {
  const length = new DataView(plain.buffer, plain.byteOffset, 4).getUint32(0);
  assert.equal(plain.length, Math.ceil((4 + length) / step) * step);
  assert.ok(plain.subarray(4 + length).every((byte) => byte === 0));
  return plain.subarray(4, 4 + length);
}

/** u8 type ‖ u32 length ‖ bytes, up to the end record; zeros after it. */
function records(bytes) {
  const found = [];
  let at = 0;
  for (;;) {
    const type = bytes[at];
    const length = new DataView(bytes.buffer, bytes.byteOffset + at + 1, 4).getUint32(0);
    at += 5;
    if (type === 0) break;
    found.push({ type, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  assert.ok(bytes.subarray(at).every((byte) => byte === 0));
  return found;
}

async function openFirstGrant(seed, found) {
  for (const { bytes } of found.filter(({ type }) => type === 1)) {
    try {
      return await open(seed, bytes.subarray(32));
    } catch {
      // A grant for another member, or a decoy.
    }
  }
  throw new Error("no grant opens");
}
