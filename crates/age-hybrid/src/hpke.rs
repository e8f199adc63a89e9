//! The key schedule of HPKE (RFC 9180, section 5.1) in base mode, for one message, with HKDF-SHA256
//! and ChaCha20-Poly1305.

use chacha20poly1305::{ChaCha20Poly1305, KeyInit, aead::Aead};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::xwing::SharedSecret;

/// `"HPKE" ‖ KEM id ‖ KDF id ‖ AEAD id`: X-Wing is 0x647a, HKDF-SHA256 is 1, ChaCha20-Poly1305 is
/// 3.
const SUITE: &[u8; 10] = b"HPKE\x64\x7a\x00\x01\x00\x03";
/// Length of a sealed file key in bytes: 16 bytes and a 16-byte tag.
pub(crate) const SEALED_FILE_KEY_LEN: usize = 32;

pub(crate) fn seal(shared: &SharedSecret, info: &str, plaintext: &[u8]) -> Vec<u8> {
    let (cipher, nonce) = key_schedule(shared, info);
    cipher.encrypt(&nonce.into(), plaintext).expect("a file key is far below the cipher's limit")
}

pub(crate) fn open(shared: &SharedSecret, info: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (cipher, nonce) = key_schedule(shared, info);
    cipher.decrypt(&nonce.into(), sealed).ok().map(Zeroizing::new)
}

fn key_schedule(shared: &SharedSecret, info: &str) -> (ChaCha20Poly1305, [u8; 12]) {
    const MODE_BASE: u8 = 0;
    let mut context = vec![MODE_BASE];
    context.extend_from_slice(&*labeled_extract(&[], "psk_id_hash", &[]).0);
    context.extend_from_slice(&*labeled_extract(&[], "info_hash", info.as_bytes()).0);
    let secret = labeled_extract(&**shared, "secret", &[]).1;
    let mut key = Zeroizing::new([0; 32]);
    let mut nonce = [0; 12];
    labeled_expand(&secret, "key", &context, &mut *key);
    labeled_expand(&secret, "base_nonce", &context, &mut nonce);
    (ChaCha20Poly1305::new((&*key).into()), nonce)
}

/// `LabeledExtract` of RFC 9180, section 4.
fn labeled_extract(salt: &[u8], label: &str, ikm: &[u8]) -> (Zeroizing<[u8; 32]>, Hkdf<Sha256>) {
    let labeled = Zeroizing::new([b"HPKE-v1", &SUITE[..], label.as_bytes(), ikm].concat());
    let (prk, hkdf) = Hkdf::<Sha256>::extract(Some(salt), &labeled);
    (Zeroizing::new(prk.into()), hkdf)
}

/// `LabeledExpand` of RFC 9180, section 4.
fn labeled_expand(secret: &Hkdf<Sha256>, label: &str, info: &[u8], out: &mut [u8]) {
    let len = u16::try_from(out.len()).expect("32 or 12").to_be_bytes();
    secret
        .expand_multi_info(&[&len, b"HPKE-v1", SUITE, label.as_bytes(), info], out)
        .expect("32 bytes are within HKDF's limit");
}
