//! What workbenches and the case handler say to each other, over HTTPS with JSON. Errors are
//! problem details (RFC 9457).
//!
//! | call | who | answer |
//! | --- | --- | --- |
//! | `POST /v1/challenge` [`ChallengeRequest`] | anybody | [`ChallengeResponse`] |
//! | `POST /v1/session` [`SessionRequest`] | a member | [`SessionResponse`] |
//! | `GET /v1/directory` | anybody | [`crate::directory::SignedDirectory`], the newest |
//! | `GET /v1/directories` | bearer | every directory ever published, oldest first |
//! | `PUT /v1/directory` | anybody | takes a newer directory that is signed by the pinned roots |
//! | `GET /v1/cases` | bearer | [`Vec<CaseRow>`]: cases of one's own grants, the most pressing first, and no word of others; `?limit=N&after=CASE&due=DAY` for a part |
//! | `GET /v1/cases/{id}` | bearer | [`CaseDetail`] |
//! | `GET /v1/cases/{id}/log` | bearer | [`Vec<LogEntry>`], also of a purged case, which else answers 410 |
//! | `GET /v1/cases/{id}/parts/{part}` | bearer | sealed bytes |
//! | `POST /v1/cases/{id}/events` [`NewEvent`] | bearer | [`LogEntry`] |
//! | `GET /v1/cases/{id}/routing` | bearer | [`Vec<Candidate>`]: to whom the case is suggested, and why; the best first |
//! | `GET /v1/former-readers` | bearer | [`Vec<FormerReaders>`]: which of one's cases somebody can open who should not any more |
//! | `GET /v1/absence` | bearer | [`Vec<Absence>`]: who is away of those one shares a desk with, oneself included |
//! | `PUT /v1/absence` [`Absence`] | bearer | says until when one is away, for [`MAX_ABSENCE`] at most; the lead of a desk says it for its members too |
//! | `GET /v1/log` | bearer of the outside body | [`AuditLog`] |
//!
//! A case of which one holds no released grant answers 404, exactly as one that does not exist.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use time::{Date, Duration};
use uuid::Uuid;

use crate::{
    case::{
        event::{LogEntry, SignedEvent},
        stage::Deadline,
        state::CaseState,
    },
    encoding::{base64_bytes, framing::RecordType, hash::Hash, iso_date},
    keys::{CaseRecipient, MailboxRecipient, PublicKey, sign},
    submission::key_grant::SealedGrant,
};

const SESSION_LABEL: &[u8] = b"burkindi/session/v2\0";

/// Signs a challenge with a device key. The signature counts for one installation and one handle
/// only, so that it is of no use to a handler that passes on the challenge of another installation.
pub fn sign_session(key: &SigningKey, instance: Uuid, handle: &str, nonce: &Hash) -> Vec<u8> {
    sign(key, SESSION_LABEL, &session_message(instance, handle, nonce)).to_vec()
}

/// Did the owner of the device key sign this challenge, for this installation and handle?
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

/// Asks for a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeRequest {
    /// Who wants a session. An unknown handle gets a challenge too.
    pub handle: String,
}

/// To be signed within one minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeResponse {
    /// 32 random bytes.
    pub nonce: Hash,
}

/// Answers a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRequest {
    /// Who.
    pub handle: String,
    /// The challenge's nonce.
    pub nonce: Hash,
    /// From [`sign_session`]: Ed25519 by the device key over `"burkindi/session/v2\0" ‖
    /// installation ‖ nonce ‖ handle`.
    #[serde(with = "base64_bytes")]
    pub signature: Vec<u8>,
}

/// A short-lived bearer token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionResponse {
    /// For `Authorization: Bearer …`.
    pub token: String,
    /// Seconds until it ends.
    pub seconds: u32,
}

/// One line of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseSummary {
    /// The case.
    pub id: Uuid,
    /// The reporter's language.
    pub lang: String,
    /// The day of filing.
    #[serde(with = "iso_date")]
    pub filed: Date,
    /// Stage, desk, urgency, assignee, deadlines.
    pub state: CaseState,
    /// Whom the routing suggests, when nobody has the case yet.
    pub suggested: Option<String>,
    /// What must happen first, with days of rest and holidays; absent from an older case handler.
    #[serde(default)]
    pub next: Option<Deadline>,
}

/// What a sealed part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    /// `age(C, frame)` from the reporter.
    Body,
    /// `age(C, file)` from the reporter.
    Attachment,
    /// `age(C, frame)`: the team's copy of a reply.
    ReplyCopy,
    /// `age(C, note)`.
    Note,
}

/// A sealed part of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasePart {
    /// Its id.
    pub id: Uuid,
    /// What it is.
    pub kind: PartKind,
    /// The generation of the case secret that it is sealed with.
    pub generation: u32,
    /// With what it came: submissions, replies and notes of a case are counted together from 0.
    pub batch: u32,
    /// Its place within the submission: attachments from 0 in the order of the manifest.
    pub position: u32,
    /// Length in bytes as sealed.
    pub len: u64,
    /// SHA-256 of the sealed bytes.
    pub sha256: Hash,
}

/// Everything of one case but the bytes of its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseDetail {
    /// The queue's line.
    pub row: CaseSummary,
    /// The member's own grants, one for each generation held.
    pub grants: Vec<GenerationGrant>,
    /// `M`, for sealing replies.
    pub mailbox_recipient: MailboxRecipient,
    /// `C` of each generation.
    pub case_recipients: Vec<GenerationRecipient>,
    /// Sealed parts in the order of filing.
    pub parts: Vec<CasePart>,
    /// The case's events, tied into the log.
    pub log: Vec<LogEntry>,
    /// Handles of members who hold a grant and have not recused; whom the case can be assigned to
    /// without a new grant.
    pub holders: Vec<String>,
}

/// A grant with the generation that it opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerationGrant {
    /// Of the case secret.
    pub generation: u32,
    /// The grant.
    #[serde(flatten)]
    pub grant: SealedGrant,
}

/// `C` of one generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerationRecipient {
    /// Of the case secret.
    pub generation: u32,
    /// `C`.
    pub recipient: CaseRecipient,
}

/// From today on. Whoever is away for longer gives up the seat: a forgotten absence would take a
/// desk one of its members unseen.
pub const MAX_ABSENCE: Duration = Duration::days(60);

/// Until when a member takes no cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// Who.
    pub member: String,
    /// The last day away; `None` is back.
    #[serde(with = "iso_date::option")]
    pub until: Option<Date>,
}

/// Somebody to whom a case could be suggested, and what the order follows from: present before
/// away, the reporter's language, the least to do, and then a lot that is drawn from the case's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssigneeCandidate {
    /// The member.
    pub member: String,
    /// Away until then.
    #[serde(with = "iso_date::option")]
    pub away: Option<Date>,
    /// Reads the reporter's language.
    pub reads_language: bool,
    /// The weight of what the member has to do: 4 for an open P1, 3, 2, 1.
    pub load: u32,
    /// The lot.
    pub tie_breaker: u16,
}

/// A case that somebody can still open who should not any more. New keys end that for what comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerReaders {
    /// The queue's line.
    pub row: CaseSummary,
    /// Who, in the order of their handles.
    pub readers: Vec<FormerReader>,
}

/// Who holds a grant of a case's newest generation that they should not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerReader {
    /// The handle.
    pub handle: String,
    /// Why they should not.
    pub reason: FormerReason,
}

/// Why somebody should not read what they can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormerReason {
    /// Is not in the directory any more.
    Left,
    /// Has another key now, and no grant for it yet. Whoever has the old one can read on. A grant
    /// for the new key takes the place of the old one and ends this mark, and does not end what the
    /// old key reads: new keys come first.
    OldKey,
}

/// A signed event and what it brings along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEvent {
    /// The event; the handler refuses one that does not follow the case's newest.
    pub event: SignedEvent,
    /// Sealed bytes whose hashes the event names.
    #[serde(default)]
    pub payload: EventPayload,
}

/// What an event can bring along. Which fields must be there follows from its action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventPayload {
    /// `replied`, `rotated`: `age(M, frame)`.
    #[serde(default)]
    pub reply: Option<SealedBytes>,
    /// `replied`, `rotated`: `age(C, frame)`.
    #[serde(default)]
    pub copy: Option<SealedBytes>,
    /// `noted`, `declined`: `age(C, note)`.
    #[serde(default)]
    pub note: Option<SealedBytes>,
    /// `assigned` to someone without a grant: one for each generation; `rotated`: one of the new
    /// generation for each who stays, and those of older generations for who has another key than
    /// these were made for.
    #[serde(default)]
    pub grants: Vec<GenerationGrant>,
    /// `rotated`: the new `C`.
    #[serde(default)]
    pub case_recipient: Option<CaseRecipient>,
}

/// Sealed bytes in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedBytes(#[serde(with = "base64_bytes")] pub Vec<u8>);

impl SealedBytes {
    /// The hash by which an event names it.
    pub fn hash(&self) -> Hash {
        Hash::of(&[&self.0])
    }
}

/// The most that a reply, its copy, or a note may take as sealed, in bytes: as much as the record
/// of a reply carries.
pub const MAX_REPLY_LEN: usize = RecordType::Reply.max_len();

/// The whole log, for the outside body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLog {
    /// Every entry, oldest first. `previous_link` of the first is 32 zeros.
    pub entries: Vec<LogEntry>,
}

/// The kind of the problem by which a case is known that was purged; `GET /v1/cases/{id}/log` still
/// gives its events.
pub const PURGED_PROBLEM: &str = "purged";

/// The media type of an error body.
pub const PROBLEM_CONTENT_TYPE: &str = "application/problem+json";

/// An error body, RFC 9457.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemDetails {
    /// A short name such as `stale` or `not-found`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One sentence for a person.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The name of the rule that an event broke:
    /// [`crate::case::rule_violation::RuleViolation::code`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}
