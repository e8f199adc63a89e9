//! Checks of Fluent files for the tests of crates with pages: every text exists in every language
//! with the same arguments, and every text is used.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use fluent_syntax::{ast, parser};

/// The texts of one language: key → the arguments that the text uses.
pub type MessageArguments = BTreeMap<String, BTreeSet<String>>;

/// Parses a Fluent file.
///
/// # Panics
/// If the file is not valid Fluent, or if it defines a key twice.
pub fn parse_messages(file: &[u8]) -> MessageArguments {
    let text = std::str::from_utf8(file).expect("Fluent files are UTF-8").to_owned();
    let resource =
        parser::parse(text).unwrap_or_else(|(_, errors)| panic!("invalid Fluent: {errors:?}"));
    let mut found = MessageArguments::new();
    for entry in resource.body {
        let ast::Entry::Message(message) = entry else { continue };
        // The debug output contains `VariableReference { id: Identifier { name: "day" } }`.
        let printed = format!("{:?}", message.value);
        let arguments = printed.split("VariableReference { id: Identifier { name: \"").skip(1);
        let arguments =
            arguments.filter_map(|rest| rest.split('"').next().map(str::to_owned)).collect();
        assert!(
            found.insert(message.id.name.clone(), arguments).is_none(),
            "{} is defined twice",
            message.id.name
        );
    }
    found
}

/// Returns the text of these files, and of all files in these folders.
///
/// # Errors
/// If a file or folder cannot be read.
pub fn read_sources(places: impl IntoIterator<Item = impl AsRef<Path>>) -> io::Result<String> {
    let mut found = String::new();
    for place in places {
        read_into(place.as_ref(), &mut found)?;
    }
    Ok(found)
}

fn read_into(place: &Path, found: &mut String) -> io::Result<()> {
    if place.is_file() {
        *found += &fs::read_to_string(place)?;
        return Ok(());
    }
    fs::read_dir(place)?.try_for_each(|entry| read_into(&entry?.path(), found))
}

/// Returns the keys that the code uses and that have no text. `calls` lists the beginnings of a
/// call, such as `texts.get("`.
pub fn missing_keys<'a>(
    code: &'a str,
    calls: &[&str],
    messages: &MessageArguments,
) -> Vec<&'a str> {
    let used = calls
        .iter()
        .flat_map(|call| code.split(call).skip(1).filter_map(|rest| rest.split('"').next()));
    used.filter(|key| !key.is_empty() && !key.contains('\\') && !messages.contains_key(*key))
        .collect()
}

/// Returns the French lines in which punctuation can wrap to the next line: a breaking space
/// precedes one of `; : ? ! »` or follows `«`. French typography requires a non-breaking space
/// there (U+00A0), and within numbers.
pub fn unprotected_french_spacing(file: &str) -> Vec<&str> {
    let breaks = |line: &&str| {
        let text = line.split_once(" = ").map_or(*line, |(_, text)| text);
        [" ;", " :", " ?", " !", " »", "« "].iter().any(|pair| text.contains(pair))
            || has_breaking_number(text)
    };
    file.lines().filter(|line| !line.starts_with('#')).filter(breaks).collect()
}

/// Returns whether a digit, a breaking space and a group of three digits follow each other.
fn has_breaking_number(text: &str) -> bool {
    text.as_bytes().windows(5).any(|five| {
        five[0].is_ascii_digit() && five[1] == b' ' && five[2..].iter().all(u8::is_ascii_digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = b"late = { $count ->\n    [one] late by a day\n   *[other] late by { $count } days, { $who }\n}\nback = Back\n";

    #[test]
    fn keys_and_their_arguments_are_read() {
        let found = parse_messages(FILE);
        assert_eq!(found["late"], BTreeSet::from(["count".to_owned(), "who".to_owned()]));
        assert_eq!(found["back"], BTreeSet::new());
        assert_eq!(found.len(), 2);
    }

    #[test]
    #[should_panic(expected = "back is defined twice")]
    fn a_key_that_is_defined_twice_panics() {
        parse_messages(b"back = Back\nback = Again\n");
    }

    #[test]
    fn a_key_without_a_text_is_found() {
        let code = r#"t("back"); t("gone"); other("gone too"); t("")"#;
        assert_eq!(missing_keys(code, &["t(\""], &parse_messages(FILE)), ["gone"]);
    }

    #[test]
    fn punctuation_after_a_breaking_space_is_found() {
        let file = "# A title : none\ndesk = Bureau\u{a0}: { $desk }\nwho = Qui ?\n";
        assert_eq!(unprotected_french_spacing(file), ["who = Qui ?"]);
        let numbers = "bribe = 50 000 francs\nfee = 50\u{a0}000 francs\nhours = de 8 à 16\n";
        assert_eq!(unprotected_french_spacing(numbers), ["bribe = 50 000 francs"]);
    }
}
