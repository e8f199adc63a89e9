//! The texts for reporters contain no word that they take for something else, and French texts have
//! one kind of space before punctuation.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{fs, path::Path};

use fluent_lint::unprotected_french_spacing;
use locales::{Locale, file_path};
use regex::Regex;
use toml::{Table, Value};

/// The files whose texts reporters read.
const REPORTER_FILES: [&str; 3] = ["intake.ftl", "reply_templates.toml", "taxonomy.toml"];

fn read(locale: Locale, file: &str) -> String {
    fs::read_to_string(file_path(locale.code, file)).unwrap()
}

/// Returns the texts of a file, without their keys and placeholders.
fn texts_of(file: &str, content: &str) -> Vec<String> {
    if Path::new(file).extension().is_some_and(|extension| extension == "toml") {
        let mut texts = Vec::new();
        add_texts(&Value::Table(content.parse().unwrap()), &mut texts);
        return texts;
    }
    let placeholder = Regex::new(r"\{[^}]*\}").unwrap();
    let lines = content.lines().filter(|line| !line.starts_with('#'));
    let texts = lines.map(|line| line.split_once(" = ").map_or(line, |(_, text)| text));
    texts.map(|text| placeholder.replace_all(text, "…").into_owned()).collect()
}

fn add_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| add_texts(value, texts)),
        Value::Table(table) => table.values().for_each(|value| add_texts(value, texts)),
        _ => {}
    }
}

/// A receipt is the proof of a payment, a seal is on a container, and few readers know a server.
/// The rules are in `test_phrases.toml` of each language.
#[test]
fn texts_for_reporters_contain_no_word_of_another_subject() {
    for locale in Locale::ALL {
        let phrases: Table = read(locale, "test_phrases.toml").parse().unwrap();
        let rules = phrases["vocabulary"].as_array().unwrap();
        assert!(rules.len() >= 4, "{}: {} rules", locale.code, rules.len());
        for rule in rules {
            let forbidden = Regex::new(rule["pattern"].as_str().unwrap()).unwrap();
            let example = rule["example"].as_str().unwrap();
            assert!(forbidden.is_match(example), "{}: {rule}", locale.code);
            let files: Vec<&str> = rule["files"]
                .as_array()
                .unwrap()
                .iter()
                .map(|file| file.as_str().unwrap())
                .collect();
            assert!(!files.is_empty() && files.iter().all(|file| REPORTER_FILES.contains(file)));
            for file in files {
                for text in texts_of(file, &read(locale, file)) {
                    assert!(!forbidden.is_match(&text), "{}/{file}: {text}", locale.code);
                }
            }
        }
    }
}

/// Two widths of space before `?` on one page look like a mistake, and a line must not begin with
/// the mark. Straight and curved apostrophes differ likewise.
#[test]
fn french_texts_have_one_kind_of_space_and_of_apostrophe() {
    let straight = Regex::new(r"\p{L}'\p{L}").unwrap();
    assert!(straight.is_match("l'agent") && !straight.is_match("l’agent"));
    for file in REPORTER_FILES.into_iter().chain(["workbench.ftl"]) {
        let content = read(Locale::FR, file);
        assert_eq!(unprotected_french_spacing(&content), Vec::<&str>::new(), "{file}");
        for text in texts_of(file, &content) {
            assert!(!text.contains('\u{202f}'), "{file}: a narrow space: {text}");
            assert!(!straight.is_match(&text), "{file}: {text}");
        }
    }
}
