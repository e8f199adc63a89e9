//! Who will read a report, by the same rule by which it is sealed.

use envelope::directory::{Addressees, Directory};

use super::{Pages, layout::Frame};
use crate::form::ReportForm;

/// Who will read the report, in words.
pub(super) struct Readers {
    /// The desk and how many people of it; `None` when it goes to the oversight body alone.
    pub(super) team: Option<(String, String)>,
    /// Would a desk have it if the reporter had excluded nobody?
    pub(super) none_left: bool,
}

/// Returns nothing while no directory is in force: then nothing can be sent either.
pub(super) fn of(pages: &Pages, frame: &Frame<'_>, form: &ReportForm) -> Option<Readers> {
    let in_force = pages.directories.as_ref()?.in_force(pages.clock.today())?;
    let report = form.to_report(&pages.taxonomy).ok()?;
    let directory = &in_force.directory;
    let chosen = |excluded: &[String]| directory.addressees(&report.category, &report.audience, excluded);
    let addressees = chosen(&report.excluded);
    if is_oversight(directory, &addressees) {
        return Some(Readers { team: None, none_left: !is_oversight(directory, &chosen(&[])) });
    }
    let people = u32::try_from(addressees.members.len()).unwrap_or(u32::MAX);
    let label = addressees.desk.labels.get(frame.code()).or_else(|| addressees.desk.labels.values().next());
    let label = label.unwrap_or(&addressees.desk.id).clone();
    Some(Readers { team: Some((label, frame.words().count("readers-count", people))), none_left: false })
}

fn is_oversight(directory: &Directory, addressees: &Addressees<'_>) -> bool {
    addressees.desk.id == directory.oversight
}
