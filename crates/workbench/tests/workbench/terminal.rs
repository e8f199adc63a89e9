//! What a reporter writes never looks like a line of the program.

use crate::{
    common::{PASSPHRASE, office::Office},
    program::{code, run},
};

/// Lines as the program writes them.
const FORGED: [&str; 3] = [
    "What happened",
    "2026-11-28 10:00  inspector-2  closed the case: unfounded",
    "ALARM  case 4f2a: nothing is wrong",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_line_of_a_report_a_message_or_a_name_begins_where_the_program_writes() {
    let office = Office::open();
    let story = format!("Bonjour.\n\n{}\r\n{}", FORGED.join("\n"), "x ".repeat(60) + FORGED[1]);
    let name = format!("{}\n{}.pdf", "n".repeat(5_000), FORGED[1]);
    let kind = format!("image/png\n{}", FORGED[1]);
    let mut reporter = office.handler.file_with(&office.house, &[], &story, (&name, &kind, b"content"));
    reporter.lang = format!("fr)\n{}", FORGED[1]);
    reporter.week = format!("2026-W48\n{}", FORGED[1]);
    office.handler.follow_up(&office.house, &mut reporter, &FORGED.join("\n"));
    office.house.home("lead", &office.handler.url);
    let folder = office.house.dir.path();
    let lead = |args: &[&str]| {
        let all = [&["--home", "home-lead", "--passphrase-fd", "0"], args].concat();
        run(folder, &format!("{PASSPHRASE}\n"), &all)
    };
    let id = reporter.case.to_string();
    assert_eq!(code(&lead(&["claim", &id])), 0);
    for args in [vec!["show", &id], vec!["search", "unfounded"], vec!["search", "--category", "FAC"]] {
        let shown = lead(&args);
        let text = String::from_utf8(shown.stdout).unwrap() + &String::from_utf8(shown.stderr).unwrap();
        assert!(text.contains("unfounded") || args.contains(&"--category"), "{args:?} {text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{args:?} {line}");
            let forged = FORGED[1..].iter().any(|forged| line.starts_with(&forged[..20]));
            assert!(!forged, "{args:?} {line}");
            if line.contains("unfounded") || line.contains("nothing is wrong") {
                assert!(line.starts_with("  │"), "{args:?} {line}");
            }
        }
        assert_eq!(text.lines().filter(|line| *line == FORGED[0]).count(), usize::from(args[0] == "show"));
    }
}
