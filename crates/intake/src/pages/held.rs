//! A form that was refused comes back with everything that was typed, whatever the reason of the refusal.

use askama::Template;
use axum::response::Response;
use web::Locale;

use super::{
    ErrorKind, Pages,
    layout::{Frame, Switch, render_secret},
};

/// Values of this many characters and more are shown, so that they can be read, copied and shortened.
const SHOWN_FROM: usize = 60;

/// What a refused form carried.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// The path that the form was posted to.
    pub path: String,
    /// Its text fields in order.
    pub fields: Vec<(String, String)>,
    /// Does the form take files? Those that were chosen must be chosen again.
    pub takes_files: bool,
}

#[derive(Template)]
#[template(path = "held.html")]
struct HeldPage<'a> {
    frame: Frame<'a>,
    held: &'a Held,
    heading: String,
    what: String,
    /// To be posted again as they are.
    carried: Vec<(String, String)>,
    shown: Vec<&'a (String, String)>,
}

/// The page for something that went wrong, with the form to be posted again.
pub fn held_page(pages: &Pages, locale: Locale, kind: ErrorKind, held: &Held) -> Response {
    let visit = held.fields.iter().find(|(name, _)| name == "visit").map_or("", |(_, value)| value);
    let frame = Frame::new(pages, locale, "error-title", Switch::None).of_visit(visit);
    let [heading, what, _] = kind.texts().map(|key| frame.t(key));
    // Made by our pages, and of no use to anybody who reads it.
    let is_ours = |name: &str| matches!(name, "seed" | "visit" | "looked");
    let is_shown = |(name, value): &&(String, String)| {
        !is_ours(name) && (value.contains('\n') || value.chars().nth(SHOWN_FROM).is_some())
    };
    let page = HeldPage {
        carried: held.fields.iter().filter(|field| !is_shown(field)).cloned().collect(),
        shown: held.fields.iter().filter(is_shown).collect(),
        frame,
        held,
        heading,
        what,
    };
    render_secret(pages, kind.status(), &page)
}
