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
        ReportProgram,
        queue::ShownContent,
        view::{
            AddedFactsView, CaseView, FactView, MessageView, ReportView, RestrictedCaseView,
            TimelineEventView, serde_word,
        },
    },
    l10n::{action_text, event_text::describe_decision, treatment},
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
        page.heading("Allowed actions");
        if shown.allowed.is_empty() {
            page.line("None.");
        }
        for action in &shown.allowed {
            page.line(&command_hint(*action, &case, &shown.view.state));
        }
    })?;
    // The case is marked as seen only after it was printed.
    connection.mark_seen(&case, ShownContent::Everything)?;
    if has_alarm(&shown.view.alarms) { Err(VerificationFailed.into()) } else { Ok(()) }
}

/// A case, and the actions that this member may take.
#[derive(Debug, Serialize)]
struct ShowOutput {
    #[serde(flatten)]
    view: CaseView,
    allowed: Vec<ActionKind>,
}

/// Prints only what helps to detect a conflict of interest.
fn show_restricted(view: &RestrictedCaseView, screen: &mut CliOutput) -> anyhow::Result<()> {
    screen.print(view, |view, page| {
        page.heading(&format!("Case {}", view.id));
        page.pairs(&[
            ("desk", view.desk.clone()),
            ("priority", format!("{:?}", view.priority)),
            ("received", view.filed.to_string()),
            ("subject", view.category_label.clone().unwrap_or_else(|| "(unreadable)".to_owned())),
        ]);
        for fact in view.involved.iter().chain(&view.wishes) {
            page.dim(&fact.label);
            page.quote(&fact.labels.join(", "));
        }
        page.warn(
            "To see the rest, declare to have no conflict of interest: burkindi declare",
        );
        page.dim(
            "If you have one: burkindi recuse. To become the assignee, which also declares: burkindi claim",
        );
    })?;
    if has_alarm(&view.alarms) { Err(VerificationFailed.into()) } else { Ok(()) }
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
        ("priority", format!("{:?}", state.priority)),
        ("desk", state.desk.clone()),
        (
            "assignee",
            state.assignee.clone().unwrap_or_else(|| unassigned_text(state.stage).to_owned()),
        ),
        ("readers", view.holders.join(", ")),
        (
            "oversight body",
            state.released.map_or_else(
                || {
                    let refused = state.oversight_refused;
                    if refused { "refused by the reporter" } else { "grant withheld" }.to_owned()
                },
                |why| format!("released ({})", serde_word(&why)),
            ),
        ),
        ("unhandled messages", unhandled_text(state.unhandled)),
        ("received", view.filed.to_string()),
        (
            "sealed by",
            view.report_program
                .map_or("unknown: the directory lists no program", sealed_by)
                .to_owned(),
        ),
        (
            "next",
            view.next_deadline.map_or_else(
                || "no deadline".to_owned(),
                |next| {
                    format!(
                        "{} by {}, {}",
                        serde_word(&next.kind),
                        next.due,
                        days_until(next.due, today)
                    )
                },
            ),
        ),
    ]);
    if let Some(proposal) = &state.pending_proposal {
        page.warn(&format!(
            "{} proposes: {}. A second person approves: burkindi approve CASE {}, or declines: burkindi decline CASE",
            proposal.by,
            describe_decision(&proposal.decision),
            decision_args(&proposal.decision)
        ));
    }
    for challenge in &state.conflict_claims {
        page.warn(&format!(
            "{} claims that {} has a conflict of interest. The lead or the oversight body decides.",
            challenge.by, challenge.member
        ));
    }
    if state.legal_hold {
        page.warn("Under legal hold: it cannot be purged.");
    }
    match &view.report {
        None => page.warn("The report cannot be read. The alarms say why."),
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
        page.dim("How the files were treated is a claim of their sender. It cannot be checked.");
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
            let kind = note.reason_of.map_or_else(
                || serde_word(&note.kind),
                |act| format!("reason of: {}", action_text::title(act)),
            );
            page.dim(&format!("{} {}, {kind}", output::format_time(note.at), note.by));
            page.quote(&note.text);
        }
    }
    page.heading("What happened");
    let row = |e: &TimelineEventView| vec![event_time(e), e.actor.clone(), e.what.clone()];
    page.table(&[], &view.timeline.iter().map(row).collect::<Vec<_>>());
}

/// Returns what the report says about the program that sealed it.
fn sealed_by(program: ReportProgram) -> &'static str {
    match program {
        ReportProgram::Listed => {
            "a program of the directory, as the report states; an altered program can state the same"
        }
        ReportProgram::Unlisted => "a program that the directory does not list",
        ReportProgram::Unstated => "the server of the intake, or a program that states no manifest",
    }
}

fn unhandled_text(count: u32) -> String {
    if count == 0 { "none".to_owned() } else { count.to_string() }
}

fn unassigned_text(stage: Stage) -> &'static str {
    if stage.is_open() { "none yet: burkindi claim" } else { "none" }
}

/// Returns the time of an event. Events of the case handler have a date only, so that they do not
/// reveal when the reporter wrote.
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
    write_facts(&report.facts, page);
    page.heading("In the reporter's words");
    if terminal_text::is_blank(&report.story) {
        page.line("(empty)");
    } else {
        page.quote(&report.story);
    }
}

/// Writes questions and answers. Questions are too long for a column, so each one has its own line.
fn write_facts(facts: &[FactView], page: &mut TextBuilder) {
    for fact in facts {
        page.dim(&fact.label);
        page.quote(&fact.labels.join(", "));
    }
}

fn write_added_facts(added: &AddedFactsView, page: &mut TextBuilder) {
    page.line(&format!("Added facts, about: {}", added.category_label));
    if added.is_other_category {
        page.warn("The report has another category. The category of the case stays the same.");
    }
    if let Some(priority) = added.urgent_name() {
        page.warn(&format!(
            "A report with these answers has priority {priority}. The priority of the case stays the same until a member raises it."
        ));
    }
    write_facts(&added.facts, page);
}

fn write_message(message: &MessageView, seen: Option<u32>, page: &mut TextBuilder) {
    let seen = seen.is_some_and(|seen| seen >= message.seq);
    let from = match message.direction {
        FrameDirection::In => "from the reporter",
        FrameDirection::Out if seen => "to the reporter, seen",
        FrameDirection::Out if message.dropped => {
            "to the reporter, NEVER SEEN, and removed from the mailbox"
        }
        FrameDirection::Out => "to the reporter, not known to be seen",
    };
    // The program's own text comes first, because the sender chose week and language.
    page.dim(&format!(
        "{from}  {} ({})",
        terminal_text::display_code(&message.week),
        terminal_text::display_code(&message.lang)
    ));
    match &message.facts {
        None => page.quote(&message.text),
        Some(added) => write_added_facts(added, page),
    }
    match message.related.map(|named| named.case) {
        Some(Some(case)) => {
            page.warn(&format!(
                "About the same matter as case {case}, by the same person (proven)."
            ));
        }
        Some(None) => {
            page.warn(
                "About the same matter as another report of this person, which you cannot read.",
            );
        }
        None => {}
    }
}
