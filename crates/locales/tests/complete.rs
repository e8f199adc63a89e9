//! Every registered language is complete.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use locales::{LOCALE_FILES, Locale, file_path};
use toml::Value;

/// The path of a text within a file, and what must be the same in every language.
type Texts = BTreeMap<String, String>;

/// Returns what a file contains, without the words: the messages and their arguments of a Fluent
/// file, or the paths of all values of a data file.
fn texts_of(name: &str, content: &str) -> Result<Texts, String> {
    match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("ftl") => Ok(fluent_lint::parse_messages(content.as_bytes())
            .into_iter()
            .map(|(key, arguments)| (key, format!("{arguments:?}")))
            .collect()),
        Some("toml") => {
            let mut texts = Texts::new();
            let table = content.parse::<toml::Table>().map_err(|error| error.to_string())?;
            add_paths(&Value::Table(table), "", &mut texts);
            Ok(texts)
        }
        Some("json") => {
            let mut texts = Texts::new();
            let value: Value = serde_json::from_str(content).map_err(|error| error.to_string())?;
            add_paths(&value, "", &mut texts);
            Ok(texts)
        }
        _ => Ok(Texts::new()),
    }
}

/// Adds the path of each text. Lists of tables have the same length in every language. Lists of
/// texts, such as examples, have any length.
fn add_paths(value: &Value, path: &str, texts: &mut Texts) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                add_paths(value, &format!("{path}.{key}"), texts);
            }
        }
        Value::Array(list) => {
            texts.insert(path.to_owned(), "list".to_owned());
            for (number, value) in list.iter().enumerate().filter(|(_, value)| value.is_table()) {
                // Each language has its own cases and its own words that its readers misread.
                if !matches!(path, ".cases" | ".misread" | ".vocabulary") {
                    add_paths(value, &format!("{path}.{number}"), texts);
                }
            }
        }
        Value::String(text) if text.trim().is_empty() => {}
        other => {
            texts.insert(path.to_owned(), other.type_str().to_owned());
        }
    }
}

/// Returns everything that a language lacks in comparison with the first language.
fn missing_in(locale: Locale) -> Vec<String> {
    let mut missing = Vec::new();
    for file in LOCALE_FILES {
        let path = file_path(locale.code, file.name);
        let shown = format!("crates/locales/data/{}/{}", locale.code, file.name);
        let Ok(content) = fs::read_to_string(&path) else {
            if file.fallback.is_none() {
                missing.push(format!("{shown}: the file is missing"));
            }
            continue;
        };
        if content.trim().is_empty() {
            missing.push(format!("{shown}: the file is empty"));
        }
        let first = fs::read_to_string(file_path(Locale::ALL[0].code, file.name)).unwrap();
        let first = texts_of(file.name, &first).unwrap();
        match texts_of(file.name, &content) {
            Err(error) => missing.push(format!("{shown}: {error}")),
            Ok(own) => missing.extend(differences(&own, &first, &shown)),
        }
    }
    let words = file_path(locale.receipt_words, "receipt_words.txt");
    if !words.exists() {
        missing.push(format!(
            "crates/locales/src/locale.rs: receipt_words of {} names {}, which has no \
             receipt_words.txt",
            locale.code, locale.receipt_words
        ));
    }
    missing
}

fn differences(own: &Texts, first: &Texts, shown: &str) -> Vec<String> {
    let keys: BTreeSet<&String> = own.keys().chain(first.keys()).collect();
    keys.into_iter()
        .filter_map(|key| {
            let name = key.trim_start_matches('.');
            match (own.get(key), first.get(key)) {
                (None, _) => Some(format!("{shown}: {name} is missing")),
                (_, None) => Some(format!("{shown}: {name} is unknown in the first language")),
                (Some(own), Some(first)) if own != first => {
                    Some(format!("{shown}: {name} is {own} instead of {first}"))
                }
                _ => None,
            }
        })
        .collect()
}

#[test]
fn every_registered_language_has_every_file_and_every_text() {
    let missing: Vec<String> = Locale::ALL.into_iter().flat_map(missing_in).collect();
    assert!(missing.is_empty(), "{} missing:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn every_folder_is_a_registered_language_and_every_file_is_used() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    for folder in fs::read_dir(data).unwrap() {
        let folder = folder.unwrap().path();
        let code = folder.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(Locale::parse(&code).is_some(), "data/{code} is not registered in Locale::ALL");
        for file in fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let is_used = LOCALE_FILES.iter().any(|file| file.name == name);
            assert!(is_used, "data/{code}/{name} is not in LOCALE_FILES");
        }
    }
}

#[test]
fn codes_are_unique_and_languages_are_written_in_a_known_direction() {
    let codes: BTreeSet<&str> = Locale::ALL.iter().map(|locale| locale.code).collect();
    assert_eq!(codes.len(), Locale::ALL.len());
    for Locale { code, name, dir, .. } in Locale::ALL {
        // The reverse proxy recognises the language of a path by these two letters.
        assert!(code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase()), "{code}");
        assert!(["ltr", "rtl"].contains(&dir) && !name.trim().is_empty(), "{code}");
    }
}

#[test]
fn the_lists_of_receipt_words_are_those_of_bip39() {
    for Locale { code, .. } in Locale::ALL {
        let Ok(words) = fs::read_to_string(file_path(code, "receipt_words.txt")) else { continue };
        let words: Vec<&str> = words.lines().collect();
        let is_known =
            bip39::Language::ALL.iter().any(|language| language.word_list()[..] == words);
        assert!(is_known, "data/{code}/receipt_words.txt is no list of BIP39");
    }
    let english = fs::read_to_string(file_path("en", "receipt_words.txt")).unwrap();
    assert_eq!(english.lines().collect::<Vec<_>>(), bip39::Language::English.word_list());
}

#[test]
fn a_missing_text_and_another_argument_are_found() {
    let first = texts_of("a.ftl", "day = { $day }\nback = Back\n").unwrap();
    let own = texts_of("a.ftl", "day = { $date }\nfront = Front\n").unwrap();
    assert_eq!(
        differences(&own, &first, "a.ftl"),
        [
            "a.ftl: back is missing",
            "a.ftl: day is {\"date\"} instead of {\"day\"}",
            "a.ftl: front is unknown in the first language",
        ]
    );
    let first = texts_of("a.toml", "[[a]]\nb = \"1\"\n[[a]]\nb = \"2\"\n").unwrap();
    let own = texts_of("a.toml", "[[a]]\nb = \" \"\n").unwrap();
    assert_eq!(
        differences(&own, &first, "a.toml"),
        ["a.toml: a.0.b is missing", "a.toml: a.1.b is missing"]
    );
}
