//! Absences: list, set and clear them, for the member and for the members of desks that the member
//! leads.

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
    absences: Vec<AbsenceRow>,
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
    /// Whether this member can clear the absence.
    clearable: bool,
}

pub(super) async fn show(session: SignedInSession) -> Result<Response, PageError> {
    render_page(&session, &session.take_draft().unwrap_or_default(), InvalidField::default()).await
}

async fn render_page(
    session: &SignedInSession,
    form: &FormInput,
    wrong: InvalidField,
) -> Result<Response, PageError> {
    let connection = session.connection();
    let frame = session.frame("absence-title", NavSection::Absence);
    let members: Vec<String> =
        connection.manageable_members().into_iter().map(str::to_owned).collect();
    let row = |absence: Absence| AbsenceRow {
        until: absence.until.map_or_else(String::new, |until| frame.format_date(until)),
        clearable: members.contains(&absence.member),
        member: absence.member,
    };
    let absences = connection.absences().await?.into_iter().map(row).collect();
    let (first, last) = (frame.today().to_string(), (frame.today() + MAX_ABSENCE).to_string());
    let (member, until) = (form.get("member").to_owned(), form.get("until").to_owned());
    Ok(render(
        wrong.status(),
        &AbsenceTemplate { frame, absences, members, member, until, first, last, wrong },
    ))
}

/// Sets an absence until a day, or clears it.
pub(super) async fn set_absence(
    session: Result<SignedInSession, SessionRejection>,
    form: FormInput,
) -> Result<Response, PageError> {
    let session = match session {
        Ok(session) => session,
        Err(rejection) => return rejection.keep_draft(&form),
    };
    let member =
        form.non_empty("member").unwrap_or_else(|| session.connection().handle().to_owned());
    let is_clear = form.has("clear");
    let until = Date::parse(form.get("until").trim(), &Iso8601::DATE).ok();
    let today = session.request.today();
    if !is_clear && !until.is_some_and(|until| (today..=today + MAX_ABSENCE).contains(&until)) {
        let text = session.request.catalog().get("absence-day-wrong");
        return render_page(&session, &form, InvalidField::new("until", text)).await;
    }
    let until = until.filter(|_| !is_clear);
    session.connection().set_absence(&Absence { member, until }).await?;
    drop(session.take_draft());
    Ok(session
        .request
        .redirect_with_flash("/absence", if is_clear { "absence-cleared" } else { "absence-set" }))
}
