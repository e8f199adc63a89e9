//! New events: the only way in which a member changes anything.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
};
use envelope::{
    RecordType,
    desk_api::{Brings, GenerationGrant, MAX_REPLY, NewEvent, PartKind, Sealed},
    directory::{Directory, MIN_READERS, Member},
    event::{Action, Event, LogEntry, Release, SignedEvent},
    grant::slot_tag,
    life::{Decision, Refusal, Role},
};
use time::Date;
use uuid::Uuid;

use super::{Api, Problem, sessions::Caller};
use crate::{
    filing::{outside, release},
    log::{Author, append},
    routing::{self, Question},
    store::{Case, NewPart, Writing},
};

/// The most bytes of a signed event: it names hashes, handles and codes.
const MAX_EVENT: usize = 4 * 1024;

pub(super) async fn add(
    State(api): State<Api>,
    caller: Caller,
    id: Result<Path<Uuid>, PathRejection>,
    new: Result<Json<NewEvent>, JsonRejection>,
) -> Result<Json<LogEntry>, Problem> {
    let Path(id) = id?;
    let Json(NewEvent { event: signed, brings }) = new?;
    let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
    let member = accepted.directory.member(&caller.handle).ok_or(Problem::Unauthorized)?;
    let event = authored(&signed, member, id).inspect_err(|_| {
        tracing::warn!(
            "an event was refused: it is not signed by whoever handed it in, or belongs elsewhere"
        );
    })?;
    let today = check_time(&api, &event).await?;
    if let Action::Approved(Decision::Purge) = event.action {
        api.today.settled().await?;
    }
    let writing = api.store.write().await?;
    // Under the writer's lock, so that nothing changes between looking and acting.
    let holders = writing.grant_holders(id).await?;
    let may_see = holders.get(&caller.handle) == Some(&true);
    let Some(mut case) = writing.case(id).await?.filter(|_| may_see) else {
        return Err(Problem::NotFound);
    };
    let role = Role::of(&accepted.directory, &caller.handle, &case.state.desk);
    let released = case.state.released;
    let entry = append(&writing, &mut case, &event, signed, role).await?;
    let taking = Taking { writing: &writing, directory: &accepted.directory, case: &case, holders: &holders };
    taking.take(&event, brings).await?;
    if case.state.released != released {
        writing.release_grants(id, outside(&accepted.directory)).await?;
    }
    if let Action::Recused | Action::Rotated { .. } | Action::Judged { upheld: true, .. } = event.action {
        after_leaving(&api, &writing, &mut case, &accepted.directory, today).await?;
    }
    writing.commit().await?;
    Ok(Json(entry))
}

/// The event, if the member signed it for this case. No workbench sends another by mistake.
fn authored(signed: &SignedEvent, member: &Member, case: Uuid) -> Result<Event, Problem> {
    if signed.bytes.len() > MAX_EVENT {
        return Err(Problem::Malformed(format!("an event has at most {MAX_EVENT} bytes")));
    }
    let event = signed.verify(&member.device).map_err(|error| Problem::Malformed(error.to_string()))?;
    if event.actor != member.handle || event.case != case {
        return Err(Problem::Malformed("the event belongs to another member or case".to_owned()));
    }
    Ok(event)
}

/// Somebody has lost the case: suggests one of those who are left, and gives it to the outside body if they are too few. Who
/// has left the directory does not count: they can act no more.
async fn after_leaving(
    api: &Api,
    writing: &Writing<'_>,
    case: &mut Case,
    directory: &Directory,
    today: Date,
) -> Result<(), Problem> {
    let holders = writing.grant_holders(case.id).await?;
    let here = |handle: &String| directory.member(handle).is_some();
    let left: Vec<String> = holders
        .into_iter()
        .filter(|(_, released)| *released)
        .map(|(handle, _)| handle)
        .filter(here)
        .collect();
    let load = api.store.load().await?;
    let absent: Vec<String> = api.store.away(today).await?.into_keys().collect();
    let question = Question { case: case.id, holders: &left, absent: &absent, lang: &case.lang, load: &load };
    writing.set_suggested(case.id, routing::suggest(directory, &question)).await?;
    if left.iter().filter(|handle| !directory.is_oversight(handle)).count() < MIN_READERS {
        let author = Author { key: &api.log_key, today };
        release(writing, case, Release::DeskConflicted, directory, author).await?;
    }
    Ok(())
}

/// An event says when it was made; a log whose times wander is worth little. Returns the day.
async fn check_time(api: &Api, event: &Event) -> Result<Date, Problem> {
    let today = api.today.get().await?;
    let off = (event.at - api.clock.now()).whole_minutes().abs();
    if off > 10 {
        return Err(Problem::Rule(format!(
            "the workbench's clock is {off} minutes off: set it and try again"
        )));
    }
    Ok(today)
}

/// Takes in what an event brings along.
struct Taking<'a> {
    writing: &'a Writing<'a>,
    directory: &'a Directory,
    case: &'a Case,
    holders: &'a BTreeMap<String, bool>,
}

impl Taking<'_> {
    async fn take(&self, event: &Event, brings: Brings) -> Result<(), Problem> {
        let id = self.case.id;
        check_grants(&brings.grants)?;
        match (&event.action, brings) {
            (
                Action::Replied { reply, copy, .. } | Action::Renewed { reply, copy },
                Brings { reply: Some(sealed), copy: Some(ours), note: None, grants, case_recipient: None },
            ) if grants.is_empty() => {
                check(&sealed, reply)?;
                check(&ours, copy)?;
                self.part(PartKind::ReplyCopy, self.case.state.generation, &ours).await?;
                Ok(self.writing.add_reply(id, event.seq, sealed.0).await?)
            }
            (
                Action::Noted { note } | Action::Declined { note },
                Brings { reply: None, copy: None, note: Some(sealed), grants, case_recipient: None },
            ) if grants.is_empty() => {
                check(&sealed, note)?;
                self.part(PartKind::Note, self.case.state.generation, &sealed).await
            }
            (
                Action::Rotated { generation, reply, copy },
                Brings {
                    reply: Some(sealed),
                    copy: Some(ours),
                    note: None,
                    grants,
                    case_recipient: Some(recipient),
                },
            ) => {
                check(&sealed, reply)?;
                check(&ours, copy)?;
                self.part(PartKind::ReplyCopy, generation - 1, &ours).await?;
                self.writing.add_reply(id, event.seq, sealed.0).await?;
                self.writing.add_case_recipient(id, *generation, &recipient);
                self.rotate(*generation, &grants, &event.actor).await
            }
            (
                Action::Assigned { to, granted },
                Brings { reply: None, copy: None, note: None, grants, case_recipient: None },
            ) => self.assign(to, *granted, &grants).await,
            (
                Action::Replied { .. }
                | Action::Renewed { .. }
                | Action::Noted { .. }
                | Action::Declined { .. }
                | Action::Rotated { .. },
                _,
            ) => Err(rule("the event does not bring what it names")),
            (action, brings) if brings == Brings::default() => self.take_alone(action, &event.actor).await,
            _ => Err(rule("the event brings something that its action does not take")),
        }
    }

    /// What brings nothing along.
    async fn take_alone(&self, action: &Action, actor: &str) -> Result<(), Problem> {
        let id = self.case.id;
        match action {
            Action::Recused => Ok(self.writing.delete_grants(id, actor).await?),
            Action::Judged { who, upheld: true } => Ok(self.writing.delete_grants(id, who).await?),
            Action::Challenged { who } if self.holders.get(who) != Some(&true) => {
                Err(rule("this person cannot read the case"))
            }
            Action::Linked { to }
            | Action::Proposed(Decision::Close { duplicate_of: Some(to), .. })
            | Action::Approved(Decision::Close { duplicate_of: Some(to), .. }) => {
                self.check_linkable(*to).await
            }
            Action::Approved(Decision::Purge) => {
                if self.writing.set_aside_of(id).await? > 0 {
                    return Err(Refusal::Unread.into());
                }
                Ok(self.writing.purge(id).await?)
            }
            _ => Ok(()),
        }
    }

    /// A link tells everybody who reads this case that the other one is there: nobody learns so of a case that is hidden from them.
    async fn check_linkable(&self, to: Uuid) -> Result<(), Problem> {
        let there = self.writing.grant_holders(to).await?;
        let reads = |handle: &String| self.directory.is_oversight(handle) || there.get(handle) == Some(&true);
        let here = self.holders.iter().filter(|(_, released)| **released).map(|(handle, _)| handle);
        let all = here.filter(|handle| self.directory.member(handle).is_some()).all(reads);
        if all && !there.is_empty() {
            Ok(())
        } else {
            Err(rule("there is no such case, or not everybody who reads this one can read it"))
        }
    }

    async fn assign(
        &self,
        to: &str,
        granted: Option<envelope::Hash>,
        grants: &[GenerationGrant],
    ) -> Result<(), Problem> {
        let member = self.directory.member(to).ok_or_else(|| rule("no such member"))?;
        let holds = self.holders.get(to) == Some(&true);
        if grants.is_empty() && granted.is_none() {
            return if holds { Ok(()) } else { Err(rule("the colleague holds no grant: bring one along")) };
        }
        if grants.first().map(|grant| grant.grant.tag) != granted {
            return Err(rule("the event does not bring the grant that it names"));
        }
        for grant in grants {
            if self.whose(grant)?.handle != member.handle {
                return Err(rule("the grant is for somebody else"));
            }
            self.give(member, grant, true).await?;
        }
        Ok(())
    }

    /// Keeps a grant. One that the member has for this very key stays as it is, whatever comes along: nobody takes the secret
    /// from a colleague by giving another in its place. After a change of keys a desk's member gets a new one; the outside
    /// body keeps what the reporter gave it in any case.
    async fn give(&self, member: &Member, grant: &GenerationGrant, released: bool) -> Result<(), Problem> {
        let id = self.case.id;
        if self.writing.add_grant(id, &member.handle, grant, released).await? {
            return Ok(());
        }
        if self.directory.is_oversight(&member.handle) {
            return Err(rule("the outside body keeps the grant that the reporter gave it"));
        }
        self.writing.delete_grant(id, grant.generation, &member.handle).await?;
        self.writing.add_grant(id, &member.handle, grant, released).await?;
        Ok(())
    }

    /// Who gets no grant of the new generation loses the case, row and all; the oversight body cannot be left out. Who has another key
    /// than the older grants were made for gets new ones in the same step, and can go on reading what is there.
    async fn rotate(&self, generation: u32, grants: &[GenerationGrant], actor: &str) -> Result<(), Problem> {
        let mut stay = Vec::new();
        for grant in grants {
            let member = self.whose(grant)?;
            let released = match self.holders.get(&member.handle) {
                Some(released) => *released,
                // Who joined the outside body after the filing.
                None if self.directory.is_oversight(&member.handle) => self.case.state.released.is_some(),
                None => return Err(rule("a rotation grants only to those who hold the case")),
            };
            if grant.generation == generation {
                stay.push(&member.handle);
            }
            self.give(member, grant, released).await?;
        }
        if grants.iter().any(|grant| !stay.iter().any(|handle| self.is_for(grant, handle))) {
            return Err(rule("a rotation brings each who stays a grant of the new generation"));
        }
        for handle in self.holders.keys().filter(|handle| !stay.contains(handle)) {
            if self.directory.is_oversight(handle) {
                return Err(rule("a rotation leaves the outside body its grant"));
            }
            // New keys for everybody show nothing, and need no declaration. To take the case from a colleague does.
            if self.directory.member(handle).is_some() && !self.case.state.has_declared(actor) {
                return Err(Refusal::Undeclared.into());
            }
            self.writing.delete_grants(self.case.id, handle).await?;
        }
        Ok(())
    }

    /// Whose grant is it? By its tag; what is inside only the member can see.
    fn whose(&self, grant: &GenerationGrant) -> Result<&Member, Problem> {
        if grant.generation > self.case.state.generation {
            return Err(rule("the grant is of no generation of this case"));
        }
        let id = self.case.id;
        let of = |member: &&Member| slot_tag(id, &member.recipient) == grant.grant.tag;
        let member =
            self.directory.members.iter().find(of).ok_or_else(|| rule("the grant is for nobody here"))?;
        if self.case.state.recused.contains(&member.handle) {
            return Err(rule("who has recused gets no grant"));
        }
        Ok(member)
    }

    fn is_for(&self, grant: &GenerationGrant, handle: &str) -> bool {
        let recipient = self.directory.member(handle).map(|member| &member.recipient);
        recipient.is_some_and(|recipient| slot_tag(self.case.id, recipient) == grant.grant.tag)
    }

    async fn part(&self, kind: PartKind, generation: u32, sealed: &Sealed) -> Result<(), Problem> {
        let batch = self.writing.next_batch(self.case.id).await?;
        let part = NewPart { kind, generation, batch, position: 0, sealed: &sealed.0, object: None };
        Ok(self.writing.add_part(self.case.id, &part).await?)
    }
}

/// Bounds what an event brings: a member for each seat, each with one grant of each generation.
fn check_grants(grants: &[GenerationGrant]) -> Result<(), Problem> {
    let small = grants.iter().all(|grant| grant.grant.sealed.len() <= RecordType::Grant.max_len());
    let tags: BTreeSet<_> = grants.iter().map(|grant| (grant.grant.tag, grant.generation)).collect();
    if small && tags.len() == grants.len() {
        Ok(())
    } else {
        Err(rule("a grant is too large, or comes twice"))
    }
}

fn check(sealed: &Sealed, named: &envelope::Hash) -> Result<(), Problem> {
    if sealed.0.len() > MAX_REPLY {
        return Err(rule("too long: a message or note has at most about 10,000 characters"));
    }
    if sealed.hash() == *named { Ok(()) } else { Err(rule("the event does not bring what it names")) }
}

fn rule(text: &str) -> Problem {
    Problem::Rule(text.to_owned())
}
