//! The words of the project: forbidden ones, the glossary, and the width of comments.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use regex::{Regex, RegexBuilder};

/// The pattern of an identifier.
const IDENTIFIER: &str = "[A-Za-z_][A-Za-z0-9_]*";

/// Most columns of a comment.
const MAX_COLUMNS: usize = 100;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the tracked files with their text, except binary files.
fn tracked_files() -> Vec<(String, String)> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).unwrap();
    names
        .split_terminator('\0')
        .filter_map(|name| Some((name.to_owned(), fs::read_to_string(root().join(name)).ok()?)))
        .collect()
}

/// The kind of a stretch of source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stretch {
    Code,
    Comment,
}

/// Splits Rust or TypeScript into code and comments. String literals are left out.
fn stretches(source: &str) -> Vec<(Stretch, String)> {
    // A raw string, a comment, a character, a string of one line or a string of several lines. What
    // comes first is taken, so that a quotation mark in a comment begins no string.
    let literal = Regex::new(
        r##"(?s)b?r#+".*?"#+|//[^\n]*|/\*.*?\*/|b?'(?:\\[^\n]{1,8}|[^\\'\n])'|b?"(?:\\.|[^"\\])*""##,
    )
    .unwrap();
    let mut found: Vec<(Stretch, String)> = Vec::new();
    let mut push = |kind: Stretch, text: &str| match found.last_mut() {
        Some((last, joined)) if *last == kind => joined.push_str(text),
        Some((Stretch::Comment, joined)) if text.trim().is_empty() => joined.push(' '),
        _ => found.push((kind, text.to_owned())),
    };
    let mut end = 0;
    for part in literal.find_iter(source) {
        push(Stretch::Code, &source[end..part.start()]);
        if part.as_str().starts_with("//") || part.as_str().starts_with("/*") {
            push(Stretch::Comment, part.as_str().trim_start_matches(['/', '!', '*']));
        }
        end = part.end();
    }
    push(Stretch::Code, &source[end..]);
    found
}

/// Puts a space between the words of each identifier, and one space for each run of white space.
fn separate_words(text: &str) -> String {
    let mut separated = String::with_capacity(text.len() + text.len() / 8);
    let mut previous = ' ';
    for letter in text.chars() {
        let is_gap = letter.is_whitespace() || matches!(letter, '_' | '-');
        let begins_word = letter.is_uppercase() && previous.is_lowercase();
        if (is_gap || begins_word) && !separated.ends_with(' ') {
            separated.push(' ');
        }
        if !is_gap {
            separated.push(letter);
        }
        previous = letter;
    }
    separated
}

/// Returns the rules of `forbidden.txt`: a pattern, and the term to use instead.
fn forbidden_words() -> Vec<(Regex, String)> {
    let text = fs::read_to_string(root().join("tests/terminology/forbidden.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let rules: Vec<_> = lines
        .map(|line| {
            let (pattern, instead) = line.split_once(" # ").expect("a pattern and a term");
            let mut rule = RegexBuilder::new(&format!(r"\b(?:{})\b", pattern.trim()));
            (rule.case_insensitive(true).build().unwrap(), instead.to_owned())
        })
        .collect();
    assert!(rules.len() > 20, "the list is read");
    rules
}

/// Returns whether the name of a file ends in one of `extensions`.
fn has_extension(name: &str, extensions: &[&str]) -> bool {
    let extension = Path::new(name).extension().and_then(OsStr::to_str);
    extension.is_some_and(|extension| extensions.contains(&extension))
}

/// Returns whether a file is source code of Rust or TypeScript.
fn is_source_code(name: &str) -> bool {
    has_extension(name, &["rs", "ts"])
}

/// Returns whether the list of forbidden words applies to a file.
fn is_checked(name: &str) -> bool {
    let extensions = ["rs", "ts", "md", "toml", "sh", "service", "timer", "conf", "yml"];
    let is_source = has_extension(name, &extensions) || name.starts_with("deploy/");
    // The glossary and the changelog name old words. Data files are texts of pages.
    let is_exempt = name == "CHANGELOG.md"
        || name == "docs/GLOSSARY.md"
        || name.starts_with("tests/terminology/")
        || name.contains("/data/");
    is_source && !is_exempt
}

/// Returns each forbidden word of a file, with the term to use instead.
fn violations(name: &str, text: &str, rules: &[(Regex, String)]) -> Vec<String> {
    let parts = if is_source_code(name) {
        stretches(text)
    } else {
        vec![(Stretch::Comment, text.to_owned())]
    };
    let mut found = Vec::new();
    for (_, part) in parts {
        let words = separate_words(&part);
        for (rule, instead) in rules {
            for word in rule.find_iter(&words) {
                found.push(format!("{name}: “{}”: use {instead}", word.as_str()));
            }
        }
    }
    found
}

#[test]
fn no_file_has_a_forbidden_word() {
    let rules = forbidden_words();
    let files = tracked_files();
    let checked: Vec<_> = files.iter().filter(|(name, _)| is_checked(name)).collect();
    assert!(checked.len() > 500, "the tracked files are read: {}", checked.len());
    let found: Vec<_> =
        checked.iter().flat_map(|(name, text)| violations(name, text, &rules)).collect();
    assert!(found.is_empty(), "{} forbidden words:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_forbidden_word_is_found_in_identifiers_and_comments_and_not_in_strings() {
    let rules = forbidden_words();
    let count = |text: &str| violations("a.rs", text, &rules).len();
    assert_eq!(count("fn escalate(case: Case) {}"), 0);
    assert_eq!(count("struct OutsideBody;"), 1);
    assert_eq!(count("let outside_body = 1;"), 1);
    assert_eq!(count("// Given to the outside\n    // body at once."), 1, "across two lines");
    assert_eq!(count("let text = \"the outside body\";"), 0, "a text of a page");
    assert_eq!(count("let mark = '\"'; // whoever \"asks\""), 1, "after a quotation mark");
    assert_eq!(count("let raw = r#\"outside body\"#;"), 0);
    assert_eq!(count("mod set_aside;"), 1);
}

/// How the comments of a file begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CommentSyntax {
    /// `//` to the end of the line, and `/* */`.
    Slashes,
    /// `/* */` of CSS.
    Block,
    /// `{# #}` and `<!-- -->` of templates.
    Template,
    /// `#` to the end of the line.
    Hash,
}

fn comment_syntax(name: &str) -> Option<CommentSyntax> {
    let hash = ["toml", "yml", "yaml", "sh", "conf", "service", "timer", "ftl", "py"];
    if has_extension(name, &["rs", "ts", "mjs"]) {
        Some(CommentSyntax::Slashes)
    } else if has_extension(name, &["css"]) {
        Some(CommentSyntax::Block)
    } else if has_extension(name, &["html"]) {
        Some(CommentSyntax::Template)
    } else if has_extension(name, &hash) || name.starts_with("deploy/") || name.starts_with(".ci/")
    {
        // A line of Markdown that begins with `#` is a heading.
        (!has_extension(name, &["md"])).then_some(CommentSyntax::Hash)
    } else {
        None
    }
}

/// Returns the lines that begin inside a comment or with one, with their numbers from 1.
fn comment_lines(text: &str, syntax: CommentSyntax) -> Vec<(usize, &str)> {
    let blocks: &[(&str, &str)] = match syntax {
        CommentSyntax::Slashes | CommentSyntax::Block => &[("/*", "*/")],
        CommentSyntax::Template => &[("{#", "#}"), ("<!--", "-->")],
        CommentSyntax::Hash => &[],
    };
    let line_start = match syntax {
        CommentSyntax::Slashes => Some("//"),
        CommentSyntax::Hash => Some("#"),
        CommentSyntax::Block | CommentSyntax::Template => None,
    };
    let mut open: Option<&str> = None;
    let mut comments = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let start = line.trim_start();
        let begins = blocks.iter().find(|(begin, _)| start.starts_with(begin));
        let end = open.or(begins.map(|(_, end)| *end));
        if end.is_some() || line_start.is_some_and(|begin| start.starts_with(begin)) {
            comments.push((number, line));
        }
        open = end.filter(|end| !line.contains(end));
    }
    comments
}

/// Returns the numbers of the comment lines that are too long and can be wrapped.
fn long_comments(name: &str, text: &str) -> Vec<usize> {
    let Some(syntax) = comment_syntax(name) else { return Vec::new() };
    let is_long = |line: &str| {
        // A word without a space, such as an address, cannot be wrapped.
        let can_wrap = line.trim_start().split(' ').count() > 2;
        // Rows of a table stay on one line.
        let is_table = line.trim_start().trim_start_matches(['/', '!', '*', ' ']).starts_with('|');
        can_wrap && !is_table && line.chars().count() > MAX_COLUMNS
    };
    let lines = comment_lines(text, syntax).into_iter();
    lines.filter(|(_, line)| is_long(line)).map(|(number, _)| number).collect()
}

#[test]
fn comments_end_at_column_100() {
    let mut long = Vec::new();
    for (name, text) in tracked_files() {
        long.extend(long_comments(&name, &text).iter().map(|line| format!("{name}:{line}")));
    }
    assert!(long.is_empty(), "comments of more than {MAX_COLUMNS} columns: {long:#?}");
}

#[test]
fn a_long_comment_is_found_in_every_syntax() {
    let long = "word ".repeat(25);
    for (name, text, expected) in [
        ("a.rs", format!("let a = 1;\n// {long}\n/// {long}\n"), vec![2, 3]),
        (
            "a.ts",
            format!("/** {long} */\n/**\n * short\n * {long}\n */\nf(\"{long}\");"),
            vec![1, 4],
        ),
        ("a.css", format!("/* short\n   {long} */\na {{ color: {long} }}"), vec![2]),
        ("a.html", format!("{{# short\n{long} #}}\n<p>{long}</p>\n<!-- {long} -->"), vec![2, 4]),
        ("a.toml", format!("# {long}\na = \"{long}\"\n"), vec![1]),
        ("deploy/Dockerfile", format!("# {long}\nRUN {long}\n"), vec![1]),
        ("deploy/README.md", format!("# {long}\n"), vec![]),
        ("a.json", format!("# {long}\n"), vec![]),
    ] {
        assert_eq!(long_comments(name, &text), expected, "{name}");
    }
}

/// Returns each identifier of the code, and each part of the path of a file.
fn known_identifiers(files: &[(String, String)]) -> BTreeSet<String> {
    let identifier = Regex::new(IDENTIFIER).unwrap();
    let mut known = BTreeSet::new();
    for (name, text) in files {
        // Rust says `a_b` where a package, a folder or a wire name says `a-b`.
        known.extend(name.split(['/', '.']).map(|part| part.replace('-', "_")));
        if has_extension(name, &["rs", "ts", "toml"]) {
            let text = text.replace('-', "_");
            known.extend(identifier.find_iter(&text).map(|word| word.as_str().to_owned()));
        }
    }
    known
}

/// Returns the identifiers of a quotation that are not known, with the quotation.
fn unknown_identifiers(quoted: &str, known: &BTreeSet<String>) -> Vec<String> {
    let identifier = Regex::new(IDENTIFIER).unwrap();
    let words = quoted.replace('-', "_");
    let unknown = identifier.find_iter(&words).filter(|word| !known.contains(word.as_str()));
    unknown.map(|word| format!("{quoted}: {}", word.as_str())).collect()
}

#[test]
fn what_the_glossary_names_in_code_exists() {
    let known = known_identifiers(&tracked_files());
    let glossary = fs::read_to_string(root().join("docs/GLOSSARY.md")).unwrap();
    let quoted = Regex::new("`([^`]+)`").unwrap();
    let (mut unknown, mut checked) = (Vec::new(), 0);
    for row in glossary.lines().filter(|line| line.starts_with('|')) {
        let Some(cell) = row.trim_end_matches([' ', '|']).rsplit('|').next() else { continue };
        let columns = row.matches('|').count();
        for name in quoted.captures_iter(cell).filter(|_| columns == 6) {
            checked += 1;
            unknown.extend(unknown_identifiers(&name[1], &known));
        }
    }
    assert!(checked > 100, "the glossary is read: {checked}");
    assert!(unknown.is_empty(), "docs/GLOSSARY.md names what is not in the code: {unknown:#?}");
}

#[test]
fn paths_of_code_that_documents_quote_exist() {
    let files = tracked_files();
    let known = known_identifiers(&files);
    let path = Regex::new("`([A-Za-z_]+(?:::[A-Za-z_]+)+)`").unwrap();
    let (mut unknown, mut checked) = (Vec::new(), 0);
    // The changelog names old code.
    let is_document = |name: &str| has_extension(name, &["md"]) && name != "CHANGELOG.md";
    for (name, text) in files.iter().filter(|(name, _)| is_document(name)) {
        for quoted in path.captures_iter(text) {
            checked += 1;
            let found = unknown_identifiers(&quoted[1], &known);
            unknown.extend(found.into_iter().map(|what| format!("{name}: {what}")));
        }
    }
    assert!(checked > 100, "the documents are read: {checked}");
    assert!(unknown.is_empty(), "documents name what is not in the code: {unknown:#?}");
}
