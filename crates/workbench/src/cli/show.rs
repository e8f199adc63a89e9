//! `burkindi show`: one case, facts first.

use protocol::{
    case::{ActionKind, Stage, event::HANDLER_ACTOR},
    submission::frame::FrameDirection,
};
use serde::Serialize;
use taxonomy::Taxonomy;
use workbench::{
    alert::has_alarm,
    case::{
        queue::ShownContent,
        view::{
            CaseView, MessageView, ReportView, RestrictedCaseView, TimelineEventView, serde_word,
        },
    },
    l10n::{event_text::describe_decision, treatment},
    terminal_text,
};

use super::{
    CaseArg, CliOutput, CommandContext,
    command_help::command_hint,
    exit_code::VerificationFailed,
    output::{self, TextBuilder, format_size},
    proposals::decision_args,
    queue::days_until,
};

pub(crate) async fn run(
    arg: &CaseArg,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let (mut connection, case) = context.open_case(&arg.case, screen).await?;
    let view = CaseView::new(&case, &Taxonomy::built_in(), context.label_lang());
    let allowed = connection.allowed_actions(&case);
    if connection.check_declared(&case).is_err() {
        return show_restricted(&RestrictedCaseView::from_case_view(view), screen);
    }
    let today = context.now.date();
    let shown = ShowOutput { view, allowed };
    screen.print(&shown, |shown, page| {
        write_case(&shown.view, page, today);
        let case = output::short_id(&shown.view.id.to_string()).to_owned();
        page.heading("What you may do now");
        if shown.allowed.is_empty() {
            page.line("Nothing.");
        }
        for act in &shown.allowed {
            page.line(&command_hint(*act, &case, &shown.view.state));
        }
    })?;
    // What did not reach the screen is not remembered as shown.
    connection.mark_seen(&case, ShownContent::Everything)?;
    if has_alarm(&shown.view.alarms) { Err(VerificationFailed.into()) } else { Ok(()) }
}

/// A case, and what this person can do with it.
#[derive(Debug, Serialize)]
struct ShowOutput {
    #[serde(flatten)]
    view: CaseView,
    allowed: Vec<ActionKind>,
}

/// What tells whether one has a conflict of interest, and nothing more.
fn show_restricted(face: &RestrictedCaseView, screen: &mut CliOutput) -> anyhow::Result<()> {
    screen.print(face, |face, page| {
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
    if has_alarm(&face.alarms) { Err(VerificationFailed.into()) } else { Ok(()) }
}

fn write_case(view: &CaseView, page: &mut TextBuilder, today: time::Date) {
    let state = &view.state;
    page.heading(&format!("Case {}", view.id));
    page.pairs(&[
        (
            "stage",
            state.disposition.map_or_else(
                || state.stage.as_str().to_owned(),
                |disposition| format!("{}, {}", state.stage.as_str(), serde_word(&disposition)),
            ),
        ),
        ("urgency", format!("{:?}", state.urgency)),
        ("desk", state.desk.clone()),
        (
            "who has it",
            state.assignee.clone().unwrap_or_else(|| unassigned_text(state.stage).to_owned()),
        ),
        ("who can read it", view.holders.join(", ")),
        (
            "oversight body",
            state.released.map_or_else(
                || "grant locked".to_owned(),
                |why| format!("released ({})", serde_word(&why)),
            ),
        ),
        ("not dealt with yet", unhandled_text(state.unhandled)),
        ("filed", view.filed.to_string()),
        (
            "next",
            view.next_deadline.map_or_else(
                || "no deadline runs".to_owned(),
                |next| {
                    format!(
                        "{} by {}, {}",
                        serde_word(&next.clock),
                        next.due,
                        days_until(next.due, today)
                    )
                },
            ),
        ),
    ]);
    if let Some(proposal) = &state.pending_proposal {
        page.warn(&format!(
            "{} proposes {}; another person approves: burkindi approve CASE {}, or declines: burkindi decline CASE",
            proposal.by,
            describe_decision(&proposal.decision),
            decision_args(&proposal.decision)
        ));
    }
    for challenge in &state.conflict_claims {
        page.warn(&format!(
            "{} says that {} has a conflict of interest; the lead or the outside body judges.",
            challenge.by, challenge.member
        ));
    }
    if state.legal_hold {
        page.warn("A legal hold is on it: nothing is purged.");
    }
    match &view.report {
        None => page.warn("The report cannot be read; see the alarms."),
        Some(report) => write_report(report, page),
    }
    if !view.attachments.is_empty() {
        page.heading("Attached files");
        let treated = treatment::english_treatment_lines(
            view.attachments.iter().map(|file| file.treatment.as_ref()),
        );
        for (file, treated) in view.attachments.iter().zip(treated) {
            let (name, kind) = (
                terminal_text::display_name(&file.name),
                terminal_text::display_name(&file.media_type),
            );
            page.quote(&format!(
                "{name}  ({kind}, {}, message {})",
                format_size(file.len),
                file.message
            ));
            page.dim(&treated);
        }
        page.dim(
            "The senders of the files say what was done to them: nobody can check it from here.",
        );
        page.dim("Save them with: burkindi save. Open them only on a machine without a network.");
    }
    if !view.messages.is_empty() {
        page.heading("Messages");
        view.messages
            .iter()
            .for_each(|message| write_message(message, view.seen_by_reporter, page));
    }
    if !view.notes.is_empty() {
        page.heading("Notes for the team");
        for note in &view.notes {
            page.dim(&format!(
                "{} {}, {}",
                output::format_time(note.at),
                note.by,
                serde_word(&note.kind)
            ));
            page.quote(&note.text);
        }
    }
    page.heading("What happened");
    let row = |e: &TimelineEventView| vec![event_time(e), e.actor.clone(), e.what.clone()];
    page.table(&[], &view.timeline.iter().map(row).collect::<Vec<_>>());
}

fn unhandled_text(count: u32) -> String {
    if count == 0 { "nothing".to_owned() } else { format!("{count} of what the reporter sent") }
}

fn unassigned_text(stage: Stage) -> &'static str {
    if stage.is_open() { "nobody yet: burkindi claim" } else { "nobody" }
}

/// The case handler gives days only, so that none tells when a reporter wrote.
fn event_time(event: &TimelineEventView) -> String {
    if event.actor == HANDLER_ACTOR {
        event.at.date().to_string()
    } else {
        output::format_time(event.at)
    }
}

fn write_report(report: &ReportView, page: &mut TextBuilder) {
    page.heading(&format!(
        "{} ({})",
        report.category_label,
        terminal_text::display_code(&report.category)
    ));
    page.pairs(&[
        ("reported by", terminal_text::display_code(&report.audience)),
        ("Arusha factors", report.factors.join(", ")),
    ]);
    if !report.excluded.is_empty() {
        let excluded: Vec<String> =
            report.excluded.iter().map(|unit| terminal_text::display_code(unit)).collect();
        page.warn(&format!("must not reach: {}", excluded.join(", ")));
    }
    // Questions are too long for a column.
    for fact in &report.facts {
        page.dim(&fact.label);
        page.quote(&fact.labels.join(", "));
    }
    page.heading("In the reporter's words");
    if terminal_text::is_blank(&report.story) {
        page.line("(nothing)");
    } else {
        page.quote(&report.story);
    }
}

fn write_message(message: &MessageView, seen: Option<u32>, page: &mut TextBuilder) {
    let seen = seen.is_some_and(|seen| seen >= message.seq);
    let from = match message.direction {
        FrameDirection::In => "from the reporter",
        FrameDirection::Out if seen => "to the reporter, seen",
        FrameDirection::Out if message.dropped => {
            "to the reporter, NEVER SEEN, and no longer in the mailbox"
        }
        FrameDirection::Out => "to the reporter, not seen yet as far as is known",
    };
    // Words of the program first: week and language are the sender's.
    page.dim(&format!(
        "{from}  {} ({})",
        terminal_text::display_code(&message.week),
        terminal_text::display_code(&message.lang)
    ));
    page.quote(&message.text);
    match message.earlier.map(|named| named.case) {
        Some(Some(case)) => {
            page.warn(&format!("About the same as case {case}, by the same person (proven)."));
        }
        Some(None) => {
            page.warn(
                "About the same as another report of this person, which is not yours to read.",
            );
        }
        None => {}
    }
}
