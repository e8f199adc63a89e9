//! The spelling of places. Desks read one name of each place, however a reporter spells it.

use taxonomy::Taxonomy;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Returns the name of a known place as desks read it, or the text as it was typed. The place is
/// known by its name in the language of the form or in that of the desks; accents, case, spaces and
/// hyphens do not matter.
///
/// The script for browsers has the same rule; both are tested with the cases in
/// `browser/tests/places.json`.
pub(super) fn known_spelling(taxonomy: &Taxonomy, lang: &str, text: &str) -> String {
    let typed = fold(text);
    let names = |place: &&taxonomy::Place| {
        [place.label.get(lang), taxonomy.place_name(place)]
            .into_iter()
            .any(|name| fold(name) == typed)
    };
    let place = taxonomy.places.iter().find(names);
    place.map_or(text, |place| taxonomy.place_name(place)).to_owned()
}

fn fold(text: &str) -> String {
    let letters = text.nfkd().filter(|c| !is_combining_mark(*c));
    letters.flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_places_have_one_spelling() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/tests/places.json");
        let cases: Vec<[String; 3]> =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        assert!(cases.len() >= 10, "{}", cases.len());
        let taxonomy = Taxonomy::built_in();
        for [lang, typed, read] in cases {
            assert_eq!(known_spelling(&taxonomy, &lang, &typed), read, "{lang} {typed}");
        }
    }
}
