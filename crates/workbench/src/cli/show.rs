//! `burkindi show`: one case, facts first.

use envelope::{
    event::HANDLER,
    frame::Direction,
    life::{Act, Stage},
};
use serde::Serialize;
use taxonomy::Taxonomy;
use workbench::{
    alarm::any_alarm,
    queue::Showing,
    site::treatment,
    text,
    view::{CaseView, FaceView, MessageView, ReportView, TimelineView, word},
    words::decided,
};

use super::{
    CaseArg, Context, Screen,
    commands::command,
    decide::arguments,
    exit::Alarmed,
    queue::days,
    screen::{self, Page, size},
};

pub(crate) async fn run(arg: &CaseArg, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    let (mut connection, case) = context.open_case(&arg.case, screen).await?;
    let view = CaseView::new(&case, &Taxonomy::built_in(), context.labels());
    let allowed = connection.allowed(&case);
    if connection.check_declared(&case).is_err() {
        return show_face(&FaceView::of(view), screen);
    }
    let today = context.now.date();
    let shown = Shown { view, allowed };
    screen.show(&shown, |shown, page| {
        lay(&shown.view, page, today);
        let case = screen::short(&shown.view.id.to_string()).to_owned();
        page.heading("What you may do now");
        if shown.allowed.is_empty() {
            page.line("Nothing.");
        }
        for act in &shown.allowed {
            page.line(&command(*act, &case, &shown.view.state));
        }
    })?;
    // What did not reach the screen is not remembered as shown.
    connection.mark_looked_at(&case, Showing::Everything)?;
    if any_alarm(&shown.view.alarms) { Err(Alarmed.into()) } else { Ok(()) }
}

/// A case, and what this person can do with it.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    view: CaseView,
    allowed: Vec<Act>,
}

/// What tells whether one has a conflict of interest, and nothing more.
fn show_face(face: &FaceView, screen: &mut Screen) -> anyhow::Result<()> {
    screen.show(face, |face, page| {
        page.heading(&format!("Case {}", face.id));
        page.pairs(&[
            ("desk", face.desk.clone()),
            ("urgency", format!("{:?}", face.urgency)),
            ("filed", face.filed.to_string()),
            ("about", face.category_label.clone().unwrap_or_else(|| "(unreadable)".to_owned())),
        ]);
        for fact in face.involved.iter().chain(&face.wishes) {
            page.dim(&fact.label);
            page.quote(&fact.labels.join(", "));
        }
        page.warn(
            "The rest is shown once you have declared to have no conflict of interest: burkindi declare",
        );
        page.dim(
            "If you have one: burkindi recuse. To take the case, which declares the same: burkindi claim",
        );
    })?;
    if any_alarm(&face.alarms) { Err(Alarmed.into()) } else { Ok(()) }
}

fn lay(view: &CaseView, page: &mut Page, today: time::Date) {
    let state = &view.state;
    page.heading(&format!("Case {}", view.id));
    page.pairs(&[
        (
            "stage",
            state.disposition.map_or_else(
                || state.stage.as_str().to_owned(),
                |disposition| format!("{}, {}", state.stage.as_str(), word(&disposition)),
            ),
        ),
        ("urgency", format!("{:?}", state.urgency)),
        ("desk", state.desk.clone()),
        ("who has it", state.assignee.clone().unwrap_or_else(|| nobody(state.stage).to_owned())),
        ("who can read it", view.holders.join(", ")),
        (
            "oversight body",
            state
                .released
                .map_or_else(|| "grant locked".to_owned(), |why| format!("released ({})", word(&why))),
        ),
        ("not dealt with yet", unread(state.unread)),
        ("filed", view.filed.to_string()),
        (
            "next",
            view.next_deadline.map_or_else(
                || "no deadline runs".to_owned(),
                |next| format!("{} by {}, {}", word(&next.clock), next.due, days(next.due, today)),
            ),
        ),
    ]);
    if let Some(proposal) = &state.proposed {
        page.warn(&format!(
            "{} proposes {}; another person approves: burkindi approve CASE {}, or declines: burkindi decline CASE",
            proposal.by,
            decided(&proposal.decision),
            arguments(&proposal.decision)
        ));
    }
    for challenge in &state.challenged {
        page.warn(&format!(
            "{} says that {} has a conflict of interest; the lead or the outside body judges.",
            challenge.by, challenge.who
        ));
    }
    if state.held {
        page.warn("A legal hold is on it: nothing is purged.");
    }
    match &view.report {
        None => page.warn("The report cannot be read; see the alarms."),
        Some(report) => lay_report(report, page),
    }
    if !view.attachments.is_empty() {
        page.heading("Attached files");
        let treated = treatment::in_english(view.attachments.iter().map(|file| file.treatment.as_ref()));
        for (file, treated) in view.attachments.iter().zip(treated) {
            let (name, kind) = (text::name(&file.name), text::name(&file.media_type));
            page.quote(&format!("{name}  ({kind}, {}, message {})", size(file.len), file.message));
            page.dim(&treated);
        }
        page.dim("The senders of the files say what was done to them: nobody can check it from here.");
        page.dim("Save them with: burkindi save. Open them only on a machine without a network.");
    }
    if !view.messages.is_empty() {
        page.heading("Messages");
        view.messages.iter().for_each(|message| lay_message(message, view.seen_by_reporter, page));
    }
    if !view.notes.is_empty() {
        page.heading("Notes for the team");
        for note in &view.notes {
            page.dim(&format!("{} {}, {}", screen::when(note.at), note.by, word(&note.kind)));
            page.quote(&note.text);
        }
    }
    page.heading("What happened");
    let row = |e: &TimelineView| vec![when(e), e.actor.clone(), e.what.clone()];
    page.table(&[], &view.timeline.iter().map(row).collect::<Vec<_>>());
}

fn unread(count: u32) -> String {
    if count == 0 { "nothing".to_owned() } else { format!("{count} of what the reporter sent") }
}

fn nobody(stage: Stage) -> &'static str {
    if stage.is_open() { "nobody yet: burkindi claim" } else { "nobody" }
}

/// The case handler gives days only, so that none tells when a reporter wrote.
fn when(event: &TimelineView) -> String {
    if event.actor == HANDLER { event.at.date().to_string() } else { screen::when(event.at) }
}

fn lay_report(report: &ReportView, page: &mut Page) {
    page.heading(&format!("{} ({})", report.category_label, text::code(&report.category)));
    page.pairs(&[
        ("reported by", text::code(&report.audience)),
        ("Arusha factors", report.factors.join(", ")),
    ]);
    if !report.excluded.is_empty() {
        let excluded: Vec<String> = report.excluded.iter().map(|unit| text::code(unit)).collect();
        page.warn(&format!("must not reach: {}", excluded.join(", ")));
    }
    // Questions are too long for a column.
    for fact in &report.facts {
        page.dim(&fact.label);
        page.quote(&fact.labels.join(", "));
    }
    page.heading("In the reporter's words");
    if text::is_blank(&report.story) {
        page.line("(nothing)");
    } else {
        page.quote(&report.story);
    }
}

fn lay_message(message: &MessageView, seen: Option<u32>, page: &mut Page) {
    let seen = seen.is_some_and(|seen| seen >= message.seq);
    let from = match message.direction {
        Direction::In => "from the reporter",
        Direction::Out if seen => "to the reporter, seen",
        Direction::Out if message.dropped => "to the reporter, NEVER SEEN, and no longer in the mailbox",
        Direction::Out => "to the reporter, not seen yet as far as is known",
    };
    // Words of the program first: week and language are the sender's.
    page.dim(&format!("{from}  {} ({})", text::code(&message.week), text::code(&message.lang)));
    page.quote(&message.text);
    match message.earlier.map(|named| named.case) {
        Some(Some(case)) => {
            page.warn(&format!("About the same as case {case}, by the same person (proven)."));
        }
        Some(None) => {
            page.warn("About the same as another report of this person, which is not yours to read.");
        }
        None => {}
    }
}
