//! What an export is made from: a case that opened, or one whose report is unreadable.

use investigator::{CaseError, PartKey};
use protocol::{
    Hash,
    api::workbench::CaseDetail,
    case::{CaseState, event::Event},
};
use uuid::Uuid;

use crate::{
    alert::IntegrityAlert,
    case::{VerifiedCase, collection_check::UnreadableCase},
};

/// The case that is exported.
#[derive(Clone, Copy)]
pub enum ExportSource<'a> {
    /// A case that opened.
    Readable(&'a VerifiedCase),
    /// A case whose report does not open. The export contains its events and opens no part.
    Unreadable(&'a UnreadableCase),
}

impl<'a> From<&'a VerifiedCase> for ExportSource<'a> {
    fn from(case: &'a VerifiedCase) -> Self {
        Self::Readable(case)
    }
}

impl<'a> ExportSource<'a> {
    pub(super) fn file(self) -> &'a CaseDetail {
        match self {
            Self::Readable(case) => &case.file,
            Self::Unreadable(case) => &case.file,
        }
    }

    pub(super) fn id(self) -> Uuid {
        self.file().row.id
    }

    pub(super) fn events(self) -> &'a [Event] {
        match self {
            Self::Readable(case) => &case.events,
            Self::Unreadable(case) => &case.events,
        }
    }

    /// Returns the state that follows from the events, or what the case handler reports if the
    /// first event is invalid.
    pub(super) fn state(self) -> &'a CaseState {
        match self {
            Self::Readable(case) => case.state.as_ref().unwrap_or(&case.file.row.state),
            Self::Unreadable(case) => &case.state,
        }
    }

    pub(super) fn alarms(self) -> &'a [IntegrityAlert] {
        match self {
            Self::Readable(case) => &case.alarms,
            Self::Unreadable(_) => &[],
        }
    }

    /// Returns the number of the newest event that has a leaf in the transparency log, and its
    /// proof.
    pub(super) fn log_proof(self) -> Option<(u32, &'a str)> {
        self.file().log.proof.as_ref().map(|proof| (proof.seq, &*proof.proof))
    }

    /// Returns the hashes of the frames that the case shows.
    pub(super) fn shown_frames(self) -> impl Iterator<Item = Hash> {
        let thread = match self {
            Self::Readable(case) => Some(&case.thread),
            Self::Unreadable(_) => None,
        };
        let frames =
            thread.into_iter().flat_map(|thread| thread.incoming.iter().chain(&thread.outgoing));
        frames.map(|frame| frame.reference.hash)
    }

    /// Returns the key that opens a part, or `None` if the case opens no part.
    pub(super) fn part_key(
        self,
        sealed: &[u8],
        generation: u32,
    ) -> Option<Result<PartKey, CaseError>> {
        match self {
            Self::Readable(case) => Some(case.open_case.part_key(sealed, generation)),
            Self::Unreadable(_) => None,
        }
    }
}
