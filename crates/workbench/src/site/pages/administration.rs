//! Desks and members as the signed directory names them, and its last day. Changes need the root keys, which are kept offline: the page
//! says with which commands.

use askama::Template;
use axum::response::Response;

use crate::site::frame::{AtWork, Frame, Section, show as laid_out};

#[derive(Template)]
#[template(path = "administration.html")]
struct Page {
    frame: Frame,
    epoch: u64,
    issued: String,
    expires: String,
    desks: Vec<Desk>,
    members: Vec<Member>,
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

pub(super) async fn show(at: AtWork) -> Response {
    let frame = at.frame("administration-title", Section::Administration);
    let directory = at.connection().directory();
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
    laid_out(&Page {
        epoch: directory.epoch,
        issued: frame.day(directory.issued),
        expires: frame.day(directory.expires),
        desks: desks.collect(),
        members: members.collect(),
        frame,
    })
}
