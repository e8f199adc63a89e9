//! Reading one case: every event, frame, note and hash verified, and everything that is wrong said.

use std::collections::BTreeSet;

use envelope::{
    Hash,
    desk_api::{CaseFile, GenerationGrant, PURGED, Part, PartKind},
    event::{Action, Event, LogEntry},
    frame::Direction,
    grant::slot_tag,
    keys::InvestigatorRecipient,
    life::{CaseState, Stage},
    report::ReportBody,
};
use investigator::{CaseError, FindingKind, Note, OpenCase, SealedFrame, Thread};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    alarm::{Alarm, Code, Severity, any_alarm},
    as_it_came::{self, AsItCame, Unreadable},
    audit,
    client::ClientError,
    connection::Connection,
    earlier::NamedReport,
    files::FileError,
    home::SeenCase,
};

/// A case, opened and verified. What did not hold is not in it, but among the alarms.
pub struct Case {
    /// As the case handler gave it.
    pub file: CaseFile,
    /// Its keys.
    pub open: OpenCase,
    /// Report, messages and replies.
    pub thread: Thread,
    /// Other reports that messages name.
    pub named: Vec<NamedReport>,
    /// Notes of the team, oldest first.
    pub notes: Vec<TeamNote>,
    /// Events whose signatures hold, oldest first.
    pub events: Vec<Event>,
    /// The state that the signed events give; `None` when already the first does not hold.
    pub state: Option<CaseState>,
    /// Everything that is wrong.
    pub alarms: Vec<Alarm>,
}

/// A note with who signed for it.
#[derive(Debug, Clone)]
pub struct TeamNote {
    /// Who.
    pub by: String,
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub note: Note,
}

/// Why a case cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The case handler.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Nothing that the case handler gives as one's own grants opens: forged, or for another key.
    #[error("no grant of this case opens: {0}")]
    Grants(CaseError),
    /// All of one's grants are for a key that one has no more.
    #[error(
        "the case is sealed to a key that you had before. Ask the lead of your desk to open it to your new key: burkindi former-readers --rotate. Or ask the person who has the case: burkindi assign CASE --to {0}. If you lead the desk, the administrator names another lead first: burkindi admin desk add"
    )]
    FormerKey(String),
    /// It came like this: the case handler gives it as its first event says that it was collected.
    #[error(
        "this case came unreadable ({}): its sender sent it so, or it was altered before the case handler filed it, and nothing was \
         altered since. If a colleague cannot open it either, two close it with: burkindi unreadable CASE",
        .0.why
    )]
    Unreadable(Box<Unreadable>),
    /// The case handler gave another case than the one asked for.
    #[error("the case handler gave another case than the one that was asked for")]
    OtherCase,
    /// Its content was destroyed, as its signed events say.
    #[error("the case was purged on {0}: its content is destroyed, and only its events are left")]
    Purged(Date),
    /// Its signed events do not say so.
    #[error("the case handler says that the case was purged, but its signed events do not")]
    NotPurged,
    /// The home folder.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Case {
    /// The case's id.
    pub fn id(&self) -> Uuid {
        self.file.row.id
    }

    /// Its end, which later readings are held against, unless something about it does not hold.
    pub(crate) fn pin(&self) -> Option<(Uuid, SeenCase)> {
        let alarming = |code| self.alarms.iter().any(|alarm| alarm.code == code);
        let broken =
            [Code::Rollback, Code::RecipientChanged, Code::Forged, Code::BrokenCase, Code::BrokenLink];
        if broken.into_iter().any(alarming) { None } else { end_of(&self.file) }
    }

    /// What was reported, if it is there and readable.
    pub fn report(&self) -> Option<ReportBody> {
        self.thread.incoming.iter().find_map(|entry| entry.report()?.ok())
    }
}

impl Connection {
    /// Fetches, opens and verifies one case, and remembers its end.
    pub async fn read_case(&mut self, id: Uuid) -> Result<Case, ReadError> {
        let case = self.look_at(id).await;
        let changed = match &case {
            Ok(case) => case.pin().is_some_and(|(id, seen)| self.seen.cases.insert(id, seen) != Some(seen)),
            Err(ReadError::Unreadable(unreadable)) => {
                unreadable.pin.is_some_and(|(id, seen)| self.seen.cases.insert(id, seen) != Some(seen))
            }
            Err(ReadError::Purged(_)) => self.seen.cases.remove(&id).is_some(),
            Err(_) => false,
        };
        if changed {
            self.remember()?;
        }
        case
    }

    /// What is left of a case that the case handler calls purged: its events must say so.
    async fn purged(&self, id: Uuid) -> Result<ReadError, ClientError> {
        let log = self.client.log_of(id).await?;
        let audit = audit::own_entries(&log, &self.roll);
        let purged = audit.cases.get(&id).is_some_and(|state| state.stage == Stage::Purged);
        let last = audit.events.get(&id).and_then(|events| events.last());
        Ok(match last {
            Some(last) if purged && !any_alarm(&audit.alarms) => ReadError::Purged(last.at.date()),
            _ => ReadError::NotPurged,
        })
    }

    /// The same without remembering anything.
    pub(crate) async fn look_at(&self, id: Uuid) -> Result<Case, ReadError> {
        let file = match self.client.case(id).await {
            Err(ClientError::Refused(problem)) if problem.kind == PURGED => {
                return Err(self.purged(id).await?);
            }
            file => file?,
        };
        if file.row.id != id {
            return Err(ReadError::OtherCase);
        }
        let mut audit = audit::own_entries(&file.log, &self.roll);
        let mut alarms = std::mem::take(&mut audit.alarms);
        let events = audit.events.remove(&id).unwrap_or_default();
        let state = audit.cases.remove(&id);
        if !audit.events.is_empty() {
            alarms.push(Alarm::new(Code::BrokenCase, "events of another case stand among those of this one"));
        }
        let (former, own): (Vec<GenerationGrant>, _) =
            file.grants.iter().cloned().partition(|grant| self.is_for_former_key(id, grant));
        if own.is_empty() && !former.is_empty() {
            return Err(ReadError::FormerKey(self.handle().to_owned()));
        }
        let slot = slot_tag(id, &self.key.identity().recipient());
        let came = AsItCame::check(&file, &events, slot);
        let open = match (OpenCase::open(id, &own, self.key.identity()), state.as_ref()) {
            (Ok(open), _) => open,
            (Err(error), Some(state)) if came.report && state.generation == 0 && alarms.is_empty() => {
                let checked = [
                    check_state(&file, Some(state)),
                    check_bodies(&file, Some(state)),
                    check_order(&file, &events),
                    self.check_seen(id, &file.log),
                ];
                let sound = checked.iter().all(Option::is_none)
                    && check_brought(&file, &events).is_empty()
                    && came.altered().next().is_none();
                return Err(if sound {
                    unreadable(&file, state, error.to_string())
                } else {
                    ReadError::Grants(error)
                });
            }
            (Err(error), _) => return Err(ReadError::Grants(error)),
        };
        alarms.extend(open.refused().iter().map(|grant| {
            let text = format!("your grant of generation {}: {}", grant.generation, grant.reason);
            Alarm::new(Code::Unopenable, text)
        }));
        let (mut parts, damaged) = self.fetch_parts(&file).await?;
        alarms.extend(damaged);
        // The signed directories tell that the key was replaced. Without that, a generation that is missing is an alarm below.
        let replaced = self.roll.has_new_key(self.handle(), file.row.filed);
        let all = parts.len();
        parts.retain(|(part, _)| !replaced || open.opens(part.generation));
        let sealed_to_former = all - parts.len();
        if sealed_to_former > 0 {
            let text = format!(
                "{sealed_to_former} messages or notes are sealed to a key that you had before, and are not shown: a colleague opens them to your new key with burkindi former-readers --rotate, or burkindi assign"
            );
            alarms.push(Alarm::notice(Code::FormerKey, text));
        }
        let thread = open.read(parts.iter().filter_map(as_frame));
        alarms.extend(thread.findings.iter().map(|finding| match finding_alarm(finding) {
            // What refers to a message that is not shown cannot be checked.
            alarm if sealed_to_former > 0 && alarm.code == Code::Withheld => {
                Alarm { severity: Severity::Notice, ..alarm }
            }
            alarm if came.is_of_sender(finding) => as_it_came::lower(alarm),
            alarm => alarm,
        }));
        let (named, unproven) = self.named_reports(id, &thread).await?;
        alarms.extend(unproven);
        let (notes, unopenable) = read_notes(&open, &parts, &events);
        alarms.extend(unopenable);
        alarms.extend(check_state(&file, state.as_ref()));
        alarms.extend(check_brought(&file, &events));
        alarms.extend(check_counts(&file, &thread, state.as_ref(), &came));
        alarms.extend(came.altered());
        alarms.extend(check_order(&file, &events));
        alarms.extend(check_turns(&file, &thread));
        alarms.extend(check_recipient(&file, &open));
        alarms.extend(self.check_seen(id, &file.log));
        if let Some(state) = &state {
            if came.report && thread.incoming.is_empty() && thread.outgoing.is_empty() && !any_alarm(&alarms)
            {
                return Err(unreadable(&file, state, as_it_came::why(&thread)));
            }
            alarms.extend(as_it_came::check_opens(state, &events));
        }
        for alarm in &mut alarms {
            alarm.case = Some(id);
            // Numbers of entries are those of this short list; they would only confuse.
            alarm.entry = None;
        }
        Ok(Case { file, open, thread, named, notes, events, state, alarms })
    }

    /// Was this grant made for a key that the signed directories gave to this person before the newest one?
    fn is_for_former_key(&self, case: Uuid, grant: &GenerationGrant) -> bool {
        let tag = |recipient: &InvestigatorRecipient| slot_tag(case, recipient);
        grant.grant.tag != tag(&self.key.identity().recipient())
            && self.roll.former_keys(self.handle()).into_iter().any(|former| tag(former) == grant.grant.tag)
    }

    async fn fetch_parts(&self, file: &CaseFile) -> Result<(Vec<(Part, Vec<u8>)>, Vec<Alarm>), ClientError> {
        let (mut fetched, mut alarms) = (Vec::new(), Vec::new());
        for part in file.parts.iter().filter(|part| part.kind != PartKind::Attachment) {
            let sealed = self.client.part(file.row.id, part.id, part.len).await?;
            if Hash::of(&[&sealed]) == part.sha256 {
                fetched.push((part.clone(), sealed));
            } else {
                alarms.push(Alarm::new(Code::Damaged, format!("part {} differs from its hash", part.id)));
            }
        }
        Ok((fetched, alarms))
    }

    /// Does a case still begin with what was seen of it before?
    pub(crate) fn check_seen(&self, case: Uuid, log: &[LogEntry]) -> Option<Alarm> {
        let seen = self.seen.cases.get(&case)?;
        let last = usize::try_from(seen.events).ok()?.checked_sub(1)?;
        let same = log.get(last).is_some_and(|entry| entry.event.hash() == seen.head);
        let text = format!(
            "the case was rolled back: it had {} events with another end when you last saw it, and has {} now",
            seen.events,
            log.len()
        );
        (!same).then(|| Alarm::new(Code::Rollback, text).in_case(case))
    }

    /// Remembers ends of cases, and writes them down.
    pub(crate) fn pin_cases(
        &mut self,
        pins: impl IntoIterator<Item = (Uuid, SeenCase)>,
    ) -> Result<(), FileError> {
        self.seen.cases.extend(pins);
        self.remember()
    }

    /// Writes down what was seen.
    pub(crate) fn remember(&self) -> Result<(), FileError> {
        self.home.remember(&self.seen)
    }
}

/// A case that came unreadable, with its end, which later readings are held against.
fn unreadable(file: &CaseFile, state: &CaseState, why: String) -> ReadError {
    let unreadable = Unreadable { case: file.row.id, state: state.clone(), why, pin: end_of(file) };
    ReadError::Unreadable(Box::new(unreadable))
}

fn end_of(file: &CaseFile) -> Option<(Uuid, SeenCase)> {
    let last = file.log.last()?;
    let events = u32::try_from(file.log.len()).unwrap_or(u32::MAX);
    Some((file.row.id, SeenCase { events, head: last.event.hash() }))
}

/// Replies go to `M`, which the case handler gives; the grants say which key is the reporter's.
fn check_recipient(file: &CaseFile, open: &OpenCase) -> Option<Alarm> {
    let text = "the case handler gives a mailbox key that is not the reporter's: replies could be read by somebody else";
    (!open.is_mailbox(&file.mailbox_recipient)).then(|| Alarm::new(Code::RecipientChanged, text))
}

fn as_frame((part, sealed): &(Part, Vec<u8>)) -> Option<SealedFrame<'_>> {
    let direction = match part.kind {
        PartKind::Body => Direction::In,
        PartKind::ReplyCopy => Direction::Out,
        PartKind::Attachment | PartKind::Note => return None,
    };
    Some(SealedFrame { direction, generation: part.generation, batch: part.batch, sealed })
}

fn finding_alarm(finding: &investigator::Finding) -> Alarm {
    let whose = match finding.direction {
        Direction::In => "from the reporter",
        Direction::Out => "to the reporter",
    };
    match &finding.kind {
        FindingKind::Refused(reason) => {
            Alarm::new(Code::Forged, format!("a message {whose} is not believed and not shown: {reason}"))
        }
        FindingKind::Replayed => {
            Alarm::new(Code::Replayed, format!("a message {whose} was filed a second time"))
        }
        FindingKind::SentBeside(seq) => Alarm::notice(
            Code::SentBeside,
            format!(
                "two messages {whose} have number {seq}: the second was written before the first was seen"
            ),
        ),
        FindingKind::Withheld(seq) => {
            Alarm::new(Code::Withheld, format!("message {seq} is referred to but not here ({whose})"))
        }
        FindingKind::NoReport => Alarm::new(Code::Withheld, "the report itself is not here"),
    }
}

/// Notes with the event that vouches for each; a note that none names is refused by [`check_brought`].
fn read_notes(open: &OpenCase, parts: &[(Part, Vec<u8>)], events: &[Event]) -> (Vec<TeamNote>, Vec<Alarm>) {
    let (mut notes, mut alarms) = (Vec::new(), Vec::new());
    for (part, sealed) in parts.iter().filter(|(part, _)| part.kind == PartKind::Note) {
        let names = |event: &&Event| match event.action {
            Action::Noted { note } | Action::Declined { note } => note == part.sha256,
            _ => false,
        };
        let Some(event) = events.iter().find(names) else { continue };
        match open.open_note(sealed, part.generation) {
            Ok(note) => notes.push(TeamNote { by: event.actor.clone(), at: event.at, note }),
            Err(error) => {
                alarms.push(Alarm::new(Code::Unopenable, format!("a note of {}: {error}", event.actor)));
            }
        }
    }
    (notes, alarms)
}

fn check_state(file: &CaseFile, folded: Option<&CaseState>) -> Option<Alarm> {
    let text = "the case handler tells another state of this case than its signed events do";
    (folded != Some(&file.row.state)).then(|| Alarm::new(Code::StateDiffers, text))
}

/// Replies and notes stand here exactly when a signed event names them.
fn check_brought(file: &CaseFile, events: &[Event]) -> Vec<Alarm> {
    let named = events.iter().filter_map(|event| match event.action {
        Action::Replied { copy, .. } | Action::Renewed { copy, .. } | Action::Rotated { copy, .. } => {
            Some(copy)
        }
        Action::Noted { note } | Action::Declined { note } => Some(note),
        _ => None,
    });
    let named: BTreeSet<Hash> = named.collect();
    let ours = file.parts.iter().filter(|part| matches!(part.kind, PartKind::ReplyCopy | PartKind::Note));
    let here: BTreeSet<Hash> = ours.map(|part| part.sha256).collect();
    let missing = named.difference(&here).map(|hash| {
        Alarm::new(Code::Withheld, format!("a reply or note that a signed event names is not here ({hash})"))
    });
    let unsigned = here.difference(&named).map(|hash| {
        Alarm::new(Code::Forged, format!("a reply or note is here that no signed event names ({hash})"))
    });
    missing.chain(unsigned).collect()
}

/// As many submissions as the events say.
fn check_bodies(file: &CaseFile, state: Option<&CaseState>) -> Option<Alarm> {
    let told = state?.received;
    let bodies = file.parts.iter().filter(|part| part.kind == PartKind::Body).count();
    let text = format!("{told} submissions were filed according to the log, but {bodies} are here");
    (bodies as u64 != u64::from(told)).then(|| Alarm::new(Code::Withheld, text))
}

/// As many submissions as the events say, and as many files as each manifest says.
fn check_counts(
    file: &CaseFile,
    thread: &Thread,
    state: Option<&CaseState>,
    came: &AsItCame<'_>,
) -> Vec<Alarm> {
    let mut alarms: Vec<Alarm> = check_bodies(file, state).into_iter().collect();
    for entry in &thread.incoming {
        let of_batch = |part: &&Part| part.kind == PartKind::Attachment && part.batch == entry.batch;
        let here = file.parts.iter().filter(of_batch).count();
        let named = entry.header.attachments.len();
        if here < named {
            let text = format!("{} of {named} attached files are not here", named - here);
            let alarm = Alarm::new(Code::Withheld, text);
            alarms.push(if came.is_whole(entry.batch) { as_it_came::lower(alarm) } else { alarm });
        }
    }
    alarms
}

/// Messages and replies stand in the order of the signed events. Each side's own order is in what it signed; what came between is not.
fn check_order(file: &CaseFile, events: &[Event]) -> Option<Alarm> {
    // The hash of a reply; nothing for what came from the reporter, which the events do not name.
    let mut told: Vec<Option<Hash>> = Vec::new();
    for event in events {
        match event.action {
            Action::Received { .. } | Action::FollowedUp(_) => told.push(None),
            Action::Replied { copy, .. } | Action::Renewed { copy, .. } | Action::Rotated { copy, .. } => {
                told.push(Some(copy));
            }
            _ => {}
        }
    }
    let mut here: Vec<Option<Hash>> = turns(file).map(|(reply, part)| reply.then_some(part.sha256)).collect();
    let same_order = told == here;
    told.sort_unstable();
    here.sort_unstable();
    let text = "messages and replies stand here in another order than the signed events tell: an answer may seem to follow another question";
    // Where one is missing or too many, that is said already.
    (!same_order && told == here).then(|| Alarm::new(Code::Reordered, text))
}

/// The reporter wrote one message after another. Two that were filed the other way round with a reply between them can come from one
/// that had to wait, or from somebody who wants an answer to be misread.
fn check_turns(file: &CaseFile, thread: &Thread) -> Option<Alarm> {
    let replies_before = |batch: u32| {
        let before = turns(file).take_while(|(reply, part)| *reply || part.batch != batch);
        before.filter(|(reply, _)| *reply).count()
    };
    let turned = thread.incoming.windows(2).find_map(|pair| match pair {
        [one, next] if replies_before(one.batch) > replies_before(next.batch) => Some(next.head.seq),
        _ => None,
    })?;
    let text = format!(
        "message {turned} from the reporter was filed before the one that it follows, with a reply between them: which of them answers it is not certain"
    );
    Some(Alarm::notice(Code::Reordered, text))
}

/// Messages and replies in the order in which the case handler gives them; `true` for a reply.
fn turns(file: &CaseFile) -> impl Iterator<Item = (bool, &Part)> {
    file.parts.iter().filter_map(|part| match part.kind {
        PartKind::Body => Some((false, part)),
        PartKind::ReplyCopy => Some((true, part)),
        PartKind::Attachment | PartKind::Note => None,
    })
}
