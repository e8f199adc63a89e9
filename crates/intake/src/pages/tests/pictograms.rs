//! Tests of the pictograms on the pages.

use super::*;

/// Checks that each element has a pictogram that is hidden from screen readers, and words.
fn assert_drawn(page: &str, selector: &str, count: usize) {
    let html = Html::parse_document(page);
    let selector = Selector::parse(selector).unwrap();
    let pictogram = Selector::parse("svg.pictogram[aria-hidden=true]").unwrap();
    let elements: Vec<_> = html.select(&selector).collect();
    assert_eq!(elements.len(), count);
    let mut drawings = std::collections::BTreeSet::new();
    for element in elements {
        let words: String = element.text().collect();
        assert!(!words.trim().is_empty());
        let drawing = element.select(&pictogram).next().unwrap_or_else(|| panic!("{words}"));
        assert!(drawings.insert(drawing.html()), "{words}: the drawing of another choice");
    }
}

#[tokio::test]
async fn a_pictogram_is_beside_the_words_of_each_subject_and_of_each_audience() {
    for locale in Locale::ALL {
        let path = format!("/{}/report", locale.code);
        assert_drawn(&get(&path).await.1, ".drawn button", 11);
        let fields = |go: &str| {
            [("family", "money"), ("category", "FAC"), ("go", go)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let facts = post(&path, &fields("facts")).await.1;
        assert_drawn(&facts, "#q-audience label:not(:last-child)", 6);
        let cases = post(&path, &fields("case")).await.1;
        assert!(!cases.contains("class=\"pictogram\""));
    }
}
