//! Accepted and refused forms of every signed object, in one file for all implementations:
//! `crates/protocol/refusals.json`. It contains each object in its valid form, and the same object
//! in invalid forms that the correct key has signed. Bytes are unpadded base64url.
//!
//! `WRITE_VECTORS=1 cargo test -p investigator --test refusals` writes the file.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[path = "../common/mod.rs"]
mod common;
mod directories;
mod keys;
mod log_records;
mod objects;
mod programs;

use std::{env, fs, path::PathBuf};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use common::TODAY;
use ed25519_dalek::{Signer, SigningKey};
use protocol::{
    keys::{CaseSecret, MailboxRecipient},
    receipt::Receipt,
};
use serde_json::{Map, Value, json};

fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64.decode(value.as_str().unwrap()).unwrap()
}

fn receipt() -> Receipt {
    Receipt::from_bytes([0; 16])
}

fn secret() -> CaseSecret {
    CaseSecret::from_bytes([7; 32])
}

fn mailbox_recipient() -> MailboxRecipient {
    receipt().mailbox_identity().recipient()
}

fn signed(label: &[u8], bytes: &[u8], key: &SigningKey) -> [u8; 64] {
    key.sign(&[label, bytes].concat()).to_bytes()
}

fn vector(what: &str, accepted: bool, fields: &[(&str, Value)]) -> Value {
    let mut vector = Map::from_iter([
        ("what".to_owned(), json!(what)),
        ("accepted".to_owned(), json!(accepted)),
    ]);
    vector.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Value::Object(vector)
}

/// Returns the text, and then the text with each change. A change has a description, the text to
/// replace, and the replacement.
fn variants(
    text: &str,
    changes: &[(impl AsRef<str>, impl AsRef<str>, impl AsRef<str>)],
) -> Vec<(String, bool, String)> {
    let mut all = vec![("as it is written".to_owned(), true, text.to_owned())];
    for (what, from, to) in changes {
        let (what, from) = (what.as_ref(), from.as_ref());
        assert!(text.contains(from), "{what}: {from} is not in {text}");
        all.push((what.to_owned(), false, text.replacen(from, to.as_ref(), 1)));
    }
    all
}

/// A kind of object: its name, its vectors, and a function that returns whether the implementation
/// accepts a vector.
type VectorKind = (&'static str, fn() -> Vec<Value>, fn(&Value) -> bool);

const KINDS: [VectorKind; 12] = [
    ("frames", objects::frames, objects::accepts_frame),
    ("facts", objects::facts, objects::accepts_facts),
    ("rotations", objects::rotations, objects::accepts_rotation),
    ("capsules", objects::capsules, objects::accepts_capsule),
    ("mailboxes", objects::mailboxes, objects::accepts_mailbox),
    ("signatures", keys::signatures, keys::accepts_signature),
    ("keys", keys::public_keys, keys::accepts_key),
    ("recipients", keys::recipients, keys::accepts_recipient),
    ("directories", directories::directories, directories::accepts_directory),
    ("programs", programs::programs, programs::accepts_program),
    ("receipts", keys::receipts, keys::accepts_receipt),
    ("log_records", log_records::log_records, log_records::shows_status),
];

#[test]
fn every_invalid_form_is_refused() {
    let mut now = json!({
        "trust": directories::trust(),
        "today": TODAY.to_string(),
        "log_directories": log_records::signed_directories(),
    });
    let mut wrong = Vec::new();
    for (kind, vectors, accepts) in KINDS {
        let vectors = vectors();
        for vector in &vectors {
            if accepts(vector) != vector["accepted"] {
                wrong.push(format!("{kind}: {}", vector["what"]));
            }
        }
        now[kind] = vectors.into();
    }
    assert_eq!(wrong, Vec::<String>::new(), "answered the other way");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../protocol/refusals.json");
    if env::var_os("WRITE_VECTORS").is_some() {
        fs::write(&path, serde_json::to_string_pretty(&now).unwrap() + "\n").unwrap();
    }
    let kept: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert!(
        now == kept,
        "refusals.json is not what this test makes: generate it and look at the difference"
    );
}
