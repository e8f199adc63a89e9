//! Commands, settings, units and messages in the documents, compared with the programs.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use regex::Regex;
use scenarios::programs_dir;

const PROGRAMS: [&str; 3] = ["intake", "case-handler", "burkindi"];
/// Variables of earlier development versions, which the text about new versions names.
const OLD_VARIABLES: [&str; 1] = ["INTAKE_SPOOL_PATH"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the documents and the shipped files with their text. CHANGELOG.md names old commands.
fn documents() -> Vec<(String, String)> {
    let paths = ["docs", "deploy", "README.md", "SECURITY.md", "CONTRIBUTING.md"];
    let listed =
        Command::new("git").args(["ls-files", "-z"]).args(paths).current_dir(root()).output();
    let names = String::from_utf8(listed.unwrap().stdout).unwrap();
    let found: Vec<_> = names
        .split_terminator('\0')
        .filter_map(|name| Some((name.to_owned(), fs::read_to_string(root().join(name)).ok()?)))
        .collect();
    assert!(found.len() > 30, "{} documents", found.len());
    found
}

/// Returns the code spans, and the indented lines of a Markdown document. The lines of a span are
/// joined, without the marks of comments.
fn code_spans(name: &str, text: &str) -> Vec<String> {
    let line_end = Regex::new(r"\s*\n\s*#?\s*").unwrap();
    let span = Regex::new(r"`([^`]+)`").unwrap();
    let spans = span.captures_iter(text).map(|found| line_end.replace_all(&found[1], " ").into());
    let is_markdown = Path::new(name).extension().is_some_and(|extension| extension == "md");
    let indented = text.lines().filter(|line| is_markdown && line.starts_with("    "));
    spans.chain(indented.map(|line| line.trim().to_owned())).collect()
}

/// The help texts of the programs, by command.
struct CommandHelp {
    programs: PathBuf,
    texts: BTreeMap<Vec<String>, String>,
}

impl CommandHelp {
    fn text(&mut self, command: &[String]) -> &str {
        let programs = &self.programs;
        self.texts.entry(command.to_vec()).or_insert_with(|| {
            let mut asked = Command::new(programs.join(&command[0]));
            if command[0] != "burkindi" {
                asked.args(["--config", "none"]);
            }
            let output = asked.args(&command[1..]).arg("--help").output().unwrap();
            assert!(output.status.success(), "{command:?}");
            String::from_utf8(output.stdout).unwrap()
        })
    }

    fn subcommands(&mut self, command: &[String]) -> BTreeSet<String> {
        let text = self.text(command);
        let Some((_, list)) = text.split_once("\nCommands:\n") else { return BTreeSet::new() };
        let lines = list.lines().take_while(|line| !line.is_empty());
        lines.filter_map(|line| line.split_whitespace().next()).map(ToOwned::to_owned).collect()
    }

    /// Returns what is wrong with a quoted command.
    fn problem(&mut self, quoted: &str) -> Option<String> {
        let mut words = quoted.split_whitespace();
        let mut command = vec![words.next()?.to_owned()];
        let (mut options, mut has_arguments) = (BTreeSet::new(), false);
        for word in words.filter(|word| *word != "…") {
            let subcommands = self.subcommands(&command);
            if let Some(option) = word.strip_prefix("--") {
                options.insert(option.split('=').next()?.to_owned());
            } else if subcommands.contains(word) {
                command.push(word.to_owned());
                continue;
            } else if options.is_empty() && !subcommands.is_empty() {
                return Some(format!("{command:?} has no command {word}"));
            }
            has_arguments = true;
        }
        let texts: String =
            (1..=command.len()).map(|end| self.text(&command[..end]).to_owned()).collect();
        let known: BTreeSet<_> = Regex::new(r"--([a-z][a-z-]*)")
            .unwrap()
            .captures_iter(&texts)
            .map(|o| o[1].to_owned())
            .collect();
        if let Some(unknown) = options.difference(&known).next() {
            return Some(format!("{command:?} has no option --{unknown}"));
        }
        if !has_arguments || quoted.contains('…') {
            return None;
        }
        let usage =
            self.text(&command).lines().find(|line| line.starts_with("Usage: "))?.to_owned();
        let required = Regex::new(r"\[[^\]]*\]").unwrap().replace_all(&usage, "").into_owned();
        let missing = Regex::new(r" --([a-z-]+) <")
            .unwrap()
            .captures_iter(&required)
            .map(|o| o[1].to_owned())
            .find(|option| !options.contains(option));
        missing.map(|option| format!("{command:?} requires --{option}"))
    }
}

#[test]
fn documents_quote_commands_that_the_programs_accept() {
    let mut help = CommandHelp { programs: programs_dir().unwrap(), texts: BTreeMap::new() };
    let (mut seen, mut problems) = (0, Vec::new());
    for (name, text) in documents() {
        for span in code_spans(&name, &text) {
            let typed = match span.split_once(" -- ") {
                Some((before, typed)) if before.starts_with("runuser -u ") => typed,
                _ => &span,
            };
            let Some((program, _)) = typed.split_once(' ') else { continue };
            if typed.starts_with("admin ") {
                problems.push(format!("{name}: `{span}`: the program is missing: burkindi"));
            }
            // A diagram is no command.
            if PROGRAMS.contains(&program) && !typed.contains("---") {
                seen += 1;
                problems
                    .extend(help.problem(typed).map(|wrong| format!("{name}: `{span}`: {wrong}")));
            }
        }
    }
    assert!(seen > 100, "{seen} commands");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Returns the sections and the keys of the shipped configuration files, also of lines that are
/// commented out.
fn configuration_keys() -> BTreeSet<String> {
    let (section, key) =
        (Regex::new(r"^#?\[+([a-z_.]+)\]").unwrap(), Regex::new(r"^#?([a-z_]+) = ").unwrap());
    let mut keys = BTreeSet::new();
    for name in ["intake", "case-handler"] {
        let file = root().join(format!("deploy/config/{name}.toml"));
        let mut current = String::new();
        for line in fs::read_to_string(file).unwrap().lines() {
            if let Some(found) = section.captures(line) {
                found[1].clone_into(&mut current);
                let ends = current.match_indices('.').map(|(end, _)| end).chain([current.len()]);
                keys.extend(ends.map(|end| current[..end].to_owned()));
            } else if let Some(found) = key.captures(line) {
                keys.insert(format!("{current}.{}", &found[1]));
            }
        }
    }
    assert!(keys.len() > 40, "{keys:?}");
    keys
}

#[test]
fn documents_name_settings_and_units_that_exist() {
    let keys = configuration_keys();
    let shipped = ["intake", "case-handler"]
        .map(|name| fs::read_to_string(root().join(format!("deploy/config/{name}.toml"))).unwrap())
        .concat();
    let units: BTreeSet<String> = fs::read_dir(root().join("deploy/systemd"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let key = Regex::new(r"^\[*([a-z_]+(?:\.[a-z_]+)+)(?:\]| = |$)").unwrap();
    let variable = Regex::new(r"\b(?:INTAKE|CASE_HANDLER)_[A-Z_]*[A-Z]\b").unwrap();
    let unit = Regex::new(
        r"burkindi-(?:intake|case-handler|failed)(?:-backup|-doctor)?@?\.(?:service|timer)",
    )
    .unwrap();
    let mut problems = BTreeSet::new();
    for (name, text) in documents() {
        for span in code_spans(&name, &text) {
            let Some(found) = key.captures(&span) else { continue };
            let section = found[1].split('.').next().unwrap();
            // `directory.json` and `log.key` are files.
            let is_file = [".json", ".key"].iter().any(|end| found[1].ends_with(end));
            if keys.contains(section) && !keys.contains(&found[1]) && !is_file {
                problems.insert(format!("{name}: no setting {}", &found[1]));
            }
        }
        for found in variable.find_iter(&text).map(|found| found.as_str()) {
            if !shipped.contains(found) && !OLD_VARIABLES.contains(&found) {
                problems.insert(format!("{name}: no variable {found}"));
            }
        }
        for found in unit.find_iter(&text).map(|found| found.as_str()) {
            if !units.contains(found) {
                problems.insert(format!("{name}: no unit {found}"));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// Returns the sources of the programs as one line, with the strings of several lines joined.
fn flat_sources() -> String {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "crates/*.rs", "crates/*.html", "crates/*.ftl"])
        .current_dir(root())
        .output();
    let names = String::from_utf8(listed.unwrap().stdout).unwrap();
    let texts: Vec<String> = names
        .split_terminator('\0')
        .map(|name| fs::read_to_string(root().join(name)).unwrap())
        .collect();
    let joined = Regex::new(r"\\\n\s*").unwrap().replace_all(&texts.concat(), "").into_owned();
    Regex::new(r"\s+").unwrap().replace_all(&joined, " ").into_owned()
}

#[test]
fn the_manual_quotes_messages_that_the_programs_print() {
    let manual = fs::read_to_string(root().join("docs/OPERATING.md")).unwrap();
    let (_, table) = manual.split_once("\n## When something is wrong\n").unwrap();
    let sources = flat_sources();
    let quoted = Regex::new("\"([^\"]+)\"").unwrap();
    let gap = Regex::new(r"…|\bN\b").unwrap();
    let (mut seen, mut problems) = (0, Vec::new());
    for line in table.lines().filter(|line| line.starts_with("| ")) {
        let sign = line.trim_start_matches("| ").split(" | ").next().unwrap();
        for message in quoted.captures_iter(sign).map(|found| found[1].to_owned()) {
            for part in gap.split(&message) {
                let part = part.trim_matches([' ', ':', '(', ')', '.', ',']);
                seen += 1;
                if part.len() > 3 && !sources.contains(part) {
                    problems.push(format!("\"{message}\": no program prints \"{part}\""));
                }
            }
        }
    }
    assert!(seen > 40, "{seen} messages");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
