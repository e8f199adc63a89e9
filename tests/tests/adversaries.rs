//! `docs/ADVERSARIES.md` names a test, a limit of the threat model or a reason for each attack on
//! each sealed or signed object, and every test and every limit exists.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use regex::Regex;

/// The sealed and signed objects of the protocol, in the order of the document. Browsers read those
/// with `true`.
const OBJECTS: [(&str, bool); 33] = [
    ("Receipt", true),
    ("Sending tag", false),
    ("Submission", false),
    ("Upload", false),
    ("Frame of the reporter", false),
    ("Attached file", false),
    ("Reply capsule", true),
    ("Own copy", true),
    ("Sealed draft", true),
    ("Grant", false),
    ("Frame of a reply", true),
    ("Reply and copy", false),
    ("Mailbox", true),
    ("Log record", true),
    ("Note", false),
    ("Event of a member", false),
    ("Event of the case handler", false),
    ("Rotation statement", true),
    ("Rotation confirmation", true),
    ("Proposed keys and their grants", false),
    ("Directory", true),
    ("Trust file", true),
    ("Browser program", true),
    ("Session challenge", false),
    ("Checkpoint", true),
    ("Cosignature", true),
    ("Proof of an event", true),
    ("State of a witness", false),
    ("Page of an audit", false),
    ("Saved audit", false),
    ("Log export", false),
    ("Exported case", false),
    ("Backup of the case handler", false),
];
const ATTACKS: [&str; 5] = ["make", "change", "drop", "replay", "reorder"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the tracked source files with one of these extensions, and their text.
fn sources(extension: &str) -> Vec<(String, String)> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--", &format!("*.{extension}")])
        .current_dir(root())
        .output()
        .unwrap();
    let names = String::from_utf8(listed.stdout).unwrap();
    let read = |name: &str| Some((name.to_owned(), fs::read_to_string(root().join(name)).ok()?));
    names.split_terminator('\0').filter_map(read).collect()
}

/// All tests by name. The value is true if the test runs the implementation of the browser.
struct KnownTests {
    rust: BTreeMap<String, bool>,
    typescript: Vec<String>,
}

impl KnownTests {
    fn collect() -> Self {
        let function = Regex::new(
            r"#\[(?:tokio::)?test[^\]]*\](?:\s*(?://[^\n]*|#\[[^\]]*\]))*\s*(?:async )?fn (\w+)",
        )
        .unwrap();
        let mut rust = BTreeMap::new();
        for (_, text) in sources("rs") {
            let in_browser = text.contains("BrowserPeer");
            for found in function.captures_iter(&text) {
                *rust.entry(found[1].to_owned()).or_default() |= in_browser;
            }
        }
        let title = Regex::new("test\\((?:\"([^\"]+)\"|`([^`]+)`)").unwrap();
        let typescript = sources("ts").into_iter().flat_map(|(_, text)| {
            let titles = title.captures_iter(&text);
            titles
                .map(|found| found.get(1).or(found.get(2)).unwrap().as_str().to_owned())
                .collect::<Vec<_>>()
        });
        Self { rust, typescript: typescript.collect() }
    }

    fn problem_of(&self, test: &str, browser: bool) -> Option<String> {
        let is_function = test.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match self.rust.get(test) {
            Some(in_browser) if browser && !in_browser => {
                Some(format!("{test} does not run the implementation of the browser"))
            }
            Some(_) => None,
            None if is_function => Some(format!("no test {test}")),
            None if browser && self.typescript.iter().any(|title| title == test) => None,
            None => Some(format!("no test “{test}”")),
        }
    }
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns what is wrong with a cell of the table.
fn problems_of_cell(
    cell: &str,
    browser: bool,
    tests: &KnownTests,
    threat_model: &str,
) -> Vec<String> {
    let quoted = Regex::new("`([^`]+)`").unwrap();
    let mut problems = Vec::new();
    for statement in cell.split("; ") {
        if let Some(limit) = statement.strip_prefix("not noticed: ") {
            let limit = limit.trim_matches('"');
            if !threat_model.contains(limit) {
                problems.push(format!("THREAT_MODEL.md does not contain “{limit}”"));
            }
        } else if let Some(reason) = statement.strip_prefix("does not apply: ") {
            if reason.len() < 20 {
                problems.push(format!("no reason: “{statement}”"));
            }
        } else {
            let named: Vec<_> = quoted.captures_iter(statement).collect();
            if named.is_empty() {
                problems.push(format!("neither a test nor a reason: “{statement}”"));
            }
            problems.extend(named.iter().filter_map(|name| tests.problem_of(&name[1], browser)));
        }
    }
    problems
}

/// Returns the rows of each section, without the first two rows of its table.
fn read_sections(document: &str) -> Vec<(&str, Vec<Vec<&str>>)> {
    let mut sections: Vec<(&str, Vec<Vec<&str>>)> = Vec::new();
    for line in document.lines() {
        if let Some(name) = line.strip_prefix("### ") {
            sections.push((name, Vec::new()));
        } else if let (Some((_, rows)), true) = (sections.last_mut(), line.starts_with('|')) {
            rows.push(line.trim_matches('|').split(" | ").map(str::trim).collect());
        }
    }
    for (_, rows) in &mut sections {
        rows.drain(..2);
    }
    sections
}

#[test]
fn every_attack_on_every_object_has_a_test_or_a_stated_limit() {
    let read = |name: &str| fs::read_to_string(root().join("docs").join(name)).unwrap();
    let (document, threat_model) = (read("ADVERSARIES.md"), on_one_line(&read("THREAT_MODEL.md")));
    let tests = KnownTests::collect();
    assert!(tests.rust.len() > 900 && tests.typescript.len() > 40, "the tests are read");
    let sections = read_sections(&document);
    let names: Vec<&str> = sections.iter().map(|(name, _)| *name).collect();
    let expected: Vec<&str> = OBJECTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, expected);
    let mut problems = Vec::new();
    for ((name, rows), (_, in_browser)) in sections.iter().zip(OBJECTS) {
        let attacks: Vec<&str> = rows.iter().map(|row| row[0]).collect();
        assert_eq!(attacks, ATTACKS, "{name}");
        for row in rows {
            assert_eq!(row.len(), if in_browser { 3 } else { 2 }, "{name}: {}", row[0]);
            for (cell, browser) in row[1..].iter().zip([false, true]) {
                let found = problems_of_cell(cell, browser, &tests, &threat_model);
                problems
                    .extend(found.into_iter().map(|what| format!("{name}, {}: {what}", row[0])));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn a_missing_test_a_missing_limit_and_an_empty_cell_are_found() {
    let tests = KnownTests {
        rust: [("in_rust".to_owned(), false), ("in_both".to_owned(), true)].into(),
        typescript: vec!["a title".to_owned()],
    };
    let problems = |cell: &str, browser| problems_of_cell(cell, browser, &tests, "a limit");
    for (cell, browser) in [
        ("`in_rust`, `in_both`; not noticed: \"a limit\"", false),
        ("`in_both`, `a title`", true),
        ("does not apply: there is only one of these", false),
    ] {
        assert_eq!(problems(cell, browser), Vec::<String>::new(), "{cell}");
    }
    for (cell, browser) in [
        ("`in_rust`, `elsewhere`", false),
        ("`in_rust`", true),
        ("`a title`", false),
        ("not noticed: \"another limit\"", false),
        ("does not apply", false),
        ("", true),
    ] {
        assert_eq!(problems(cell, browser).len(), 1, "{cell}");
    }
}
