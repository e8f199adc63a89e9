//! Who would read this report? A dry run of the decision that a reporter's device makes, step by step, and the same for every category.

use askama::Template;
use axum::response::Response;
use envelope::{
    directory::{Directory, MIN_READERS},
    report::EXCLUSIONS,
};
use taxonomy::{Audience, Taxonomy};

use crate::{
    admin::routing::{Case, Reason, Step, explain},
    site::{
        forms::Typed,
        frame::{AtWork, Frame, Section, show as laid_out},
    },
};

#[derive(Template)]
#[template(path = "route.html")]
struct Page {
    frame: Frame,
    categories: Vec<Choice>,
    audiences: Vec<Choice>,
    exclusions: Vec<Choice>,
    answer: Option<Answer>,
    all: Vec<Row>,
}

struct Choice {
    id: String,
    label: String,
    chosen: bool,
}

/// The decision in words.
struct Answer {
    desk: String,
    readers: String,
    steps: Vec<String>,
    /// Exclusions that keep nobody away.
    idle: Option<String>,
    /// Who gets no access, and why.
    without: Vec<(String, String)>,
}

/// The decision for one category, as who usually reports it.
struct Row {
    category: String,
    label: String,
    audience: String,
    desk: String,
    readers: String,
    locked: String,
}

pub(super) async fn show(at: AtWork) -> Response {
    laid_out(&page(&at, &Typed::default(), None))
}

/// Decides as a reporter's device would.
pub(super) async fn ask(at: AtWork, typed: Typed) -> Response {
    let case = Case {
        category: typed.get("category").to_owned(),
        audience: typed.get("audience").to_owned(),
        excluded: typed.all("excluded"),
    };
    laid_out(&page(&at, &typed, Some(case)))
}

fn page(at: &AtWork, typed: &Typed, asked: Option<Case>) -> Page {
    let frame = at.frame("administration-title", Section::Administration);
    let (directory, taxonomy) = (at.connection().directory(), &at.visit.site.taxonomy);
    let lang = frame.code();
    let choice = |field: &str, id: &str, label: &str| Choice {
        id: id.to_owned(),
        label: label.to_owned(),
        chosen: typed.all(field).iter().any(|value| value == id),
    };
    let categories = taxonomy.categories.iter();
    let categories =
        categories.map(|category| choice("category", &category.id, category.label.get(lang))).collect();
    let audiences = Audience::ALL.into_iter();
    let audiences = audiences
        .map(|audience| choice("audience", audience.as_str(), &frame.one_of("audience", audience.as_str())))
        .collect();
    let question = taxonomy.question(EXCLUSIONS);
    let exclusions = question.into_iter().flat_map(|question| &question.options);
    let exclusions =
        exclusions.map(|option| choice("excluded", &option.id, option.label.get(lang))).collect();
    Page {
        categories,
        audiences,
        exclusions,
        answer: asked.map(|case| answer(&frame, directory, case)),
        all: all(&frame, directory, taxonomy),
        frame,
    }
}

fn answer(frame: &Frame, directory: &Directory, case: Case) -> Answer {
    let decision = explain(directory, case);
    let idle: Vec<String> = decision.idle_exclusions.iter().map(|unit| frame.unit(unit)).collect();
    let without = decision.without.iter();
    Answer {
        desk: frame.desk(&decision.desk),
        readers: decision.readers.join(", "),
        steps: decision.steps.iter().map(|step| in_words(frame, step)).collect(),
        idle: (!idle.is_empty()).then(|| idle.join(", ")),
        without: without.map(|without| (without.handle.clone(), because(frame, &without.reason))).collect(),
    }
}

fn all(frame: &Frame, directory: &Directory, taxonomy: &Taxonomy) -> Vec<Row> {
    let row = |category: &taxonomy::Category| {
        let audience = category.audience.first().map_or("public", |audience| audience.as_str());
        let case =
            Case { category: category.id.clone(), audience: audience.to_owned(), excluded: Vec::new() };
        let decision = explain(directory, case);
        Row {
            category: category.id.clone(),
            label: category.label.get(frame.code()).to_owned(),
            audience: frame.one_of("audience", audience),
            desk: frame.desk(&decision.desk),
            readers: decision.readers.join(", "),
            locked: decision.oversight.join(", "),
        }
    };
    taxonomy.categories.iter().map(row).collect()
}

fn in_words(frame: &Frame, step: &Step) -> String {
    let words = frame.words();
    match step {
        Step::OtherAudiences { desk, audiences } => {
            let audiences: Vec<String> =
                audiences.iter().map(|audience| frame.one_of("audience", audience)).collect();
            let audiences = audiences.join(", ");
            words.with("step-other-audiences", &[("desk", &frame.desk(desk)), ("audiences", &audiences)])
        }
        Step::NoDesk => frame.t("step-no-desk"),
        Step::Desk(desk) => frame.with("step-desk", "desk", frame.desk(desk)),
        Step::NobodyExcluded(seats) => frame.count("step-nobody-excluded", seats),
        Step::Excluded { who, left } => {
            words.with("step-excluded", &[("who", &who.join(", ")), ("left", &left.to_string())])
        }
        Step::TooFew => frame.with("step-too-few", "least", MIN_READERS.to_string()),
        Step::Filed { desk, readers } => {
            words.with("step-filed", &[("desk", &frame.desk(desk)), ("who", &readers.join(", "))])
        }
        Step::Locked(who) => frame.with("step-locked", "who", who.join(", ")),
    }
}

fn because(frame: &Frame, reason: &Reason) -> String {
    match reason {
        Reason::Unit(unit) => frame.with("without-unit", "unit", frame.unit(unit)),
        Reason::ExcludedDesk(desk) => frame.with("without-excluded-desk", "desk", frame.desk(desk)),
        Reason::DeskOfUnit { desk, unit } => {
            let arguments = [("desk", &*frame.desk(desk)), ("unit", &*frame.unit(unit))];
            frame.words().with("without-desk-of-unit", &arguments)
        }
        Reason::TrustsNone => frame.t("without-trust"),
        Reason::WentTo(desk) => frame.with("without-went-to", "desk", frame.desk(desk)),
        Reason::NoSeat(desk) => frame.with("without-seat", "desk", frame.desk(desk)),
    }
}
