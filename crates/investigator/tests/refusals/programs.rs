//! Vectors of signed manifests of the browser program.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    keys::PublicKey,
    program::{ProgramManifest, SignedProgram},
};
use serde_json::{Value, json};

use super::{bytes, directories, encode, signed, variants, vector};

const LABEL: &[u8] = b"sigsum.org/v1/tree-leaf\0";

fn manifest() -> ProgramManifest {
    let files = ["/assets/reporter.js", "/fr/form.json", "/fr/report"];
    ProgramManifest {
        app: "https://example.org/burkindi".into(),
        default_csp: "default-src 'none'; script-src 'none'".into(),
        default_fallback: "/fr/report".into(),
        default_index: "fr/report".into(),
        extra_csp: BTreeMap::from([(
            "/fr/report".into(),
            "default-src 'none'; script-src 'self'".into(),
        )]),
        files: files.map(|path| (path.to_owned(), Hash::of(&[path.as_bytes()]))).into(),
        timestamp: None,
        version: "0.1.0".into(),
        wasm: Vec::new(),
    }
}

fn signature(root: u8, manifest: &str) -> Value {
    let root = SigningKey::from_bytes(&[root; 32]);
    let checksum = Hash::of(&[Hash::of(&[manifest.as_bytes()]).as_bytes()]);
    json!({
        "key": PublicKey::from(&root),
        "signature": encode(&signed(LABEL, checksum.as_bytes(), &root)),
    })
}

/// Returns the text of a served file. The library writes JSON objects in order.
fn served(manifest: &str, signatures: &[Value]) -> String {
    let signatures = Value::from(signatures);
    format!("{{\"manifest\":{manifest},\"root_signatures\":{signatures},\"signatures\":{{}}}}")
}

pub(super) fn programs() -> Vec<Value> {
    let text = serde_json::to_string(&manifest()).unwrap();
    let other = Hash::of(&[b"another"]).to_string();
    let form = Hash::of(&[b"/fr/form.json"]).to_string();
    let sorted = format!("\"/fr/form.json\":\"{form}\",");
    let made = |(what, accepted, text): (String, bool, String)| {
        let signatures = [signature(1, &text), signature(2, &text)];
        (what, accepted, served(&text, &signatures))
    };
    let mut all: Vec<(String, bool, String)> = variants(
        &text,
        &[
            ("a key twice", "\"app\":", "\"app\":\"x\",\"app\":"),
            ("an unknown field", "\"app\":", "\"ap\":1,\"app\":"),
            ("a missing field", ",\"wasm\":[]", ""),
            ("a space", "\"app\":", "\"app\": "),
            ("a file twice", &sorted, &format!("{sorted}{sorted}")),
            ("a hash of another length", &form, "AAAA"),
            ("a hash in padded form", &form, &format!("{form}=")),
            ("a path without a slash", "\"/assets", "\"assets"),
            ("a path with a space", "/assets/reporter.js", "/assets/report er.js"),
            ("no default file", "\"default_fallback\":\"/fr", "\"default_fallback\":\"/en"),
            ("no index", "\"default_index\":\"fr", "\"default_index\":\"en"),
            ("a policy with a comma", "'none'; script-src 'none'", "'none', script-src 'none'"),
            ("a control character", "\"0.1.0\"", "\"0.1.0\\n\""),
            ("no file", "\"files\":{", "\"files\":{},\"file\":{"),
        ]
        .map(|(what, from, to)| (what, from.to_owned(), to.to_owned())),
    )
    .into_iter()
    .map(made)
    .collect();
    let tree_head = text.replacen("\"version\"", "\"timestamp\":\"tree head\",\"version\"", 1);
    all.push(made(("with a tree head".into(), true, tree_head)));
    let [a, b, c, unknown] = [1, 2, 3, 99].map(|root| signature(root, &text));
    let moved = json!({"key": b["key"], "signature": a["signature"]});
    for (what, accepted, signatures) in [
        ("three signatures", true, vec![a.clone(), b.clone(), c]),
        ("no signature", false, vec![]),
        ("one signature", false, vec![a.clone()]),
        ("one root twice", false, vec![a.clone(), a.clone()]),
        ("one root and an unknown key", false, vec![a.clone(), unknown]),
        ("a signature under another key", false, vec![a.clone(), moved]),
    ] {
        all.push((what.into(), accepted, served(&text, &signatures)));
    }
    let signatures = [a, b];
    let swapped = text.replacen(&form, &other, 1);
    all.push(("another form bundle".into(), false, served(&swapped, &signatures)));
    let added = text.replacen(&sorted, &format!("{sorted}\"/fr/more.js\":\"{other}\","), 1);
    all.push(("an added file".into(), false, served(&added, &signatures)));
    let removed = text.replacen(&sorted, "", 1);
    all.push(("a removed file".into(), false, served(&removed, &signatures)));
    let with_space = served(&text, &signatures) + " ";
    all.push(("a space at the end".into(), false, with_space));
    all.into_iter()
        .map(|(what, accepted, text)| {
            vector(&what, accepted, &[("bytes", json!(encode(text.as_bytes())))])
        })
        .collect()
}

pub(super) fn accepts_program(vector: &Value) -> bool {
    SignedProgram::from_bytes(&bytes(&vector["bytes"]))
        .is_ok_and(|signed| signed.verify(&directories::trust()).is_ok())
}
