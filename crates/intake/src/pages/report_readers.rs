//! Who will read a report, by the same rule by which it is sealed.

use protocol::directory::{Directory, ReportRecipients};

use super::{Pages, layout::PageLayout};
use crate::form::ReportForm;

/// Who will read the report, in words.
pub(super) struct ReportReaders {
    /// The desk and how many people of it; `None` when it goes to the oversight body alone.
    pub(super) team: Option<(String, String)>,
    /// Would a desk have it if the reporter had excluded nobody?
    pub(super) none_left: bool,
}

/// Returns nothing while no directory is in force: then nothing can be sent either.
pub(super) fn resolve_readers(
    pages: &Pages,
    frame: &PageLayout<'_>,
    form: &ReportForm,
) -> Option<ReportReaders> {
    let in_force = pages.directory_cache.as_ref()?.current(pages.clock.today())?;
    let report = form.validate(&pages.taxonomy).ok()?;
    let directory = &in_force.directory;
    let chosen = |excluded: &[String]| {
        directory.recipients_for(&report.category, &report.audience, excluded)
    };
    let addressees = chosen(&report.excluded);
    if is_oversight_only(directory, &addressees) {
        return Some(ReportReaders {
            team: None,
            none_left: !is_oversight_only(directory, &chosen(&[])),
        });
    }
    let people = u32::try_from(addressees.members.len()).unwrap_or(u32::MAX);
    let label =
        addressees.desk.labels.get(frame.code()).or_else(|| addressees.desk.labels.values().next());
    let label = label.unwrap_or(&addressees.desk.id).clone();
    Some(ReportReaders {
        team: Some((label, frame.messages().count("readers-count", people))),
        none_left: false,
    })
}

fn is_oversight_only(directory: &Directory, addressees: &ReportRecipients<'_>) -> bool {
    addressees.desk.id == directory.oversight
}
