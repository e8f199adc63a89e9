//! Who is away, and saying so: for oneself, and for the members of desks that one leads.

use askama::Template;
use axum::response::Response;
use envelope::desk_api::{Absence, LONGEST_ABSENCE};
use time::{Date, format_description::well_known::Iso8601};

use crate::site::{
    forms::{Typed, Wrong},
    frame::{AtWork, Frame, NotAtWork, Section, render},
    trouble::Trouble,
};

#[derive(Template)]
#[template(path = "absence.html")]
struct Page {
    frame: Frame,
    away: Vec<Away>,
    members: Vec<String>,
    member: String,
    until: String,
    first: String,
    last: String,
    wrong: Wrong,
}

struct Away {
    member: String,
    until: String,
    /// Can the visitor say that they are back?
    mine: bool,
}

pub(super) async fn show(at: AtWork) -> Result<Response, Trouble> {
    page(&at, &at.kept().unwrap_or_default(), Wrong::default()).await
}

async fn page(at: &AtWork, typed: &Typed, wrong: Wrong) -> Result<Response, Trouble> {
    let me = at.connection();
    let frame = at.frame("absence-title", Section::Absence);
    let members: Vec<String> = me.speaks_for().into_iter().map(str::to_owned).collect();
    let away = |absence: Absence| Away {
        until: absence.until.map_or_else(String::new, |until| frame.day(until)),
        mine: members.contains(&absence.member),
        member: absence.member,
    };
    let away = me.absences().await?.into_iter().map(away).collect();
    let (first, last) = (frame.today().to_string(), (frame.today() + LONGEST_ABSENCE).to_string());
    let (member, until) = (typed.get("member").to_owned(), typed.get("until").to_owned());
    Ok(render(wrong.status(), &Page { frame, away, members, member, until, first, last, wrong }))
}

/// Away until a day, or back.
pub(super) async fn set(at: Result<AtWork, NotAtWork>, typed: Typed) -> Result<Response, Trouble> {
    let at = match at {
        Ok(at) => at,
        Err(not) => return not.keeping(&typed),
    };
    let member = typed.some("member").unwrap_or_else(|| at.connection().handle().to_owned());
    let back = typed.has("back");
    let until = Date::parse(typed.get("until").trim(), &Iso8601::DATE).ok();
    let today = at.visit.today();
    if !back && !until.is_some_and(|until| (today..=today + LONGEST_ABSENCE).contains(&until)) {
        let text = at.visit.words().get("absence-day-wrong");
        return page(&at, &typed, Wrong::at("until", text)).await;
    }
    let until = until.filter(|_| !back);
    at.connection().set_absence(&Absence { member, until }).await?;
    drop(at.kept());
    Ok(at.visit.on("/absence", if back { "back" } else { "away" }))
}
