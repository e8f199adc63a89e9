//! The administration of the transparency log: witnesses, quorum, and the restart after a restore.

use serde_json::{Value, json};

use super::{
    admin_commands::AdminCli,
    cli::{code, json as parsed, run},
};

/// Returns a message without the line breaks of the terminal.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl AdminCli {
    /// Returns an installation with a signed directory.
    fn with_directory() -> Self {
        let admin = Self::new();
        admin.ok(&["desk", "add", "internal_affairs", "--member", "p-1,p-2"]);
        admin.ok(&["desk", "add", "external", "--member", "o-1"]);
        admin.sign_ok();
        admin
    }

    /// Signs the draft. Returns the output and what the holders of root keys see before.
    fn sign_ok(&self) -> (Value, String) {
        let (code, signed, changes) = self.sign();
        assert_eq!(code, 0, "{changes}");
        (signed, changes)
    }

    /// Creates a witness. Returns its public key.
    fn witness(&self, name: &str) -> String {
        let init = ["--home", name, "--json", "witness", "init", "--name"];
        let name = format!("witness.example/{name}");
        let made = parsed(&run(self.path(), "", &[&init[..], &[&name]].concat()));
        made["key"].as_str().unwrap().to_owned()
    }

    fn refused(&self, args: &[&str]) -> String {
        let (code, _, reason) = self.run("", args);
        assert_ne!(code, 0, "{args:?}");
        one_line(&reason)
    }

    fn quorum(&self, oversight: &str, witnesses: &str) -> (i32, Value, String) {
        self.run("", &["log", "quorum", "--oversight", oversight, "--witnesses", witnesses])
    }
}

#[test]
fn witnesses_and_quorum_are_in_the_next_directory_after_root_key_holders_saw_them() {
    let admin = AdminCli::with_directory();
    let (first, second) = (admin.witness("w1"), admin.witness("w2"));
    let (added, _) = admin.ok(&["witness", "add", &first]);
    assert_eq!(added, json!({"name": "witness.example/w1", "key": first}));
    admin.ok(&["witness", "add", &second]);
    let (listed, _) = admin.ok(&["witness", "list"]);
    assert_eq!([&listed[0]["key"], &listed[1]["key"]], [&json!(first), &json!(second)]);
    assert_eq!(admin.quorum("1", "2").0, 0);
    let (signed, changes) = admin.sign_ok();
    for expected in [
        format!("new witness of the log, with the key: {first}"),
        "a checkpoint of the log needs 1 of 1 members of the oversight body and 2 of 2 witnesses; previous: 1 of 1 members of the oversight body and 0 of 0 witnesses".to_owned(),
    ] {
        assert!(changes.contains(&expected), "{expected} is not in {changes}");
    }
    assert_eq!(
        (&signed["log"]["epoch"], &signed["log"]["witnesses"][1]),
        (&json!(1), &json!(second))
    );
    // The log key is what a witness takes.
    let (log, _) = admin.ok(&["log", "show"]);
    let key = log["key"].as_str().unwrap();
    let add_log = ["--home", "w1", "--json", "witness", "add-log", key];
    assert_eq!(code(&run(admin.path(), "", &add_log)), 0);
    // The quorum needs both witnesses.
    let reason = admin.refused(&["witness", "remove", "witness.example/w2"]);
    assert!(reason.contains("would need 2 witnesses, and the draft has 1"), "{reason}");
    assert_eq!(admin.quorum("1", "1").0, 0);
    admin.ok(&["witness", "remove", "witness.example/w2"]);
    let (_, changes) = admin.sign_ok();
    assert!(changes.contains("witness witness.example/w2 is removed"), "{changes}");
}

#[test]
fn a_witness_without_a_key_of_its_own_and_a_quorum_without_cosigners_are_refused() {
    let admin = AdminCli::with_directory();
    let key = admin.witness("w1");
    admin.ok(&["witness", "add", &key]);
    let (log, _) = admin.ok(&["log", "show"]);
    let again = admin.refused(&["witness", "add", &key]);
    assert!(again.contains("witness witness.example/w1 already exists"), "{again}");
    let of_log = admin.refused(&["witness", "add", log["key"].as_str().unwrap()]);
    assert!(of_log.contains("the key of a log, not of a witness"), "{of_log}");
    let cut = admin.refused(&["witness", "add", &key[..key.len() - 4]]);
    assert!(cut.contains("malformed verifier key"), "{cut}");
    // The key of the first witness under another name.
    let raw = key.splitn(3, '+').nth(2).unwrap();
    let wrong_id = admin.refused(&["witness", "add", &format!("other.example+00000000+{raw}")]);
    assert!(wrong_id.contains("does not belong to this name"), "{wrong_id}");
    let unknown = admin.refused(&["witness", "remove", "witness.example/w9"]);
    assert!(unknown.contains("not found"), "{unknown}");
    for (oversight, witnesses, text) in [
        ("0", "0", "needs at least 1 member of the oversight body"),
        ("0", "1", "needs at least 1 member of the oversight body"),
        ("2", "0", "would need 2 members of the oversight body, and the draft has 1"),
        ("1", "2", "would need 2 witnesses, and the draft has 1"),
    ] {
        let (code, _, reason) = admin.quorum(oversight, witnesses);
        let reason = one_line(&reason);
        assert!(code != 0 && reason.contains(text), "{reason}");
    }
    let (unchanged, _) = admin.ok(&["log", "show"]);
    assert_eq!(unchanged, log);
}

#[test]
fn a_restart_of_the_log_takes_one_directory_however_often_it_is_typed() {
    let unsigned = AdminCli::new();
    let reason = unsigned.refused(&["log", "restart"]);
    assert!(reason.contains("no log to restart"), "{reason}");
    let admin = AdminCli::with_directory();
    let (before, _) = admin.ok(&["log", "show"]);
    let (restarted, _) = admin.ok(&["log", "restart"]);
    assert_eq!(restarted["epoch"], 2);
    assert_ne!(restarted["key"], before["key"], "witnesses need the key under its new name");
    let (again, _) = admin.ok(&["log", "restart"]);
    assert_eq!(again, restarted);
    let (signed, changes) = admin.sign_ok();
    assert_eq!(signed["log"]["epoch"], 2);
    assert!(
        changes.contains("THE TRANSPARENCY LOG BEGINS AGAIN, as log 2; previous: 1"),
        "{changes}"
    );
    let (third, _) = admin.ok(&["log", "restart"]);
    assert_eq!(third["epoch"], 3);
}
