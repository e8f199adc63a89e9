//! The proof in an export that the events of the case are in the transparency log.

use protocol::{case::event::SignedEvent, directory::Directory};
use serde::Serialize;
use time::{Date, OffsetDateTime};
use transparency_log::{
    policy::LogPolicy,
    proof::{LogProof, ProofTextError},
};

use crate::l10n::Localizer;

/// What the proof of an export shows: at the time of its checkpoint, the log contained the events
/// up to one of them. It does not show that there was no later event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedEvents {
    /// The sequence number of the newest event that the proof covers.
    pub newest: u32,
    /// The number of leaves of the log.
    pub log_size: u64,
    /// The date since which as many cosigners as the directory requires have countersigned the log.
    #[serde(with = "protocol::encoding::iso_date::option")]
    pub countersigned: Option<Date>,
    /// The number of members of the oversight body who have cosigned.
    pub oversight: usize,
    /// The number of outside witnesses that have cosigned.
    pub witnesses: usize,
}

impl LoggedEvents {
    /// Returns what the proof shows, in one sentence for readers.
    pub(super) fn statement(&self, localizer: &Localizer) -> String {
        let event = self.newest.to_string();
        let Some(countersigned) = self.countersigned else {
            return localizer.with("export-logged-alone", "event", event);
        };
        let day = localizer.format_date(countersigned);
        let (oversight, witnesses) = (self.oversight.to_string(), self.witnesses.to_string());
        let values = [
            ("event", &*event),
            ("day", &day),
            ("oversight", &oversight),
            ("witnesses", &witnesses),
        ];
        localizer.catalog().with("export-logged", &values)
    }
}

/// Returns the path of the proof of an event in the folder.
pub(super) fn proof_name(event: u32) -> String {
    format!("event-{event:04}.tlog-proof")
}

/// Verifies a proof with the log key, the cosigners and the quorum of the directory. The proof of
/// one event covers the earlier ones, because each event contains the hash of the one before it.
///
/// # Errors
/// States what is wrong.
pub(super) fn verify_log_proof(
    text: &[u8],
    newest: u32,
    events: &[SignedEvent],
    directory: &Directory,
) -> Result<LoggedEvents, String> {
    let place = usize::try_from(newest).map_err(|error| error.to_string())?;
    let event = events.get(place).ok_or("is of an event that is not in the export")?;
    let text = std::str::from_utf8(text).map_err(|_| "is not UTF-8")?;
    let proof: LogProof = text.parse().map_err(|error: ProofTextError| error.to_string())?;
    let policy = LogPolicy::of_directory(directory).map_err(|error| error.to_string())?;
    let evidence = policy.verify_proof(&proof, &event.hash()).map_err(|error| error.to_string())?;
    let date = |seconds| {
        let seconds = i64::try_from(seconds).ok()?;
        Some(OffsetDateTime::from_unix_timestamp(seconds).ok()?.date())
    };
    Ok(LoggedEvents {
        newest,
        log_size: evidence.size,
        countersigned: evidence.countersigned.and_then(date),
        oversight: evidence.oversight.len(),
        witnesses: evidence.witnesses.len(),
    })
}
