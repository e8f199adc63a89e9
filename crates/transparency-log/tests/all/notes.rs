//! Notes, checkpoints and cosignatures, compared with published ones, and malformed texts.

use protocol::Hash;
use transparency_log::{
    checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint},
    note::{KeyName, MAX_NOTE_LEN, MAX_SIGNATURES, NoteError, SignedNote, VerifierKey},
};

/// The example of the Go package `golang.org/x/mod/sumdb/note`.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\
    \n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

/// A checkpoint of a public log of Certificate Transparency with cosignatures of public witnesses,
/// and the keys of the log and of one witness.
const PUBLIC_LOG: &str =
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";
const PUBLIC_WITNESS: &str = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
const PUBLIC_CHECKPOINT: &str = "arche2025h1.staging.ct.transparency.dev\n\
    1432088532\n\
    U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\
    \n\
    — arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n\
    — arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n\
    — transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n\
    — remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n";

fn key(text: &str) -> VerifierKey {
    text.parse().unwrap()
}

#[test]
fn the_published_note_of_go_verifies() {
    let note = SignedNote::parse(GO_NOTE).unwrap();
    assert_eq!(note.to_string(), GO_NOTE);
    assert_eq!(key(GO_KEY).to_string(), GO_KEY);
    assert_eq!(note.verify(&key(GO_KEY)), Ok(true));
    assert_eq!(note.verify(&key(PUBLIC_LOG)), Ok(false), "an unknown key has not signed");
    let changed = SignedNote::parse(&GO_NOTE.replace("answer", "Answer")).unwrap();
    assert_eq!(changed.verify(&key(GO_KEY)), Err(NoteError::BadSignature(key(GO_KEY).name)));
}

#[test]
fn the_published_checkpoint_of_a_public_log_and_its_witness_verifies() {
    let checkpoint = SignedCheckpoint::parse(PUBLIC_CHECKPOINT).unwrap();
    assert_eq!(checkpoint.to_string(), PUBLIC_CHECKPOINT);
    assert_eq!(checkpoint.checkpoint().size, 1_432_088_532);
    assert_eq!(checkpoint.is_signed_by(&key(PUBLIC_LOG)), Ok(true));
    assert_eq!(checkpoint.cosigned_at(&key(PUBLIC_WITNESS)), Ok(Some(0x6a12_2120)));
    assert_eq!(checkpoint.cosigned_at(&key(GO_KEY)), Ok(None));
    for (from, to) in [
        ("1432088532", "1432088533"),
        ("U7WM", "V7WM"),
        ("\n1432088532", "x\n1432088532"),
        // The time of the cosignature.
        ("2net5wAAAABqEiEg", "2net5wAAAABqEiEh"),
    ] {
        let changed = PUBLIC_CHECKPOINT.replacen(from, to, 1);
        assert_ne!(changed, PUBLIC_CHECKPOINT);
        let changed = SignedCheckpoint::parse(&changed).unwrap();
        let witness = key(PUBLIC_WITNESS);
        let refused = Err(NoteError::BadSignature(witness.name.clone()));
        assert_eq!(changed.cosigned_at(&witness), refused, "{from}");
    }
}

#[test]
fn verifier_keys_have_one_spelling() {
    for (malformed, why) in [
        ("", "empty"),
        ("bananas.example+12344556", "no key"),
        ("rekor.example+12345678+THIS_IS_NOT_BASE64!", "not base64"),
        ("rekor.example+12345678+AwEB", "unknown algorithm"),
        ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "other id"),
        ("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "upper case"),
        ("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "space"),
        ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TX", "trailing bits"),
        ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n", "line break"),
    ] {
        assert!(malformed.parse::<VerifierKey>().is_err(), "{why}: {malformed}");
    }
    for name in ["", "a b", "a+b", "a\u{a0}b", "a\nb", "a\u{7}b"] {
        assert!(name.parse::<KeyName>().is_err(), "{name:?}");
    }
}

#[test]
fn malformed_notes_are_refused() {
    let (text, signature) = GO_NOTE.split_once("\n\n").unwrap();
    let signature = signature.trim_end();
    for malformed in [
        String::new(),
        "\n\n".to_owned(),
        text.to_owned(),
        format!("{text}\n\n"),
        format!("{text}\n\n{signature}"),
        format!("{text}\n\n{signature}\n\n"),
        format!("{text}\n\n{}\n", signature.replace('—', "-")),
        format!("{text}\n\n— PeterNeumann\n"),
        format!("{text}\n\n— PeterNeumann x08g\n"),
        format!("{text}\n\n— PeterNeumann  x08go/ZJkuBS\n"),
        format!("{text}\n\n— Peter+Neumann x08go/ZJkuBS\n"),
        format!("{text}\n\n— PeterNeumann x08go_ZJkuBS\n"),
        format!("te\txt\n\n{signature}\n"),
        format!("{text}\r\n\n{signature}\n"),
    ] {
        let refused = SignedNote::parse(&malformed);
        assert!(
            matches!(refused, Err(NoteError::Malformed(_) | NoteError::InvalidName(_))),
            "{malformed:?}"
        );
    }
    let line = format!("{signature}\n");
    let many = |count| SignedNote::parse(&format!("{text}\n\n{}", line.repeat(count)));
    assert!(many(MAX_SIGNATURES).is_ok());
    assert_eq!(many(MAX_SIGNATURES + 1), Err(NoteError::TooManySignatures));
    let long = format!("{}{GO_NOTE}", "x".repeat(MAX_NOTE_LEN));
    assert_eq!(SignedNote::parse(&long), Err(NoteError::TooLong(long.len())));
}

/// The same key signs events and sessions under a label that ends with a zero byte, which no note
/// contains. So no such signature is valid for a note.
#[test]
fn no_other_signed_message_of_the_protocol_is_a_note() {
    let event = format!("burkindi/event/v2\0{{}}\n\n{}", GO_NOTE.split_once("\n\n").unwrap().1);
    assert!(matches!(SignedNote::parse(&event), Err(NoteError::Malformed(_))));
    let zero = Checkpoint { origin: "a\0b".to_owned(), size: 0, root: Hash::default() };
    let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    assert!(SignedCheckpoint::sign(zero, &key).is_err());
}

#[test]
fn a_checkpoint_is_exactly_three_lines() {
    let (text, signatures) = PUBLIC_CHECKPOINT.split_once("\n\n").unwrap();
    let text = format!("{text}\n");
    assert_eq!(text.parse::<Checkpoint>().unwrap().to_string(), text);
    for (from, to) in [
        ("1432088532", "01432088532"),
        ("1432088532", "+1432088532"),
        ("1432088532", "99999999999999999999"),
        ("1432088532\n", ""),
        ("1432088532", "1432088532\n"),
        ("4Ro=\n", "4Ro=\nextension\n"),
        ("4Ro=", "4Ro"),
        ("4Ro=", "4Rp="),
        ("U7WM", ""),
        ("arche2025h1.staging.ct.transparency.dev", ""),
    ] {
        let malformed = text.replacen(from, to, 1);
        let refused = malformed.parse::<Checkpoint>();
        assert!(matches!(refused, Err(CheckpointError::Malformed(_))), "{malformed:?}");
        assert!(SignedCheckpoint::parse(&format!("{malformed}\n{signatures}")).is_err());
    }
}
