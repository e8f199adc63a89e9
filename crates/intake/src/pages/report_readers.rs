//! The readers of a report, by the same rule by which it is sealed.

use protocol::{
    directory::{Directory, ReportRecipients},
    submission::report_body::{
        EXCLUSION_QUESTION, OVERSIGHT_ALLOWED, OVERSIGHT_QUESTION, PREFERENCE_QUESTION, PREFERENCES,
    },
};
use taxonomy::Answer;

use super::{Pages, layout::PageLayout};
use crate::form::{ReportForm, ValidatedReport};

/// The readers of a report, as the page shows them.
pub(super) struct ReportReaders {
    /// The desk and the number of its readers; `None` if only the oversight body reads the report.
    pub(super) team: Option<(String, String)>,
    /// Whether a desk would read it without the exclusions of the reporter.
    pub(super) none_left: bool,
    /// The labels of the exclusions that exclude no member of the desk, or an empty text.
    pub(super) idle_exclusions: String,
    /// Whether the reporter refused that the oversight body reads the report.
    pub(super) oversight_refused: bool,
}

/// Returns the readers, or `None` if there is no valid directory. Reports cannot be sent then.
pub(super) fn resolve_readers(
    pages: &Pages,
    frame: &PageLayout<'_>,
    form: &ReportForm,
) -> Option<ReportReaders> {
    let current = pages.directory_cache.as_ref()?.current(pages.clock.today())?;
    let report = form.validate(&pages.taxonomy).ok()?;
    let directory = &current.directory;
    let idle =
        directory.exclusions_without_effect(&report.category, &report.audience, &report.excluded);
    let labels = idle.into_iter().map(|exclusion| exclusion_label(pages, frame, exclusion));
    let idle_exclusions = labels.collect::<Vec<_>>().join(" · ");
    let oversight_refused = refuses_oversight(&report);
    let recipients = |excluded: &[String]| {
        directory
            .recipients_for(&report.category, &report.audience, excluded)
            .preferring(preference(&report))
    };
    let selected = recipients(&report.excluded);
    if is_oversight_only(directory, &selected) {
        return Some(ReportReaders {
            team: None,
            idle_exclusions,
            none_left: !is_oversight_only(directory, &recipients(&[])),
            oversight_refused,
        });
    }
    let people = u32::try_from(selected.members.len()).unwrap_or(u32::MAX);
    let label =
        selected.desk.labels.get(frame.code()).or_else(|| selected.desk.labels.values().next());
    let label = label.unwrap_or(&selected.desk.id).clone();
    Some(ReportReaders {
        team: Some((label, frame.messages().count("readers-count", people))),
        idle_exclusions,
        none_left: false,
        oversight_refused,
    })
}

/// Returns the label of an exclusion in the language of the page.
fn exclusion_label<'a>(pages: &'a Pages, frame: &PageLayout<'_>, exclusion: &'a str) -> &'a str {
    let question = pages.taxonomy.question(EXCLUSION_QUESTION);
    let label = question.and_then(|question| pages.taxonomy.option_label(question, exclusion));
    label.map_or(exclusion, |label| label.get(frame.code()))
}

/// Returns whether the report refuses the oversight body, as [`ReportBody::refuses_oversight`]
/// does.
///
/// [`ReportBody::refuses_oversight`]: protocol::submission::report_body::ReportBody
fn refuses_oversight(report: &ValidatedReport) -> bool {
    let answer = report.answers.get(OVERSIGHT_QUESTION);
    answer.is_some_and(|answer| *answer != Answer::One(OVERSIGHT_ALLOWED.to_owned()))
}

/// Returns the unit that the reporter prefers, as [`ReportBody::preference`] does.
///
/// [`ReportBody::preference`]: protocol::submission::report_body::ReportBody::preference
fn preference(report: &ValidatedReport) -> Option<&'static str> {
    let answer = report.answers.get(PREFERENCE_QUESTION)?;
    PREFERENCES.into_iter().find(|unit| *answer == Answer::One((*unit).to_owned()))
}

fn is_oversight_only(directory: &Directory, recipients: &ReportRecipients<'_>) -> bool {
    recipients.desk.id == directory.oversight
}
