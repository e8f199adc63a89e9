//! Cases as the member sees them. Reading a case verifies every event, frame, note and hash, and
//! reports every fault as an alert.
//!
//! - `read` fetches and verifies a case; `consistency_checks`, [`collection_check`], `grant_check`,
//!   `routing_check` and `program_check` compare it with its signed events and the directories.
//! - [`queue`] and [`cursor`] list cases; [`view`] and [`risk`] prepare one case for display.
//! - [`attachments`] and [`export`] write content to files.
//! - `mailbox` computes which replies the reporter can still see; [`related_report`] follows
//!   references to other reports.

pub mod attachments;
pub mod collection_check;
mod consistency_checks;
pub mod cursor;
pub mod export;
mod grant_check;
pub(crate) mod mailbox;
mod program_check;
pub mod queue;
pub(crate) mod read;
pub mod related_report;
pub mod risk;
mod routing_check;
pub mod view;
pub mod wish;

pub use program_check::ReportProgram;

use investigator::{CaseError, Note, OpenCase, Thread};
use protocol::{
    api::workbench::CaseDetail,
    case::{ActionKind, CaseState, event::Event},
    submission::report_body::ReportBody,
};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    alert::{AlertCode, IntegrityAlert},
    case::{collection_check::UnreadableCase, related_report::RelatedReportLink},
    private_files::FileError,
    session::{
        client::ClientError,
        profile::{PinnedCaseHead, PinnedTree},
    },
};

/// A case, opened and verified. Parts that failed verification are missing from it, and an alert
/// names each.
pub struct VerifiedCase {
    /// The case as the case handler returned it.
    pub file: CaseDetail,
    /// The keys of the case.
    pub open_case: OpenCase,
    /// Report, messages and replies.
    pub thread: Thread,
    /// Other reports that messages of the reporter refer to.
    pub related_reports: Vec<RelatedReportLink>,
    /// Notes of the team, oldest first.
    pub notes: Vec<TeamNote>,
    /// Events with valid signatures, oldest first.
    pub events: Vec<Event>,
    /// The state that follows from the signed events. `None` if the first event is invalid.
    pub state: Option<CaseState>,
    /// What the report says about the program that sealed it, if the directory lists programs.
    pub report_program: Option<ReportProgram>,
    /// Every fault that was found.
    pub alarms: Vec<IntegrityAlert>,
    /// A newer tree of the transparency log than the pinned one, which contains it.
    pub(crate) newer_tree: Option<PinnedTree>,
}

/// A note with its signer.
#[derive(Debug, Clone)]
pub struct TeamNote {
    /// Handle of the signer.
    pub by: String,
    /// Time of the event that names the note.
    pub at: OffsetDateTime,
    /// The action of which the note states the reason.
    pub reason_of: Option<ActionKind>,
    /// The note.
    pub note: Note,
}

/// Why a case cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum CaseReadError {
    /// The request to the case handler failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// None of the member's grants opens: they are forged, or sealed to another key.
    #[error("none of your grants for this case opens: {0}")]
    UnopenableGrants(CaseError),
    /// All of the member's grants are sealed to a former key of the member.
    #[error(
        "the case is sealed to your former key. Ask the lead of your desk to propose new keys with: burkindi former-readers --rotate. Then approve them with: burkindi former-readers --approve. Or ask the assignee: burkindi assign CASE --to {0}. If you are the lead, the administrator must first name another lead with: burkindi admin desk add"
    )]
    FormerKey(String),
    /// The report does not open, and is unchanged since its collection, as its first event proves.
    #[error(
        "the report of this case is unreadable ({}): its sender sent it so, or it was altered before the case handler recorded it. It was \
         not altered since. If a colleague cannot open it either, two members close it with: burkindi unreadable CASE",
        .0.reason
    )]
    Unreadable(Box<UnreadableCase>),
    /// The case handler returned another case than requested.
    #[error("the case handler returned a different case than requested")]
    WrongCase,
    /// The content was deleted, and the signed events prove it.
    #[error("the case was purged on {0}: its content is deleted, and only its events remain")]
    Purged(Date),
    /// The case handler reports a purge that the signed events do not prove.
    #[error(
        "the case handler reports that the case was purged, but the signed events do not confirm it"
    )]
    UnprovenPurge,
    /// The profile could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl VerifiedCase {
    /// Returns the id of the case.
    pub fn id(&self) -> Uuid {
        self.file.row.id
    }

    /// Returns the head to pin, with which later reads are compared. Returns `None` if an alert
    /// casts doubt on the head.
    pub(crate) fn head_to_pin(&self) -> Option<(Uuid, PinnedCaseHead)> {
        let has_alert = |code| self.alarms.iter().any(|alarm| alarm.code == code);
        let broken = [
            AlertCode::Rollback,
            AlertCode::RecipientChanged,
            AlertCode::ReporterChanged,
            AlertCode::Forged,
            AlertCode::BrokenCase,
            AlertCode::ForkedCase,
            AlertCode::WrongProof,
        ];
        if broken.into_iter().any(has_alert) { None } else { case_head(&self.file) }
    }

    /// Returns the report, if it is present and readable.
    pub fn report(&self) -> Option<ReportBody> {
        self.thread.report().map(|(_, report)| report)
    }
}

fn case_head(file: &CaseDetail) -> Option<(Uuid, PinnedCaseHead)> {
    let last = file.log.events.last()?;
    let events = u32::try_from(file.log.events.len()).unwrap_or(u32::MAX);
    Some((file.row.id, PinnedCaseHead { events, head: last.hash() }))
}
