//! New events: the only way in which a member changes anything.

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
        EventPayload, GenerationGrant, MAX_REPLY_LEN, NewEvent, PartKind, SealedBytes,
    },
    case::{
        Decision, Role, RuleViolation,
        event::{Action, Event, LogEntry, ReleaseReason, SignedEvent},
    },
    directory::{Directory, MIN_READERS, Member},
    submission::key_grant::grant_tag,
};
use time::Date;
use uuid::Uuid;

use super::{ApiProblem, ApiState, sessions::AuthenticatedMember};
use crate::{
    assignment::{self, AssignmentQuery},
    event_log::{HandlerSigner, append_event},
    ingest::{oversight_members, release_to_oversight},
    store::{CaseRecord, NewPart, WriteTransaction},
};

/// The most bytes of a signed event: it names hashes, handles and codes.
const MAX_EVENT_LEN: usize = 4 * 1024;

pub(super) async fn add_event(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
    id: Result<Path<Uuid>, PathRejection>,
    new: Result<Json<NewEvent>, JsonRejection>,
) -> Result<Json<LogEntry>, ApiProblem> {
    let Path(id) = id?;
    let Json(NewEvent { event: signed, payload: brings }) = new?;
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    let member = accepted.directory.member(&caller.handle).ok_or(ApiProblem::Unauthorized)?;
    let event = verify_author(&signed, member, id).inspect_err(|_| {
        tracing::warn!(
            "an event was refused: it is not signed by whoever handed it in, or belongs elsewhere"
        );
    })?;
    let today = check_event_time(&api, &event).await?;
    if let Action::Approved(Decision::Purge) = event.action {
        api.trusted_date.settled_date().await?;
    }
    let writing = api.store.begin_write().await?;
    // Under the writer's lock, so that nothing changes between looking and acting.
    let holders = writing.grant_holders(id).await?;
    let may_see = holders.get(&caller.handle) == Some(&true);
    let Some(mut case) = writing.case(id).await?.filter(|_| may_see) else {
        return Err(ApiProblem::NotFound);
    };
    let role = Role::of_member(&accepted.directory, &caller.handle, &case.state.desk);
    let released = case.state.released;
    let entry = append_event(&writing, &mut case, &event, signed, role).await?;
    let taking = EventPayloadHandler {
        transaction: &writing,
        directory: &accepted.directory,
        case: &case,
        holders: &holders,
    };
    taking.store_payload(&event, brings).await?;
    if case.state.released != released {
        writing.release_grants(id, oversight_members(&accepted.directory)).await?;
    }
    if let Action::Recused
    | Action::KeysRotated { .. }
    | Action::ChallengeResolved { upheld: true, .. } = event.action
    {
        reassign_after_recusal(&api, &writing, &mut case, &accepted.directory, today).await?;
    }
    writing.commit().await?;
    Ok(Json(entry))
}

/// The event, if the member signed it for this case. No workbench sends another by mistake.
fn verify_author(signed: &SignedEvent, member: &Member, case: Uuid) -> Result<Event, ApiProblem> {
    if signed.bytes.len() > MAX_EVENT_LEN {
        return Err(ApiProblem::Malformed(format!("an event has at most {MAX_EVENT_LEN} bytes")));
    }
    let event =
        signed.verify(&member.device).map_err(|error| ApiProblem::Malformed(error.to_string()))?;
    if event.actor != member.handle || event.case != case {
        return Err(ApiProblem::Malformed(
            "the event belongs to another member or case".to_owned(),
        ));
    }
    Ok(event)
}

/// Somebody has lost the case: suggests one of those who are left, and gives it to the outside body
/// if they are too few. Who has left the directory does not count: they can act no more.
async fn reassign_after_recusal(
    api: &ApiState,
    writing: &WriteTransaction<'_>,
    case: &mut CaseRecord,
    directory: &Directory,
    today: Date,
) -> Result<(), ApiProblem> {
    let holders = writing.grant_holders(case.id).await?;
    let here = |handle: &String| directory.member(handle).is_some();
    let left: Vec<String> = holders
        .into_iter()
        .filter(|(_, released)| *released)
        .map(|(handle, _)| handle)
        .filter(here)
        .collect();
    let load = api.store.workload().await?;
    let absent: Vec<String> = api.store.absences_on(today).await?.into_keys().collect();
    let question = AssignmentQuery {
        case: case.id,
        holders: &left,
        absent_members: &absent,
        lang: &case.lang,
        workload: &load,
    };
    writing.set_suggested(case.id, assignment::suggest_assignee(directory, &question)).await?;
    if left.iter().filter(|handle| !directory.is_oversight(handle)).count() < MIN_READERS {
        let author = HandlerSigner { key: &api.log_key, today };
        release_to_oversight(writing, case, ReleaseReason::DeskConflicted, directory, author)
            .await?;
    }
    Ok(())
}

/// An event says when it was made; a log whose times wander is worth little. Returns the day.
async fn check_event_time(api: &ApiState, event: &Event) -> Result<Date, ApiProblem> {
    let today = api.trusted_date.date().await?;
    let off = (event.at - api.clock.now()).whole_minutes().abs();
    if off > 10 {
        return Err(ApiProblem::RuleMessage(format!(
            "the workbench's clock is {off} minutes off: set it and try again"
        )));
    }
    Ok(today)
}

/// Takes in what an event brings along.
struct EventPayloadHandler<'a> {
    transaction: &'a WriteTransaction<'a>,
    directory: &'a Directory,
    case: &'a CaseRecord,
    holders: &'a BTreeMap<String, bool>,
}

impl EventPayloadHandler<'_> {
    async fn store_payload(&self, event: &Event, brings: EventPayload) -> Result<(), ApiProblem> {
        let id = self.case.id;
        check_grants(&brings.grants)?;
        match (&event.action, brings) {
            (
                Action::Replied { reply, copy, .. } | Action::DeadlineExtended { reply, copy },
                EventPayload {
                    reply: Some(sealed),
                    copy: Some(ours),
                    note: None,
                    grants,
                    case_recipient: None,
                },
            ) if grants.is_empty() => {
                check_hash(&sealed, reply)?;
                check_hash(&ours, copy)?;
                self.store_part(PartKind::ReplyCopy, self.case.state.generation, &ours).await?;
                Ok(self.transaction.add_reply(id, event.seq, sealed.0).await?)
            }
            (
                Action::NoteAdded { note } | Action::Declined { note },
                EventPayload {
                    reply: None,
                    copy: None,
                    note: Some(sealed),
                    grants,
                    case_recipient: None,
                },
            ) if grants.is_empty() => {
                check_hash(&sealed, note)?;
                self.store_part(PartKind::Note, self.case.state.generation, &sealed).await
            }
            (
                Action::KeysRotated { generation, reply, copy },
                EventPayload {
                    reply: Some(sealed),
                    copy: Some(ours),
                    note: None,
                    grants,
                    case_recipient: Some(recipient),
                },
            ) => {
                check_hash(&sealed, reply)?;
                check_hash(&ours, copy)?;
                self.store_part(PartKind::ReplyCopy, generation - 1, &ours).await?;
                self.transaction.add_reply(id, event.seq, sealed.0).await?;
                self.transaction.add_case_recipient(id, *generation, &recipient);
                self.rotate_keys(*generation, &grants, &event.actor).await
            }
            (
                Action::Assigned { to, granted },
                EventPayload { reply: None, copy: None, note: None, grants, case_recipient: None },
            ) => self.assign(to, *granted, &grants).await,
            (
                Action::Replied { .. }
                | Action::DeadlineExtended { .. }
                | Action::NoteAdded { .. }
                | Action::Declined { .. }
                | Action::KeysRotated { .. },
                _,
            ) => Err(rule_violation("the event does not bring what it names")),
            (action, brings) if brings == EventPayload::default() => {
                self.apply_without_payload(action, &event.actor).await
            }
            _ => Err(rule_violation("the event brings something that its action does not take")),
        }
    }

    /// What brings nothing along.
    async fn apply_without_payload(&self, action: &Action, actor: &str) -> Result<(), ApiProblem> {
        let id = self.case.id;
        match action {
            Action::Recused => Ok(self.transaction.delete_grants(id, actor).await?),
            Action::ChallengeResolved { who, upheld: true } => {
                Ok(self.transaction.delete_grants(id, who).await?)
            }
            Action::Challenged { who } if self.holders.get(who) != Some(&true) => {
                Err(rule_violation("this person cannot read the case"))
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

    /// A link tells everybody who reads this case that the other one is there: nobody learns so of
    /// a case that is hidden from them.
    async fn check_linkable(&self, to: Uuid) -> Result<(), ApiProblem> {
        let there = self.transaction.grant_holders(to).await?;
        let reads = |handle: &String| {
            self.directory.is_oversight(handle) || there.get(handle) == Some(&true)
        };
        let here = self.holders.iter().filter(|(_, released)| **released).map(|(handle, _)| handle);
        let all = here.filter(|handle| self.directory.member(handle).is_some()).all(reads);
        if all && !there.is_empty() {
            Ok(())
        } else {
            Err(rule_violation(
                "there is no such case, or not everybody who reads this one can read it",
            ))
        }
    }

    async fn assign(
        &self,
        to: &str,
        granted: Option<protocol::Hash>,
        grants: &[GenerationGrant],
    ) -> Result<(), ApiProblem> {
        let member = self.directory.member(to).ok_or_else(|| rule_violation("no such member"))?;
        let holds = self.holders.get(to) == Some(&true);
        if grants.is_empty() && granted.is_none() {
            return if holds {
                Ok(())
            } else {
                Err(rule_violation("the colleague holds no grant: bring one along"))
            };
        }
        if grants.first().map(|grant| grant.grant.tag) != granted {
            return Err(rule_violation("the event does not bring the grant that it names"));
        }
        for grant in grants {
            if self.grant_owner(grant)?.handle != member.handle {
                return Err(rule_violation("the grant is for somebody else"));
            }
            self.store_grant(member, grant, true).await?;
        }
        Ok(())
    }

    /// Keeps a grant. One that the member has for this very key stays as it is, whatever comes
    /// along: nobody takes the secret from a colleague by giving another in its place. After a
    /// change of keys a desk's member gets a new one; the outside body keeps what the reporter gave
    /// it in any case.
    async fn store_grant(
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
            return Err(rule_violation(
                "the outside body keeps the grant that the reporter gave it",
            ));
        }
        self.transaction.delete_grant(id, grant.generation, &member.handle).await?;
        self.transaction.add_grant(id, &member.handle, grant, released).await?;
        Ok(())
    }

    /// Who gets no grant of the new generation loses the case, row and all; the oversight body
    /// cannot be left out. Who has another key than the older grants were made for gets new ones in
    /// the same step, and can go on reading what is there.
    async fn rotate_keys(
        &self,
        generation: u32,
        grants: &[GenerationGrant],
        actor: &str,
    ) -> Result<(), ApiProblem> {
        let mut stay = Vec::new();
        for grant in grants {
            let member = self.grant_owner(grant)?;
            let released = match self.holders.get(&member.handle) {
                Some(released) => *released,
                // Who joined the outside body after the filing.
                None if self.directory.is_oversight(&member.handle) => {
                    self.case.state.released.is_some()
                }
                None => {
                    return Err(rule_violation(
                        "a rotation grants only to those who hold the case",
                    ));
                }
            };
            if grant.generation == generation {
                stay.push(&member.handle);
            }
            self.store_grant(member, grant, released).await?;
        }
        if grants.iter().any(|grant| !stay.iter().any(|handle| self.is_granted_to(grant, handle))) {
            return Err(rule_violation(
                "a rotation brings each who stays a grant of the new generation",
            ));
        }
        for handle in self.holders.keys().filter(|handle| !stay.contains(handle)) {
            if self.directory.is_oversight(handle) {
                return Err(rule_violation("a rotation leaves the outside body its grant"));
            }
            // New keys for everybody show nothing, and need no declaration. To take the case from a
            // colleague does.
            if self.directory.member(handle).is_some() && !self.case.state.has_declared(actor) {
                return Err(RuleViolation::Undeclared.into());
            }
            self.transaction.delete_grants(self.case.id, handle).await?;
        }
        Ok(())
    }

    /// Whose grant is it? By its tag; what is inside only the member can see.
    fn grant_owner(&self, grant: &GenerationGrant) -> Result<&Member, ApiProblem> {
        if grant.generation > self.case.state.generation {
            return Err(rule_violation("the grant is of no generation of this case"));
        }
        let id = self.case.id;
        let of = |member: &&Member| grant_tag(id, &member.recipient) == grant.grant.tag;
        let member = self
            .directory
            .members
            .iter()
            .find(of)
            .ok_or_else(|| rule_violation("the grant is for nobody here"))?;
        if self.case.state.recused.contains(&member.handle) {
            return Err(rule_violation("who has recused gets no grant"));
        }
        Ok(member)
    }

    fn is_granted_to(&self, grant: &GenerationGrant, handle: &str) -> bool {
        let recipient = self.directory.member(handle).map(|member| &member.recipient);
        recipient.is_some_and(|recipient| grant_tag(self.case.id, recipient) == grant.grant.tag)
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

/// Bounds what an event brings: a member for each seat, each with one grant of each generation.
fn check_grants(grants: &[GenerationGrant]) -> Result<(), ApiProblem> {
    let small = grants.iter().all(|grant| grant.grant.sealed.len() <= RecordType::Grant.max_len());
    let tags: BTreeSet<_> =
        grants.iter().map(|grant| (grant.grant.tag, grant.generation)).collect();
    if small && tags.len() == grants.len() {
        Ok(())
    } else {
        Err(rule_violation("a grant is too large, or comes twice"))
    }
}

fn check_hash(sealed: &SealedBytes, named: &protocol::Hash) -> Result<(), ApiProblem> {
    if sealed.0.len() > MAX_REPLY_LEN {
        return Err(rule_violation(
            "too long: a message or note has at most about 10,000 characters",
        ));
    }
    if sealed.hash() == *named {
        Ok(())
    } else {
        Err(rule_violation("the event does not bring what it names"))
    }
}

fn rule_violation(text: &str) -> ApiProblem {
    ApiProblem::RuleMessage(text.to_owned())
}
