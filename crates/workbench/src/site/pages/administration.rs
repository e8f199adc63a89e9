//! Desks and members as the signed directory names them, its last day, and "who would read this?". Changes need the root keys, which are
//! kept offline: the page says with which commands.

use askama::Template;
use axum::response::Response;
use taxonomy::Audience;

use crate::{
    admin::routing::{Case, Decision, explain},
    site::{
        forms::Typed,
        frame::{AtWork, Frame, Section, show as laid_out},
    },
};

#[derive(Template)]
#[template(path = "administration.html")]
struct Page {
    frame: Frame,
    epoch: u64,
    issued: String,
    expires: String,
    desks: Vec<Desk>,
    members: Vec<Member>,
    categories: Vec<Choice>,
    audiences: Vec<Choice>,
    exclusions: Vec<Choice>,
    decision: Option<Decision>,
    /// Who gets no access, and why, in words.
    without: Vec<(String, String)>,
}

struct Desk {
    name: String,
    members: Vec<String>,
    categories: String,
    audiences: String,
}

struct Member {
    handle: String,
    desks: String,
    covers: String,
    languages: String,
    me: bool,
}

struct Choice {
    id: String,
    label: String,
    chosen: bool,
}

pub(super) async fn show(at: AtWork) -> Response {
    laid_out(&page(&at, &Typed::default(), None))
}

/// Decides as a reporter's device would.
pub(super) async fn route(at: AtWork, typed: Typed) -> Response {
    let case = Case {
        category: typed.get("category").to_owned(),
        audience: typed.get("audience").to_owned(),
        excluded: typed.all("excluded"),
    };
    let decision = explain(at.connection().directory(), case);
    laid_out(&page(&at, &typed, Some(decision)))
}

fn page(at: &AtWork, typed: &Typed, decision: Option<Decision>) -> Page {
    let frame = at.frame("administration-title", Section::Administration);
    let (directory, taxonomy) = (at.connection().directory(), &at.visit.site.taxonomy);
    let lang = frame.code();
    let chosen = |field: &str, id: &str| typed.all(field).iter().any(|value| value == id);
    let desk_of = |handle: &str| {
        let desks = directory.desks.iter().filter(|desk| desk.members.iter().any(|member| member == handle));
        desks.map(|desk| frame.desk(&desk.id)).collect::<Vec<_>>().join(", ")
    };
    let covered =
        |covers: &[String]| covers.iter().map(|unit| frame.unit(unit)).collect::<Vec<_>>().join(", ");
    let desks = directory.desks.iter().map(|desk| Desk {
        name: frame.desk(&desk.id),
        members: desk.members.clone(),
        categories: desk.categories.join(" "),
        audiences: desk.audiences.join(" "),
    });
    let members = directory.members.iter().map(|member| Member {
        handle: member.handle.clone(),
        desks: desk_of(&member.handle),
        covers: covered(&member.covers),
        languages: member.languages.join(" "),
        me: member.handle == at.connection().handle(),
    });
    let without = decision.iter().flat_map(|decision| {
        let away = directory.excluded_people(&decision.case.excluded);
        decision.without.iter().map(move |without| {
            let excluded = away.contains(without.handle.as_str());
            (without.handle.clone(), if excluded { "without-excluded" } else { "without-seat" })
        })
    });
    let without = without.map(|(handle, why)| (handle, frame.t(why))).collect();
    let categories = taxonomy.categories.iter().map(|category| Choice {
        id: category.id.clone(),
        label: category.label.get(lang).to_owned(),
        chosen: chosen("category", &category.id),
    });
    let audiences = Audience::ALL.into_iter().filter_map(|audience| {
        let label = taxonomy.audiences.iter().find(|known| known.id == audience)?.label.get(lang);
        let id = audience.as_str().to_owned();
        Some(Choice { chosen: chosen("audience", &id), id, label: label.to_owned() })
    });
    let question = taxonomy.question(envelope::report::EXCLUSIONS);
    let exclusions = question.into_iter().flat_map(|question| &question.options).map(|option| Choice {
        id: option.id.clone(),
        label: option.label.get(lang).to_owned(),
        chosen: chosen("excluded", &option.id),
    });
    Page {
        epoch: directory.epoch,
        issued: frame.day(directory.issued),
        expires: frame.day(directory.expires),
        desks: desks.collect(),
        members: members.collect(),
        categories: categories.collect(),
        audiences: audiences.collect(),
        exclusions: exclusions.collect(),
        without,
        decision,
        frame,
    }
}
