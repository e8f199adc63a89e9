//! A terminal: text of a reporter never looks like a line of the program, and a rejected new
//! passphrase is prompted for again.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use crate::{
    cli::{code, run},
    common::{PASSPHRASE, environment::TestEnvironment},
};

/// Lines that the program prints.
const FORGED_LINES: [&str; 3] = [
    "What happened",
    "2026-11-28 10:00  inspector-2  closed the case: unfounded",
    "ALARM  case 4f2a: nothing is wrong",
];

#[tokio::test(flavor = "multi_thread")]
async fn text_of_a_reporter_never_begins_at_the_programs_left_margin() {
    let environment = TestEnvironment::start();
    let story = [
        "Bonjour.\n".to_owned(),
        FORGED_LINES.join("\n") + "\r",
        "x ".repeat(60) + FORGED_LINES[1],
        // The terminal moves to the next tab stop, and can use a column for each soft hyphen.
        format!("{}x\t{}", "\t".repeat(12), FORGED_LINES[2]),
        "\u{ad}".repeat(90) + FORGED_LINES[2],
        format!("{} {}", "x".repeat(75), FORGED_LINES[2]),
    ]
    .join("\n");
    let name = format!("{}\n{}.pdf", "n".repeat(5_000), FORGED_LINES[1]);
    let kind = format!("image/png\n{}", FORGED_LINES[1]);
    let mut reporter = environment.handler.file_report_with(
        &environment.installation,
        &[],
        &story,
        (&name, &kind, b"content"),
    );
    reporter.lang = format!("fr)\n{}", FORGED_LINES[1]);
    reporter.week = format!("2026-W48\n{}", FORGED_LINES[1]);
    environment.handler.follow_up(
        &environment.installation,
        &mut reporter,
        &FORGED_LINES.join("\n"),
    );
    environment.installation.profile_dir("lead", &environment.handler.url);
    let folder = environment.installation.dir.path();
    let lead = |args: &[&str]| {
        let all = [&["--home", "home-lead", "--passphrase-fd", "0"], args].concat();
        run(folder, &format!("{PASSPHRASE}\n"), &all)
    };
    let id = reporter.case.to_string();
    assert_eq!(code(&lead(&["claim", &id])), 0);
    for args in
        [vec!["show", &id], vec!["search", "unfounded"], vec!["search", "--category", "FAC"]]
    {
        let shown = lead(&args);
        let text =
            String::from_utf8(shown.stdout).unwrap() + &String::from_utf8(shown.stderr).unwrap();
        assert!(text.contains("unfounded") || args.contains(&"--category"), "{args:?} {text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{args:?} {line}");
            assert!(!line.contains(['\t', '\u{ad}']), "{args:?} {line:?}");
            let forged = FORGED_LINES[1..].iter().any(|forged| line.starts_with(&forged[..20]));
            assert!(!forged, "{args:?} {line}");
            if line.contains("unfounded") || line.contains("nothing is wrong") {
                assert!(line.starts_with("  │"), "{args:?} {line}");
            }
        }
        assert_eq!(
            text.lines().filter(|line| *line == FORGED_LINES[0]).count(),
            usize::from(args[0] == "show")
        );
    }
}

/// Runs `key new` at a terminal that `script` provides, with these lines as input.
fn create_key_at_terminal(typed: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_burkindi");
    let command = format!("'{program}' --home h key new --handle p-1 --work-factor 1");
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let printed = child.wait_with_output().unwrap().stdout;
    (folder.path().join("h/key.age").exists(), String::from_utf8(printed).unwrap())
}

#[test]
fn a_rejected_new_passphrase_is_prompted_for_again_at_a_terminal() {
    let good = "long enough to keep\n";
    let mistyped = [good, "long enough to kept\n"].concat();
    let (created, printed) = create_key_at_terminal(&["short\n", &mistyped, good, good].concat());
    assert!(created, "{printed}");
    assert!(printed.contains("is too short") && printed.contains("the two passphrases differ"));
    assert_eq!(printed.matches("Try again.").count(), 2, "{printed}");
    // The fifth attempt is the last.
    let (created, printed) = create_key_at_terminal(&[&mistyped.repeat(5), good, good].concat());
    assert!(!created, "{printed}");
    assert_eq!(printed.matches("Try again.").count(), 4, "{printed}");
}
