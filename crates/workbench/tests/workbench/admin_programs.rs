//! Root keys sign the manifest of the browser program, and the draft of the directory lists it.

use std::{collections::BTreeMap, fs, path::Path};

use protocol::{
    Hash,
    program::{ProgramManifest, SignedProgram},
};
use serde_json::{Value, json};

use super::{
    admin_commands::{AdminCli, ROOT_PASSPHRASES},
    cli::{code, json as parsed, run},
};

/// Writes the manifest of a program, as `intake manifest` prints it.
fn write_manifest(folder: &Path, version: &str) -> String {
    let manifest = ProgramManifest {
        app: "Burkindi".into(),
        default_csp: "default-src 'none'".into(),
        default_fallback: "/fr".into(),
        default_index: "fr".into(),
        extra_csp: BTreeMap::new(),
        files: BTreeMap::from([("/fr".into(), Hash::of(&[version.as_bytes()]))]),
        timestamp: None,
        version: version.into(),
        wasm: Vec::new(),
    };
    let hash = manifest.hash().to_string();
    let mut printed = SignedProgram::unsigned(manifest).to_bytes();
    printed.push(b'\n');
    fs::write(folder.join(format!("program-{version}.json")), printed).unwrap();
    hash
}

/// Signs a manifest with one or several root keys.
fn sign_program(admin: &AdminCli, version: &str, roots: &[u8]) -> (i32, Value, String) {
    let file = format!("program-{version}.json");
    let mut args = vec!["admin", "program", "sign", &file, "--trust", "inst/trust.json"];
    let keys: Vec<String> = roots.iter().map(|root| format!("roots/root-{root}.age")).collect();
    args.extend(keys.iter().flat_map(|key| ["--root", key]));
    args.extend(["--json", "--passphrase-fd", "0"]);
    let passphrases: Vec<&str> = ROOT_PASSPHRASES.lines().collect();
    let typed: String =
        roots.iter().flat_map(|root| [passphrases[usize::from(*root) - 1], "\n"]).collect();
    let output = run(admin.path(), &typed, &args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let value = if output.stdout.is_empty() { Value::Null } else { parsed(&output) };
    (code(&output), value, text)
}

#[test]
fn root_keys_sign_a_program_in_two_places_and_the_next_directory_lists_it() {
    let admin = AdminCli::new();
    let hash = write_manifest(admin.path(), "1");
    let add = ["program", "add", "program-1.json"];
    assert_ne!(admin.run("", &add).0, 0, "an unsigned program is not listed");
    let (status, first, shown) = sign_program(&admin, "1", &[1]);
    assert_eq!((status, &first["complete"]), (0, &json!(false)), "{shown}");
    assert!(shown.contains(&hash), "the keeper sees the hash before the passphrase: {shown}");
    assert_ne!(admin.run("", &add).0, 0, "one signature of two");
    let (_, second, _) = sign_program(&admin, "1", &[2]);
    assert_eq!((&second["complete"], &second["program"]), (&json!(true), &json!(hash)));
    let (listed, _) = admin.ok(&add);
    assert_eq!(listed["programs"], json!([hash]));
    admin.ok(&["desk", "add", "audit", "--member", "p-1,p-2"]);
    admin.ok(&["desk", "add", "external", "--member", "o-1"]);
    let (status, _, changes) = admin.sign();
    assert_eq!(status, 0, "{changes}");
    assert!(changes.contains(&format!("new program {hash}")), "{changes}");

    let hashes: Vec<String> = ["2", "3", "4", "5"]
        .map(|version| {
            let hash = write_manifest(admin.path(), version);
            assert_eq!(sign_program(&admin, version, &[2, 3]).0, 0);
            let file = format!("program-{version}.json");
            admin.ok(&["program", "add", &file]);
            hash
        })
        .into();
    let (listed, _) = admin.ok(&["program", "list"]);
    let newest_first: Vec<&String> = hashes.iter().rev().collect();
    assert_eq!(listed["programs"], json!(newest_first), "at most four");
    let (_, _, changes) = admin.sign();
    assert!(changes.contains(&format!("program {hash} is removed")), "{changes}");
    admin.ok(&["program", "remove", &hashes[0]]);
    assert_ne!(admin.run("", &["program", "remove", &hashes[0]]).0, 0, "removed already");
}

#[test]
fn a_changed_manifest_is_neither_listed_nor_shown_as_signed() {
    let admin = AdminCli::new();
    write_manifest(admin.path(), "1");
    assert_eq!(sign_program(&admin, "1", &[1, 3]).0, 0);
    let file = admin.path().join("program-1.json");
    let signed = fs::read_to_string(&file).unwrap();
    let other = Hash::of(&[b"another"]).to_string();
    let form = Hash::of(&[b"1"]).to_string();
    for changed in [
        signed.replace(&form, &other),
        signed.replace("\"/fr\":", "\"/en\":\"x\",\"/fr\":"),
        signed.replace("'none'", "'self'"),
        signed.replace("\"version\":\"1\"", "\"version\":\"2\""),
    ] {
        assert_ne!(changed, signed);
        fs::write(&file, changed).unwrap();
        assert_ne!(admin.run("", &["program", "add", "program-1.json"]).0, 0);
    }
    fs::write(&file, signed).unwrap();
    admin.ok(&["program", "add", "program-1.json"]);
}
