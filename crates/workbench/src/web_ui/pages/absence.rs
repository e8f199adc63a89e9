//! Who is away, and saying so: for oneself, and for the members of desks that one leads.

use askama::Template;
use axum::response::Response;
use protocol::api::workbench::{Absence, MAX_ABSENCE};
use time::{Date, format_description::well_known::Iso8601};

use crate::web_ui::{
    error_page::PageError,
    extract::{NavSection, PageFrame, SessionRejection, SignedInSession, render},
    forms::{FormInput, InvalidField},
};

#[derive(Template)]
#[template(path = "absence.html")]
struct AbsenceTemplate {
    frame: PageFrame,
    away: Vec<AbsenceRow>,
    members: Vec<String>,
    member: String,
    until: String,
    first: String,
    last: String,
    wrong: InvalidField,
}

struct AbsenceRow {
    member: String,
    until: String,
    /// Can the visitor say that they are back?
    mine: bool,
}

pub(super) async fn show(at: SignedInSession) -> Result<Response, PageError> {
    render_page(&at, &at.take_draft().unwrap_or_default(), InvalidField::default()).await
}

async fn render_page(
    at: &SignedInSession,
    typed: &FormInput,
    wrong: InvalidField,
) -> Result<Response, PageError> {
    let me = at.connection();
    let frame = at.frame("absence-title", NavSection::Absence);
    let members: Vec<String> = me.manageable_members().into_iter().map(str::to_owned).collect();
    let away = |absence: Absence| AbsenceRow {
        until: absence.until.map_or_else(String::new, |until| frame.format_date(until)),
        mine: members.contains(&absence.member),
        member: absence.member,
    };
    let away = me.absences().await?.into_iter().map(away).collect();
    let (first, last) = (frame.today().to_string(), (frame.today() + MAX_ABSENCE).to_string());
    let (member, until) = (typed.get("member").to_owned(), typed.get("until").to_owned());
    Ok(render(
        wrong.status(),
        &AbsenceTemplate { frame, away, members, member, until, first, last, wrong },
    ))
}

/// Away until a day, or back.
pub(super) async fn set_absence(
    at: Result<SignedInSession, SessionRejection>,
    typed: FormInput,
) -> Result<Response, PageError> {
    let at = match at {
        Ok(at) => at,
        Err(not) => return not.keep_draft(&typed),
    };
    let member = typed.non_empty("member").unwrap_or_else(|| at.connection().handle().to_owned());
    let back = typed.has("back");
    let until = Date::parse(typed.get("until").trim(), &Iso8601::DATE).ok();
    let today = at.request.today();
    if !back && !until.is_some_and(|until| (today..=today + MAX_ABSENCE).contains(&until)) {
        let text = at.request.catalog().get("absence-day-wrong");
        return render_page(&at, &typed, InvalidField::new("until", text)).await;
    }
    let until = until.filter(|_| !back);
    at.connection().set_absence(&Absence { member, until }).await?;
    drop(at.take_draft());
    Ok(at.request.redirect_with_flash("/absence", if back { "back" } else { "away" }))
}
