//! The places of an administration: its border posts and offices. A text file lists them, one place
//! a line. `deploy/config/places.txt` is a sample and explains the format.

use std::collections::{BTreeMap, BTreeSet};

use locales::Locale;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{LocalizedText, Taxonomy};

/// The question whose options are kinds of places.
pub const PLACE_KIND_QUESTION: &str = "place_type";
/// Maximum number of places. With it, and with [`MAX_LIST_BYTES`], each page without scripts keeps
/// within its bytes.
pub const MAX_PLACES: usize = 150;
/// Maximum length in bytes of the names of all places and regions in one language.
pub const MAX_LIST_BYTES: usize = 3_000;
/// Maximum length of a name in characters.
pub const MAX_PLACE_CHARS: usize = 60;

/// A border post or office of the administration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The name that investigators read.
    pub name: String,
    /// The name in each language.
    pub label: LocalizedText,
    /// What or where it is, such as "Border post" or a region.
    pub group: Option<LocalizedText>,
}

impl Place {
    /// Returns whether a text names this place in a language or for investigators. Accents, case,
    /// spaces and hyphens do not matter.
    pub fn is_named(&self, lang: &str, text: &str) -> bool {
        let typed = folded_name(text);
        [self.label.get(lang), &self.name].into_iter().any(|name| folded_name(name) == typed)
    }
}

/// Why a list of places is refused. The message lists all errors, each with its line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct PlacesError(Vec<String>);

impl Taxonomy {
    /// Returns the taxonomy with the places of a list. `text` is the content of the file.
    ///
    /// # Errors
    /// If a line is malformed, two lines name one place, or there are too many places.
    pub fn with_places(mut self, text: &str) -> Result<Self, PlacesError> {
        let mut reader = ListReader { taxonomy: &self, group: None, places: Vec::new() };
        let mut errors = Vec::new();
        for (at, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
            if let Err(problem) = reader.read(at + 1, line.trim()) {
                errors.push(format!("line {}: {problem}", at + 1));
            }
        }
        let listed = reader.places;
        errors.extend(repeated_names(&listed));
        errors.extend(size_errors(&listed));
        if !errors.is_empty() {
            return Err(PlacesError(errors));
        }
        self.places = listed.into_iter().map(|(_, place)| place).collect();
        Ok(self)
    }
}

struct ListReader<'a> {
    taxonomy: &'a Taxonomy,
    group: Option<LocalizedText>,
    /// The places with the numbers of their lines.
    places: Vec<(usize, Place)>,
}

impl ListReader<'_> {
    fn read(&mut self, number: usize, line: &str) -> Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some(heading) = line.strip_prefix('[') {
            let heading = heading.strip_suffix(']').ok_or("“]” is missing at the end")?;
            self.group = Some(self.read_group(heading.trim())?);
            return Ok(());
        }
        let (name, label) = read_names(line)?;
        self.places.push((number, Place { name, label, group: self.group.clone() }));
        Ok(())
    }

    /// Returns the label of a heading: a kind of place by its id, or the name of a region.
    fn read_group(&self, heading: &str) -> Result<LocalizedText, String> {
        let is_id =
            !heading.is_empty() && heading.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if !is_id {
            return Ok(read_names(heading)?.1);
        }
        let kinds = self.taxonomy.question(PLACE_KIND_QUESTION).map(|question| &question.options);
        let kinds = kinds.into_iter().flatten();
        let kind = kinds.clone().find(|kind| kind.id == heading);
        kind.map(|kind| kind.label.clone()).ok_or_else(|| {
            let known: Vec<_> = kinds.map(|kind| kind.id.as_str()).collect();
            format!(
                "“{heading}” is no kind of place ({}). Begin the name of a region with a capital \
                 letter",
                known.join(", ")
            )
        })
    }
}

/// Parses `NAME | CODE: NAME | …`. Returns the first name, and the name in each language.
fn read_names(line: &str) -> Result<(String, LocalizedText), String> {
    let mut parts = line.split('|').map(str::trim);
    let name = checked_name(parts.next().unwrap_or_default())?;
    let mut names = BTreeMap::new();
    for part in parts {
        let (code, translated) = part.split_once(':').ok_or_else(|| {
            format!("“{part}” must be a language and a name, such as “en: {name}”")
        })?;
        let code = code.trim();
        if Locale::parse(code).is_none() {
            let known = Locale::ALL.map(|locale| locale.code).join(", ");
            return Err(format!("“{code}” is not a language of the pages ({known})"));
        }
        if names.insert(code.to_owned(), checked_name(translated.trim())?).is_some() {
            return Err(format!("it has two names in {code}"));
        }
    }
    for Locale { code, .. } in Locale::ALL {
        names.entry(code.to_owned()).or_insert_with(|| name.clone());
    }
    Ok((name, LocalizedText(names)))
}

fn checked_name(name: &str) -> Result<String, String> {
    if folded_name(name).is_empty() {
        return Err("a name is empty".to_owned());
    }
    if name.chars().count() > MAX_PLACE_CHARS {
        return Err(format!("“{name}” has more than {MAX_PLACE_CHARS} characters"));
    }
    match name.chars().find(|c| c.is_control() || is_direction_mark(*c)) {
        Some(c) => Err(format!("a name has the invisible character U+{:04X}", u32::from(c))),
        None => Ok(name.to_owned()),
    }
}

/// Returns whether a character changes the direction of the text after it.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns an error for each line that repeats a name of an earlier line.
fn repeated_names(listed: &[(usize, Place)]) -> Vec<String> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut errors = Vec::new();
    for (number, place) in listed {
        let names: BTreeSet<_> = std::iter::once(&place.name)
            .chain(place.label.0.values())
            .map(|name| folded_name(name))
            .collect();
        if let Some(earlier) = names.iter().find_map(|name| known.get(name)) {
            let name = &place.name;
            errors.push(format!("line {number}: a name of “{name}” is in line {earlier} already"));
        }
        for name in names {
            known.entry(name).or_insert(*number);
        }
    }
    errors
}

fn size_errors(listed: &[(usize, Place)]) -> Vec<String> {
    let mut errors = Vec::new();
    if let Some((number, _)) = listed.get(MAX_PLACES) {
        errors.push(format!(
            "line {number}: {} places, at most {MAX_PLACES}: leave out the smallest",
            listed.len()
        ));
    }
    for Locale { code, .. } in Locale::ALL {
        let places = listed.iter().map(|(_, place)| place);
        let groups: BTreeSet<&str> =
            places.clone().filter_map(|place| Some(place.group.as_ref()?.get(code))).collect();
        let names = places.map(|place| place.label.get(code)).chain(groups);
        let bytes: usize = names.map(str::len).sum();
        if bytes > MAX_LIST_BYTES {
            errors.push(format!(
                "the names of places and regions in {code} have {bytes} bytes, at most \
                 {MAX_LIST_BYTES}: shorten them, or leave out the smallest places"
            ));
        }
    }
    errors
}

/// Returns the letters and digits of a name, without accents and case.
fn folded_name(text: &str) -> String {
    let letters = text.nfkd().filter(|c| !is_combining_mark(*c));
    letters.flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../../deploy/config/places.txt");

    fn places_of(text: &str) -> Result<Vec<Place>, String> {
        let read = Taxonomy::built_in().with_places(text);
        read.map(|taxonomy| taxonomy.places).map_err(|error| error.to_string())
    }

    #[test]
    fn the_sample_is_accepted_and_the_built_in_taxonomy_names_no_place() {
        assert_eq!(Taxonomy::built_in().places, Vec::new());
        let places = places_of(SAMPLE).unwrap();
        assert!(places.len() >= 20, "{}", places.len());
        let airport = places.iter().find(|place| place.is_named("en", "ouagadougou AIRPORT"));
        assert_eq!(airport.unwrap().name, "Aéroport de Ouagadougou");
        let group = airport.unwrap().group.as_ref().unwrap();
        assert_eq!(group.get("en"), "Airport or post office");
    }

    #[test]
    fn a_list_has_comments_kinds_regions_and_names_in_other_languages() {
        let text = "\u{feff}# a comment\r\n\r\nPort Nord\r\n[dry_port]\r\nGare | en: Station\r\n\
                    [Centre-Est | en: East]\r\n  Cinkansé  \r\n";
        let places = places_of(text).unwrap();
        let shown = |lang: &str| {
            let group = |place: &Place| {
                place.group.as_ref().map(|group| group.get(lang).to_owned()).unwrap_or_default()
            };
            let line = |place: &Place| format!("{}, {}", place.label.get(lang), group(place));
            places.iter().map(line).collect::<Vec<_>>()
        };
        let dry_port = "Dry port, rail or truck terminal";
        assert_eq!(
            shown("en"),
            ["Port Nord, ".to_owned(), format!("Station, {dry_port}"), "Cinkansé, East".to_owned()]
        );
        assert!(shown("es")[1].starts_with("Gare, ") && shown("es")[2] == "Cinkansé, Centre-Est");
        assert_eq!(places[1].name, "Gare");
        assert_eq!(places_of("# nothing\n"), Ok(Vec::new()));
    }

    #[test]
    fn an_error_names_its_line_and_what_to_do() {
        let long = "a".repeat(MAX_PLACE_CHARS + 1);
        for (text, expected) in [
            ("Dakola\n[border_pots]", "line 2: “border_pots” is no kind of place (border_post, "),
            ("Dakola\n\n[border_post", "line 3: “]” is missing"),
            ("[]", "line 1: a name is empty"),
            ("Dakola |", "line 1: “” must be a language and a name, such as “en: Dakola”"),
            ("Dakola | Dacola", "line 1: “Dacola” must be a language and a name"),
            ("Dakola | de: Dakola", "line 1: “de” is not a language of the pages (fr, "),
            ("Dakola | en: ", "line 1: a name is empty"),
            ("Dakola | en: A | en: B", "line 1: it has two names in en"),
            ("-", "line 1: a name is empty"),
            ("Da\u{202e}kola", "line 1: a name has the invisible character U+202E"),
            ("Léo\nBittou\nleo", "line 3: a name of “leo” is in line 1 already"),
            ("Léo\nBittou | ar: LEO", "line 2: a name of “Bittou” is in line 1 already"),
            (&long, "has more than 60 characters"),
        ] {
            let error = places_of(text).unwrap_err();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
        let two = places_of("[border]\nDakola | xx: A").unwrap_err();
        assert!(two.contains("line 1: ") && two.contains("; line 2: "), "{two}");
    }

    #[test]
    fn a_list_is_limited_by_its_number_and_its_bytes() {
        let list = |count: usize, name: &str| {
            (0..count).map(|at| format!("{name}{at:03}")).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(places_of(&list(MAX_PLACES, "p")).unwrap().len(), MAX_PLACES);
        let many = places_of(&list(MAX_PLACES + 1, "p")).unwrap_err();
        assert!(many.contains(&format!("line {}: 151 places", MAX_PLACES + 1)), "{many}");
        let long = places_of(&list(60, &"é".repeat(24))).unwrap_err();
        assert!(long.contains("places and regions in fr have 3060 bytes"), "{long}");
    }
}
