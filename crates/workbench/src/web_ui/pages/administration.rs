//! Desks and members of the signed directory, and its last day. Changes need the root keys, which
//! are offline. The page names the commands.

use askama::Template;
use axum::response::Response;

use crate::web_ui::{
    extract::SignedInSession,
    layout::{NavSection, PageFrame, render_ok},
};

#[derive(Template)]
#[template(path = "administration.html")]
struct AdministrationTemplate {
    frame: PageFrame,
    epoch: u64,
    issued: String,
    expires: String,
    desks: Vec<DeskRow>,
    members: Vec<MemberRow>,
}

struct DeskRow {
    name: String,
    members: Vec<String>,
    categories: String,
    audiences: String,
}

struct MemberRow {
    handle: String,
    desks: String,
    units: String,
    languages: String,
    me: bool,
}

pub(super) async fn show(session: SignedInSession) -> Response {
    let frame = session.frame("administration-title", NavSection::Administration);
    let directory = session.connection().directory();
    let desk_of = |handle: &str| {
        let desks = directory
            .desks
            .iter()
            .filter(|desk| desk.members.iter().any(|member| member == handle));
        desks.map(|desk| frame.desk_label(&desk.id)).collect::<Vec<_>>().join(", ")
    };
    let unit_labels = |units: &[String]| {
        units.iter().map(|unit| frame.unit_label(unit)).collect::<Vec<_>>().join(", ")
    };
    let desks = directory.desks.iter().map(|desk| DeskRow {
        name: frame.desk_label(&desk.id),
        members: desk.members.clone(),
        categories: desk.categories.join(" "),
        audiences: desk.audiences.join(" "),
    });
    let members = directory.members.iter().map(|member| MemberRow {
        handle: member.handle.clone(),
        desks: desk_of(&member.handle),
        units: unit_labels(&member.units),
        languages: member.languages.join(" "),
        me: member.handle == session.connection().handle(),
    });
    render_ok(&AdministrationTemplate {
        epoch: directory.epoch,
        issued: frame.format_date(directory.issued),
        expires: frame.format_date(directory.expires),
        desks: desks.collect(),
        members: members.collect(),
        frame,
    })
}
