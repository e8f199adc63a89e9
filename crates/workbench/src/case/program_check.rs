//! Compares the program that a frame of the reporter names with the programs of the directory. An
//! altered program can name any hash, so a listed program proves nothing, and an unlisted one is a
//! notice and no alarm.

use investigator::{Thread, VerifiedFrame};
use protocol::submission::frame::FrameKind;
use serde::Serialize;

use super::routing_check::name_of;
use crate::{
    alert::{AlertCode, IntegrityAlert},
    session::directory_history::DirectoryHistory,
};

/// What the frame of the report says about the program that sealed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportProgram {
    /// It names a program of the directory.
    Listed,
    /// It names another program.
    Unlisted,
    /// It names none: the server of the intake sealed it for a browser without scripts, or its
    /// program does not know the manifest.
    Unstated,
}

impl ReportProgram {
    /// Returns the word of the JSON, which is also the end of the key of its text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Unlisted => "unlisted",
            Self::Unstated => "unstated",
        }
    }
}

/// Returns what the report says about its program. Returns `None` if its directory lists none, or
/// if there is no report.
pub(super) fn report_program(
    thread: &Thread,
    directories: &DirectoryHistory,
) -> Option<ReportProgram> {
    let report = thread.incoming.iter().find(|frame| frame.header.kind == FrameKind::Report)?;
    classify(report, directories)
}

/// Returns a notice for each message that names a program which neither its own directory nor the
/// newest one lists.
pub(super) fn check_programs(
    thread: &Thread,
    directories: &DirectoryHistory,
) -> Vec<IntegrityAlert> {
    let unlisted = thread
        .incoming
        .iter()
        .filter(|frame| classify(frame, directories) == Some(ReportProgram::Unlisted));
    unlisted
        .map(|frame| {
            let text = format!(
                "{} names a program that the directory does not list: parts of the form were swapped, or another version sealed it. An altered program can also name a listed one, so only this notice means something, not its absence; inform the administrator",
                name_of(frame)
            );
            IntegrityAlert::notice(AlertCode::ProgramUnlisted, text)
        })
        .collect()
}

/// Compares the program of a frame with those of its own directory and of the newest one. Returns
/// `None` if its own directory lists none. A frame of an unknown directory has a notice of its own.
fn classify(frame: &VerifiedFrame, directories: &DirectoryHistory) -> Option<ReportProgram> {
    let newest = directories.latest().0;
    let routing = frame.header.routing.as_ref()?;
    let own = directories.with_hash(routing.directory).unwrap_or(newest);
    if own.programs.is_empty() {
        return None;
    }
    Some(match &frame.header.program {
        None => ReportProgram::Unstated,
        Some(program) if own.programs.contains(program) || newest.programs.contains(program) => {
            ReportProgram::Listed
        }
        Some(_) => ReportProgram::Unlisted,
    })
}
