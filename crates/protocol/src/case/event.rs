//! Events: signed statements about a case. Each is signed by its actor and chained to the previous
//! event of the case. The events of other cases leave no trace in it.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    Priority,
    case::{
        decision::{Decision, ReopenReason},
        stage::Stage,
    },
    encoding::{canonical, hash::Hash},
    keys::{PublicKey, sign},
    rotation::SignedStatement,
    submission::commitment::{FollowUpCommitment, ReportCommitment},
};

const EVENT_LABEL: &[u8] = b"burkindi/event/v2\0";
/// The format version of events.
pub const EVENT_VERSION: u8 = 2;
/// The actor of events that the case handler writes.
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
    /// By the case handler: a report was ingested.
    Received {
        /// The desk of the case.
        desk: String,
        /// The priority by the reporter's answers.
        priority: Priority,
        /// The months of retention after the closing. The event fixes them, so that they cannot be
        /// shortened later, and every reader of the log knows them.
        retention_months: u16,
        /// The commitment to the report as collected.
        commitment: ReportCommitment,
        /// Whether the report came without a grant for the oversight body, because the reporter
        /// refused it. Absent if false.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        oversight_refused: bool,
    },
    /// By the case handler: the reporter sent a follow-up. Contains the commitment to it as
    /// collected.
    FollowedUp(FollowUpCommitment),
    /// By the case handler: the grants of the oversight body were released.
    Released {
        /// Why they were released.
        reason: ReleaseReason,
    },
    /// The actor declares to have no conflict of interest. Before that, the workbench shows no
    /// content.
    Declared,
    /// The actor declares the same and takes the case.
    Claimed,
    /// The same as [`Action::Claimed`], against the reporter's wish for a woman or a man.
    ClaimedWithReason {
        /// SHA-256 of the sealed note with the reason.
        note: Hash,
    },
    /// The case is assigned to a colleague, who must declare before acting.
    Assigned {
        /// The handle of the colleague.
        to: String,
        /// The new grants for the colleague, one for each generation. Empty if the colleague has a
        /// grant.
        granted: Vec<GrantRecord>,
        /// SHA-256 of the sealed note with the reason, if the assignment is against the reporter's
        /// wish for a woman or a man. Absent otherwise.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Hash>,
    },
    /// The actor recuses because of a conflict of interest. The case handler deletes the grant and
    /// hides the case.
    Recused,
    /// The actor claims that a colleague has a conflict of interest. The colleague may only recuse
    /// until the claim is decided. A note contains the reasons.
    Challenged {
        /// The handle of the colleague.
        who: String,
    },
    /// The decision on a conflict claim.
    ChallengeResolved {
        /// The handle of the colleague.
        who: String,
        /// Whether there is a conflict. If so, the case handler deletes the grant and hides the
        /// case, as if the colleague had recused.
        upheld: bool,
    },
    /// A stage change that one member makes.
    StageChanged {
        /// The previous stage.
        from: Stage,
        /// The new stage.
        to: Stage,
        /// The reason, as a code of at most 32 lower-case letters, digits and hyphens.
        reason: Option<String>,
    },
    /// A closed case returns to the triage, with another assignee.
    Reopened {
        /// The reason.
        ground: ReopenReason,
        /// SHA-256 of the sealed note with the reason, if the actor takes the case against the
        /// reporter's wish for a woman or a man. Absent otherwise.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Hash>,
    },
    /// A member proposes a decision.
    Proposed(Decision),
    /// A second member approves the same decision.
    Approved(Decision),
    /// The proposing member or the lead withdraws a proposal.
    Withdrawn,
    /// A member declines a proposal instead of approving it.
    Declined {
        /// SHA-256 of the sealed note with the reason.
        note: Hash,
    },
    /// A reply to the reporter.
    Replied {
        /// SHA-256 of the copy sealed to `M`.
        reply: Hash,
        /// SHA-256 of the copy sealed to `C`.
        copy: Hash,
        /// Whether it is feedback: it states what was or will be done, and why (Directive (EU)
        /// 2019/1937, article 5(13)).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        feedback: bool,
    },
    /// The investigation is extended. The reply explains to the reporter why.
    DeadlineExtended {
        /// SHA-256 of the copy sealed to `M`.
        reply: Hash,
        /// SHA-256 of the copy sealed to `C`.
        copy: Hash,
    },
    /// A note for the team.
    NoteAdded {
        /// SHA-256 of the sealed note.
        note: Hash,
    },
    /// The reporter's messages so far were handled without an answer.
    MarkedHandled,
    /// The authority that received the referral was asked about its progress.
    ReferralFollowedUp,
    /// The priority was raised.
    PriorityRaised {
        /// The new priority.
        priority: Priority,
    },
    /// The case is linked with another one about the same matter.
    Linked {
        /// The other case. Every reader of this case can read this id.
        to: Uuid,
    },
    /// A member escalates the case to the oversight body.
    Escalated,
    /// A legal hold. The case cannot be purged until two members have lifted it.
    LegalHoldPlaced,
    /// A member proposes a new generation of the case secret.
    RotationProposed {
        /// The statement for the reporter, signed with the current `K_c`.
        rotation: Box<SignedStatement>,
        /// The new grants of all remaining readers. They are in effect after the approval.
        grants: Vec<GrantRecord>,
    },
    /// A second reader approves the rotation. The new generation is in effect.
    RotationApproved {
        /// The hash of the `rotation-proposed` event.
        proposal: Hash,
    },
}

/// A grant that a member made. Each holder of the case secret of that generation seals the grant
/// again and compares the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantRecord {
    /// The generation of the case secret.
    pub generation: u32,
    /// The tag, which identifies the reader
    /// ([`grant_tag`](crate::submission::key_grant::grant_tag)).
    pub tag: Hash,
    /// SHA-256 of the tag and the sealed bytes
    /// ([`SealedGrant::hash`](crate::submission::key_grant::SealedGrant::hash)).
    pub hash: Hash,
}

/// The sealed text that belongs to an event, by the hashes that the event names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedText {
    /// None.
    None,
    /// A note for the team.
    Note(Hash),
    /// A message to the reporter.
    Message {
        /// SHA-256 of the copy sealed to `M`.
        reply: Hash,
        /// SHA-256 of the copy sealed to `C`.
        copy: Hash,
    },
}

impl Action {
    /// Returns whether the event records a submission of the reporter.
    pub fn is_from_reporter(&self) -> bool {
        matches!(self, Self::Received { .. } | Self::FollowedUp { .. })
    }

    /// Returns the grants that the event records, in the order of its payload. Those of a proposed
    /// rotation are in effect only after its approval ([`effective_grants`]).
    pub fn recorded_grants(&self) -> &[GrantRecord] {
        match self {
            Self::Assigned { granted: grants, .. } | Self::RotationProposed { grants, .. } => {
                grants
            }
            _ => &[],
        }
    }

    /// Returns the sealed text that belongs to the event. The case handler stores it, and the
    /// workbench checks that it is present.
    pub fn sealed_text(&self) -> SealedText {
        match *self {
            Self::NoteAdded { note }
            | Self::Declined { note }
            | Self::ClaimedWithReason { note }
            | Self::Assigned { note: Some(note), .. }
            | Self::Reopened { note: Some(note), .. } => SealedText::Note(note),
            Self::Replied { reply, copy, .. } | Self::DeadlineExtended { reply, copy } => {
                SealedText::Message { reply, copy }
            }
            Self::Received { .. }
            | Self::FollowedUp(_)
            | Self::Released { .. }
            | Self::Declared
            | Self::Claimed
            | Self::Assigned { note: None, .. }
            | Self::Recused
            | Self::Challenged { .. }
            | Self::ChallengeResolved { .. }
            | Self::StageChanged { .. }
            | Self::Reopened { note: None, .. }
            | Self::Proposed(_)
            | Self::Approved(_)
            | Self::Withdrawn
            | Self::MarkedHandled
            | Self::ReferralFollowedUp
            | Self::PriorityRaised { .. }
            | Self::Linked { .. }
            | Self::Escalated
            | Self::LegalHoldPlaced
            | Self::RotationProposed { .. }
            | Self::RotationApproved { .. } => SealedText::None,
        }
    }
}

/// Returns the events that record grants in effect, in their order: assignments, and each proposed
/// rotation that a second member approved. `events` are the events of one case, which keep the
/// rules: at most one proposal is pending.
pub fn effective_grants(events: &[Event]) -> Vec<&Event> {
    let (mut effective, mut pending) = (Vec::new(), None);
    for event in events {
        match &event.action {
            Action::Assigned { .. } => effective.push(event),
            Action::RotationProposed { .. } => pending = Some(event),
            Action::RotationApproved { .. } => effective.extend(pending.take()),
            _ => {}
        }
    }
    effective
}

/// The months of retention if the configuration does not state them: five years.
pub const DEFAULT_RETENTION_MONTHS: u16 = 60;

/// Why a case was released to the oversight body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseReason {
    /// The oversight body is the desk of the case from the start.
    Filed,
    /// A deadline passed.
    MissedDeadline,
    /// The reporter asked for it.
    ReporterAsked,
    /// Fewer than [`MIN_READERS`](crate::directory::MIN_READERS) members of the desk could read it:
    /// the others left the directory, recused or lost their grants.
    DeskConflicted,
    /// A member escalated the case.
    DeskAsked,
    /// The oversight body decides on a referral together with the lead of the desk.
    Referral,
    /// Two members closed the case as unreadable, and the oversight body can try its own grant.
    Unreadable,
}

/// One statement about a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Format version: [`EVENT_VERSION`].
    pub v: u8,
    /// The case.
    pub case: Uuid,
    /// The sequence number within the case, from 0.
    pub seq: u32,
    /// The hash of the previous event of the case. Absent in the first.
    pub prev: Option<Hash>,
    /// The time, to the second. Events of the case handler have midnight of the date, so that none
    /// of them reveals when a reporter wrote.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The handle of a member, or [`HANDLER_ACTOR`].
    pub actor: String,
    /// The action.
    #[serde(flatten)]
    pub action: Action,
}

/// The bytes of an event as transmitted, and the signature over them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedEvent {
    /// The JSON of an [`Event`].
    #[serde(with = "crate::encoding::base64_bytes")]
    pub bytes: Vec<u8>,
    /// The Ed25519 signature over `"burkindi/event/v2\0" ‖ bytes`, 64 bytes.
    #[serde(with = "crate::encoding::base64_bytes")]
    pub signature: Vec<u8>,
}

/// Why an event is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// The bytes are not an event.
    #[error("malformed event: {0}")]
    Malformed(String),
    /// The event was changed, or another key signed it.
    #[error("invalid signature: not signed by {0}")]
    Forged(String),
    /// The event does not follow the expected event of its case.
    #[error("sequence error: expected event {expected:?}")]
    BrokenChain {
        /// The hash that it should contain.
        expected: Option<Hash>,
    },
}

impl Event {
    /// Serialises and signs the event.
    pub fn sign(&self, key: &SigningKey) -> SignedEvent {
        let bytes = serde_json::to_vec(self).expect("an event holds strings and numbers only");
        let signature = sign(key, EVENT_LABEL, &bytes).to_vec();
        SignedEvent { bytes, signature }
    }
}

impl SignedEvent {
    /// Returns the event without verifying it, for finding the key that verifies it.
    ///
    /// # Errors
    /// If the bytes are not an event in canonical form.
    pub fn decode_unverified(&self) -> Result<Event, EventError> {
        let event: Event = canonical::parse_canonical(&self.bytes)
            .map_err(|error| EventError::Malformed(error.to_string()))?;
        if event.v == EVENT_VERSION {
            Ok(event)
        } else {
            Err(EventError::Malformed(format!("version {}", event.v)))
        }
    }

    /// Returns the event if `key` signed it.
    ///
    /// # Errors
    /// If the bytes are malformed or the signature is invalid.
    pub fn verify(&self, key: &PublicKey) -> Result<Event, EventError> {
        let event = self.decode_unverified()?;
        let forged = || EventError::Forged(event.actor.clone());
        let signature = self.signature.as_slice().try_into().map_err(|_| forged())?;
        key.verify(EVENT_LABEL, &self.bytes, signature).map_err(|_| forged())?;
        Ok(event)
    }

    /// Returns the hash by which the next event of the case refers to this one. It covers the
    /// signature too.
    pub fn hash(&self) -> Hash {
        Hash::of(&[EVENT_LABEL, &self.signature, &self.bytes])
    }
}

/// Returns 00:00 UTC of a date: the time of the case handler's events.
pub fn midnight(date: Date) -> OffsetDateTime {
    date.midnight().assume_utc()
}
