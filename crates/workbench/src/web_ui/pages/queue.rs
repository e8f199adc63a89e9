//! The queue of cases, with filters and pages.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use time::{Date, format_description::well_known::Iso8601};
use uuid::Uuid;

use super::case_header::{AlertView, alert_view};
use crate::{
    case::{
        cursor::CaseQueueCursor,
        queue::{QueueFilter, QueueItem, short_ids},
        view::serde_word,
    },
    l10n::dates,
    web_ui::{
        error_page::PageError,
        extract::SignedInSession,
        layout::{NavSection, PageFrame, render_ok},
        request::PageRequest,
    },
};

/// Number of cases on a page.
const PAGE_SIZE: usize = 50;

const QUEUE_TABS: [(&str, QueueFilter); 7] = [
    ("mine", QueueFilter::Mine),
    ("waiting", QueueFilter::Waiting),
    ("open", QueueFilter::Open),
    ("due", QueueFilter::Due),
    ("unread", QueueFilter::Unread),
    ("closed", QueueFilter::Closed),
    ("retention", QueueFilter::RetentionExpired),
];

#[derive(Template)]
#[template(path = "queue.html")]
struct QueueTemplate {
    frame: PageFrame,
    part: &'static str,
    parts: [&'static str; 7],
    rows: Vec<QueueRow>,
    alarms: Vec<AlertView>,
    /// The address of the next page.
    next: Option<String>,
}

#[expect(clippy::struct_excessive_bools, reason = "independent properties of a case")]
struct QueueRow {
    url: String,
    id: String,
    priority: String,
    stage: String,
    desk: String,
    lang: String,
    assignee: AssigneeCell,
    filed: String,
    next: Option<DeadlineCell>,
    unread: bool,
    /// The number of unhandled messages of the reporter.
    waiting: usize,
    proposed: bool,
    /// Whether a proposal waits for the approval of this member.
    waits_for_me: bool,
    sealed_to_former_key: bool,
}

enum AssigneeCell {
    Me,
    Colleague(String),
    /// A member who is not in the directory any more.
    FormerMember(String),
    Unassigned,
    Suggested(String),
    Closed,
}

struct DeadlineCell {
    deadline_kind: String,
    day: String,
    distance: String,
    late: bool,
}

/// The case after which a page begins.
#[derive(Deserialize)]
pub(super) struct QueueCursorQuery {
    after: Option<Uuid>,
    due: Option<String>,
}

/// Redirects to the first page.
pub(super) async fn redirect_home(request: PageRequest) -> Response {
    Redirect::to(&request.url("/queue/mine")).into_response()
}

pub(super) async fn show(
    mut session: SignedInSession,
    Path((_, part)): Path<(String, String)>,
    Query(cursor): Query<QueueCursorQuery>,
) -> Result<Response, PageError> {
    let (part, filter) =
        QUEUE_TABS.into_iter().find(|(word, _)| *word == part).ok_or_else(PageError::not_found)?;
    let due = cursor.due.as_deref().and_then(|due| Date::parse(due, &Iso8601::DATE).ok());
    let cursor = cursor.after.map(|case| CaseQueueCursor { case, due });
    let page = session.connection().queue_page(filter, cursor, PAGE_SIZE).await?;
    if session.signed_in.missing_case_alerts.is_none() {
        session.signed_in.missing_case_alerts =
            Some(session.connection().missing_case_alerts().await?);
    }
    let frame = session.frame("queue-title", NavSection::Queue);
    let alarms = session
        .signed_in
        .missing_case_alerts
        .iter()
        .flatten()
        .map(|alarm| alert_view(&frame, alarm))
        .collect();
    let me = session.connection().handle();
    let is_member = |handle: &str| session.connection().directory().member(handle).is_some();
    let ids = short_ids(page.items.iter().map(|line| line.row.id));
    let short = |id: &Uuid| ids.get(id).cloned().unwrap_or_else(|| id.to_string());
    let rows = page
        .items
        .iter()
        .map(|line| queue_row(&frame, line, short(&line.row.id), me, &is_member))
        .collect();
    let next = page.next_cursor.map(|CaseQueueCursor { case, due }| {
        let due = due.map_or_else(String::new, |due| format!("&due={due}"));
        format!("{}?after={case}{due}", frame.url(&format!("/queue/{part}")))
    });
    Ok(render_ok(&QueueTemplate {
        frame,
        part,
        parts: QUEUE_TABS.map(|(word, _)| word),
        rows,
        alarms,
        next,
    }))
}

fn queue_row(
    frame: &PageFrame,
    line: &QueueItem,
    short: String,
    me: &str,
    is_member: &dyn Fn(&str) -> bool,
) -> QueueRow {
    let state = &line.row.state;
    let suggested = line.row.suggested.as_ref().filter(|who| is_member(who));
    let who = match (&state.assignee, suggested) {
        (Some(who), _) if who == me => AssigneeCell::Me,
        (Some(who), _) if !is_member(who) => AssigneeCell::FormerMember(who.clone()),
        (Some(who), _) => AssigneeCell::Colleague(who.clone()),
        (None, _) if !state.stage.is_open() => AssigneeCell::Closed,
        (None, Some(who)) => AssigneeCell::Suggested(who.clone()),
        (None, None) => AssigneeCell::Unassigned,
    };
    let next = line.next_deadline.map(|next| DeadlineCell {
        deadline_kind: frame.t_variant("deadline-kind", &serde_word(&next.kind)),
        day: frame.format_date(next.due),
        distance: dates::format_days_until(frame.catalog(), next.due, frame.today()),
        late: line.late,
    });
    QueueRow {
        url: frame.url(&format!("/case/{}", line.row.id)),
        id: short,
        priority: format!("{:?}", state.priority),
        stage: frame.t_variant("stage", state.stage.as_str()),
        desk: frame.desk_label(&state.desk),
        lang: line.row.lang.clone(),
        assignee: who,
        filed: frame.format_date(line.row.filed),
        next,
        unread: line.unread,
        waiting: usize::try_from(state.unhandled).unwrap_or(usize::MAX),
        proposed: state.pending_proposal.is_some(),
        waits_for_me: line.waits_for_me,
        sealed_to_former_key: line.sealed_to_former_key,
    }
}
