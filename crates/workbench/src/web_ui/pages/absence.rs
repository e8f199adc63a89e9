//! Who is away, and saying so: for oneself, and for the members of desks that one leads.

use askama::Template;
use axum::response::Response;
use protocol::api::workbench::{Absence, MAX_ABSENCE};
use time::{Date, format_description::well_known::Iso8601};

use crate::web_ui::{
    error_page::PageError,
    extract::{SessionRejection, SignedInSession},
    forms::{FormInput, InvalidField},
    layout::{NavSection, PageFrame, render},
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

pub(super) async fn show(session: SignedInSession) -> Result<Response, PageError> {
    render_page(&session, &session.take_draft().unwrap_or_default(), InvalidField::default()).await
}

async fn render_page(
    session: &SignedInSession,
    form: &FormInput,
    wrong: InvalidField,
) -> Result<Response, PageError> {
    let me = session.connection();
    let frame = session.frame("absence-title", NavSection::Absence);
    let members: Vec<String> = me.manageable_members().into_iter().map(str::to_owned).collect();
    let away = |absence: Absence| AbsenceRow {
        until: absence.until.map_or_else(String::new, |until| frame.format_date(until)),
        mine: members.contains(&absence.member),
        member: absence.member,
    };
    let away = me.absences().await?.into_iter().map(away).collect();
    let (first, last) = (frame.today().to_string(), (frame.today() + MAX_ABSENCE).to_string());
    let (member, until) = (form.get("member").to_owned(), form.get("until").to_owned());
    Ok(render(
        wrong.status(),
        &AbsenceTemplate { frame, away, members, member, until, first, last, wrong },
    ))
}

/// Away until a day, or back.
pub(super) async fn set_absence(
    session: Result<SignedInSession, SessionRejection>,
    form: FormInput,
) -> Result<Response, PageError> {
    let session = match session {
        Ok(session) => session,
        Err(not) => return not.keep_draft(&form),
    };
    let member =
        form.non_empty("member").unwrap_or_else(|| session.connection().handle().to_owned());
    let back = form.has("back");
    let until = Date::parse(form.get("until").trim(), &Iso8601::DATE).ok();
    let today = session.request.today();
    if !back && !until.is_some_and(|until| (today..=today + MAX_ABSENCE).contains(&until)) {
        let text = session.request.catalog().get("absence-day-wrong");
        return render_page(&session, &form, InvalidField::new("until", text)).await;
    }
    let until = until.filter(|_| !back);
    session.connection().set_absence(&Absence { member, until }).await?;
    drop(session.take_draft());
    Ok(session.request.redirect_with_flash("/absence", if back { "back" } else { "away" }))
}
