//! The places that the form suggests.

use std::ops::RangeInclusive;

use rand::Rng;

use super::{report::main_text, *};

/// The list of places that is shipped.
pub(super) const SAMPLE: &str = include_str!("../../../../../deploy/config/places.txt");

pub(super) fn taxonomy_with(list: &str) -> Taxonomy {
    Taxonomy::built_in().with_places(list).unwrap()
}

/// Returns a list with the maximum number of places and nearly the maximum bytes in each language.
/// The names are random letters, which hardly compress.
pub(super) fn largest_list() -> String {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut name = |alphabet: RangeInclusive<char>, letters: usize| {
        (0..letters).map(|_| rng.gen_range(alphabet.clone())).collect::<String>()
    };
    let mut list = vec!["[border_post]".to_owned()];
    for _ in 0..taxonomy::MAX_PLACES {
        let others = ["en", "es", "pt"].map(|code| format!("{code}: {}", name('a'..='z', 19)));
        let arabic = name('\u{627}'..='\u{64a}', 9);
        list.push(format!("{} | {} | ar: {arabic}", name('a'..='z', 19), others.join(" | ")));
    }
    list.join("\n")
}

#[tokio::test]
async fn a_place_is_suggested_and_sent_in_the_spelling_of_the_desks() {
    let fields = with_fields(Vec::new(), &[("go", "category.EXT")]);
    let tell = Html::parse_document(&post("/ar/report", &fields).await.1);
    let list = &select_attributes(&tell, "#q-place")[0]["list"];
    let places = select_attributes(&tell, &format!("datalist#{list} option"));
    let listed = taxonomy_with(SAMPLE).places;
    let names: Vec<&str> = places.iter().map(|place| &*place["value"]).collect();
    assert_eq!(names, listed.iter().map(|place| place.label.get("ar")).collect::<Vec<_>>());
    let typed = places[0]["value"].clone();
    let fields = [("go", "review"), ("category", "EXT"), ("a.place", &typed), ("a.story", "text")];
    // The review shows what the desk will read.
    let review = main_text(&post("/ar/report", &with_fields(Vec::new(), &fields)).await.1);
    assert!(review.contains("dakola") && !review.contains(&typed), "{review}");
    // A place that is not in the list stays as it was typed.
    let fields =
        [("go", "review"), ("category", "EXT"), ("a.place", "Tenkodogo"), ("a.story", "t")];
    let review = main_text(&post("/fr/report", &with_fields(Vec::new(), &fields)).await.1);
    assert!(review.contains("tenkodogo"), "{review}");
}

#[tokio::test]
async fn without_a_list_a_place_is_a_plain_line_of_text() {
    let service = routes().with_state(test_pages_of(Taxonomy::built_in()));
    let tell = Request::post("/fr/report").body(Body::from("go=category.EXT")).unwrap();
    let tell = Html::parse_document(&body_text(send_to(&service, tell).await).await);
    assert_eq!(select_attributes(&tell, "#q-place[name='a.place']").len(), 1);
    assert_eq!(select_attributes(&tell, "datalist, #q-place[list]"), []);
}
