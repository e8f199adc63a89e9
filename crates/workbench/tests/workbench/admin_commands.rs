//! The administration commands: errors, warnings, and the changes that root key holders see before
//! they sign.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use super::cli::{code, json as parsed, run};

pub(crate) const ROOT_PASSPHRASES: &str =
    "the first passphrase\nthe second passphrase\nthe third passphrase\n";

pub(crate) struct AdminCli {
    folder: tempfile::TempDir,
}

impl AdminCli {
    /// Returns an installation with three members and no desk.
    pub(crate) fn new() -> Self {
        let admin = Self { folder: tempfile::tempdir().unwrap() };
        let init = [
            "admin",
            "init",
            "--dir",
            "inst",
            "--work-factor",
            "1",
            "--passphrase-fd",
            "0",
            "--host",
            "cases.example",
        ];
        assert_eq!(code(&run(admin.path(), ROOT_PASSPHRASES, &init)), 0);
        for handle in ["p-1", "p-2", "o-1"] {
            admin.key(handle, handle);
            admin.ok(&[
                "member",
                "add",
                "--request",
                &format!("{handle}.json"),
                "--units",
                "regional",
                "--languages",
                "fr",
            ]);
        }
        admin
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Creates keys for a handle in a profile folder of this name.
    fn key(&self, home: &str, handle: &str) {
        let out = format!("{home}.json");
        let new = [
            "--home",
            home,
            "key",
            "new",
            "--handle",
            handle,
            "--out",
            &out,
            "--work-factor",
            "1",
            "--passphrase-fd",
            "0",
        ];
        assert_eq!(code(&run(self.path(), "my own passphrase\n", &new)), 0);
    }

    /// Runs a command on the installation. Returns its exit code, JSON and standard error.
    pub(crate) fn run(&self, stdin: &str, args: &[&str]) -> (i32, Value, String) {
        let all = [&["admin"], args, &["--dir", "inst", "--json", "--passphrase-fd", "0"]].concat();
        let output = run(self.path(), stdin, &all);
        let output_text = String::from_utf8_lossy(&output.stderr).into_owned();
        let value = if output.stdout.is_empty() { Value::Null } else { parsed(&output) };
        (code(&output), value, output_text)
    }

    pub(crate) fn ok(&self, args: &[&str]) -> (Value, String) {
        let (code, value, output_text) = self.run("", args);
        assert_eq!(code, 0, "{args:?}: {output_text}");
        (value, output_text)
    }

    pub(crate) fn sign(&self) -> (i32, Value, String) {
        let sign =
            ["directory", "sign", "--root", "roots/root-1.age", "--root", "roots/root-2.age"];
        self.run(ROOT_PASSPHRASES, &sign)
    }

    fn desk(&self, id: &str) -> Value {
        let (desks, _) = self.ok(&["desk", "list"]);
        desks.as_array().unwrap().iter().find(|desk| desk["id"] == id).unwrap().clone()
    }
}

#[test]
fn changing_one_field_of_a_member_or_desk_does_not_change_the_others() {
    let admin = AdminCli::new();
    admin.ok(&[
        "desk",
        "add",
        "audit",
        "--member",
        "p-1,p-2",
        "--units",
        "general",
        "--audience",
        "trader",
        "--label",
        "en=Auditors",
    ]);
    let before = admin.desk("audit");
    assert!(!before["categories"].as_array().unwrap().is_empty(), "{before}");
    admin.ok(&[
        "desk",
        "add",
        "audit",
        "--member",
        "p-1,p-2",
        "--category",
        "FAC,EXT",
        "--replace",
    ]);
    admin.ok(&["desk", "add", "audit", "--member", "p-2,p-1", "--replace"]);
    let after = admin.desk("audit");
    assert_eq!(after["categories"], json!(["FAC", "EXT"]));
    assert_eq!((&after["units"], &after["audiences"]), (&before["units"], &before["audiences"]));
    assert_eq!(
        (&after["labels"]["en"], &after["members"]),
        (&json!("Auditors"), &json!(["p-2", "p-1"]))
    );
    admin.ok(&["desk", "add", "audit", "--units", "", "--replace"]);
    let emptied = admin.desk("audit");
    assert_eq!((&emptied["units"], &emptied["members"]), (&json!([]), &after["members"]));

    admin.key("p-1-new", "p-1");
    let (added, _) = admin.ok(&["member", "add", "--request", "p-1-new.json", "--replace"]);
    assert_eq!((&added["units"], &added["languages"]), (&json!(["regional"]), &json!(["fr"])));
    let (members, _) = admin.ok(&["member", "list"]);
    let listed = &members.as_array().unwrap()[0];
    assert_eq!(
        (&listed["handle"], &listed["desks"], &listed["units"]),
        (&json!("p-1"), &json!(["audit"]), &json!(["regional"]))
    );
    assert_eq!(listed["words"], added["words"]);
}

#[test]
fn desk_and_category_ids_are_listed_and_unknown_ids_are_rejected() {
    let admin = AdminCli::new();
    admin.ok(&["desk", "add", "internal_affairs", "--member", "p-1,p-2"]);
    admin.ok(&["desk", "add", "external", "--member", "o-1"]);
    let (categories, _) = admin.ok(&["category", "list"]);
    let categories = categories.as_array().unwrap().clone();
    assert_eq!(categories.len(), 34);
    let of = |id: &str| categories.iter().find(|line| line["id"] == id).unwrap();
    assert_eq!(of("FAC")["desks"], json!(["internal_affairs"]));
    assert!(of("FAC")["label"].as_str().unwrap().len() > 3);
    let (desks, _) = admin.ok(&["desk", "list", "--built-in"]);
    assert!(
        desks.as_array().unwrap().iter().any(|desk| desk["id"] == of("GIF")["usual_desk"]),
        "{desks}"
    );
    // Both lists can be printed before the folder exists. They include the ids that `--units`
    // accepts.
    for args in [&["category", "list"][..], &["desk", "list", "--built-in"]] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_burkindi")).arg("admin").args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
        let stdout = String::from_utf8_lossy(&output.stdout);
        // Compared without the line breaks of the terminal.
        let output_text = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            output_text.contains("hr_integrity, it_audit"),
            args[0] == "desk",
            "{output_text}"
        );
        assert!(
            output_text.contains("internal_affairs") && !output_text.contains("of the draft"),
            "{output_text}"
        );
    }
    let (status, _, output_text) =
        admin.run("", &["desk", "add", "compliance", "--member", "p-1,p-2"]);
    assert!(status != 0 && output_text.contains("desk list --built-in"), "{output_text}");
    let (status, _, output_text) =
        admin.run("", &["route-test", "--category", "FAC", "--exclude", "nonsense"]);
    assert!(
        status != 0 && output_text.contains("nonsense") && output_text.contains("regional"),
        "{output_text}"
    );
    admin.ok(&["route-test", "--category", "FAC", "--exclude", "general,internal_affairs"]);
}

#[test]
fn the_route_test_takes_the_wishes_of_the_reporter() {
    let admin = AdminCli::new();
    admin.ok(&["desk", "add", "gender_safety", "--member", "p-1,p-2"]);
    admin.ok(&["desk", "add", "external", "--member", "o-1"]);
    let route = |category: &str| {
        let wishes = ["--prefer", "woman", "--refuse-oversight"];
        admin.ok(&[&["route-test", "--category", category], &wishes[..]].concat()).0
    };
    let asked = route("GBD");
    assert_eq!(
        (&asked["preference"], &asked["oversight_refused"]),
        (&json!("woman"), &json!(true))
    );
    assert_eq!((&asked["oversight"], &asked["readers"]), (&json!([]), &json!(["p-1", "p-2"])));
    let steps = asked["steps"].to_string();
    assert!(steps.contains("wishes for a woman, but 0 of these members"), "{steps}");
    assert!(steps.contains("refused the oversight body: it gets no grant"), "{steps}");
    assert_eq!(route("SXT")["unasked"], json!([]));
    assert_eq!(route("FAC")["unasked"], json!(["handler_preference", "oversight_consent"]));
    let (status, _, output_text) =
        admin.run("", &["route-test", "--category", "FAC", "--prefer", "regional"]);
    assert!(status != 0 && output_text.contains("woman, man"), "{output_text}");
}

#[test]
fn unusual_settings_are_warned_of_on_entry_and_before_signing() {
    let admin = AdminCli::new();
    let (_, alone) = admin.ok(&["desk", "add", "audit", "--member", "p-1", "--category", "FAC"]);
    assert!(alone.contains("desk audit has 1 member"), "{alone}");
    let (_, twice) = admin.ok(&[
        "desk",
        "add",
        "internal_affairs",
        "--member",
        "p-1,p-2",
        "--category",
        "FAC,EXT",
    ]);
    assert!(twice.contains("FAC are served by desk audit and desk internal_affairs"), "{twice}");
    admin.ok(&["desk", "add", "external", "--member", "o-1"]);
    let (_, all) = admin.ok(&["route-test", "--all"]);
    let (status, signed, output_text) = admin.sign();
    assert_eq!(status, 0, "{output_text}");
    for warning in [
        "desk audit has 1 member",
        "FAC are served by",
        "no desk serves",
        "no member or desk belongs to it",
        "general",
    ] {
        assert!(
            all.contains(warning) && output_text.contains(warning),
            "{warning}: {all}{output_text}"
        );
        assert!(signed["warnings"].to_string().contains(warning), "{signed}");
    }
    let ineffective = signed["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line.to_string().contains("no member or desk"));
    let ineffective = ineffective.unwrap().to_string();
    assert!(
        !ineffective.contains("regional") && !ineffective.contains("internal_affairs"),
        "these exclusions are effective: {ineffective}"
    );
}

#[test]
fn desks_without_readers_and_closed_desks_are_warned_of_with_advice() {
    let admin = AdminCli::new();
    let audience = ["desk", "add", "audit", "--member", "p-1,p-2", "--category", "GIF"];
    let (_, closed) = admin.ok(&[&audience[..], &["--audience", "officer,trader"]].concat());
    admin.ok(&["desk", "add", "external", "--member", "o-1"]);
    let (_, all) = admin.ok(&["route-test", "--all"]);
    for warning in [
        "desk audit is closed to broker, public: their reports of GIF go to the oversight body. A \
         reporter who does not say who they are counts as public.",
        "burkindi admin desk add audit --replace --audience",
        "desk audit has fewer than 2 readers left if a reporter excludes regional: such reports go",
    ] {
        assert!(closed.contains(warning) && all.contains(warning), "{warning}: {closed}{all}");
    }
    // Another desk that accepts the others closes the gap.
    admin.ok(&["desk", "add", "ethics", "--member", "p-1,p-2", "--category", "GIF"]);
    let (_, all) = admin.ok(&["route-test", "--all"]);
    assert!(!all.contains("is closed to"), "{all}");
    let (_, empty) = admin.ok(&["desk", "add", "ethics", "--replace", "--member", ""]);
    assert!(empty.contains("desk ethics has no members"), "{empty}");
    assert!(empty.contains("desk add ethics --replace --member"), "{empty}");
}

#[test]
fn root_key_holders_see_the_changes_and_new_keys_before_they_sign() {
    let admin = AdminCli::new();
    admin.ok(&["desk", "add", "internal_affairs", "--member", "p-1,p-2"]);
    admin.ok(&["desk", "add", "external", "--member", "o-1"]);
    let (_, first, output_text) = admin.sign();
    let words = |signed: &Value, handle: &str| {
        let members = signed["members"].as_array().unwrap();
        members.iter().find(|member| member["handle"] == handle).unwrap()["words"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let old = words(&first, "p-1");
    assert!(old.split(' ').count() == 12 && output_text.contains(&old), "{output_text}");

    // An administrator replaces the keys of an existing handle.
    admin.key("p-1-new", "p-1");
    let (added, _) = admin.ok(&["member", "add", "--request", "p-1-new.json", "--replace"]);
    let sign = ["directory", "sign", "--root", "roots/root-1.age"];
    let (status, _, output_text) = admin.run(ROOT_PASSPHRASES, &sign);
    let new = added["words"].as_str().unwrap();
    assert!(
        status == 0 && output_text.contains("NEW KEYS of member p-1") && output_text.contains(new),
        "{output_text}"
    );
    assert!(
        !output_text.contains("p-2, with the fingerprint words"),
        "the others are as they were: {output_text}"
    );
    // The second root key holder, on another machine, sees the same before the passphrase prompt.
    std::fs::create_dir(admin.path().join("away")).unwrap();
    for file in ["directory.pending.json", "directory.signed.json", "trust.json"] {
        std::fs::copy(admin.path().join("inst").join(file), admin.path().join("away").join(file))
            .unwrap();
    }
    let cosign = |more: &[&str]| {
        let cosign = [
            "admin",
            "directory",
            "cosign",
            "--pending",
            "away/directory.pending.json",
            "--trust",
            "away/trust.json",
            "--root",
            "inst/roots/root-3.age",
            "--json",
            "--passphrase-fd",
            "0",
        ];
        let output = run(admin.path(), "not the passphrase\n", &[&cosign, more].concat());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let output_text = cosign(&[]);
    assert!(
        output_text.contains(
            "NEW KEYS of member \
        p-1"
        ) && output_text.contains(new)
            && !output_text.contains(&old),
        "{output_text}"
    );
    std::fs::remove_file(admin.path().join("away/directory.signed.json")).unwrap();
    let output_text = cosign(&[]);
    assert!(
        output_text.contains("was not found") && output_text.contains(&words(&first, "p-2")),
        "{output_text}"
    );
    let output_text = cosign(&["--previous", "inst/trust.json"]);
    assert!(output_text.contains("failed to parse"), "{output_text}");
}

#[test]
fn each_root_key_has_its_own_passphrase_and_a_low_number_of_keys_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let init = |dir: &str, passphrases: &str, more: &[&str]| {
        let init = ["admin", "init", "--dir", dir, "--work-factor", "1", "--passphrase-fd", "0"];
        let output = run(folder.path(), passphrases, &[&init, more].concat());
        (code(&output), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, output_text) = init("same", &"one and the same passphrase\n".repeat(3), &[]);
    assert!(
        status != 0 && output_text.contains("already used for another root key"),
        "{output_text}"
    );
    assert!(!folder.path().join("same").exists());
    let (status, output_text) =
        init("both", ROOT_PASSPHRASES, &["--roots", "2", "--threshold", "2"]);
    assert!(status == 0 && output_text.contains("one forgotten passphrase"), "{output_text}");
    let (status, output_text) = init("three", ROOT_PASSPHRASES, &[]);
    assert!(status == 0 && !output_text.contains("forgotten"), "{output_text}");
}

#[test]
fn the_text_after_a_signature_names_the_files_to_carry() {
    let admin = AdminCli::new();
    for (id, members) in [("internal_affairs", "p-1,p-2"), ("external", "o-1")] {
        admin.ok(&["desk", "add", id, "--member", members]);
    }
    let text = |passphrase: &str, args: &[&str]| {
        let all = [&["admin", "directory"], args, &["--passphrase-fd", "0"]].concat();
        let output = run(admin.path(), passphrase, &all);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(code(&output), 0, "{errors}");
        let printed = String::from_utf8(output.stdout).unwrap();
        printed.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let sign = ["sign", "--dir", "inst", "--root", "roots/root-1.age"];
    let printed = text("the first passphrase\n", &sign);
    assert!(
        printed.contains(
            "Carry directory.pending.json, directory.signed.json and trust.json to the next holder of a root key"
        ),
        "{printed}"
    );
    assert!(!printed.contains("admin directory publish"), "{printed}");
    let cosign = [
        "cosign",
        "--pending",
        "inst/directory.pending.json",
        "--trust",
        "inst/trust.json",
        "--root",
        "inst/roots/root-2.age",
    ];
    let printed = text("the second passphrase\n", &cosign);
    assert!(printed.contains("Next: burkindi admin directory publish"), "{printed}");
    assert!(
        printed.contains(
            "If you signed on another machine, copy directory.signed.json to the administrator's folder first."
        ),
        "{printed}"
    );
}
