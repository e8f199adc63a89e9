//! The spelling of places. Desks read one name of each place, however a reporter spells it.

use taxonomy::Taxonomy;

/// Returns the name of a known place as desks read it, or the text as it was typed. The place is
/// known by its name in the language of the form or in that of the desks; accents, case, spaces and
/// hyphens do not matter.
///
/// The script for browsers has the same rule; both are tested with the cases in
/// `browser/tests/places.json`.
pub(super) fn known_spelling(taxonomy: &Taxonomy, lang: &str, text: &str) -> String {
    let place = taxonomy.places.iter().find(|place| place.is_named(lang, text));
    place.map_or(text, |place| &*place.name).to_owned()
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
        let list = include_str!("../../../../deploy/config/places.txt");
        let taxonomy = Taxonomy::built_in().with_places(list).unwrap();
        for [lang, typed, read] in cases {
            assert_eq!(known_spelling(&taxonomy, &lang, &typed), read, "{lang} {typed}");
        }
    }
}
