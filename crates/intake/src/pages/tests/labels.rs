//! The labels of fields.

use super::*;

/// Checks that every field has a label, and that every reference within the page leads somewhere.
pub(super) fn assert_fields_labelled(name: &str, html: &Html) {
    let mut ids = std::collections::BTreeSet::new();
    for element in select_attributes(html, "[id]") {
        assert!(ids.insert(element["id"].clone()), "{name}: id {} occurs twice", element["id"]);
    }
    for element in select_attributes(html, "[aria-describedby]") {
        for id in element["aria-describedby"].split_whitespace() {
            assert!(ids.contains(id), "{name}: nothing is {id}");
        }
    }
    for element in select_attributes(html, "a[href^='#']") {
        assert!(ids.contains(&element["href"][1..]), "{name}: {} leads nowhere", element["href"]);
    }
    for element in select_attributes(html, "label input") {
        assert!(["checkbox", "radio"].contains(&&*element["type"]), "{name}: {element:?}");
    }
    let options = "input[type=checkbox], input[type=radio]";
    assert_eq!(
        select_attributes(html, options).len(),
        select_attributes(html, "label input").len(),
        "{name}: every option is in its label"
    );
    let other = "select, textarea, input:not([type=hidden]):not([type=checkbox]):not([type=radio])";
    for element in select_attributes(html, other) {
        let label = format!("label[for='{}']", element["id"]);
        assert_eq!(select_attributes(html, &label).len(), 1, "{name}: {}", element["id"]);
    }
}
