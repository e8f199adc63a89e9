//! Words that readers took for something else than was meant stay out of the texts of that
//! language.

use std::{fs, path::Path};

use locales::Locale;
use toml::{Table, Value};

use super::{pattern, test_phrases};

/// Returns the texts of a file with this key, or all of them for `*`. Keys of a TOML file are
/// separated by dots.
fn texts_of(locale: Locale, file: &str, key: &str) -> Vec<String> {
    let content = fs::read_to_string(locales::file_path(locale.code, file)).unwrap();
    if Path::new(file).extension().is_some_and(|extension| extension == "toml") {
        let table: Table = content.parse().unwrap();
        let (first, rest) = key.split_once('.').unwrap();
        let found = rest.split('.').try_fold(&table[first], |value, key| value.get(key));
        return found.and_then(Value::as_str).map(str::to_owned).into_iter().collect();
    }
    let messages = content.lines().filter(|line| !line.starts_with('#'));
    if key == "*" {
        // Readers see no key. A continued line has none.
        return messages
            .map(|line| line.split_once(" = ").map_or(line, |(_, text)| text).to_owned())
            .collect();
    }
    messages
        .filter_map(|line| line.split_once(" = "))
        .filter(|(name, _)| *name == key)
        .map(|(_, text)| text.to_owned())
        .collect()
}

#[test]
fn no_text_contains_a_word_that_was_misread() {
    let mut checked = 0;
    for locale in Locale::ALL {
        let phrases = test_phrases(locale);
        let rules = phrases.get("misread").and_then(Value::as_array);
        for rule in rules.into_iter().flatten() {
            checked += 1;
            let field = |name: &str| rule[name].as_str().unwrap();
            let misread = pattern(&rule["pattern"]);
            assert!(misread.is_match(field("example")), "{}: {rule}", locale.code);
            let texts = texts_of(locale, field("file"), field("key"));
            assert!(!texts.is_empty(), "{}: no text for {rule}", locale.code);
            for text in texts {
                assert!(!misread.is_match(&text), "{}: {text} matches {rule}", locale.code);
            }
        }
    }
    assert!(checked > 30, "{checked} rules");
}
