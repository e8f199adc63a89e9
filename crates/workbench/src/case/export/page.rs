//! The page of an exported case. The same content gives the same bytes.

use askama::Template;
use investigator::NoteKind;
use protocol::{
    case::{CaseState, event::Event},
    submission::{
        facts_body::FactsBody,
        frame::{FrameDirection, FrameKind},
    },
};
use time::Date;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    content::CaseContent,
    manifest::{ManifestAlert, UnopenedPart},
};
use crate::{
    case::{
        TeamNote,
        view::{AddedFactsView, ReportView, added_facts_view, report_view, serde_word},
    },
    l10n::{
        Localizer,
        action_text::localized_title,
        dates,
        timeline::{TimelineEntry, build_timeline},
    },
};

/// Order of the notes on the page.
const NOTE_KIND_ORDER: [NoteKind; 5] =
    [NoteKind::Fact, NoteKind::Hypothesis, NoteKind::Task, NoteKind::Transcript, NoteKind::Reason];

/// Everything that the page depends on, besides its language.
pub(super) struct PageInput<'a> {
    pub(super) case: Uuid,
    /// The date of the export.
    pub(super) exported: Date,
    /// The handle of the exporting member.
    pub(super) by: &'a str,
    /// The state that follows from the events.
    pub(super) state: &'a CaseState,
    pub(super) events: &'a [Event],
    pub(super) content: &'a CaseContent,
    /// The sealed parts without an opening.
    pub(super) unopened: &'a [UnopenedPart],
    pub(super) alarms: &'a [ManifestAlert],
}

#[derive(Template)]
#[template(path = "export.html")]
struct ExportedCaseTemplate<'a> {
    localizer: &'a Localizer,
    id: Uuid,
    state: &'a CaseState,
    filed: String,
    made: String,
    report: Option<ReportView>,
    report_lang: &'a str,
    /// Path, size, and the claimed treatment of each file.
    files: Vec<(&'a str, String, String)>,
    messages: Vec<ExportedMessage>,
    notes: Vec<(String, Vec<(String, String)>)>,
    moves: Vec<TimelineEntry>,
    alarms: Vec<(String, String)>,
    /// What each unopened part is, and the time of its event.
    unopened: Vec<(String, String)>,
}

struct ExportedMessage {
    ours: bool,
    when: String,
    lang: String,
    /// Empty if the message is facts.
    text: String,
    facts: Option<AddedFactsView>,
}

/// Returns the bytes of the page.
pub(super) fn render_page(localizer: &Localizer, input: &PageInput<'_>) -> Zeroizing<Vec<u8>> {
    let content = input.content;
    let opened = content.report();
    let report_lang = opened.as_ref().map_or("", |(_, lang)| lang);
    let opened = opened.as_ref().map(|(report, _)| report);
    let (taxonomy, lang) = (&localizer.taxonomy, localizer.code());
    let reasons = (input.events, input.state.priority);
    let report = opened.map(|report| report_view(report, reasons, taxonomy, lang));
    let messages = content.messages().into_iter().map(|frame| {
        let facts = (frame.header.kind == FrameKind::Facts)
            .then(|| FactsBody::from_bytes(&frame.body).ok())
            .flatten()
            .map(|facts| added_facts_view(&facts, (opened, input.state.priority), taxonomy, lang));
        ExportedMessage {
            ours: frame.header.direction == FrameDirection::Out,
            when: dates::format_week(localizer.catalog(), &frame.header.week),
            lang: frame.header.lang.clone(),
            text: match facts {
                Some(_) => String::new(),
                None => String::from_utf8_lossy(&frame.body).into_owned(),
            },
            facts,
        }
    });
    let notes = NOTE_KIND_ORDER.map(|kind| {
        let of_kind = content.notes.iter().filter(|note| note.note.kind == kind);
        let entries = of_kind.map(|note| (note_heading(localizer, note), note.note.text.clone()));
        (serde_word(&kind), entries.collect::<Vec<_>>())
    });
    let alarms = input
        .alarms
        .iter()
        .map(|alarm| (localizer.t_variant("alarm", &serde_word(&alarm.code)), alarm.text.clone()));
    let unopened = input.unopened.iter().map(|part| {
        let event = input.events.iter().find(|event| event.seq == part.event);
        let when = event.map(|event| dates::format_time(localizer.catalog(), event.at));
        (localizer.t_variant("export-part", part.kind), when.unwrap_or_default())
    });
    let attached = content.files.iter().map(|file| {
        let treated = localizer.treatment_lines(file.treatment.as_ref()).join(" ");
        (file.name.as_str(), localizer.format_size(file.len), treated)
    });
    let exported = localizer.format_date(input.exported);
    let filed = input.events.first().map_or(input.exported, |first| first.at.date());
    let page = ExportedCaseTemplate {
        localizer,
        id: input.case,
        state: input.state,
        filed: localizer.format_date(filed),
        made: localizer.catalog().with("export-made", &[("day", &exported), ("by", input.by)]),
        report,
        report_lang,
        files: attached.collect(),
        messages: messages.collect(),
        notes: notes.into_iter().filter(|(_, notes)| !notes.is_empty()).collect(),
        moves: build_timeline(localizer, input.events),
        alarms: alarms.collect(),
        unopened: unopened.collect(),
    };
    Zeroizing::new(page.render().expect("writing to a String cannot fail").into_bytes())
}

/// Returns author, action and time of a note.
fn note_heading(localizer: &Localizer, note: &TeamNote) -> String {
    let reason_of = note.reason_of.map(|act| localized_title(localizer, act));
    let when = dates::format_time(localizer.catalog(), note.at);
    let heading: Vec<String> =
        [Some(note.by.clone()), reason_of, Some(when)].into_iter().flatten().collect();
    heading.join(", ")
}
