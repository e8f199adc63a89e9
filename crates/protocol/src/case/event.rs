//! Events: every move in the life of a case, signed by whoever made it, chained per case and over
//! all cases.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    case::{
        decision::{Decision, ReopenReason},
        stage::Stage,
    },
    encoding::hash::Hash,
    keys::{PublicKey, sign},
    submission::{envelope::Urgency, report_digest::ReportDigest},
};

const EVENT_LABEL: &[u8] = b"burkindi/event/v1\0";
/// The actor of events that the case handler itself writes.
pub const HANDLER_ACTOR: &str = "case-handler";

/// What happened. In JSON `{"action": "…", "data": {…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "action",
    content = "data",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Action {
    /// By the handler: a report was filed.
    Received {
        /// The desk that it was filed at.
        desk: String,
        /// From the reporter's answers.
        urgency: Urgency,
        /// How many months a case is kept after its closing. It stands here so that nobody shortens
        /// it later, and everybody who reads the log knows it.
        #[serde(default = "default_retention")]
        retention_months: u16,
        /// What the report brought, as it was collected; absent from cases of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        came: Option<ReportDigest>,
    },
    /// By the handler: the reporter sent something more. Carries the hash of what was collected
    /// ([`follow_up_digest`](crate::came::follow_up)); absent from events of earlier versions.
    FollowedUp(Option<Hash>),
    /// By the handler: the grants of the outside body were released.
    Released {
        /// What made it do so.
        reason: ReleaseReason,
    },
    /// The actor declares to have no conflict of interest; before that, the workbench shows no
    /// content.
    Declared,
    /// The actor declares the same, and takes the case.
    Claimed,
    /// The case goes to a colleague, who declares before acting.
    Assigned {
        /// The colleague's handle.
        to: String,
        /// The tag of the grant that came along, if the colleague had none.
        granted: Option<Hash>,
    },
    /// The actor steps back because of a conflict; the handler deletes the grant and hides the
    /// case.
    Recused,
    /// The actor says that a colleague has a conflict of interest, who may only step back until
    /// that is judged. Why stands in a note.
    Challenged {
        /// The colleague's handle.
        who: String,
    },
    /// The judgement on it.
    ChallengeResolved {
        /// The colleague's handle.
        who: String,
        /// There is a conflict: the handler deletes the grant and hides the case, as if the
        /// colleague had recused.
        upheld: bool,
    },
    /// A new stage that one person decides on.
    StageChanged {
        /// Where it stood.
        from: Stage,
        /// Where it stands now.
        to: Stage,
        /// Why, as a code: at most 32 small letters, digits and hyphens.
        reason: Option<String>,
    },
    /// A closed case begins again with its triage, and with another investigator.
    Reopened {
        /// Why.
        ground: ReopenReason,
    },
    /// The first of two persons who decide something.
    Proposed(Decision),
    /// The second, on the very same.
    Approved(Decision),
    /// Who proposed something, or the lead, takes it back.
    Withdrawn,
    /// The second person does not approve what was proposed.
    Declined {
        /// SHA-256 of the sealed note that says why.
        note: Hash,
    },
    /// A reply to the reporter was laid out.
    Replied {
        /// SHA-256 of the copy sealed to `M`.
        reply: Hash,
        /// SHA-256 of the copy sealed to `C`.
        copy: Hash,
        /// It tells what was or will be done, and why (Directive (EU) 2019/1937, article 5(13)).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        feedback: bool,
    },
    /// The investigation takes longer; the reply tells the reporter why.
    DeadlineExtended {
        /// SHA-256 of the copy sealed to `M`.
        reply: Hash,
        /// SHA-256 of the copy sealed to `C`.
        copy: Hash,
    },
    /// A note for the team was added.
    NoteAdded {
        /// SHA-256 of the sealed note.
        note: Hash,
    },
    /// What the reporter wrote so far has been dealt with, where nothing else shows it.
    MarkedHandled,
    /// The authority that has the matter was asked how it stands.
    ReferralFollowedUp,
    /// More urgent than before.
    PriorityRaised {
        /// The new urgency.
        urgency: Urgency,
    },
    /// About the same as another case.
    Linked {
        /// That case. Everybody who reads this one can read it.
        to: Uuid,
    },
    /// A member gives the case to the outside body.
    Escalated,
    /// A legal hold: nothing is purged until two persons have lifted it.
    LegalHoldPlaced,
    /// The case secret has a new generation.
    KeysRotated {
        /// The new one.
        generation: u32,
        /// SHA-256 of the rotation frame sealed to `M`.
        reply: Hash,
        /// SHA-256 of the copy sealed to the old `C`.
        copy: Hash,
    },
}

impl Action {
    /// Returns whether the event brought something that the reporter wrote.
    pub fn is_from_reporter(&self) -> bool {
        matches!(self, Self::Received { .. } | Self::FollowedUp { .. })
    }
}

/// Of cases whose first event does not say it, and where nothing is configured: five years.
pub const DEFAULT_RETENTION_MONTHS: u16 = 60;

fn default_retention() -> u16 {
    DEFAULT_RETENTION_MONTHS
}

/// Why the outside body was given a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseReason {
    /// The case was filed with it from the start.
    Filed,
    /// A deadline passed.
    MissedDeadline,
    /// The reporter asked for it.
    ReporterAsked,
    /// Too few members without a conflict were left.
    DeskConflicted,
    /// A member gave it.
    DeskAsked,
    /// It decides on a referral with the lead of the desk.
    Referral,
    /// Two members closed it as unreadable: the oversight body can try its own grant.
    Unreadable,
}

/// One signed statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// 1.
    pub v: u8,
    /// The case.
    pub case: Uuid,
    /// Counts from 0 within the case.
    pub seq: u32,
    /// Hash of the case's event before; absent for the first.
    pub prev: Option<Hash>,
    /// When, to the second; the handler's own events say midnight of the day, so that none tells
    /// when a reporter wrote.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// A member's handle, or [`HANDLER_ACTOR`].
    pub actor: String,
    /// What.
    #[serde(flatten)]
    pub action: Action,
}

/// An event's bytes as carried, and the signature over them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedEvent {
    /// The JSON of an [`Event`].
    #[serde(with = "crate::encoding::base64_bytes")]
    pub bytes: Vec<u8>,
    /// Ed25519 over `"burkindi/event/v1\0" ‖ bytes`, 64 bytes.
    #[serde(with = "crate::encoding::base64_bytes")]
    pub signature: Vec<u8>,
}

/// Why an event or a log is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// No event in these bytes.
    #[error("the event is malformed: {0}")]
    Malformed(String),
    /// Changed, or signed by somebody else.
    #[error("the event is not signed by {0}")]
    Forged(String),
    /// Does not follow the event that it should.
    #[error("the event does not follow event {expected:?} of its case")]
    BrokenChain {
        /// The hash that it should name.
        expected: Option<Hash>,
    },
    /// The log's chain over all cases is broken here.
    #[error("entry {0} does not follow the entry before it: the log was altered")]
    BrokenLink(u64),
}

impl Event {
    /// Serialises and signs it.
    pub fn sign(&self, key: &SigningKey) -> SignedEvent {
        let bytes = serde_json::to_vec(self).expect("an event holds strings and numbers only");
        let signature = sign(key, EVENT_LABEL, &bytes).to_vec();
        SignedEvent { bytes, signature }
    }
}

impl SignedEvent {
    /// What it says, unverified: for finding out whose key to verify it with.
    pub fn decode_unverified(&self) -> Result<Event, EventError> {
        let event: Event = serde_json::from_slice(&self.bytes)
            .map_err(|error| EventError::Malformed(error.to_string()))?;
        if event.v == 1 {
            Ok(event)
        } else {
            Err(EventError::Malformed(format!("version {}", event.v)))
        }
    }

    /// What it says, if `key` signed it.
    pub fn verify(&self, key: &PublicKey) -> Result<Event, EventError> {
        let event = self.decode_unverified()?;
        let forged = || EventError::Forged(event.actor.clone());
        let signature = self.signature.as_slice().try_into().map_err(|_| forged())?;
        key.verify(EVENT_LABEL, &self.bytes, signature).map_err(|_| forged())?;
        Ok(event)
    }

    /// The hash by which the case's next event refers to this one. Covers the signature too.
    pub fn hash(&self) -> Hash {
        Hash::of(&[EVENT_LABEL, &self.signature, &self.bytes])
    }
}

/// The chain over all cases: `link = SHA-256("burkindi/log/v1\0" ‖ link before ‖ event hash)`; 32
/// zeros before the first.
pub fn chain_hash(before: &Hash, event: &Hash) -> Hash {
    Hash::of(&[b"burkindi/log/v1\0", before.as_bytes(), event.as_bytes()])
}

/// One entry of the log. A member who sees only own cases gets these as they are: the hashes tie
/// each in, and nothing counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The event.
    pub event: SignedEvent,
    /// Link of the entry before, whatever case that belongs to.
    pub previous_link: Hash,
    /// Link of this entry.
    pub link: Hash,
}

impl LogEntry {
    /// Ties an event to the end of a log.
    pub fn append(before: Hash, event: SignedEvent) -> Self {
        let link = chain_hash(&before, &event.hash());
        Self { event, previous_link: before, link }
    }

    /// Is the event the one that was tied in?
    pub fn verify_link(&self) -> bool {
        self.link == chain_hash(&self.previous_link, &self.event.hash())
    }
}

/// A day at 00:00 UTC: the time that the handler's own events give.
pub fn midnight(day: Date) -> OffsetDateTime {
    day.midnight().assume_utc()
}
