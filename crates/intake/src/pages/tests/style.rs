//! Tests of the style sheet. In old browsers, which do not know newer features of CSS, pages stay
//! readable.

use super::*;

/// Properties that only improve a page. Without them it looks plainer.
const IMPROVEMENTS: [&str; 8] = [
    "accent-color",
    "clip-path",
    "columns",
    "grid-area",
    "grid-template-columns",
    "text-underline-offset",
    "text-wrap",
    "unicode-bidi",
];
/// Pseudo-classes that only improve a page if they are alone: a browser ignores the whole rule if
/// it does not know one of its selectors.
const IMPROVING_SELECTORS: [&str; 1] = [":focus-visible"];
const NEW_SELECTORS: [&str; 8] =
    [":has(", ":is(", ":where(", ":focus-visible", ":focus-within", ":dir(", "&", "::part("];
const NEW_RULES: [&str; 5] = ["@layer", "@container", "@scope", "@starting-style", "@property"];
const NEW_FUNCTIONS: [&str; 13] = [
    "var(",
    "env(",
    "min(",
    "max(",
    "clamp(",
    "color-mix(",
    "light-dark(",
    "oklch(",
    "oklab(",
    "lch(",
    "lab(",
    "inset(",
    "repeat(",
];
const NEW_UNITS: [&str; 9] = ["dvh", "svh", "lvh", "dvw", "dvi", "cqi", "cqw", "lh", "rlh"];
const NEW_KEYWORDS: [&str; 7] =
    ["anywhere", "start", "end", "grid", "inline-grid", "contents", "fit-content"];

/// A rule: its selector and its declarations.
type Rule = (String, Vec<(String, String)>);

/// Returns the rules of a minified style sheet. Those inside of `@media` follow their condition.
/// Those inside of `@supports` are left out, because old browsers ignore them.
fn parse_rules(css: &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut rest = css;
    while let Some((head, after)) = rest.split_once('{') {
        let head = head.trim_start_matches('}').to_owned();
        if head.starts_with("@supports") {
            let end = after.find("}}").expect("the end of @supports");
            rest = &after[end + 2..];
        } else if head.starts_with("@media") {
            rules.push((head, Vec::new()));
            rest = after;
        } else {
            let (body, next) = after.split_once('}').expect("the end of a rule");
            let declarations = body.split(';').filter_map(|line| line.split_once(':'));
            let owned =
                declarations.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
            rules.push((head, owned.collect()));
            rest = next;
        }
    }
    rules
}

fn is_logical(property: &str) -> bool {
    let name = property.strip_prefix("scroll-").unwrap_or(property);
    name.starts_with("inset")
        || name.starts_with("place-")
        || name.ends_with("inline-size")
        || name.ends_with("block-size")
        || ["-inline", "-block"].iter().any(|axis| {
            name.split_once(axis).is_some_and(|(before, after)| {
                !before.is_empty() && (after.is_empty() || after.starts_with('-'))
            })
        })
}

fn is_new_value(value: &str) -> bool {
    let mut words = value.split([' ', ',', '(', ')', '/']).filter(|word| !word.is_empty());
    NEW_FUNCTIONS.iter().any(|function| {
        value.match_indices(function).any(|(at, _)| {
            !value[..at].ends_with(|before: char| before.is_alphanumeric() || before == '-')
        })
    }) || words.any(|word| {
        NEW_KEYWORDS.contains(&word)
            || NEW_UNITS.iter().any(|unit| {
                word.strip_suffix(unit)
                    .is_some_and(|number| number.ends_with(|end: char| end.is_ascii_digit()))
            })
    })
}

/// Returns what an old browser does not know, and for which the style has no fallback.
fn missing_fallbacks(css: &str) -> Vec<String> {
    let mut missing = Vec::new();
    for (selector, declarations) in parse_rules(css) {
        let is_new = NEW_SELECTORS.iter().any(|part| selector.contains(part))
            || NEW_RULES.iter().any(|rule| selector.starts_with(rule));
        if is_new && !IMPROVING_SELECTORS.contains(&&*selector) {
            missing.push(selector.clone());
        }
        let is_grid = declarations.iter().any(|(name, value)| name == "display" && value == "grid");
        for (index, (name, value)) in declarations.iter().enumerate() {
            if name.starts_with("--") || IMPROVEMENTS.contains(&&**name) {
                continue;
            }
            // Flexible boxes are older than the gaps between their items.
            let is_gap = ["gap", "row-gap", "column-gap"].contains(&&**name) && !is_grid;
            let has_fallback = declarations[..index]
                .iter()
                .any(|(earlier, old)| earlier == name && !is_new_value(old));
            if is_logical(name) || is_gap || is_new_value(value) && !has_fallback {
                missing.push(format!("{selector} {{ {name}: {value} }}"));
            }
        }
    }
    missing
}

#[test]
fn the_style_has_a_fallback_for_each_feature_that_old_browsers_do_not_know() {
    assert_eq!(missing_fallbacks(&test_pages().assets.style()), Vec::<String>::new());
}

#[test]
fn a_missing_fallback_is_found() {
    for css in [
        "a{color:var(--ink)}",
        "a{color:var(--ink);color:#000}",
        "a{color:oklch(0.4 0.1 250)}",
        "a{background:#fff;background:color-mix(in srgb,red,blue);color:var(--ink)}",
        "a{padding-inline-start:1rem}",
        "a{scroll-padding-block-end:1rem}",
        "a{inline-size:1rem}",
        "a{inset:0}",
        "a{height:100dvh}",
        "a{width:min(12rem,100%)}",
        "a{display:flex;gap:1rem}",
        "a{display:inline-grid}",
        "a{text-align:start}",
        "body:has(.ticket) p{margin:0}",
        "a:focus,a:focus-visible{outline:0}",
        "@media print{a{color:var(--ink)}}",
        "@supports (gap:1rem){a{gap:1rem}}b{gap:1rem}",
    ] {
        assert_eq!(missing_fallbacks(css).len(), 1, "{css}: {:?}", missing_fallbacks(css));
    }
    for css in [
        "a{color:#000;color:var(--ink)}",
        "a{display:block;display:grid;column-gap:1rem}",
        "@supports (gap:1rem){a{gap:1rem}}b{margin:0}",
        ":focus-visible{outline:0}",
        "a{min-width:50%;min-width:min(12rem,100%)}",
        "a{display:inline-block;line-height:1.2}",
    ] {
        assert_eq!(missing_fallbacks(css), Vec::<String>::new(), "{css}");
    }
}

/// A fallback has the colour that the variable has by day, because browsers without variables know
/// no dark scheme either.
#[test]
fn colours_without_variables_are_those_of_the_theme_by_day() {
    let (by_day, _) = web::THEME_CSS.split_once("@media").unwrap();
    let palette: BTreeMap<&str, &str> = by_day
        .lines()
        .filter_map(|line| line.trim().trim_end_matches(';').split_once(": "))
        .filter(|(name, _)| name.starts_with("--"))
        .collect();
    let mut compared = 0;
    for (selector, declarations) in parse_rules(&test_pages().assets.style()) {
        for pair in declarations.windows(2) {
            let [(name, fallback), (same, value)] = pair else { unreachable!("two") };
            // The woven band is one plain stripe in old browsers.
            if name == same && value.contains("var(") && !value.contains("var(--weave)") {
                let expected = palette.iter().fold(value.clone(), |value, (variable, colour)| {
                    value.replace(&format!("var({variable})"), colour)
                });
                assert_eq!(*fallback, expected, "{selector} {name}");
                compared += 1;
            }
        }
    }
    assert!(compared > 50, "{compared}");
}

#[test]
fn a_card_under_the_pointer_does_not_look_chosen() {
    let rules = parse_rules(&test_pages().assets.style());
    let about = |part: &str| -> Vec<&Rule> {
        let is_card = |(selector, _): &&Rule| selector.contains(".cards ");
        rules.iter().filter(is_card).filter(|(selector, _)| selector.contains(part)).collect()
    };
    let (hovered, chosen) = (about(":hover"), about("[aria-current]"));
    assert!(!hovered.is_empty());
    assert!(hovered.iter().all(|rule| !chosen.contains(rule)), "one rule for both: {hovered:?}");
    // The mark is seen without colours, too.
    let is_mark = |(selector, declarations): &&&Rule| {
        selector.contains("::before") && declarations.iter().any(|(name, _)| name == "content")
    };
    assert_eq!(chosen.iter().filter(is_mark).count(), 1);
    // After a tap, a phone keeps the pointer where the finger was.
    let style = test_pages().assets.style();
    let hover_only = style.split("@media").find(|part| part.contains(".cards [name=go]:hover"));
    assert!(hover_only.unwrap().trim_start().starts_with("(hover:"), "{hover_only:?}");
}

#[tokio::test]
async fn assets_are_immutable_and_the_style_is_self_contained() {
    let pages = test_pages();
    let request = Request::get(pages.assets.url("site")).body(Body::empty()).unwrap();
    let response = test_router().oneshot(request).await.unwrap();
    assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    let css = body_text(response).await;
    assert_eq!(css.matches('{').count(), css.matches('}').count());
    assert!(!css.contains("/*") && !css.contains("url(") && !css.contains("@import"));
    assert_eq!(get("/assets/site.css").await.0, StatusCode::NOT_FOUND);
}

/// The quick exit is fixed at the bottom of a phone. A browser that lays the keyboard over the page
/// would hide it while a reporter types. Safari knows no way to prevent that.
#[tokio::test]
async fn the_keyboard_of_a_phone_does_not_cover_the_quick_exit() {
    for (name, page) in all_pages(Locale::FR).await {
        let html = Html::parse_document(&page);
        let viewports = select_attributes(&html, "meta[name=viewport]");
        let content = viewports.first().map(|meta| meta["content"].as_str());
        assert!(
            content.is_some_and(|content| content.contains("interactive-widget=resizes-content")),
            "{name}: {content:?}"
        );
    }
}
