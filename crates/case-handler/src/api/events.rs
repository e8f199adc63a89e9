//! New events: the only way for a member to change a case.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
};
use protocol::{
    RecordType,
    api::workbench::{
        EventPayload, GenerationGrant, MAX_NOTE_LEN, MAX_REPLY_LEN, NewEvent, PartKind, SealedBytes,
    },
    case::{
        Decision, Role, RuleViolation,
        event::{Action, Event, GrantRecord, ReleaseReason, SealedText, SignedEvent},
    },
    directory::{Directory, Member},
    keys::CaseRecipient,
    rotation::{RotationConfirmation, SignedStatement},
    submission::key_grant::grant_tag,
};
use time::Date;
use uuid::Uuid;

use super::{ApiProblem, ApiState, sessions::AuthenticatedMember};
use crate::{
    assignment::{self, AssignmentQuery},
    event_log::{HandlerSigner, append_event},
    ingest::{oversight_members, release_to_oversight},
    readers,
    store::{CaseRecord, NewPart, WriteTransaction},
};

/// Maximum size of a signed event, in bytes. It contains hashes, handles, codes, and at most the
/// records of about 120 grants.
const MAX_EVENT_LEN: usize = 16 * 1024;

pub(super) async fn add_event(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
    id: Result<Path<Uuid>, PathRejection>,
    new: Result<Json<NewEvent>, JsonRejection>,
) -> Result<Json<SignedEvent>, ApiProblem> {
    let Path(id) = id?;
    let Json(NewEvent { event: signed, payload }) = new?;
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    let member = accepted.directory.member(&caller.handle).ok_or(ApiProblem::Unauthorized)?;
    let event = verify_author(&signed, member, id).inspect_err(|_| {
        tracing::warn!("event rejected: signer does not match the session, or wrong case");
    })?;
    let today = check_event_time(&api, &event).await?;
    if let Action::Approved(Decision::Purge) = event.action {
        api.trusted_date.settled_date().await?;
    }
    let transaction = api.store.begin_write().await?;
    // Read under the writer lock, so that nothing changes between the check and the write.
    let holders = transaction.grant_holders(id).await?;
    let is_reader = holders.get(&caller.handle) == Some(&true);
    let Some(mut case) = transaction.case(id).await?.filter(|_| is_reader) else {
        return Err(ApiProblem::NotFound);
    };
    let role = Role::of_member(&accepted.directory, &caller.handle, &case.state.desk);
    let released = case.state.released;
    let had_proposal = case.state.pending_rotation.is_some();
    append_event(&transaction, &mut case, &event, &signed, role).await?;
    let payload_handler = EventPayloadHandler {
        transaction: &transaction,
        directory: &accepted.directory,
        case: &case,
        holders: &holders,
    };
    payload_handler.store_payload(&event, payload).await?;
    if had_proposal && case.state.pending_rotation.is_none() {
        transaction.delete_pending_keys(id).await?;
    }
    if case.state.released != released {
        transaction.release_grants(id, oversight_members(&accepted.directory)).await?;
    }
    if let Action::Recused
    | Action::RotationApproved { .. }
    | Action::ChallengeResolved { upheld: true, .. } = event.action
    {
        reassign_after_recusal(&api, &transaction, &mut case, &accepted.directory, today).await?;
    }
    transaction.commit().await?;
    Ok(Json(signed))
}

/// Returns the event if the member signed it for this case. No workbench sends another event by
/// mistake.
fn verify_author(signed: &SignedEvent, member: &Member, case: Uuid) -> Result<Event, ApiProblem> {
    if signed.bytes.len() > MAX_EVENT_LEN {
        return Err(ApiProblem::Malformed(format!("event exceeds {MAX_EVENT_LEN} bytes")));
    }
    let event =
        signed.verify(&member.device).map_err(|error| ApiProblem::Malformed(error.to_string()))?;
    if event.actor != member.handle || event.case != case {
        return Err(ApiProblem::Malformed("event belongs to another member or case".to_owned()));
    }
    Ok(event)
}

/// Handles the loss of a reader: suggests one of the remaining readers, a member of the oversight
/// body only if no other remains, and releases the case to that body if too few remain.
async fn reassign_after_recusal(
    api: &ApiState,
    transaction: &WriteTransaction<'_>,
    case: &mut CaseRecord,
    directory: &Directory,
    today: Date,
) -> Result<(), ApiProblem> {
    let remaining = readers::current_readers(transaction, directory, case.id).await?;
    // The oversight body sees fewer cases of the desk, so a suggestion is not made among both.
    let (oversight, of_desk): (Vec<String>, Vec<String>) =
        remaining.iter().cloned().partition(|handle| directory.is_oversight(handle));
    let candidates = if of_desk.is_empty() { &oversight } else { &of_desk };
    let workload = api.store.workload_by_readers().await?.visible_to_all(candidates);
    let absent: Vec<String> = api.store.absences_on(today).await?.into_keys().collect();
    let query = AssignmentQuery {
        case: case.id,
        holders: candidates,
        absent_members: &absent,
        lang: &case.lang,
        workload: &workload,
    };
    transaction.set_suggested(case.id, assignment::suggest_assignee(directory, &query)).await?;
    if readers::are_too_few(directory, &remaining) {
        let signer = HandlerSigner { key: api.log_keys.signing_under(directory), today };
        release_to_oversight(transaction, case, ReleaseReason::DeskConflicted, directory, signer)
            .await?;
    }
    Ok(())
}

/// Checks the time of an event, because the times in the log must be reliable. Returns the current
/// date.
async fn check_event_time(api: &ApiState, event: &Event) -> Result<Date, ApiProblem> {
    let today = api.trusted_date.date().await?;
    let difference = (event.at - api.clock.now()).whole_minutes().abs();
    if difference > 10 {
        return Err(ApiProblem::RuleMessage(format!(
            "the workbench's clock differs by {difference} minutes; set it and retry"
        )));
    }
    Ok(today)
}

/// A proposed rotation as the event and its payload contain it.
pub(super) struct RotationPayload<'a> {
    pub(super) rotation: &'a SignedStatement,
    pub(super) case_recipient: CaseRecipient,
    pub(super) grants: &'a [GenerationGrant],
    pub(super) confirmation: Option<RotationConfirmation>,
}

/// Validates and stores the payload of an event.
pub(super) struct EventPayloadHandler<'a> {
    pub(super) transaction: &'a WriteTransaction<'a>,
    pub(super) directory: &'a Directory,
    pub(super) case: &'a CaseRecord,
    /// The members with a grant of the case, and whether it is released.
    pub(super) holders: &'a BTreeMap<String, bool>,
}

impl EventPayloadHandler<'_> {
    async fn store_payload(&self, event: &Event, payload: EventPayload) -> Result<(), ApiProblem> {
        let EventPayload { reply, copy, note, grants, case_recipient, confirmation } = payload;
        check_grants(&grants, event.action.recorded_grants())?;
        let generation = self.case.state.generation;
        match (event.action.sealed_text(), reply, copy, note) {
            (SealedText::None, None, None, None) => {}
            (SealedText::Note(hash), None, None, Some(sealed)) => {
                check_hash(&sealed, &hash, MAX_NOTE_LEN)?;
                self.store_part(PartKind::Note, generation, &sealed).await?;
            }
            (SealedText::Message { reply, copy }, Some(sealed), Some(copied), None) => {
                check_hash(&sealed, &reply, MAX_REPLY_LEN)?;
                check_hash(&copied, &copy, MAX_REPLY_LEN)?;
                self.store_part(PartKind::ReplyCopy, generation, &copied).await?;
                self.transaction.add_reply(self.case.id, event.seq, sealed.0).await?;
            }
            (SealedText::None, ..) => {
                return Err(rule_violation("unexpected payload for this action"));
            }
            (SealedText::Note(_) | SealedText::Message { .. }, ..) => {
                return Err(rule_violation("payload does not match the event"));
            }
        }
        match (&event.action, case_recipient) {
            (Action::RotationProposed { rotation, .. }, Some(case_recipient)) => {
                let payload =
                    RotationPayload { rotation, case_recipient, grants: &grants, confirmation };
                self.propose_rotation(payload, &event.actor).await
            }
            (Action::RotationApproved { .. }, None) => {
                self.activate_rotation(confirmation, &event.actor).await
            }
            (Action::RotationProposed { .. }, None) => {
                Err(rule_violation("payload does not match the event"))
            }
            _ if confirmation.is_some() => {
                Err(rule_violation("unexpected payload for this action"))
            }
            (Action::Assigned { to, .. }, None) => self.assign(to, &grants).await,
            (action, None) if grants.is_empty() => self.apply_to_store(action, &event.actor).await,
            _ => Err(rule_violation("unexpected payload for this action")),
        }
    }

    /// Applies what an action without grants changes in the store besides its text.
    async fn apply_to_store(&self, action: &Action, actor: &str) -> Result<(), ApiProblem> {
        let id = self.case.id;
        match action {
            Action::Recused => Ok(self.transaction.delete_grants(id, actor).await?),
            Action::ChallengeResolved { who, upheld: true } => {
                Ok(self.transaction.delete_grants(id, who).await?)
            }
            Action::Challenged { who } if self.holders.get(who) != Some(&true) => {
                Err(rule_violation("this member cannot read the case"))
            }
            Action::Linked { to }
            | Action::Proposed(Decision::Close { duplicate_of: Some(to), .. })
            | Action::Approved(Decision::Close { duplicate_of: Some(to), .. }) => {
                self.check_linkable(*to).await
            }
            Action::Approved(Decision::Purge) => {
                if self.transaction.quarantined_count_of(id).await? > 0 {
                    return Err(RuleViolation::UnhandledMessage.into());
                }
                Ok(self.transaction.purge(id).await?)
            }
            _ => Ok(()),
        }
    }

    /// Checks that every reader of this case can read the other case. Otherwise a link would reveal
    /// the other case to a member from whom it is hidden.
    async fn check_linkable(&self, to: Uuid) -> Result<(), ApiProblem> {
        let other_holders = self.transaction.grant_holders(to).await?;
        let can_read = |handle: &String| {
            self.directory.is_oversight(handle) || other_holders.get(handle) == Some(&true)
        };
        let readers =
            self.holders.iter().filter(|(_, released)| **released).map(|(handle, _)| handle);
        let all_can_read =
            readers.filter(|handle| self.directory.member(handle).is_some()).all(can_read);
        if all_can_read && !other_holders.is_empty() {
            Ok(())
        } else {
            Err(rule_violation("case not found, or not readable by all readers of this case"))
        }
    }

    async fn assign(&self, to: &str, grants: &[GenerationGrant]) -> Result<(), ApiProblem> {
        let member = self.directory.member(to).ok_or_else(|| rule_violation("member not found"))?;
        let has_grant = self.holders.get(to) == Some(&true);
        if self.directory.is_oversight(to) && !self.case.state.oversight_may_read() {
            return Err(RuleViolation::OversightRefused.into());
        }
        if grants.is_empty() {
            return if has_grant {
                Ok(())
            } else {
                Err(rule_violation("the new assignee has no grant; include one"))
            };
        }
        for grant in grants {
            if self.grant_owner(grant, self.case.state.generation)?.handle != member.handle {
                return Err(rule_violation("the grant is for another member"));
            }
            self.store_grant(member, grant, true).await?;
        }
        Ok(())
    }

    /// Stores a grant. If the member has one for this key, it stays unchanged, so that no member
    /// can replace a colleague's secret. After a change of keys, a member of a desk gets a new
    /// grant. The oversight body always keeps the grant that the reporter gave it.
    pub(super) async fn store_grant(
        &self,
        member: &Member,
        grant: &GenerationGrant,
        released: bool,
    ) -> Result<(), ApiProblem> {
        let id = self.case.id;
        if self.transaction.add_grant(id, &member.handle, grant, released).await? {
            return Ok(());
        }
        if self.directory.is_oversight(&member.handle) {
            return Err(rule_violation("the grant of the oversight body cannot be replaced"));
        }
        self.transaction.delete_grant(id, grant.generation, &member.handle).await?;
        self.transaction.add_grant(id, &member.handle, grant, released).await?;
        Ok(())
    }

    /// Returns the member of a grant of at most this generation, by its tag. Only the member can
    /// see its content.
    pub(super) fn grant_owner(
        &self,
        grant: &GenerationGrant,
        newest_generation: u32,
    ) -> Result<&Member, ApiProblem> {
        if grant.generation > newest_generation {
            return Err(rule_violation("unknown generation of the case secret"));
        }
        let id = self.case.id;
        let matches_tag = |member: &&Member| grant_tag(id, &member.recipient) == grant.grant.tag;
        let member = self
            .directory
            .members
            .iter()
            .find(matches_tag)
            .ok_or_else(|| rule_violation("the grant matches no member"))?;
        if self.case.state.recused.contains(&member.handle) {
            return Err(rule_violation("a recused member gets no grant"));
        }
        Ok(member)
    }

    async fn store_part(
        &self,
        kind: PartKind,
        generation: u32,
        sealed: &SealedBytes,
    ) -> Result<(), ApiProblem> {
        let batch = self.transaction.next_batch(self.case.id).await?;
        let part =
            NewPart { kind, generation, batch, position: 0, sealed: &sealed.0, object: None };
        Ok(self.transaction.add_part(self.case.id, &part).await?)
    }
}

/// Checks the grants of a payload: those that the event records, each at most once, and none too
/// large. The case handler cannot check what they contain, because it has no key. Each holder of
/// the case secret checks it against the record.
fn check_grants(grants: &[GenerationGrant], recorded: &[GrantRecord]) -> Result<(), ApiProblem> {
    if !grants.iter().map(GenerationGrant::to_record).eq(recorded.iter().copied()) {
        return Err(rule_violation("payload does not contain the grants that the event records"));
    }
    let sizes_valid =
        grants.iter().all(|grant| grant.grant.sealed.len() <= RecordType::Grant.max_len());
    let tags: BTreeSet<_> =
        grants.iter().map(|grant| (grant.grant.tag, grant.generation)).collect();
    if sizes_valid && tags.len() == grants.len() {
        Ok(())
    } else {
        Err(rule_violation("a grant is too large or duplicated"))
    }
}

fn check_hash(
    sealed: &SealedBytes,
    expected: &protocol::Hash,
    max_len: usize,
) -> Result<(), ApiProblem> {
    if sealed.0.len() > max_len {
        return Err(rule_violation("message or note too long (maximum about 10,000 characters)"));
    }
    if sealed.hash() == *expected {
        Ok(())
    } else {
        Err(rule_violation("payload does not match the event"))
    }
}

pub(super) fn rule_violation(text: &str) -> ApiProblem {
    ApiProblem::RuleMessage(text.to_owned())
}
