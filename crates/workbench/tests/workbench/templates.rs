//! Attributes of the templates of both programs. A browser with a translator or a spelling service
//! sends texts of a page to another machine, and a translator replaces them.

use std::{collections::BTreeMap, fs, path::Path};

use regex::Regex;
use scraper::{ElementRef, Html, Selector};

/// Returns the templates of a program by name. Expressions are replaced by `x`, and blocks are
/// removed, so that an attribute that a condition adds is present.
fn templates(program: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(program).join("templates");
    let (expression, block) =
        (Regex::new(r"(?s)\{\{.*?\}\}").unwrap(), Regex::new(r"(?s)\{%.*?%\}").unwrap());
    let template = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, block.replace_all(&expression.replace_all(&text, "x"), "").into_owned())
    };
    let found: BTreeMap<_, _> =
        fs::read_dir(folder).unwrap().map(|entry| template(&entry.unwrap().path())).collect();
    assert!(found.len() > 20, "{} templates of {program}", found.len());
    found
}

/// Returns the elements that a selector matches and that violate a rule, as HTML.
fn violations(
    html: &str,
    selector: &str,
    is_valid: impl Fn(ElementRef<'_>) -> bool,
) -> Vec<String> {
    let document = Html::parse_document(html);
    let matches: Vec<_> = document.select(&Selector::parse(selector).unwrap()).collect();
    matches.into_iter().filter(|element| !is_valid(*element)).map(|bad| bad.html()).collect()
}

fn has(element: ElementRef<'_>, attribute: &str, value: &str) -> bool {
    element.value().attr(attribute) == Some(value)
}

/// Types of fields in which a person types no text that a keyboard or a browser stores.
const OTHER_TYPES: [&str; 6] = ["hidden", "checkbox", "radio", "file", "date", "password"];

fn is_text_field(field: ElementRef<'_>) -> bool {
    !OTHER_TYPES.contains(&field.value().attr("type").unwrap_or("text"))
}

#[test]
fn no_spelling_service_reads_a_text_field() {
    let is_valid =
        |field: ElementRef<'_>| !is_text_field(field) || has(field, "spellcheck", "false");
    let mut fields = 0;
    for program in ["workbench", "intake"] {
        for (name, html) in templates(program) {
            fields += violations(&html, "input, textarea", |_| false).len();
            assert_eq!(
                violations(&html, "input, textarea", is_valid),
                [] as [String; 0],
                "{program}: {name}"
            );
        }
    }
    assert!(fields > 60, "{fields} fields");
}

/// Fields inherit these attributes from their form.
const TYPING_ATTRIBUTES: [(&str, &str); 4] = [
    ("autocomplete", "off"),
    ("autocorrect", "off"),
    ("autocapitalize", "off"),
    ("spellcheck", "false"),
];

#[test]
fn no_browser_or_keyboard_completes_corrects_or_stores_typed_text() {
    let (fields, every_form) =
        (Selector::parse("input, textarea").unwrap(), Selector::parse("form").unwrap());
    let is_private =
        |form: ElementRef<'_>| TYPING_ATTRIBUTES.iter().all(|(name, value)| has(form, name, value));
    let mut forms = 0;
    for program in ["workbench", "intake"] {
        for (name, html) in templates(program) {
            // The form of a step of a report contains the fields of `field.html`.
            let is_valid = |form: ElementRef<'_>| {
                let is_step = has(form, "id", "f");
                let has_text = is_step || form.select(&fields).any(is_text_field);
                !has_text || is_private(form)
            };
            assert_eq!(violations(&html, "form", is_valid), [] as [String; 0], "{program}: {name}");
            // Browsers restore the values of hidden fields after Back, unless the form forbids it.
            let is_fresh = |form: ElementRef<'_>| {
                program != "intake"
                    || form.select(&fields).next().is_none()
                    || has(form, "autocomplete", "off")
            };
            assert_eq!(violations(&html, "form", is_fresh), [] as [String; 0], "{program}: {name}");
            let document = Html::parse_document(&html);
            let count = document.select(&every_form).filter(|form| is_private(*form)).count();
            forms += count;
            let has_text = document.select(&fields).any(is_text_field);
            assert!(!has_text || count > 0 || name == "field.html", "{program}: {name}");
        }
    }
    assert!(forms >= 17, "{forms} forms");
}

/// A browser cuts a pasted text at the limit of its field without a word. The form returns a text
/// that is too long, and names the limit.
#[test]
fn no_browser_cuts_a_text_that_is_too_long() {
    let mut fields = 0;
    for (name, html) in templates("intake") {
        fields += violations(&html, "input, textarea", |_| false).len();
        let limited = violations(&html, "[maxlength]", |_| false);
        assert_eq!(limited, [] as [String; 0], "{name}");
    }
    assert!(fields > 30, "{fields} fields");
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../intake/browser/src/pages");
    let scripts = fs::read_dir(pages).unwrap().map(|entry| entry.unwrap().path());
    let scripts: Vec<_> = scripts.filter(|path| path.is_file()).collect();
    assert!(scripts.len() > 30, "{} scripts", scripts.len());
    for path in scripts {
        let script = fs::read_to_string(&path).unwrap().to_lowercase();
        assert!(!script.contains("maxlength"), "{path:?}");
    }
}

#[test]
fn no_field_that_a_script_makes_is_completed_corrected_or_checked() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders =
        ["workbench/assets", "intake/assets", "intake/browser/src", "intake/browser/src/pages"];
    let made = Regex::new(r#"(?s)createElement\(\s*"(?:input|textarea)".*?\)"#).unwrap();
    let (mut scripts, mut fields) = (0, 0);
    for folder in folders {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if !path.extension().is_some_and(|extension| extension == "ts" || extension == "js") {
                continue;
            }
            scripts += 1;
            let script = fs::read_to_string(&path).unwrap();
            assert!(!script.contains("contentEditable"), "{path:?}");
            for field in made.find_iter(&script) {
                fields += 1;
                let is_private = TYPING_ATTRIBUTES
                    .iter()
                    .all(|(name, value)| field.as_str().contains(&format!("{name}: \"{value}\"")));
                let is_other =
                    OTHER_TYPES.iter().any(|k| field.as_str().contains(&format!("type: \"{k}\"")));
                assert!(is_private || is_other, "{path:?}: {}", field.as_str());
            }
        }
    }
    assert!(scripts > 30 && fields >= 2, "{scripts} scripts, {fields} fields");
}

#[test]
fn no_translator_changes_or_reads_a_page_of_the_workbench() {
    let mut pages = 0;
    for (name, html) in templates("workbench") {
        if html.contains("<html") {
            pages += 1;
            let is_valid = |page: ElementRef<'_>| {
                has(page, "translate", "no") && has(page, "class", "notranslate")
            };
            assert_eq!(violations(&html, "html", is_valid), [] as [String; 0], "{name}");
            assert!(html.contains("<meta name=\"google\" content=\"notranslate\">"), "{name}");
        }
    }
    assert_eq!(pages, 4, "base.html, sign-in.html, posters and the page of an exported case");
}

#[test]
fn no_translator_changes_words_receipts_or_numbers() {
    let is_protected = |element: ElementRef<'_>| {
        let ancestors = element.ancestors().filter_map(ElementRef::wrap);
        std::iter::once(element).chain(ancestors).any(|one| has(one, "translate", "no"))
    };
    // Some translators know only the class.
    let has_class = |element: ElementRef<'_>| {
        let ancestors = element.ancestors().filter_map(ElementRef::wrap);
        std::iter::once(element)
            .chain(ancestors)
            .any(|one| one.value().classes().any(|class| class == "notranslate"))
    };
    // A translator does not change the value of a field.
    let shown = ".words li, .code, .call, .typed:not(textarea, input), code, pre";
    let mut elements = 0;
    for (name, html) in templates("intake") {
        elements += violations(&html, shown, |_| false).len();
        assert_eq!(violations(&html, shown, is_protected), [] as [String; 0], "{name}");
        assert_eq!(violations(&html, shown, has_class), [] as [String; 0], "{name}");
    }
    assert!(elements >= 4, "{elements} elements");
    // The words of a fingerprint and the suggested passphrase have their own attribute, so that
    // they stay as they are in a saved part of a page.
    for (name, html) in templates("workbench") {
        let own = |element: ElementRef<'_>| has(element, "translate", "no");
        let words = ".typed:not(textarea, input)";
        assert_eq!(violations(&html, words, own), [] as [String; 0], "{name}");
    }
}
