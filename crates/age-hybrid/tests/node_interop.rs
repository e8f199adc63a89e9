//! The npm package `age-encryption` and this crate open each other's files.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

use age_hybrid::{CHUNK_LEN, Identity, open, seal, seal_deterministic};
use base64::{Engine, prelude::BASE64_STANDARD};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

const SAMPLE_COUNT: usize = 100;
const MAX_SAMPLE_LEN: usize = 200_000;

#[test]
fn node_and_rust_open_each_others_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/node");
    assert!(
        folder.join("node_modules/age-encryption").is_dir(),
        "age-encryption is not installed: run `npm ci --prefix tests/node`"
    );
    let mut node = Command::new("node")
        .arg("interop.mjs")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let mut to_node = node.stdin.take().expect("stdin is piped");
    let mut from_node = BufReader::new(node.stdout.take().expect("stdout is piped")).lines();
    let mut rng = ChaCha20Rng::seed_from_u64(20_261_123);
    for sample in 0..SAMPLE_COUNT {
        let identity = Identity::generate(&mut rng);
        let mut plain = vec![0; rng.gen_range(0..=MAX_SAMPLE_LEN)];
        rng.fill_bytes(&mut plain);
        // Half of the files are sealed deterministically.
        let sealed = if sample % 2 == 0 {
            seal(&identity.to_recipient(), &plain)
        } else {
            plain.truncate(usize::try_from(CHUNK_LEN).expect("64 KiB"));
            seal_deterministic(&identity.to_recipient(), &plain, &rng.r#gen()).expect("one chunk")
        };
        let request = json!({
            "recipient": identity.to_recipient().to_string(),
            "identity": age::secrecy::ExposeSecret::expose_secret(&identity.to_string()),
            "plain": BASE64_STANDARD.encode(&plain),
            "sealed": BASE64_STANDARD.encode(&sealed),
        });
        writeln!(to_node, "{request}").expect("node reads the request");
        let response: Value =
            serde_json::from_str(&from_node.next().expect("node responds").expect("text"))
                .expect("JSON");
        let field = |name: &str| {
            BASE64_STANDARD.decode(response[name].as_str().expect("base64")).expect("base64")
        };
        assert!(
            field("plain") == plain,
            "sample {sample}: node decrypted other content than the {} bytes",
            plain.len()
        );
        assert!(
            *open(&identity, &field("sealed")).expect("the file of node opens") == plain,
            "sample {sample}: {} bytes",
            plain.len()
        );
    }
    drop(to_node);
    assert!(node.wait().expect("node ends").success());
}
