//! The queue.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use time::{Date, format_description::well_known::Iso8601};
use uuid::Uuid;

use super::case::{Told, told};
use crate::{
    queue::{Line, Part, Place, short_ids},
    site::{
        frame::{AtWork, Frame, Section, Visit, show as laid_out},
        i18n,
        trouble::Trouble,
    },
    view::word,
};

/// So many cases stand on a page.
const PAGE: usize = 50;

const PARTS: [(&str, Part); 7] = [
    ("mine", Part::Mine),
    ("waiting", Part::Waiting),
    ("open", Part::Open),
    ("due", Part::Due),
    ("unread", Part::Unread),
    ("closed", Part::Closed),
    ("retention", Part::RetentionOver),
];

#[derive(Template)]
#[template(path = "queue.html")]
struct Page {
    frame: Frame,
    part: &'static str,
    parts: [&'static str; 7],
    rows: Vec<Row>,
    alarms: Vec<Told>,
    /// The address of the next page.
    next: Option<String>,
}

struct Row {
    url: String,
    id: String,
    urgency: String,
    stage: String,
    desk: String,
    lang: String,
    who: Who,
    filed: String,
    next: Option<Due>,
    unread: bool,
    /// How much of what the reporter sent is not dealt with.
    waiting: usize,
    proposed: bool,
    /// Does a proposal wait for the reader of this page?
    waits_for_me: bool,
}

enum Who {
    Me,
    Colleague(String),
    /// Not in the directory any more.
    Left(String),
    Nobody,
    Suggested(String),
    Done,
}

struct Due {
    clock: String,
    day: String,
    distance: String,
    late: bool,
}

/// Behind which case a page begins.
#[derive(Deserialize)]
pub(super) struct Behind {
    after: Option<Uuid>,
    due: Option<String>,
}

/// Where one begins.
pub(super) async fn first(visit: Visit) -> Response {
    Redirect::to(&visit.at("/queue/mine")).into_response()
}

pub(super) async fn show(
    mut at: AtWork,
    Path((_, part)): Path<(String, String)>,
    Query(behind): Query<Behind>,
) -> Result<Response, Trouble> {
    let (word, part) = PARTS.into_iter().find(|(word, _)| *word == part).ok_or_else(Trouble::nowhere)?;
    let due = behind.due.as_deref().and_then(|due| Date::parse(due, &Iso8601::DATE).ok());
    let behind = behind.after.map(|case| Place { case, due });
    let page = at.connection().page(part, behind, PAGE).await?;
    if at.desk.missing.is_none() {
        at.desk.missing = Some(at.connection().missing().await?);
    }
    let frame = at.frame("queue-title", Section::Queue);
    let alarms = at.desk.missing.iter().flatten().map(|alarm| told(&frame, alarm)).collect();
    let me = at.connection().handle();
    let here = |handle: &str| at.connection().directory().member(handle).is_some();
    let ids = short_ids(page.lines.iter().map(|line| line.row.id));
    let short = |id: &Uuid| ids.get(id).cloned().unwrap_or_else(|| id.to_string());
    let rows = page.lines.iter().map(|line| row(&frame, line, short(&line.row.id), me, &here)).collect();
    let next = page.behind.map(|Place { case, due }| {
        let due = due.map_or_else(String::new, |due| format!("&due={due}"));
        format!("{}?after={case}{due}", frame.at(&format!("/queue/{word}")))
    });
    Ok(laid_out(&Page { frame, part: word, parts: PARTS.map(|(word, _)| word), rows, alarms, next }))
}

fn row(frame: &Frame, line: &Line, short: String, me: &str, here: &dyn Fn(&str) -> bool) -> Row {
    let state = &line.row.state;
    let suggested = line.row.suggested.as_ref().filter(|who| here(who));
    let who = match (&state.assignee, suggested) {
        (Some(who), _) if who == me => Who::Me,
        (Some(who), _) if !here(who) => Who::Left(who.clone()),
        (Some(who), _) => Who::Colleague(who.clone()),
        (None, _) if !state.stage.is_open() => Who::Done,
        (None, Some(who)) => Who::Suggested(who.clone()),
        (None, None) => Who::Nobody,
    };
    let next = line.next.map(|next| Due {
        clock: frame.one_of("clock", &word(&next.clock)),
        day: frame.day(next.due),
        distance: i18n::distance(frame.words(), next.due, frame.today()),
        late: line.late,
    });
    Row {
        url: frame.at(&format!("/case/{}", line.row.id)),
        id: short,
        urgency: format!("{:?}", state.urgency),
        stage: frame.one_of("stage", state.stage.as_str()),
        desk: frame.desk(&state.desk),
        lang: line.row.lang.clone(),
        who,
        filed: frame.day(line.row.filed),
        next,
        unread: line.unread,
        waiting: usize::try_from(state.unread).unwrap_or(usize::MAX),
        proposed: state.proposed.is_some(),
        waits_for_me: line.waits_for_me,
    }
}
