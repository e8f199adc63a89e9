//! Runs the program `burkindi`: arguments, JSON output, texts and exit codes.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
};

use crate::common::{PASSPHRASE, WorkbenchInstallation, fake_handler};
use serde_json::Value;

/// Runs the program with this text on standard input.
pub(crate) fn run(folder: &Path, stdin: &str, args: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_burkindi"))
        .args(args)
        .current_dir(folder)
        .env_remove("BURKINDI_HOME")
        .env("COLUMNS", "80")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that fails at once does not read its input, which is not a failure of the test.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

pub(crate) fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}; standard error: {text}"))
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn a_directory_is_created_from_the_first_root_key_to_the_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let at = |stdin: &str, args: &[&str]| run(folder.path(), stdin, args);
    let three = "the first passphrase\nthe second passphrase\nthe third passphrase\n";
    let init =
        ["admin", "init", "--dir", "inst", "--work-factor", "1", "--passphrase-fd", "0", "--json"];
    let made = json(&at(three, &init));
    assert_eq!((made["roots"].as_u64(), made["threshold"].as_u64()), (Some(3), Some(2)));
    assert_eq!(made["fingerprint"].as_str().unwrap().split(' ').count(), 12);
    assert_eq!(code(&at(three, &init)), 4, "an installation is never overwritten");

    let people = ["p-1", "p-2", "o-1"];
    for handle in people {
        let new = at(
            "my own passphrase\n",
            &[
                "--home",
                handle,
                "key",
                "new",
                "--handle",
                handle,
                "--out",
                &format!("{handle}.json"),
                "--work-factor",
                "1",
                "--passphrase-fd",
                "0",
                "--json",
            ],
        );
        let request = format!("{handle}.json");
        let added =
            at("", &["admin", "member", "add", "--dir", "inst", "--request", &request, "--json"]);
        assert_eq!(json(&new)["words"], json(&added)["words"]);
    }
    let desks = [("internal_affairs", "p-1,p-2"), ("external", "o-1")];
    for (id, members) in desks {
        let added =
            at("", &["admin", "desk", "add", "--dir", "inst", id, "--member", members, "--json"]);
        assert_eq!(code(&added), 0, "{}", String::from_utf8_lossy(&added.stderr));
    }
    let routes = json(&at("", &["admin", "route-test", "--dir", "inst", "--all", "--json"]));
    assert_eq!(routes.as_array().unwrap().len(), 34);
    let route = json(&at(
        "",
        &[
            "admin",
            "route-test",
            "--dir",
            "inst",
            "--category",
            "FAC",
            "--exclude",
            "internal_affairs",
            "--json",
        ],
    ));
    assert_eq!(route["readers"], serde_json::json!(["o-1"]));
    assert_eq!(route["excluded_members"].as_array().unwrap().len(), 2);

    let sign = [
        "admin",
        "directory",
        "sign",
        "--dir",
        "inst",
        "--root",
        "roots/root-1.age",
        "--passphrase-fd",
        "0",
        "--json",
    ];
    assert_eq!(code(&at("not the passphrase\n", &sign)), 3);
    let waiting = json(&at("the first passphrase\n", &sign));
    assert_eq!(
        (waiting["signatures"].as_u64(), waiting["complete"].as_bool()),
        (Some(1), Some(false))
    );
    assert_eq!(code(&at("", &["admin", "directory", "show", "--dir", "inst"])), 1);
    let done = json(&at(
        "the third passphrase\n",
        &[
            "admin",
            "directory",
            "cosign",
            "--pending",
            "inst/directory.pending.json",
            "--trust",
            "inst/trust.json",
            "--root",
            "inst/roots/root-3.age",
            "--passphrase-fd",
            "0",
            "--json",
        ],
    ));
    assert_eq!((done["epoch"].as_u64(), done["complete"].as_bool()), (Some(1), Some(true)));
    assert_eq!(
        json(&at("", &["admin", "directory", "show", "--dir", "inst", "--json"]))["hash"],
        done["hash"]
    );
}

#[test]
fn a_key_needs_a_strong_passphrase_and_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let new = [
        "--home",
        "h",
        "key",
        "new",
        "--handle",
        "p-1",
        "--work-factor",
        "1",
        "--passphrase-fd",
        "0",
        "--json",
    ];
    assert_eq!(code(&run(folder.path(), "short\n", &new)), 1);
    assert!(!folder.path().join("h").exists());
    assert_eq!(code(&run(folder.path(), "long enough to keep\n", &new)), 0);
    assert_eq!(code(&run(folder.path(), "long enough to keep\n", &new)), 1);
    let show = ["--home", "h", "key", "show", "--passphrase-fd", "0", "--json"];
    let before = json(&run(folder.path(), "long enough to keep\n", &show));
    let change = ["--home", "h", "key", "passphrase", "--work-factor", "1", "--passphrase-fd", "0"];
    assert_eq!(code(&run(folder.path(), "long enough to keep\nanother one to keep\n", &change)), 0);
    assert_eq!(code(&run(folder.path(), "long enough to keep\n", &show)), 3);
    assert_eq!(json(&run(folder.path(), "another one to keep\n", &show)), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_from_the_queue_to_the_audit() {
    let installation = Arc::new(WorkbenchInstallation::new());
    let handler = fake_handler::start_fake_handler(&installation);
    let mut reporter = handler.file_report(
        &installation,
        &[],
        "\x1b[2J\x1b]0;owned\x07They \u{202e}asked for money.\u{9b}31m",
    );
    installation.profile_dir("lead", &handler.url);
    installation.profile_dir("outside", &handler.url);
    let folder = installation.dir.path();
    let at = |stdin: String, args: &[&str]| {
        run(folder, &stdin, &[&["--passphrase-fd", "0"], args].concat())
    };
    let lead = |rest: &str, args: &[&str]| {
        at(format!("{PASSPHRASE}\n{rest}"), &[&["--home", "home-lead"], args].concat())
    };

    let queue = json(&lead("", &["queue", "--json"]));
    let id = queue["cases"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(id, reporter.case.to_string());
    let case = &id[..6];
    assert_eq!(code(&lead("", &["claim", case])), 0);

    // The terminal prints the texts of the reporter without their control characters.
    let shown = lead("", &["show", case]);
    let text = String::from_utf8(shown.stdout.clone()).unwrap();
    assert!(text.contains("asked for money."), "{text}");
    assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{text:?}");
    let shown = lead("", &["show", case, "--json", "--lang", "en"]);
    let raw = String::from_utf8(shown.stdout.clone()).unwrap();
    assert!(raw.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'));
    let view = json(&shown);
    assert!(
        view["report"]["story"].as_str().unwrap().contains('\u{1b}'),
        "JSON keeps every character, escaped"
    );
    assert_eq!(view["alarms"], serde_json::json!([]));
    assert!(view["allowed"].as_array().unwrap().contains(&"triage".into()), "{}", view["allowed"]);

    // The commands support the same actions as the pages.
    let templates = json(&at(String::new(), &["templates", "--lang", "en", "--json"]));
    assert!(templates.as_array().unwrap().iter().any(|template| template["id"] == "received"));
    assert_eq!(code(&at(String::new(), &["templates", "no-such-template"])), 1);
    let members = json(&lead("", &["members", "--json"]));
    assert_eq!(members["members"].as_array().unwrap().len(), installation.keys.len());
    let route = json(&lead("", &["who-reads", "--category", "FAC", "--json"]));
    assert!(route["readers"].as_array().unwrap().contains(&"lead".into()), "{route}");

    // A reply marks earlier messages as handled, so the command prints them first.
    handler.follow_up(&installation, &mut reporter, "Wait.");
    assert_eq!(code(&lead("Merci.\n", &["reply", case])), 4);
    assert_eq!(code(&lead("", &["show", case])), 0);
    // The text follows the passphrase on standard input.
    assert_eq!(code(&lead("Merci.\nNous revenons vers vous.\n", &["reply", case])), 0);
    let published = handler.with_case(reporter.case, |kept| kept.replies[0].clone());
    assert_eq!(reporter.decrypt_reply(&published), "Merci.\nNous revenons vers vous.");
    assert_eq!(code(&lead("", &["reply", case, "--text", "   "])), 4);
    assert_eq!(code(&lead("", &["note", case, "--kind", "task", "--text", "ask the registry"])), 0);
    let saved = json(&lead("", &["save", case, "--to", "files", "--json"]));
    assert_eq!(saved["saved"][0]["path"].as_str(), Some("files/photo.jpg"));
    let moved = json(&lead("", &["move", case, "triaged", "--reason", "plausible", "--json"]));
    assert_eq!(
        (moved["stage"].as_str(), moved["assignee"].as_str()),
        (Some("triaged"), Some("lead"))
    );
    assert_eq!(code(&lead("", &["move", case, "decided"])), 4);
    assert_eq!(code(&lead("", &["show", "ffff0000"])), 4);
    assert_eq!(code(&lead("", &["assign", case, "--to", "nobody"])), 4);

    let outside = |args: &[&str]| {
        at(format!("{PASSPHRASE}\n"), &[&["--home", "home-outside"], args].concat())
    };
    let audit = json(&outside(&["audit", "verify", "--json"]));
    assert_eq!(
        (audit["ok"].as_bool(), audit["whole"].as_bool(), audit["events"].as_u64()),
        (Some(true), Some(true), Some(6))
    );
    assert_eq!(code(&outside(&["audit", "export", "log.json"])), 0);
    let trust = installation.admin_dir.path("trust.json");
    let offline =
        ["audit", "verify", "--file", "log.json", "--trust", trust.to_str().unwrap(), "--json"];
    assert_eq!(json(&run(folder, "", &offline))["events"].as_u64(), Some(6));

    handler.store.lock().unwrap().log.pop();
    let rolled_back = outside(&["audit", "verify", "--json"]);
    assert_eq!((code(&rolled_back), json(&rolled_back)["ok"].as_bool()), (6, Some(false)));
    let shown = lead("", &["show", case]);
    assert_eq!(code(&shown), 6);
    assert!(String::from_utf8_lossy(&shown.stderr).contains("rolled back"));

    let show = || lead("", &["show", case]);
    let kept = folder.join("home-outside/accepted.json");
    check_restore_acceptance(&outside, &|args| lead("", args), &show, (&handler, &kept));
}

/// The state of the case handler after a restore counts as seen once its reader has accepted it. A
/// later rollback does not.
fn check_restore_acceptance(
    outside: &dyn Fn(&[&str]) -> Output,
    lead: &dyn Fn(&[&str]) -> Output,
    show: &dyn Fn() -> Output,
    (handler, kept): (&fake_handler::FakeHandler, &Path),
) {
    // Each member who saw newer data accepts the explained restore. A later rollback is an alarm
    // again.
    let accept = [
        "audit",
        "accept",
        "--json",
        "--reason",
        "The disk failed, says the \
        administrator",
    ];
    assert_eq!(code(&outside(&["audit", "accept", "--reason", " "])), 4);
    let accepted = json(&outside(&accept));
    assert_eq!(
        (accepted["leaves_before"].as_u64(), accepted["leaves"].as_u64()),
        (Some(6 * 256), Some(5 * 256))
    );
    let audit = json(&outside(&["audit", "verify", "--json"]));
    assert_eq!(audit["ok"].as_bool(), Some(true), "{audit}");
    let output = audit["alarms"]
        .as_array()
        .unwrap()
        .iter()
        .find(|alarm| alarm["code"] == "accepted-restore");
    assert!(output.unwrap()["text"].as_str().unwrap().contains("The disk failed"), "{audit}");
    assert_eq!(code(&outside(&accept)), 4, "there is nothing more to accept");
    let of_lead = json(&lead(&accept));
    assert_eq!(of_lead["cases"].as_array().unwrap().len(), 1, "{of_lead}");
    assert!(!String::from_utf8_lossy(&show().stderr).contains("rolled back"));
    handler.store.lock().unwrap().log.pop();
    assert_eq!(code(&outside(&["audit", "verify"])), 6);
    assert_eq!(code(&outside(&accept)), 0);
    // Without the key, an acceptance can be neither forged nor changed.
    let json_of = std::fs::read_to_string(kept).unwrap();
    let mut records: Vec<Value> = serde_json::from_str(&json_of).unwrap();
    assert_eq!(records.len(), 2);
    records[0]["bytes"] = records[1]["bytes"].clone();
    std::fs::write(kept, serde_json::to_vec(&records).unwrap()).unwrap();
    let forged = outside(&["audit", "verify", "--json"]);
    assert_eq!(code(&forged), 6);
    assert!(String::from_utf8_lossy(&forged.stderr).contains("accepted.json"), "{forged:?}");
    assert_eq!(code(&outside(&accept)), 6, "no restore explains that");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_exit_codes_and_name_the_next_step() {
    let installation = Arc::new(WorkbenchInstallation::new());
    let handler = fake_handler::start_fake_handler(&installation);
    let folder = installation.dir.path();
    installation.profile_dir("lead", &handler.url);
    installation.profile_dir("two", "https://127.0.0.1:1");
    let queue = |home: &str, passphrase: &str| {
        run(folder, &format!("{passphrase}\n"), &["--home", home, "queue", "--passphrase-fd", "0"])
    };
    assert_eq!(code(&queue("home-lead", PASSPHRASE)), 0);
    assert_eq!(code(&queue("home-lead", "wrong")), 3);
    assert_eq!(code(&queue("home-two", PASSPHRASE)), 5);
    let nowhere = queue("home-none", PASSPHRASE);
    assert_eq!(code(&nowhere), 1);
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("burkindi connect"));
    assert_eq!(code(&run(folder, "", &["no-such-command"])), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_backed_up_restored_and_checked() {
    let installation = Arc::new(WorkbenchInstallation::new());
    let handler = fake_handler::start_fake_handler(&installation);
    let folder = installation.dir.path();
    installation.profile_dir("lead", &handler.url);
    let key = |home: &str, passphrase: &str, args: &[&str]| {
        let all = [&["--home", home, "--passphrase-fd", "0", "--json", "key"], args].concat();
        run(folder, &format!("{passphrase}\n"), &all)
    };
    let outcome = |subject: &str| {
        let output = json(&key("home-lead", PASSPHRASE, &["health"]));
        let checks = output["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["subject"] == subject).unwrap();
        check["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!((outcome("backup"), outcome("membership")), ("warning".to_owned(), "ok".to_owned()));
    // The key files of tests use a cheap work factor, which the check reports.
    assert_eq!(outcome("passphrase"), "error");
    assert_eq!(code(&key("home-lead", PASSPHRASE, &["health"])), 8);

    assert_eq!(code(&key("home-lead", "wrong", &["backup", "--out", "sheet.html"])), 3);
    assert!(!folder.join("sheet.html").exists());
    let made = json(&key("home-lead", PASSPHRASE, &["backup", "--out", "sheet.html"]));
    assert_eq!(
        code(&key("home-lead", PASSPHRASE, &["backup", "--out", "sheet.html"])),
        1,
        "never overwritten"
    );
    assert_eq!(outcome("backup"), "ok");

    assert_eq!(code(&key("new-home", "wrong", &["restore", "--from", "sheet.html"])), 3);
    assert_eq!(code(&key("home-lead", PASSPHRASE, &["restore", "--from", "sheet.html"])), 1);
    let back = json(&key("new-home", PASSPHRASE, &["restore", "--from", "sheet.html"]));
    assert_eq!(back["words"], made["words"]);
    let [old, new] = ["home-lead", "new-home"]
        .map(|home| std::fs::read(folder.join(home).join("key.age")).unwrap());
    assert_eq!(old, new);

    // The folder has the key of another member.
    let taken = installation.profile_dir("two", &handler.url);
    std::fs::copy(folder.join("home-lead/key.age"), taken.key_path()).unwrap();
    std::fs::set_permissions(taken.dir(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let output = json(&key("home-two", PASSPHRASE, &["health"]));
    assert_eq!(output["checks"][1]["subject"], "folder");
    assert_eq!(output["checks"][1]["outcome"], "error");
}

#[tokio::test(flavor = "multi_thread")]
async fn search_preview_and_exposure_check_work_from_the_command_line() {
    let installation = Arc::new(WorkbenchInstallation::new());
    let handler = fake_handler::start_fake_handler(&installation);
    let folder = installation.dir.path();
    let reporter =
        handler.file_report(&installation, &[], "À Dakola, le camion 11-GH-4521 attend toujours.");
    installation.profile_dir("lead", &handler.url);
    let lead = |args: &[&str]| {
        run(
            folder,
            &format!("{PASSPHRASE}\n"),
            &[&["--home", "home-lead", "--passphrase-fd", "0", "--json"], args].concat(),
        )
    };
    let id = reporter.case.to_string();
    assert_eq!(
        json(&lead(&["search", "CAMION", "dakol"]))["hits"],
        serde_json::json!([]),
        "not declared yet"
    );
    assert_eq!(code(&lead(&["related", &id])), 4);
    let face = json(&lead(&["show", &id]));
    assert_eq!((face["declared"].as_bool(), face["report"].is_null()), (Some(false), true));
    assert!(!face.to_string().contains("camion"), "{face}");
    assert_eq!(code(&lead(&["preview", &id, "1", "--to", "picture.png"])), 4);
    assert_eq!(code(&lead(&["declare", &id])), 0);
    let found = json(&lead(&["search", "CAMION", "dakol"]));
    assert_eq!(found["hits"][0]["case"], id);
    assert_eq!(json(&lead(&["search", "camion", "-dakola"]))["hits"], serde_json::json!([]));
    assert_eq!(code(&lead(&["search", "…"])), 4);
    let hits = |args: &[&str]| json(&lead(args))["hits"].as_array().unwrap().len();
    assert_eq!(
        hits(&["search", "camion", "--stage", "received"]),
        1,
        "an option behind a word is an option"
    );
    assert_eq!(hits(&["search", "camion", "--stage", "decided"]), 0);
    assert_eq!(hits(&["search", "--category", "FAC"]), 1, "a category alone is a question");
    assert_eq!(hits(&["search", "camion", "--without", "dakola"]), 0);
    assert_eq!(code(&lead(&["search", "camion", "--no-such-option"])), 2);
    assert_eq!(json(&lead(&["related", &id]))["related"], serde_json::json!([]));

    assert_eq!(code(&lead(&["claim", &id])), 0);
    // A reply states that the report was read.
    assert_eq!(code(&lead(&["show", &id])), 0);
    let asking = ["reply", &id, "--text", "Le 11 GH 4521 est-il à vous ?"];
    let held = lead(&asking);
    assert_eq!(code(&held), 4);
    assert!(String::from_utf8_lossy(&held.stderr).contains("11GH4521"));
    assert!(handler.with_case(reporter.case, |kept| kept.replies.is_empty()), "nothing was sent");
    assert_eq!(code(&lead(&[&asking[..], &["--anyway"]].concat())), 0);

    // The attached file of the tests is no image.
    assert_eq!(code(&lead(&["preview", &id, "1", "--to", "picture.png"])), 1);
    assert!(!folder.join("picture.png").exists());

    // A document with an automatic script, under the name of a picture.
    let hostile = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj";
    let document = ("invoice.png", "image/png", &hostile[..]);
    let id = handler
        .file_report_with(&installation, &[], "Voyez le fichier.", document)
        .case
        .to_string();
    assert_eq!(code(&lead(&["declare", &id])), 0);
    assert_eq!(code(&lead(&["preview", &id, "1", "--to", "invoice.png"])), 1);
    assert!(!folder.join("invoice.png").exists(), "never shown");
    assert_eq!(code(&lead(&["recording", &id, "1", "--to", "invoice.wav"])), 1);
    assert!(!folder.join("invoice.wav").exists(), "no recording");
    let words = ["--home", "home-lead", "--passphrase-fd", "0", "save", &id, "--to", "saved"];
    let saved = run(folder, &format!("{PASSPHRASE}\n"), &words);
    assert_eq!(code(&saved), 0);
    let stdout = String::from_utf8_lossy(&saved.stdout);
    let text = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("never by a double click"), "with a warning: {text}");
    assert_eq!(std::fs::read(folder.join("saved/invoice.png")).unwrap(), hostile);
}
