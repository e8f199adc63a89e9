// Deterministic sealing, as in crates/age-hybrid/src/deterministic.rs: any holder of the seed seals
// the same plaintext again and compares the files.
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { expand, extract, hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { MLKEM768X25519 } from "@noble/post-quantum/hybrid.js";
import { base64nopad } from "@scure/base";
import { CHUNK_LEN, NONCE_LEN, STANZA_TAG } from "./age.ts";
import { type Bytes, concat, u16, utf8 } from "./bytes.ts";
import type { AgeRecipient } from "./recipients.ts";

const SALT = "burkindi/seal/v2";
const FILE_KEY_LEN = 16;
/** Randomness of X-Wing: 32 bytes for ML-KEM-768, 32 for X25519. */
const ENCAPSULATION_RANDOMNESS_LEN = 64;
/** The STREAM nonce of a chunk that is the first and the last: counter 0 in 11 bytes, and 1. */
const ONLY_CHUNK_NONCE = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const HPKE_INFO = utf8("age-encryption.org/mlkem768x25519");
/** `"HPKE" ‖ KEM id ‖ KDF id ‖ AEAD id`: X-Wing, HKDF-SHA256 and ChaCha20-Poly1305. */
const HPKE_SUITE = concat(utf8("HPKE"), u16(0x647a), u16(1), u16(3));
const HPKE_VERSION = utf8("HPKE-v1");

/**
 * Seals at most one chunk to one recipient. The same recipient, plaintext and seed give the same
 * age v1 file (C2SP `age.md`) with one stanza and no grease, byte for byte as in the Rust
 * implementation. Throws on a longer plaintext.
 */
export function sealDeterministic(to: AgeRecipient, plain: Uint8Array, seed: Uint8Array): Bytes {
  if (plain.length > CHUNK_LEN) throw new Error(`plaintext of ${plain.length} bytes exceeds one chunk of ${CHUNK_LEN} bytes`);
  // The hash of the content gives each plaintext its own file key.
  const content = sha256(concat(to.raw, plain));
  const derived = (purpose: string, length: number) => hkdf(sha256, seed, utf8(SALT), concat(utf8(purpose), content), length);
  const fileKey = derived("file-key", FILE_KEY_LEN);
  const nonce = derived("nonce", NONCE_LEN);
  const { cipherText, sharedSecret } = MLKEM768X25519.encapsulate(to.raw, derived("encapsulation", ENCAPSULATION_RANDOMNESS_LEN));

  const body = base64nopad.encode(hpkeSeal(sharedSecret, fileKey));
  const header = `age-encryption.org/v1\n-> ${STANZA_TAG} ${base64nopad.encode(cipherText)}\n${body}\n---`;
  const mac = hmac(sha256, hkdf(sha256, fileKey, undefined, utf8("header"), 32), utf8(header));
  const payloadKey = hkdf(sha256, fileKey, nonce, utf8("payload"), 32);
  const chunk = chacha20poly1305(payloadKey, ONLY_CHUNK_NONCE).encrypt(plain);
  return concat(utf8(`${header} ${base64nopad.encode(mac)}\n`), nonce, chunk);
}

/** Seals one message by HPKE in base mode (RFC 9180, section 5.1). */
function hpkeSeal(shared: Uint8Array, plain: Uint8Array): Uint8Array {
  const none = new Uint8Array();
  const modeBase = Uint8Array.of(0);
  const context = concat(modeBase, labeledExtract(none, "psk_id_hash", none), labeledExtract(none, "info_hash", HPKE_INFO));
  const secret = labeledExtract(shared, "secret", none);
  const key = labeledExpand(secret, "key", context, 32);
  return chacha20poly1305(key, labeledExpand(secret, "base_nonce", context, 12)).encrypt(plain);
}

/** `LabeledExtract` of RFC 9180, section 4. */
const labeledExtract = (salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array =>
  extract(sha256, concat(HPKE_VERSION, HPKE_SUITE, utf8(label), ikm), salt);

/** `LabeledExpand` of RFC 9180, section 4. */
const labeledExpand = (secret: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array =>
  expand(sha256, secret, concat(u16(length), HPKE_VERSION, HPKE_SUITE, utf8(label), info), length);
