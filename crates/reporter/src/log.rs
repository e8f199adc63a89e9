//! Whether the log contains the reporter's submissions, by the log record of the mailbox.

use protocol::{
    Hash,
    case::event::{Action, Event, HANDLER_ACTOR},
    directory::Directory,
    keys::PublicKey,
    submission::reply_capsule::ReplyCapsule,
};
use time::{Date, OffsetDateTime};
use transparency_log::{
    checkpoint::SignedCheckpoint,
    leaf::LeafSalt,
    mailbox_record::{MailboxLogRecord, RecordedEvent, RecordedLeaf},
    merkle::verify_inclusion,
    policy::{LogEvidence, LogPolicy},
};

/// What the log shows about one submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStatus {
    /// The log contains it, and the oversight body has countersigned the tree that contains it.
    Countersigned {
        /// The date (UTC) on which the last cosigner of the quorum countersigned, as that cosigner
        /// states it.
        date: Date,
    },
    /// The log contains it. The oversight body has not countersigned that tree yet.
    Logged,
    /// The case handler has signed that it recorded the submission. The proof that the log contains
    /// it follows.
    Waiting,
    /// The mailbox does not show that the case handler recorded this submission.
    Missing,
    /// The mailbox contains a proof that is not valid.
    Wrong,
}

/// What the log shows about the reporter's submissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogView {
    /// The report.
    pub report: LogStatus,
    /// The newest message. `None` if the reporter has sent the report only.
    pub newest_message: Option<LogStatus>,
}

/// Returns what the log record of a mailbox shows. `record` is `None` if the mailbox has none. The
/// result is `None` if the directory defines no signers of the log.
///
/// The caller has verified `directory`, and the signature of `capsule`.
pub fn verify_log_record(
    record: Option<&[u8]>,
    capsule: &ReplyCapsule,
    directory: &Directory,
) -> Option<LogView> {
    let policy = LogPolicy::of_directory(directory).ok()?;
    let message = (capsule.sent.seq > 0).then_some(capsule.sent_digest);
    let both = |status| LogView { report: status, newest_message: message.map(|_| status) };
    let Some(record) = record else { return Some(both(LogStatus::Missing)) };
    let Ok(record) = MailboxLogRecord::from_bytes(record) else {
        return Some(both(LogStatus::Wrong));
    };
    let evidence = match &record.checkpoint {
        None => None,
        Some(text) => match verified_evidence(text, &policy) {
            Some(evidence) => Some(evidence),
            None => return Some(both(LogStatus::Wrong)),
        },
    };
    let reader = LogRecordReader { record: &record, evidence, handler: &directory.handler_key };
    Some(LogView {
        report: reader.status(capsule, RecordedSubmission::Report, &capsule.report),
        newest_message: message
            .map(|digest| reader.status(capsule, RecordedSubmission::FollowUp, &digest)),
    })
}

fn verified_evidence(text: &str, policy: &LogPolicy) -> Option<LogEvidence> {
    policy.verify_checkpoint(&SignedCheckpoint::parse(text).ok()?).ok()
}

/// The kind of submission that an event records.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RecordedSubmission {
    Report,
    FollowUp,
}

struct LogRecordReader<'a> {
    record: &'a MailboxLogRecord,
    /// What the checkpoint shows. `None` if the record has no checkpoint.
    evidence: Option<LogEvidence>,
    handler: &'a PublicKey,
}

impl LogRecordReader<'_> {
    /// Returns the status of a submission with this digest.
    fn status(&self, capsule: &ReplyCapsule, kind: RecordedSubmission, digest: &Hash) -> LogStatus {
        let is_recorded_in = |recorded: &&RecordedEvent| {
            recorded.event.decode_unverified().is_ok_and(|event| {
                event.case == capsule.case && recorded_digest(&event, kind) == Some(*digest)
            })
        };
        let Some(recorded) = self.record.events.iter().find(is_recorded_in) else {
            return LogStatus::Missing;
        };
        match &recorded.leaf {
            Some(leaf) => self.leaf_status(leaf, &recorded.event.hash()),
            // Without a leaf, the signature is the only statement of the case handler.
            None if recorded.event.verify(self.handler).is_ok() => LogStatus::Waiting,
            None => LogStatus::Wrong,
        }
    }

    fn leaf_status(&self, leaf: &RecordedLeaf, event: &Hash) -> LogStatus {
        let Some(evidence) = &self.evidence else { return LogStatus::Wrong };
        let hash = LeafSalt::from_bytes(leaf.salt.0).leaf_of(event);
        let (size, root) = (evidence.size, &evidence.root);
        if verify_inclusion(leaf.index, hash, size, root, &leaf.path).is_err() {
            return LogStatus::Wrong;
        }
        match evidence.countersigned.map(date_of) {
            None => LogStatus::Logged,
            Some(Some(date)) => LogStatus::Countersigned { date },
            Some(None) => LogStatus::Wrong,
        }
    }
}

/// Returns the submission digest that an event of the case handler records.
fn recorded_digest(event: &Event, kind: RecordedSubmission) -> Option<Hash> {
    if event.actor != HANDLER_ACTOR {
        return None;
    }
    match (&event.action, kind) {
        (Action::Received { commitment, .. }, RecordedSubmission::Report) => {
            Some(commitment.digest())
        }
        (Action::FollowedUp(commitment), RecordedSubmission::FollowUp) => Some(commitment.digest()),
        _ => None,
    }
}

/// Returns the date (UTC) of a time in seconds since 1970. `None` after the year 9999.
fn date_of(time: u64) -> Option<Date> {
    let time = OffsetDateTime::from_unix_timestamp(i64::try_from(time).ok()?).ok()?;
    Some(time.date())
}
