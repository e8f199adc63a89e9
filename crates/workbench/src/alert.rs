//! Integrity alerts: data was forged, replayed, withheld or rolled back, or cannot be opened.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Severity of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertSeverity {
    /// Can happen in good faith; a member should read it.
    Notice,
    /// Data was altered, forged or withheld, or a machine is broken.
    Alarm,
}

/// Kind of an alert, as one word for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertCode {
    /// A signature is not by the named actor.
    Forged,
    /// The actor was never in a signed directory.
    UnknownActor,
    /// The hash chain of a case is broken: an event was dropped, added or moved.
    BrokenCase,
    /// There are two events with one number of a case, so its readers can see different events.
    ForkedCase,
    /// The proof that the events of a case are in the transparency log is wrong.
    WrongProof,
    /// An event is not in the transparency log after more than a day.
    NotInLog,
    /// A leaf of the transparency log is neither one of the events nor a dummy.
    LeafDiffers,
    /// A signed event violates the rules.
    RefusedMove,
    /// State that was seen before no longer exists.
    Rollback,
    /// The state that the case handler reports differs from the signed events.
    StateDiffers,
    /// Messages are in a different order than they were recorded, so an answer may seem to belong
    /// to another question.
    Reordered,
    /// The same frame was recorded twice.
    Replayed,
    /// Data that something else refers to is missing.
    Withheld,
    /// A grant, frame, note or file does not open.
    Unopenable,
    /// Data of the reporter's side is missing, fails verification or does not open, and was not
    /// altered since it was recorded.
    CameUnreadable,
    /// Colleagues reported a case as unreadable that this member can open.
    CalledUnreadable,
    /// Data is sealed to a former key of the member.
    FormerKey,
    /// A member sent the reporter something else than the record of the case contains.
    ReplyDiffers,
    /// A grant does not contain the case secret of the reader's own grant, or does not open.
    GrantDiffers,
    /// A report came without a valid grant for one of its readers. Its sender can cause this.
    ReportGrantDiffers,
    /// Replies would be sealed to another key than before.
    RecipientChanged,
    /// The grants name another reporter key than at an earlier visit.
    ReporterChanged,
    /// The routing that the reporter signed differs from what the case handler recorded.
    RoutingDiffers,
    /// The reporter's frame names a program that the directory does not list.
    ProgramUnlisted,
    /// The bytes do not match their hash.
    Damaged,
    /// The case handler did not send all of the data. It can be read later.
    NotRead,
    /// Two messages were written concurrently.
    ConcurrentMessages,
    /// A member acted after a newer directory had removed them, or after the directory had expired.
    FormerMember,
    /// The newest directory has expired.
    Expired,
    /// Dates are not in order.
    Clock,
    /// A directory between two others is missing.
    MissingDirectory,
    /// A restore of the case handler was accepted earlier.
    AcceptedRestore,
    /// The root keys have begun an empty transparency log.
    LogRestarted,
}

/// One alert. These fields are also its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IntegrityAlert {
    /// Severity of the alert.
    pub severity: AlertSeverity,
    /// Kind of the alert.
    pub code: AlertCode,
    /// Case that the alert concerns.
    pub case: Option<Uuid>,
    /// Event that the alert concerns, counted from 0 over the verified events.
    pub event: Option<u64>,
    /// Explanation in one sentence.
    pub text: String,
}

impl IntegrityAlert {
    /// Returns an alert with the severity alarm.
    pub fn new(code: AlertCode, text: impl Into<String>) -> Self {
        Self { severity: AlertSeverity::Alarm, code, case: None, event: None, text: text.into() }
    }

    /// Returns an alert with the severity notice.
    pub fn notice(code: AlertCode, text: impl Into<String>) -> Self {
        Self { severity: AlertSeverity::Notice, ..Self::new(code, text) }
    }

    /// Returns the alert with this case.
    #[must_use]
    pub fn in_case(self, case: Uuid) -> Self {
        Self { case: Some(case), ..self }
    }

    /// Returns the alert with this event.
    #[must_use]
    pub fn at_event(self, event: u64) -> Self {
        Self { event: Some(event), ..self }
    }
}

/// Returns whether one of the alarms forbids new keys of the case. A grant that the sender of the
/// report made wrong does not: new keys come with a valid grant for each reader.
pub fn blocks_rotation(alarms: &[IntegrityAlert]) -> bool {
    alarms.iter().any(|alarm| {
        alarm.severity == AlertSeverity::Alarm && alarm.code != AlertCode::ReportGrantDiffers
    })
}

/// Returns whether one of the alerts is an alarm.
pub fn has_alarm(alarms: &[IntegrityAlert]) -> bool {
    alarms.iter().any(|alarm| alarm.severity == AlertSeverity::Alarm)
}
