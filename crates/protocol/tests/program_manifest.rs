//! The signed manifest of the browser program: m of n root keys are needed, and the signature is
//! one that a Sigsum log accepts.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, SigningKey, Verifier as _};
use protocol::{
    Hash,
    directory::TrustRoots,
    keys::PublicKey,
    program::{MAX_MANIFEST_LEN, ProgramError, ProgramManifest, SignedProgram},
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

fn manifest() -> ProgramManifest {
    ProgramManifest {
        app: "https://example.org/burkindi".into(),
        default_csp: "default-src 'none'".into(),
        default_fallback: "/fr".into(),
        default_index: "fr".into(),
        extra_csp: BTreeMap::new(),
        files: BTreeMap::from([
            ("/fr/form.json".into(), Hash::of(&[b"form"])),
            ("/fr".into(), Hash::of(&[b"home"])),
        ]),
        timestamp: None,
        version: "0.1.0".into(),
        wasm: Vec::new(),
    }
}

fn roots() -> ([SigningKey; 3], TrustRoots) {
    let roots = [1, 2, 3].map(|seed| SigningKey::from_bytes(&[seed; 32]));
    let keys = roots.iter().map(PublicKey::from).collect();
    (roots, TrustRoots { instance: Uuid::from_u128(1), threshold: 2, roots: keys })
}

#[test]
fn m_of_n_root_keys_sign_a_program() {
    let ([a, b, _], trust) = roots();
    let unmet = |valid| Err(ProgramError::ThresholdNotMet { valid, needed: 2 });
    let mut signed = SignedProgram::unsigned(manifest());
    assert_eq!(signed.verify(&trust), unmet(0));
    signed.add_signature(&a);
    signed.add_signature(&a);
    assert_eq!(signed.verify(&trust), unmet(1), "one key counts once");
    signed.add_signature(&SigningKey::from_bytes(&[99; 32]));
    assert_eq!(signed.verify(&trust), unmet(1), "an unknown key does not count");
    signed.add_signature(&b);
    assert_eq!(signed.verify(&trust), Ok(manifest().hash()));
    let careless = TrustRoots { threshold: 0, ..trust.clone() };
    let unsigned = SignedProgram::unsigned(manifest());
    assert!(unsigned.verify(&careless).is_err());
    let read = SignedProgram::from_bytes(&signed.to_bytes()).unwrap();
    assert_eq!(read, signed);
    let mut twice = signed.clone();
    twice.root_signatures.push(twice.root_signatures[0].clone());
    assert_eq!(twice.verify(&trust), Err(ProgramError::DuplicateOrTooManySignatures));
}

#[test]
fn each_change_of_a_signed_manifest_is_noticed() {
    let ([a, b, _], trust) = roots();
    let mut signed = SignedProgram::unsigned(manifest());
    signed.add_signature(&a);
    signed.add_signature(&b);
    let hash = signed.verify(&trust).unwrap();
    let changes: [fn(&mut ProgramManifest); 8] = [
        |manifest| {
            manifest.files.insert("/fr/form.json".into(), Hash::of(&[b"other"]));
        },
        |manifest| {
            manifest.files.insert("/more.js".into(), Hash::of(&[b"more"]));
        },
        |manifest| {
            manifest.files.remove("/fr/form.json");
        },
        |manifest| "default-src 'self'".clone_into(&mut manifest.default_csp),
        |manifest| {
            manifest.extra_csp.insert("/".into(), "script-src *".into());
        },
        |manifest| manifest.wasm.push(Hash::default()),
        |manifest| "0.2.0".clone_into(&mut manifest.version),
        |manifest| manifest.timestamp = Some("tree head".into()),
    ];
    for change in changes {
        let mut other = signed.clone();
        change(&mut other.manifest);
        assert_ne!(other.manifest.hash(), hash);
        assert!(other.verify(&trust).is_err(), "{:?}", other.manifest);
    }
}

/// Computes the message as the Sigsum log does, without this crate's code.
#[test]
fn a_root_signature_is_that_of_a_sigsum_leaf() {
    let ([a, ..], _) = roots();
    let mut signed = SignedProgram::unsigned(manifest());
    signed.add_signature(&a);
    let message = Sha256::digest(signed.manifest.to_bytes());
    let checksum = Sha256::digest(message);
    let leaf = [b"sigsum.org/v1/tree-leaf".as_slice(), &[0], checksum.as_slice()].concat();
    let signature = Signature::from_slice(&signed.root_signatures[0].signature).unwrap();
    assert!(a.verifying_key().verify(&leaf, &signature).is_ok());
}

#[test]
fn a_manifest_of_another_form_is_refused() {
    let signed = SignedProgram::unsigned(manifest());
    let text = String::from_utf8(signed.to_bytes()).unwrap();
    assert_eq!(SignedProgram::from_bytes(text.as_bytes()), Ok(signed.clone()));
    for other in [format!("{text} "), text.replacen(':', ": ", 1), text[1..].to_owned()] {
        let refused = SignedProgram::from_bytes(other.as_bytes());
        assert!(matches!(refused, Err(ProgramError::Malformed(_))), "{refused:?}");
    }
    let long = vec![b' '; MAX_MANIFEST_LEN + 1];
    assert_eq!(SignedProgram::from_bytes(&long), Err(ProgramError::TooLong(long.len())));
    let breaks: [fn(&mut ProgramManifest); 5] = [
        |manifest| {
            manifest.files.insert("fr.js".into(), Hash::default());
        },
        |manifest| {
            manifest.files.insert("/é".into(), Hash::default());
        },
        |manifest| "en".clone_into(&mut manifest.default_index),
        |manifest| "/en".clone_into(&mut manifest.default_fallback),
        |manifest| "a, b".clone_into(&mut manifest.default_csp),
    ];
    for change in breaks {
        let mut other = signed.clone();
        change(&mut other.manifest);
        let refused = SignedProgram::from_bytes(&other.to_bytes());
        assert!(matches!(refused, Err(ProgramError::RuleViolated(_))), "{refused:?}");
    }
}
