//! Deterministic sealing: the same file from the same inputs, and another one from any other.
//!
//! `vectors.json` contains the inputs and the files, which other implementations must produce byte
//! for byte. `WRITE_VECTORS=1 cargo test -p age-hybrid --test deterministic` writes it.

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use age_hybrid::{
    CHUNK_LEN, Identity, MAX_HEADER_LEN, OpenError, PlaintextTooLongError, has_hybrid_header, open,
    seal_deterministic, sealed_len,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Length of every header: no grease, and fields of fixed lengths.
const HEADER_LEN: usize = 1627;

fn identity(n: u8) -> Identity {
    Identity::from_seed([n; 32])
}

fn sealed(to: u8, plaintext: &[u8], seed: u8) -> Vec<u8> {
    seal_deterministic(&identity(to).to_recipient(), plaintext, &[seed; 32]).expect("short")
}

fn chunk_len() -> usize {
    usize::try_from(CHUNK_LEN).expect("64 KiB")
}

#[test]
fn every_input_determines_the_file() {
    let first = sealed(1, b"plaintext", 9);
    assert_eq!(first, sealed(1, b"plaintext", 9));
    let others = [
        sealed(2, b"plaintext", 9),
        sealed(1, b"Plaintext", 9),
        sealed(1, b"plaintext ", 9),
        sealed(1, b"", 9),
        sealed(1, b"plaintext", 8),
    ];
    // No part of the file repeats: neither the encapsulation, nor the MAC, nonce and payload.
    let parts = |file: &[u8]| {
        let end = HEADER_LEN - 45;
        [
            file[..end].to_vec(),
            file[end..HEADER_LEN + 16].to_vec(),
            file[HEADER_LEN + 16..].to_vec(),
        ]
    };
    let all: BTreeSet<Vec<u8>> =
        others.iter().chain([&first]).flat_map(|file| parts(file)).collect();
    assert_eq!(all.len(), 3 * (others.len() + 1));
}

#[test]
fn two_plaintexts_under_one_seed_have_different_keys() {
    let (one, other) = (b"a plaintext of some length", b"another, of the same length");
    let (one, other) = (&one[..26], &other[..26]);
    let payload = |plaintext: &[u8]| sealed(1, plaintext, 9)[HEADER_LEN + 16..][..26].to_vec();
    let xor = |a: &[u8], b: &[u8]| -> Vec<u8> { a.iter().zip(b).map(|(a, b)| a ^ b).collect() };
    assert_ne!(xor(&payload(one), &payload(other)), xor(one, other), "one key stream for both");
}

#[test]
fn the_file_opens_like_any_other_and_has_no_grease() {
    for len in [0, 1, 128, 4096, chunk_len() - 1, chunk_len()] {
        let plaintext = vec![5; len];
        let file = sealed(1, &plaintext, 9);
        assert_eq!(*open(&identity(1), &file).expect("opens"), plaintext);
        assert_eq!(age::decrypt(&identity(1), &file).expect("opens"), plaintext);
        assert!(matches!(
            open(&identity(2), &file),
            Err(OpenError::Age(age::DecryptError::NoMatchingKeys))
        ));
        assert!(has_hybrid_header(&file[..file.len().min(MAX_HEADER_LEN)]));
        assert_eq!(file.len() as u64, sealed_len(HEADER_LEN, len as u64));
        let header = std::str::from_utf8(&file[..HEADER_LEN]).expect("text");
        assert_eq!(header.matches("\n-> ").count(), 1, "{header}");
    }
}

#[test]
fn every_flipped_bit_of_the_file_is_rejected() {
    let file = sealed(1, b"short", 9);
    for at in 0..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(open(&identity(1), &damaged).is_err(), "byte {at} of {}", file.len());
    }
}

#[test]
fn a_plaintext_of_more_than_one_chunk_is_refused() {
    let recipient = identity(1).to_recipient();
    let len = chunk_len() + 1;
    let refused = seal_deterministic(&recipient, &vec![0; len], &[9; 32]);
    assert_eq!(refused, Err(PlaintextTooLongError { len }));
}

fn vectors() -> Value {
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let vector = |identity_seed: u8, plaintext: &[u8], seed: [u8; 32]| {
        let identity = identity(identity_seed);
        let file = seal_deterministic(&identity.to_recipient(), plaintext, &seed).expect("short");
        let mut vector = json!({
            "identity_seed": encode(&[identity_seed; 32]),
            "recipient": identity.to_recipient().to_string(),
            "seed": encode(&seed),
            "file_sha256": encode(&Sha256::digest(&file)),
        });
        // A long plaintext is zeros.
        if plaintext.len() < 1000 {
            vector["plaintext"] = json!(encode(plaintext));
            vector["file"] = json!(encode(&file));
        } else {
            vector["zeros"] = json!(plaintext.len());
        }
        vector
    };
    let ascending = std::array::from_fn(|at| u8::try_from(at).expect("below 32"));
    json!([
        vector(1, b"", [0; 32]),
        vector(1, "Où et quand ?".as_bytes(), ascending),
        vector(2, &[0xa5; 128], [0xff; 32]),
        vector(3, &vec![0; chunk_len()], ascending),
    ])
}

#[test]
fn the_test_vectors_have_not_changed() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors.json");
    if env::var_os("WRITE_VECTORS").is_some() {
        let text = serde_json::to_string_pretty(&vectors()).expect("JSON") + "\n";
        fs::write(&path, text).expect("the file is writable");
    }
    let stored: Value =
        serde_json::from_slice(&fs::read(&path).expect("the file is readable")).expect("JSON");
    assert_eq!(vectors(), stored);
}
