//! The page for a rejected form: it contains all typed fields, whatever the reason of the
//! rejection.

use askama::Template;
use axum::response::Response;
use web::Locale;

use super::{
    ErrorKind, Pages,
    layout::{LanguageSwitch, PageLayout, render_uncompressed},
};

/// Minimum length of shown values, in characters. The reporter can read, copy and shorten them.
const MIN_SHOWN_CHARS: usize = 60;

/// The content of a rejected form.
#[derive(Debug, Clone, Default)]
pub struct RejectedForm {
    /// The path that the form was posted to.
    pub path: String,
    /// Its text fields in order.
    pub fields: Vec<(String, String)>,
    /// Whether the form accepts files. The reporter must choose them again.
    pub accepts_files: bool,
}

#[derive(Template)]
#[template(path = "held.html")]
struct RejectedFormTemplate<'a> {
    frame: PageLayout<'a>,
    form: &'a RejectedForm,
    heading: String,
    explanation: String,
    /// What to do.
    next: String,
    /// The fields that the form sends again unchanged.
    hidden_fields: Vec<(String, String)>,
    shown: Vec<&'a (String, String)>,
}

/// Returns an error page with the rejected form, which can be sent again.
pub fn rejected_form_page(
    pages: &Pages,
    locale: Locale,
    kind: ErrorKind,
    form: &RejectedForm,
) -> Response {
    let visit = form.fields.iter().find(|(name, _)| name == "visit").map_or("", |(_, value)| value);
    let frame =
        PageLayout::new(pages, locale, "error-title", LanguageSwitch::None).with_visit(visit);
    let [heading, explanation, next] = kind.text_keys_beside_form().map(|key| frame.t(key));
    // Values that the pages generate; they mean nothing to a reader.
    let is_generated = |name: &str| matches!(name, "seed" | "visit" | "looked" | "noted" | "own");
    let is_shown = |(name, value): &&(String, String)| {
        !is_generated(name)
            && (value.contains('\n') || value.chars().nth(MIN_SHOWN_CHARS).is_some())
    };
    let page = RejectedFormTemplate {
        hidden_fields: form.fields.iter().filter(|field| !is_shown(field)).cloned().collect(),
        shown: form.fields.iter().filter(is_shown).collect(),
        frame,
        form,
        heading,
        explanation,
        next,
    };
    render_uncompressed(pages, kind.status(), &page)
}
