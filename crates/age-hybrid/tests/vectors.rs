//! The hybrid vectors of the community's CCTV collection (npm package `cctv-age`), opened through
//! the traits of age.

use std::{io::Read, path::Path, process::Command};

use age::{Decryptor, armor::ArmoredReader};
use age_hybrid::Identity;
use sha2::{Digest, Sha256};

/// One vector: fields, an empty line, a file.
struct AgeTestVector {
    name: String,
    fields: Vec<(String, String)>,
    file: Vec<u8>,
}

impl AgeTestVector {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    fn parse(name: &str, bytes: &[u8]) -> Self {
        let end = bytes
            .windows(2)
            .position(|pair| pair == b"\n\n")
            .expect("an empty line ends the fields");
        let fields = std::str::from_utf8(&bytes[..end]).expect("fields are text");
        let fields = fields
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(field, value)| (field.to_owned(), value.to_owned()))
            .collect();
        Self { name: name.to_owned(), fields, file: bytes[end + 2..].to_vec() }
    }
}

/// Returns all vectors. Node reads them from the package and prints a JSON object of names and hex
/// values.
fn vectors() -> Vec<AgeTestVector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/node");
    assert!(
        folder.join("node_modules/cctv-age").is_dir(),
        "the vectors are not installed: run `npm ci --prefix tests/node`"
    );
    let output =
        Command::new("node").arg("vectors.mjs").current_dir(folder).output().expect("node starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let all: std::collections::BTreeMap<String, String> =
        serde_json::from_slice(&output.stdout).expect("JSON");
    all.into_iter().map(|(name, hex)| AgeTestVector::parse(&name, &decode_hex(&hex))).collect()
}

fn decode_hex(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
        .collect()
}

/// Returns the outcome of opening a vector, in the terms of the collection.
fn outcome(vector: &AgeTestVector) -> &'static str {
    let identities: Vec<Box<dyn age::Identity>> = vector
        .fields
        .iter()
        .filter(|(field, _)| field == "identity")
        .map(|(_, value)| match value.parse::<Identity>() {
            Ok(identity) => Box::new(identity) as Box<dyn age::Identity>,
            Err(_) => Box::new(value.parse::<age::x25519::Identity>().expect("a classic identity")),
        })
        .collect();
    let mut bytes = Vec::new();
    if vector.field("armored") == Some("yes") {
        if ArmoredReader::new(&vector.file[..]).read_to_end(&mut bytes).is_err() {
            return "armor failure";
        }
    } else {
        bytes.clone_from(&vector.file);
    }
    let Ok(decryptor) = Decryptor::new_buffered(&bytes[..]) else {
        return "header failure";
    };
    let mut reader = match decryptor.decrypt(identities.iter().map(|identity| &**identity)) {
        Ok(reader) => reader,
        Err(age::DecryptError::NoMatchingKeys) => return "no match",
        Err(age::DecryptError::InvalidMac) => return "HMAC failure",
        Err(_) => return "header failure",
    };
    let mut plain = Vec::new();
    match reader.read_to_end(&mut plain) {
        Ok(_)
            if vector.field("payload").is_none_or(|hash| hex(&Sha256::digest(&plain)) == hash) =>
        {
            "success"
        }
        Ok(_) => "mismatches payload",
        Err(_) => "payload failure",
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string");
        text
    })
}

#[test]
fn every_hybrid_vector_has_its_outcome() {
    let hybrid: Vec<_> = vectors()
        .into_iter()
        .filter(|vector| vector.name.starts_with("hybrid") || vector.name == "armor_hybrid")
        .collect();
    assert!(hybrid.len() >= 18, "only {} hybrid vectors found", hybrid.len());
    let mismatches: Vec<_> = hybrid
        .iter()
        .map(|vector| (vector, outcome(vector)))
        .filter(|(vector, outcome)| vector.field("expect") != Some(outcome))
        .map(|(vector, outcome)| {
            format!("{}: {outcome}, not {:?}", vector.name, vector.field("expect"))
        })
        .collect();
    assert!(mismatches.is_empty(), "{mismatches:#?}");
}

#[test]
fn open_rejects_a_vector_with_an_additional_classic_recipient() {
    let all = vectors();
    let mixed = all
        .iter()
        .find(|vector| vector.name == "hybrid_and_x25519")
        .expect("the collection has the vector");
    let identity: Identity = mixed
        .fields
        .iter()
        .find_map(|(field, value)| (field == "identity").then(|| value.parse().ok()).flatten())
        .expect("a hybrid identity");
    assert!(matches!(
        age_hybrid::open(&identity, &mixed.file),
        Err(age_hybrid::OpenError::MixedRecipients)
    ));
}
