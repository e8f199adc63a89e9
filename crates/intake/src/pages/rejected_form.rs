//! A form that was refused comes back with everything that was typed, whatever the reason of the
//! refusal.

use askama::Template;
use axum::response::Response;
use web::Locale;

use super::{
    ErrorKind, Pages,
    layout::{LanguageSwitch, PageLayout, render_uncompressed},
};

/// Values of this many characters and more are shown, so that they can be read, copied and
/// shortened.
const MIN_SHOWN_CHARS: usize = 60;

/// What a refused form carried.
#[derive(Debug, Clone, Default)]
pub struct RejectedForm {
    /// The path that the form was posted to.
    pub path: String,
    /// Its text fields in order.
    pub fields: Vec<(String, String)>,
    /// Does the form take files? Those that were chosen must be chosen again.
    pub accepts_files: bool,
}

#[derive(Template)]
#[template(path = "held.html")]
struct RejectedFormTemplate<'a> {
    frame: PageLayout<'a>,
    form: &'a RejectedForm,
    heading: String,
    explanation: String,
    /// To be posted again as they are.
    hidden_fields: Vec<(String, String)>,
    shown: Vec<&'a (String, String)>,
}

/// The page for something that went wrong, with the form to be posted again.
pub fn rejected_form_page(
    pages: &Pages,
    locale: Locale,
    kind: ErrorKind,
    held: &RejectedForm,
) -> Response {
    let visit = held.fields.iter().find(|(name, _)| name == "visit").map_or("", |(_, value)| value);
    let frame =
        PageLayout::new(pages, locale, "error-title", LanguageSwitch::None).with_visit(visit);
    let [heading, what, _] = kind.text_keys().map(|key| frame.t(key));
    // Made by our pages, and of no use to anybody who reads it.
    let is_ours = |name: &str| matches!(name, "seed" | "visit" | "looked");
    let is_shown = |(name, value): &&(String, String)| {
        !is_ours(name) && (value.contains('\n') || value.chars().nth(MIN_SHOWN_CHARS).is_some())
    };
    let page = RejectedFormTemplate {
        hidden_fields: held.fields.iter().filter(|field| !is_shown(field)).cloned().collect(),
        shown: held.fields.iter().filter(is_shown).collect(),
        frame,
        form: held,
        heading,
        explanation: what,
    };
    render_uncompressed(pages, kind.status(), &page)
}
