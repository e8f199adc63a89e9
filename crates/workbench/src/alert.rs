//! What the workbench says loudly: something was forged, replayed, withheld, cannot be opened, or
//! was rolled back.

use serde::Serialize;
use uuid::Uuid;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertSeverity {
    /// Worth a look; can happen in good faith.
    Notice,
    /// Somebody altered, forged or withholds something, or a machine is broken.
    Alarm,
}

/// What happened, in one word for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertCode {
    /// A signature does not belong to whoever is named.
    Forged,
    /// Nobody of this name was ever in a signed directory.
    UnknownActor,
    /// The chain over all cases is broken.
    BrokenLink,
    /// The chain of one case is broken: an event was dropped, added or moved.
    BrokenCase,
    /// A signed move that the rules do not allow.
    RefusedMove,
    /// What was seen before is no longer there.
    Rollback,
    /// The handler tells another state than the signed events do.
    StateDiffers,
    /// What was written stands in another order than it was filed in, so that an answer may seem to
    /// follow another question.
    Reordered,
    /// The same frame came twice.
    Replayed,
    /// Something that is referred to is not there.
    Withheld,
    /// A grant, frame, note or file does not open.
    Unopenable,
    /// What the reporter's side sent is missing, not believed or does not open, and was not altered
    /// since it was filed.
    CameUnreadable,
    /// Colleagues call a case unreadable that its reader can open.
    CalledUnreadable,
    /// Something is sealed to a key that its reader had before.
    FormerKey,
    /// Replies would now be sealed to another key than before.
    RecipientChanged,
    /// Bytes differ from their hash.
    Damaged,
    /// Two messages were written side by side.
    ConcurrentMessages,
    /// Somebody acted after a newer directory had left them out, or after the directory had run
    /// out.
    FormerMember,
    /// The newest directory is past its last day.
    Expired,
    /// Dates run backwards.
    Clock,
    /// A directory between two others is not there.
    MissingDirectory,
    /// A restore of the case handler was accepted before.
    AcceptedRestore,
}

/// One finding. In JSON as it stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IntegrityAlert {
    /// How bad.
    pub severity: AlertSeverity,
    /// What.
    pub code: AlertCode,
    /// In which case.
    pub case: Option<Uuid>,
    /// At which entry of the log, counted from 0.
    pub entry: Option<u64>,
    /// One sentence for a person.
    pub text: String,
}

impl IntegrityAlert {
    /// Somebody altered, forged or withholds something.
    pub fn new(code: AlertCode, text: impl Into<String>) -> Self {
        Self { severity: AlertSeverity::Alarm, code, case: None, entry: None, text: text.into() }
    }

    /// Worth a look.
    pub fn notice(code: AlertCode, text: impl Into<String>) -> Self {
        Self { severity: AlertSeverity::Notice, ..Self::new(code, text) }
    }

    /// The same, in this case.
    #[must_use]
    pub fn in_case(self, case: Uuid) -> Self {
        Self { case: Some(case), ..self }
    }

    /// The same, at this entry of the log.
    #[must_use]
    pub fn at_entry(self, entry: u64) -> Self {
        Self { entry: Some(entry), ..self }
    }
}

/// Is one of them more than a notice?
pub fn has_alarm(alarms: &[IntegrityAlert]) -> bool {
    alarms.iter().any(|alarm| alarm.severity == AlertSeverity::Alarm)
}
