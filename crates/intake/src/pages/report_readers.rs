//! The readers of a report, by the same rule by which it is sealed.

use protocol::{
    directory::{Directory, ReportRecipients},
    submission::report_body::{
        OVERSIGHT_ALLOWED, OVERSIGHT_QUESTION, PREFERENCE_QUESTION, PREFERENCES,
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
        none_left: false,
        oversight_refused,
    })
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
