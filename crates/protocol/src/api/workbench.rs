//! The interface between workbenches and the case handler: JSON over HTTPS. Errors are problem
//! details (RFC 9457).
//!
//! The calls, their callers and their answers:
//!
//! - `POST /v1/challenge` with [`ChallengeRequest`] (anyone): [`ChallengeResponse`].
//! - `POST /v1/session` with [`SessionRequest`] (a member): [`SessionResponse`].
//! - `GET /v1/directory` (anyone): [`crate::directory::SignedDirectory`], the newest.
//! - `GET /v1/directories` (bearer): every published directory, the oldest first.
//! - `PUT /v1/directory` (anyone): publishes a newer directory that the pinned root keys signed.
//! - `GET /v1/cases` (bearer): [`Vec<CaseSummary>`]: the cases of the member's own grants, the most
//!   urgent first; `?limit=N&after=CASE&due=DATE` for a page.
//! - `GET /v1/cases/{id}` (bearer): [`CaseDetail`].
//! - `GET /v1/cases/{id}/log` (bearer): [`CaseLog`], also of a purged case, whose other paths
//!   answer 410.
//! - `GET /v1/cases/{id}/parts/{part}` (bearer): sealed bytes.
//! - `POST /v1/cases/{id}/events` with [`NewEvent`] (bearer): the stored
//!   [`SignedEvent`].
//! - `POST /v1/cases/{id}/confirmations` with [`RotationConfirmation`] (bearer): adds the caller's
//!   confirmation of the statement of the current generation.
//! - `GET /v1/cases/{id}/routing` (bearer): [`Vec<AssigneeCandidate>`]: the candidates for the
//!   assignment and their ranking values, the best first.
//! - `GET /v1/former-readers` (bearer): [`Vec<FormerReaders>`]: which of the member's cases former
//!   readers can still open.
//! - `GET /v1/absence` (bearer): [`Vec<Absence>`]: the absences of the members of the same desks,
//!   the member included.
//! - `PUT /v1/absence` with [`Absence`] (bearer): sets the member's absence, of at most
//!   [`MAX_ABSENCE`]; the lead of a desk can set those of its members too.
//! - `GET /v1/log?from=BATCH` (bearer, a member of the oversight body): [`AuditLog`], a page of at
//!   most [`AUDIT_PAGE_BATCHES`] batches of the transparency log from that one on.
//! - `GET /v1/checkpoint?old=SIZE` (bearer): the newest checkpoint of the transparency log with the
//!   consistency proof from that size, as the text `add-checkpoint` of C2SP tlog-witness.
//! - `POST /v1/cosignatures` with [`crate::api::checkpoint::NewCosignature`] (bearer, a member of
//!   the oversight body).
//!
//! A case of which the member has no released grant answers 404, exactly like a case that does not
//! exist.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use time::{Date, Duration};
use uuid::Uuid;

use crate::{
    case::{
        event::{GrantRecord, SignedEvent},
        stage::Deadline,
        state::CaseState,
    },
    encoding::{base64_bytes, framing::RecordType, hash::Hash, iso_date},
    keys::{CaseRecipient, MailboxRecipient, PublicKey, sign},
    rotation::RotationConfirmation,
    submission::key_grant::SealedGrant,
};

const SESSION_LABEL: &[u8] = b"burkindi/session/v2\0";

/// Signs a challenge with a device key. The signature is valid for one installation and one handle
/// only, so that a malicious case handler cannot use it to answer the challenge of another
/// installation.
pub fn sign_session(key: &SigningKey, instance: Uuid, handle: &str, nonce: &Hash) -> Vec<u8> {
    sign(key, SESSION_LABEL, &session_message(instance, handle, nonce)).to_vec()
}

/// Returns whether the device key signed this challenge for this installation and handle.
pub fn verify_session_signature(
    device: &PublicKey,
    instance: Uuid,
    handle: &str,
    nonce: &Hash,
    signature: &[u8],
) -> bool {
    let message = session_message(instance, handle, nonce);
    signature
        .try_into()
        .is_ok_and(|signature| device.verify(SESSION_LABEL, &message, signature).is_ok())
}

fn session_message(instance: Uuid, handle: &str, nonce: &Hash) -> Vec<u8> {
    [instance.as_bytes(), &nonce.0[..], handle.as_bytes()].concat()
}

/// Requests a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeRequest {
    /// The handle of the member. An unknown handle gets a challenge too.
    pub handle: String,
}

/// A challenge. The member must sign it within one minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeResponse {
    /// 32 random bytes.
    pub nonce: Hash,
}

/// Answers a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRequest {
    /// The handle of the member.
    pub handle: String,
    /// The nonce of the challenge.
    pub nonce: Hash,
    /// The result of [`sign_session`]: an Ed25519 signature by the device key over
    /// `"burkindi/session/v2\0" ‖ installation ‖ nonce ‖ handle`.
    #[serde(with = "base64_bytes")]
    pub signature: Vec<u8>,
}

/// A short-lived bearer token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionResponse {
    /// For `Authorization: Bearer …`.
    pub token: String,
    /// The seconds until it expires.
    pub seconds: u32,
}

/// One row of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseSummary {
    /// The case.
    pub id: Uuid,
    /// The reporter's language.
    pub lang: String,
    /// The date of the first event.
    #[serde(with = "iso_date")]
    pub filed: Date,
    /// The state: stage, desk, priority, assignee, deadlines.
    pub state: CaseState,
    /// The handle of the suggested assignee, if the case has no assignee. It depends only on open
    /// cases that all members of the desk who read this case can see. Members of the oversight body
    /// and members of the desk are not shown suggestions of the other.
    pub suggested: Option<String>,
    /// The deadline that ends first, postponed to a working day. Absent from an older case handler.
    #[serde(default)]
    pub next: Option<Deadline>,
}

/// The kind of a sealed part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    /// `age(C, frame)`: a message of the reporter.
    Body,
    /// `age(C, file)`: a file of the reporter.
    Attachment,
    /// `age(C, frame)`: the copy of a reply for the team.
    ReplyCopy,
    /// `age(C, note)`: a note.
    Note,
}

/// A sealed part of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasePart {
    /// The id.
    pub id: Uuid,
    /// The kind.
    pub kind: PartKind,
    /// The generation of the case secret that it is sealed with.
    pub generation: u32,
    /// The number of its batch. Submissions, replies and notes of a case are numbered together from
    /// 0.
    pub batch: u32,
    /// Its position within the submission: attachments from 0 in the order of the manifest.
    pub position: u32,
    /// The length of the sealed bytes.
    pub len: u64,
    /// SHA-256 of the sealed bytes.
    pub sha256: Hash,
}

/// Everything of one case except the bytes of its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseDetail {
    /// The row of the queue.
    pub row: CaseSummary,
    /// The member's own grants, one for each generation that the member has.
    pub grants: Vec<GenerationGrant>,
    /// `M`, for sealing replies.
    pub mailbox_recipient: MailboxRecipient,
    /// `C` of each generation.
    pub case_recipients: Vec<GenerationRecipient>,
    /// The sealed parts in the order in which they were ingested.
    pub parts: Vec<CasePart>,
    /// The events of the case, and the proof that they are in the transparency log.
    pub log: CaseLog,
    /// The handles of the members who have a grant and have not recused. The case can be assigned
    /// to them without a new grant.
    pub holders: Vec<String>,
    /// The member's own grants of the pending rotation. Empty without one.
    pub pending_grants: Vec<GenerationGrant>,
    /// The confirmations of the statement of the current generation. Empty in generation 0.
    pub confirmations: Vec<RotationConfirmation>,
}

/// A grant and its generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerationGrant {
    /// The generation of the case secret.
    pub generation: u32,
    /// The grant.
    #[serde(flatten)]
    pub grant: SealedGrant,
}

impl GenerationGrant {
    /// Returns the record of this grant for an event.
    pub fn to_record(&self) -> GrantRecord {
        GrantRecord { generation: self.generation, tag: self.grant.tag, hash: self.grant.hash() }
    }
}

/// `C` of one generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerationRecipient {
    /// The generation of the case secret.
    pub generation: u32,
    /// `C`.
    pub recipient: CaseRecipient,
}

/// The maximum duration of an absence from today. A member who is away for longer must leave the
/// desk, because a forgotten absence would silently remove a member from it.
pub const MAX_ABSENCE: Duration = Duration::days(60);

/// The absence of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// The handle of the member.
    pub member: String,
    /// The last date of the absence. `None` ends the absence.
    #[serde(with = "iso_date::option")]
    pub until: Option<Date>,
}

/// A member to whom a case could be assigned, with the values that determine the order: present
/// before absent, the reporter's language, the smallest load, and then a tie breaker that is
/// derived from the id of the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssigneeCandidate {
    /// The handle of the member.
    pub member: String,
    /// The last date of the member's absence.
    #[serde(with = "iso_date::option")]
    pub away: Option<Date>,
    /// Whether the member reads the reporter's language.
    pub reads_language: bool,
    /// The weighted number of the member's cases: 4 for an open P1 and 3, 2, 1 for the lower
    /// priorities.
    pub load: u32,
    /// The tie breaker.
    pub tie_breaker: u16,
}

/// A case that former readers can still open. Rotating its keys ends that for new content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerReaders {
    /// The row of the queue.
    pub row: CaseSummary,
    /// The former readers in the order of their handles.
    pub readers: Vec<FormerReader>,
}

/// A member who has a grant of the newest generation of a case without a right to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerReader {
    /// The handle.
    pub handle: String,
    /// The reason.
    pub reason: FormerReason,
}

/// Why a reader has no right to read a case any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormerReason {
    /// The member is not in the directory any more.
    Left,
    /// The member has another key now and no grant for it yet. Anyone who has the old key can still
    /// read the case. A grant for the new key replaces the old one and removes this entry, but does
    /// not end what the old key can read. So the keys of the case must be rotated first.
    OldKey,
}

/// A signed event and its payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEvent {
    /// The event. The case handler refuses an event that does not follow the newest event of the
    /// case.
    pub event: SignedEvent,
    /// The sealed bytes whose hashes the event contains.
    #[serde(default)]
    pub payload: EventPayload,
}

/// The payload of an event. The action determines which fields must be present.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventPayload {
    /// `replied`, `deadline-extended`: `age(M, frame)`.
    #[serde(default)]
    pub reply: Option<SealedBytes>,
    /// `replied`, `deadline-extended`: `age(C, frame)`.
    #[serde(default)]
    pub copy: Option<SealedBytes>,
    /// `note-added`, `declined`: `age(C, note)`.
    #[serde(default)]
    pub note: Option<SealedBytes>,
    /// `assigned` to a member without a grant: one for each generation. `rotation-proposed`: one of
    /// the new generation for each remaining reader, and those of older generations for members
    /// whose key has changed since.
    #[serde(default)]
    pub grants: Vec<GenerationGrant>,
    /// `rotation-proposed`: the new `C`.
    #[serde(default)]
    pub case_recipient: Option<CaseRecipient>,
    /// `rotation-proposed`, `rotation-approved`: the member's confirmation for the reporter.
    #[serde(default)]
    pub confirmation: Option<RotationConfirmation>,
}

/// Sealed bytes in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedBytes(#[serde(with = "base64_bytes")] pub Vec<u8>);

impl SealedBytes {
    /// Returns the hash by which an event refers to these bytes.
    pub fn hash(&self) -> Hash {
        Hash::of(&[&self.0])
    }
}

/// The maximum length in bytes of a sealed reply and of its copy. It is the maximum of a reply
/// record.
pub const MAX_REPLY_LEN: usize = RecordType::Reply.max_len();
/// The maximum length in bytes of a sealed note.
pub const MAX_NOTE_LEN: usize = 16 * 1024;

/// The events of one case with the proof that they are in the transparency log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseLog {
    /// All events of the case, the oldest first.
    pub events: Vec<SignedEvent>,
    /// The proof of the newest event that has a leaf. Absent while no event has one.
    pub proof: Option<EventProof>,
}

/// The proof that an event is in the transparency log. The event contains the hash of the one
/// before it, so the proof covers all earlier events of the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventProof {
    /// The sequence number of the event.
    pub seq: u32,
    /// The proof with the newest checkpoint, as the text of C2SP tlog-proof.
    pub proof: String,
}

/// The maximum number of batches of the transparency log in one [`AuditLog`].
pub const AUDIT_PAGE_BATCHES: u32 = 16;

/// A page of the transparency log with everything that opens its leaves, for the oversight body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditLog {
    /// The secret of salts and dummies, 32 bytes. Empty before the first batch.
    #[serde(with = "base64_bytes")]
    pub leaf_secret: Vec<u8>,
    /// The number of batches of the log.
    pub batches: u32,
    /// The events of the batches of the page in the order in which they were recorded. On the last
    /// page also the oldest of those that wait for a leaf.
    pub events: Vec<LoggedEvent>,
}

/// An event with its place in the transparency log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggedEvent {
    /// The event.
    pub event: SignedEvent,
    /// The index of its leaf. Absent while it waits for one.
    pub index: Option<u64>,
}

/// The `type` of the problem for a case that was purged. `GET /v1/cases/{id}/log` still returns
/// its events.
pub const PURGED_PROBLEM: &str = "purged";

/// The `type` of the problem for a part whose stored bytes are missing or altered.
pub const DAMAGED_PART_PROBLEM: &str = "damaged-part";

/// The media type of an error body.
pub const PROBLEM_CONTENT_TYPE: &str = "application/problem+json";

/// An error body (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemDetails {
    /// A short code such as `stale` or `not-found`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One sentence for a person.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The code of the rule that an event broke: [`crate::case::RuleViolation::code`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}
