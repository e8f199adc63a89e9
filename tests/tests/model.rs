//! Runs the symbolic model of protocol 2 in Maude. `tests/model/README.md` describes it.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use regex::Regex;

/// The time after which a run of Maude is killed and fails, in seconds.
const TIMEOUT_SECONDS: &str = "240";

/// The number of the searches in each file. A search that is not read is not run either.
const SEARCHES: [(&str, usize); 4] = [("query", 22), ("control", 22), ("limit", 8), ("run", 11)];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("model")
}

/// A named search of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Search {
    name: String,
    /// The comment lines below the name.
    comment: String,
    /// The command, with single spaces.
    command: String,
}

/// What a search ended with, and the number of states that it visited.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    NoSolution { states: u64 },
    Solution { state: u64 },
}

/// Returns the searches of a file. Each one begins with the comment `*** KIND NAME`, has comment
/// lines that describe it, and one command without a bound on its depth.
fn parse_searches(text: &str, kind: &str) -> Vec<Search> {
    let command =
        Regex::new(r"^search \[1\] start\([^\[\]]+\) =>\* (?:Z:State such that|state\().+ \.$")
            .unwrap();
    let mut found = Vec::new();
    let has_search = |paragraph: &&str| paragraph.lines().any(|line| line.starts_with("search"));
    for paragraph in text.split("\n\n").filter(has_search) {
        let (comments, lines): (Vec<&str>, Vec<&str>) =
            paragraph.lines().partition(|line| line.starts_with("***"));
        let mut comments = comments.into_iter().map(|line| line.trim_start_matches("*** "));
        let first = comments.next().unwrap_or_default();
        let name = first.strip_prefix(&format!("{kind} ")).unwrap_or_else(|| {
            panic!("expected the comment \"*** {kind} NAME\" before the search:\n{paragraph}")
        });
        let joined = lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        let flat = joined.replace(" , ", ", ").replace(" ,", ",");
        assert!(command.is_match(&flat), "{name}: not a search of all states: {flat}");
        assert!(!flat.contains(" . "), "{name}: more than one command: {flat}");
        let comment = comments.collect::<Vec<_>>().join(" ");
        assert!(!comment.is_empty(), "{name}: no description");
        found.push(Search { name: name.to_owned(), comment, command: flat });
    }
    let names: BTreeSet<&str> = found.iter().map(|search| search.name.as_str()).collect();
    assert_eq!(names.len(), found.len(), "two searches have one name");
    found
}

/// Returns the searches of `queries.maude`, `controls.maude`, `limits.maude` or `runs.maude`.
fn searches(kind: &str) -> Vec<Search> {
    let searches =
        parse_searches(&fs::read_to_string(folder().join(file_name(kind))).unwrap(), kind);
    let expected = SEARCHES.iter().find(|(known, _)| *known == kind).unwrap().1;
    assert_eq!(searches.len(), expected, "searches in {}", file_name(kind));
    searches
}

fn file_name(kind: &str) -> String {
    if kind == "query" { "queries.maude".to_owned() } else { format!("{kind}s.maude") }
}

/// Runs Maude on a file and returns what it prints. It must print no warning.
fn run_maude(file: &Path) -> String {
    let options = ["-batch", "-no-banner", "-no-ansi-color", "-no-wrap"];
    let run = Command::new("timeout")
        .args([TIMEOUT_SECONDS, "maude"])
        .args(options)
        .arg(file)
        .current_dir(folder())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(
        run.status.success() && errors.is_empty(),
        "maude {} failed with {} (124 means more than {TIMEOUT_SECONDS} s, 127 that the package \
         maude is missing): {errors}",
        file.display(),
        run.status
    );
    String::from_utf8(run.stdout).unwrap()
}

/// Reads the outcomes of `searches` from the output of Maude.
///
/// # Errors
/// If a search has no outcome: it was not run, or it ended before it visited every state.
fn parse_outcomes(output: &str, searches: &[Search]) -> Result<Vec<Outcome>, String> {
    let parts: Vec<&str> = output.split("==========================================").collect();
    let parts = parts.get(1..).unwrap_or_default();
    if parts.len() != searches.len() {
        return Err(format!("{} of {} searches were run", parts.len(), searches.len()));
    }
    let none = Regex::new(r"\nNo solution\.\nstates: (\d+) ").unwrap();
    let solution = Regex::new(r"\nSolution 1 \(state (\d+)\)\nstates: ").unwrap();
    let outcome = |(search, part): (&Search, &&str)| {
        let number = |rule: &Regex| rule.captures(part).map(|found| found[1].parse().unwrap());
        match (number(&none), number(&solution)) {
            (Some(states), None) => Ok(Outcome::NoSolution { states }),
            (None, Some(state)) => Ok(Outcome::Solution { state }),
            _ => Err(format!("{} has no outcome: {part}", search.name)),
        }
    };
    searches.iter().zip(parts).map(outcome).collect()
}

/// Runs the searches of a kind.
fn outcomes(kind: &str) -> Vec<(Search, Outcome)> {
    let searches = searches(kind);
    let output = run_maude(&folder().join(file_name(kind)));
    let outcomes = parse_outcomes(&output, &searches).unwrap_or_else(|error| panic!("{error}"));
    searches.into_iter().zip(outcomes).collect()
}

/// Runs one search and then more commands, and returns what Maude prints.
fn run_alone(search: &Search, more: &str) -> String {
    let temporary = tempfile::tempdir().unwrap();
    let file = temporary.path().join("search.maude");
    let model = folder().join("model.maude");
    fs::write(&file, format!("load {}\n{}\n{more}\n", model.display(), search.command)).unwrap();
    run_maude(&file)
}

/// Returns the state that a search finds, and the names of the steps that lead to it.
fn trace(search: &Search, state: u64) -> String {
    run_alone(search, &format!("show path labels {state} ."))
}

#[test]
fn no_attacker_of_the_model_reaches_a_bad_state() {
    let complete = Regex::new(r"^search \[1\] start\(\w+, none, ").unwrap();
    for (search, outcome) in outcomes("query") {
        assert!(complete.is_match(&search.command), "{} removes a protection", search.name);
        match outcome {
            // Every scenario has more states than this, unless it stops at its beginning.
            Outcome::NoSolution { states } => {
                assert!(states > 20, "{}: only {states} states", search.name);
            }
            Outcome::Solution { state } => {
                panic!("{}: {}\n{}", search.name, search.comment, trace(&search, state));
            }
        }
    }
}

#[test]
fn without_a_protection_the_model_finds_the_attack() {
    let queries: BTreeMap<String, Search> =
        searches("query").into_iter().map(|query| (query.name.clone(), query)).collect();
    let claim = Regex::new(r"^without (\w+): (\S+) ").unwrap();
    let (mut removed, mut pairs) = (BTreeSet::new(), BTreeSet::new());
    for (search, outcome) in outcomes("control") {
        let found = claim.captures(&search.comment).unwrap_or_else(|| {
            panic!("{}: expected \"without PROTECTION: QUERY\": {}", search.name, search.comment)
        });
        let (protection, query) = (&found[1], &queries[&found[2]]);
        let expected = query.command.replacen(", none, ", &format!(", {protection}, "), 1);
        assert_eq!(search.command, expected, "{}", search.name);
        assert!(
            matches!(outcome, Outcome::Solution { .. }),
            "{}: no attack without {protection}: {}",
            search.name,
            search.comment
        );
        removed.insert(protection.to_owned());
        pairs.insert((protection.to_owned(), query.name.clone()));
    }
    assert_eq!(removed, protections());
    assert_eq!(pairs, documented_controls());
}

/// Returns each protection and query of the table in `README.md`.
fn documented_controls() -> BTreeSet<(String, String)> {
    let text = fs::read_to_string(folder().join("README.md")).unwrap();
    let (_, table) = text.split_once("## Protections").unwrap();
    let row = Regex::new(r"(?m)^\| `(\w+)` \| .+ \| (`.+`) \|$").unwrap();
    let quoted = Regex::new("`([^`]+)`").unwrap();
    row.captures_iter(table)
        .flat_map(|found| {
            let queries = quoted.captures_iter(found.get(2).unwrap().as_str());
            queries.map(|query| (found[1].to_owned(), query[1].to_owned())).collect::<Vec<_>>()
        })
        .collect()
}

/// Returns the protections that `objects.maude` declares.
fn protections() -> BTreeSet<String> {
    let text = fs::read_to_string(folder().join("objects.maude")).unwrap();
    let (_, rest) = text.split_once("*** The protections.").unwrap();
    let (declarations, _) = rest.split_once("\n\n").unwrap();
    let declaration = Regex::new(r"(?m)^  ops (.+) : -> Public \[ctor\] \.$").unwrap();
    let names = declaration.captures_iter(declarations);
    names.flat_map(|found| found[1].split(' ').map(ToOwned::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn the_limits_of_the_threat_model_are_reached() {
    let documented = fs::read_to_string(folder().join("../../docs/THREAT_MODEL.md")).unwrap();
    for (search, outcome) in outcomes("limit") {
        assert!(
            matches!(outcome, Outcome::Solution { .. }),
            "{}: the model does not reach it any more: {}",
            search.name,
            search.comment
        );
        assert!(
            documented.contains(&format!("`{}`", search.name)),
            "{}: docs/THREAT_MODEL.md does not name it",
            search.name
        );
    }
}

#[test]
fn the_scenarios_of_the_model_run_to_their_end() {
    for (search, outcome) in outcomes("run") {
        assert!(matches!(outcome, Outcome::Solution { .. }), "{}: {}", search.name, search.comment);
    }
}

#[test]
fn a_search_without_an_end_is_no_result() {
    let search = |name: &str| Search {
        name: name.to_owned(),
        comment: String::new(),
        command: String::new(),
    };
    let searches = [search("first"), search("second")];
    let line = "==========================================";
    let none = format!("{line}\nsearch a .\n\nNo solution.\nstates: 7  rewrites: 9\n");
    let found = format!("{line}\nsearch b .\n\nSolution 1 (state 3)\nstates: 4  rewrites: 9\n");
    let expected = [Outcome::NoSolution { states: 7 }, Outcome::Solution { state: 3 }];
    assert_eq!(parse_outcomes(&format!("{none}{found}"), &searches).unwrap(), expected);
    assert!(parse_outcomes(&none, &searches).is_err());
    let cut = format!("{none}{line}\nsearch b .\n");
    assert!(parse_outcomes(&cut, &searches).is_err());
}

#[test]
#[should_panic(expected = "not a search of all states")]
fn a_search_with_a_bound_on_its_depth_is_refused() {
    let text = "*** query deep\n*** Up to ten steps.\nsearch [1, 10] start(a) =>* Z:State such that \
                showsUnsigned(Z:State) .";
    parse_searches(text, "query");
}

#[test]
fn a_trace_names_the_steps_of_an_attack() {
    let controls = searches("control");
    let control = controls.iter().find(|control| control.name == "member-rotates-alone").unwrap();
    let output = run_alone(control, "");
    let outcome = parse_outcomes(&output, std::slice::from_ref(control)).unwrap();
    let [Outcome::Solution { state }] = outcome[..] else { panic!("{outcome:?}") };
    let text = trace(control, state);
    assert!(text.lines().any(|line| line == "propose"), "{text}");
}
