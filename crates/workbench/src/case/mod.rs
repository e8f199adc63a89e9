//! Reading one case: every event, frame, note and hash verified, and everything that is wrong said.

pub mod attachments;
pub mod collection_check;
pub mod export;
pub(crate) mod mailbox;
pub mod queue;
pub mod related_report;
pub mod risk;
pub mod view;

use std::collections::BTreeSet;

use investigator::{CaseError, Note, OpenCase, SealedFrame, Thread, ThreadIssueKind};
use protocol::{
    Hash,
    api::workbench::{CaseDetail, CasePart, GenerationGrant, PURGED_PROBLEM, PartKind},
    case::{
        CaseState, Stage,
        event::{Action, Event, LogEntry},
    },
    keys::InvestigatorRecipient,
    submission::{frame::FrameDirection, key_grant::grant_tag, report_body::ReportBody},
};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    alert::{AlertCode, AlertSeverity, IntegrityAlert, has_alarm},
    audit,
    case::{
        collection_check::{CollectionCheck, UnreadableCase},
        related_report::RelatedReportLink,
    },
    private_files::FileError,
    session::{HandlerConnection, client::ClientError, profile::PinnedCaseHead},
};

/// A case, opened and verified. What did not hold is not in it, but among the alarms.
pub struct VerifiedCase {
    /// As the case handler gave it.
    pub file: CaseDetail,
    /// Its keys.
    pub open_case: OpenCase,
    /// Report, messages and replies.
    pub thread: Thread,
    /// Other reports that messages name.
    pub related_reports: Vec<RelatedReportLink>,
    /// Notes of the team, oldest first.
    pub notes: Vec<TeamNote>,
    /// Events whose signatures hold, oldest first.
    pub events: Vec<Event>,
    /// The state that the signed events give; `None` when already the first does not hold.
    pub state: Option<CaseState>,
    /// Everything that is wrong.
    pub alarms: Vec<IntegrityAlert>,
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
pub enum CaseReadError {
    /// The case handler.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Nothing that the case handler gives as one's own grants opens: forged, or for another key.
    #[error("no grant of this case opens: {0}")]
    UnopenableGrants(CaseError),
    /// All of one's grants are for a key that one has no more.
    #[error(
        "the case is sealed to a key that you had before. Ask the lead of your desk to open it to your new key: burkindi former-readers --rotate. Or ask the person who has the case: burkindi assign CASE --to {0}. If you lead the desk, the administrator names another lead first: burkindi admin desk add"
    )]
    FormerKey(String),
    /// It came like this: the case handler gives it as its first event says that it was collected.
    #[error(
        "this case came unreadable ({}): its sender sent it so, or it was altered before the case handler filed it, and nothing was \
         altered since. If a colleague cannot open it either, two close it with: burkindi unreadable CASE",
        .0.reason
    )]
    Unreadable(Box<UnreadableCase>),
    /// The case handler gave another case than the one asked for.
    #[error("the case handler gave another case than the one that was asked for")]
    WrongCase,
    /// Its content was destroyed, as its signed events say.
    #[error("the case was purged on {0}: its content is destroyed, and only its events are left")]
    Purged(Date),
    /// Its signed events do not say so.
    #[error("the case handler says that the case was purged, but its signed events do not")]
    UnprovenPurge,
    /// The home folder.
    #[error(transparent)]
    File(#[from] FileError),
}

impl VerifiedCase {
    /// The case's id.
    pub fn id(&self) -> Uuid {
        self.file.row.id
    }

    /// Its end, which later readings are held against, unless something about it does not hold.
    pub(crate) fn head_to_pin(&self) -> Option<(Uuid, PinnedCaseHead)> {
        let alarming = |code| self.alarms.iter().any(|alarm| alarm.code == code);
        let broken = [
            AlertCode::Rollback,
            AlertCode::RecipientChanged,
            AlertCode::Forged,
            AlertCode::BrokenCase,
            AlertCode::BrokenLink,
        ];
        if broken.into_iter().any(alarming) { None } else { case_head(&self.file) }
    }

    /// What was reported, if it is there and readable.
    pub fn report(&self) -> Option<ReportBody> {
        self.thread.incoming.iter().find_map(|entry| entry.parse_report()?.ok())
    }
}

impl HandlerConnection {
    /// Fetches, opens and verifies one case, and remembers its end.
    pub async fn read_case(&mut self, id: Uuid) -> Result<VerifiedCase, CaseReadError> {
        let case = self.read_case_without_pinning(id).await;
        let changed = match &case {
            Ok(case) => case
                .head_to_pin()
                .is_some_and(|(id, seen)| self.trust_state.cases.insert(id, seen) != Some(seen)),
            Err(CaseReadError::Unreadable(unreadable)) => unreadable
                .head_to_pin
                .is_some_and(|(id, seen)| self.trust_state.cases.insert(id, seen) != Some(seen)),
            Err(CaseReadError::Purged(_)) => self.trust_state.cases.remove(&id).is_some(),
            Err(_) => false,
        };
        if changed {
            self.save_trust_state()?;
        }
        case
    }

    /// What is left of a case that the case handler calls purged: its events must say so.
    async fn verify_purged(&self, id: Uuid) -> Result<CaseReadError, ClientError> {
        let log = self.client.case_log(id).await?;
        let audit = audit::audit_partial_log(&log, &self.directory_history);
        let purged = audit.cases.get(&id).is_some_and(|state| state.stage == Stage::Purged);
        let last = audit.events.get(&id).and_then(|events| events.last());
        Ok(match last {
            Some(last) if purged && !has_alarm(&audit.alarms) => {
                CaseReadError::Purged(last.at.date())
            }
            _ => CaseReadError::UnprovenPurge,
        })
    }

    /// The same without remembering anything.
    pub(crate) async fn read_case_without_pinning(
        &self,
        id: Uuid,
    ) -> Result<VerifiedCase, CaseReadError> {
        let file = match self.client.case(id).await {
            Err(ClientError::Refused(problem)) if problem.kind == PURGED_PROBLEM => {
                return Err(self.verify_purged(id).await?);
            }
            file => file?,
        };
        if file.row.id != id {
            return Err(CaseReadError::WrongCase);
        }
        let mut audit = audit::audit_partial_log(&file.log, &self.directory_history);
        let mut alarms = std::mem::take(&mut audit.alarms);
        let events = audit.events.remove(&id).unwrap_or_default();
        let state = audit.cases.remove(&id);
        if !audit.events.is_empty() {
            alarms.push(IntegrityAlert::new(
                AlertCode::BrokenCase,
                "events of another case stand among those of this one",
            ));
        }
        let (former, own): (Vec<GenerationGrant>, _) =
            file.grants.iter().cloned().partition(|grant| self.is_for_former_key(id, grant));
        if own.is_empty() && !former.is_empty() {
            return Err(CaseReadError::FormerKey(self.handle().to_owned()));
        }
        let slot = grant_tag(id, &self.key.identity().recipient());
        let came = CollectionCheck::check(&file, &events, slot);
        let open = match (OpenCase::open(id, &own, self.key.identity()), state.as_ref()) {
            (Ok(open), _) => open,
            (Err(error), Some(state))
                if came.report_intact && state.generation == 0 && alarms.is_empty() =>
            {
                let checked = [
                    check_state(&file, Some(state)),
                    check_submission_count(&file, Some(state)),
                    check_order(&file, &events),
                    self.check_pinned_head(id, &file.log),
                ];
                let sound = checked.iter().all(Option::is_none)
                    && check_payloads(&file, &events).is_empty()
                    && came.altered_message_alerts().next().is_none();
                return Err(if sound {
                    unreadable_error(&file, state, error.to_string())
                } else {
                    CaseReadError::UnopenableGrants(error)
                });
            }
            (Err(error), _) => return Err(CaseReadError::UnopenableGrants(error)),
        };
        alarms.extend(open.rejected_grants().iter().map(|grant| {
            let text = format!("your grant of generation {}: {}", grant.generation, grant.reason);
            IntegrityAlert::new(AlertCode::Unopenable, text)
        }));
        let (mut parts, damaged) = self.fetch_parts(&file).await?;
        alarms.extend(damaged);
        // The signed directories tell that the key was replaced. Without that, a generation that is
        // missing is an alarm below.
        let replaced = self.directory_history.has_replaced_key(self.handle(), file.row.filed);
        let all = parts.len();
        parts.retain(|(part, _)| !replaced || open.has_generation(part.generation));
        let sealed_to_former = all - parts.len();
        if sealed_to_former > 0 {
            let text = format!(
                "{sealed_to_former} messages or notes are sealed to a key that you had before, and are not shown: a colleague opens them to your new key with burkindi former-readers --rotate, or burkindi assign"
            );
            alarms.push(IntegrityAlert::notice(AlertCode::FormerKey, text));
        }
        let thread = open.read_thread(parts.iter().filter_map(to_sealed_frame));
        alarms.extend(thread.issues.iter().map(|finding| match issue_alert(finding) {
            // What refers to a message that is not shown cannot be checked.
            alarm if sealed_to_former > 0 && alarm.code == AlertCode::Withheld => {
                IntegrityAlert { severity: AlertSeverity::Notice, ..alarm }
            }
            alarm if came.is_sender_fault(finding) => collection_check::downgrade_to_notice(alarm),
            alarm => alarm,
        }));
        let (named, unproven) = self.related_report_links(id, &thread).await?;
        alarms.extend(unproven);
        let (notes, unopenable) = read_notes(&open, &parts, &events);
        alarms.extend(unopenable);
        alarms.extend(check_state(&file, state.as_ref()));
        alarms.extend(check_payloads(&file, &events));
        alarms.extend(check_part_counts(&file, &thread, state.as_ref(), &came));
        alarms.extend(came.altered_message_alerts());
        alarms.extend(check_order(&file, &events));
        alarms.extend(check_interleaving(&file, &thread));
        alarms.extend(check_recipient(&file, &open));
        alarms.extend(self.check_pinned_head(id, &file.log));
        if let Some(state) = &state {
            if came.report_intact
                && thread.incoming.is_empty()
                && thread.outgoing.is_empty()
                && !has_alarm(&alarms)
            {
                return Err(unreadable_error(
                    &file,
                    state,
                    collection_check::unreadable_reason(&thread),
                ));
            }
            alarms.extend(collection_check::check_readable_after_all(state, &events));
        }
        for alarm in &mut alarms {
            alarm.case = Some(id);
            // Numbers of entries are those of this short list; they would only confuse.
            alarm.entry = None;
        }
        Ok(VerifiedCase {
            file,
            open_case: open,
            thread,
            related_reports: named,
            notes,
            events,
            state,
            alarms,
        })
    }

    /// Was this grant made for a key that the signed directories gave to this person before the
    /// newest one?
    fn is_for_former_key(&self, case: Uuid, grant: &GenerationGrant) -> bool {
        let tag = |recipient: &InvestigatorRecipient| grant_tag(case, recipient);
        grant.grant.tag != tag(&self.key.identity().recipient())
            && self
                .directory_history
                .former_keys(self.handle())
                .into_iter()
                .any(|former| tag(former) == grant.grant.tag)
    }

    async fn fetch_parts(
        &self,
        file: &CaseDetail,
    ) -> Result<(Vec<(CasePart, Vec<u8>)>, Vec<IntegrityAlert>), ClientError> {
        let (mut fetched, mut alarms) = (Vec::new(), Vec::new());
        for part in file.parts.iter().filter(|part| part.kind != PartKind::Attachment) {
            let sealed = self.client.fetch_part(file.row.id, part.id, part.len).await?;
            if Hash::of(&[&sealed]) == part.sha256 {
                fetched.push((part.clone(), sealed));
            } else {
                alarms.push(IntegrityAlert::new(
                    AlertCode::Damaged,
                    format!("part {} differs from its hash", part.id),
                ));
            }
        }
        Ok((fetched, alarms))
    }

    /// Does a case still begin with what was seen of it before?
    pub(crate) fn check_pinned_head(&self, case: Uuid, log: &[LogEntry]) -> Option<IntegrityAlert> {
        let seen = self.trust_state.cases.get(&case)?;
        let last = usize::try_from(seen.events).ok()?.checked_sub(1)?;
        let same = log.get(last).is_some_and(|entry| entry.event.hash() == seen.head);
        let text = format!(
            "the case was rolled back: it had {} events with another end when you last saw it, and has {} now",
            seen.events,
            log.len()
        );
        (!same).then(|| IntegrityAlert::new(AlertCode::Rollback, text).in_case(case))
    }

    /// Remembers ends of cases, and writes them down.
    pub(crate) fn pin_cases(
        &mut self,
        pins: impl IntoIterator<Item = (Uuid, PinnedCaseHead)>,
    ) -> Result<(), FileError> {
        self.trust_state.cases.extend(pins);
        self.save_trust_state()
    }

    /// Writes down what was seen.
    pub(crate) fn save_trust_state(&self) -> Result<(), FileError> {
        self.profile.save_trust_state(&self.trust_state)
    }
}

/// A case that came unreadable, with its end, which later readings are held against.
fn unreadable_error(file: &CaseDetail, state: &CaseState, why: String) -> CaseReadError {
    let unreadable = UnreadableCase {
        case: file.row.id,
        state: state.clone(),
        reason: why,
        head_to_pin: case_head(file),
    };
    CaseReadError::Unreadable(Box::new(unreadable))
}

fn case_head(file: &CaseDetail) -> Option<(Uuid, PinnedCaseHead)> {
    let last = file.log.last()?;
    let events = u32::try_from(file.log.len()).unwrap_or(u32::MAX);
    Some((file.row.id, PinnedCaseHead { events, head: last.event.hash() }))
}

/// Replies go to `M`, which the case handler gives; the grants say which key is the reporter's.
fn check_recipient(file: &CaseDetail, open: &OpenCase) -> Option<IntegrityAlert> {
    let text = "the case handler gives a mailbox key that is not the reporter's: replies could be read by somebody else";
    (!open.is_reporter_mailbox(&file.mailbox_recipient))
        .then(|| IntegrityAlert::new(AlertCode::RecipientChanged, text))
}

fn to_sealed_frame((part, sealed): &(CasePart, Vec<u8>)) -> Option<SealedFrame<'_>> {
    let direction = match part.kind {
        PartKind::Body => FrameDirection::In,
        PartKind::ReplyCopy => FrameDirection::Out,
        PartKind::Attachment | PartKind::Note => return None,
    };
    Some(SealedFrame { direction, generation: part.generation, batch: part.batch, sealed })
}

fn issue_alert(finding: &investigator::ThreadIssue) -> IntegrityAlert {
    let whose = match finding.direction {
        FrameDirection::In => "from the reporter",
        FrameDirection::Out => "to the reporter",
    };
    match &finding.kind {
        ThreadIssueKind::Rejected(reason) => IntegrityAlert::new(
            AlertCode::Forged,
            format!("a message {whose} is not believed and not shown: {reason}"),
        ),
        ThreadIssueKind::Replayed => IntegrityAlert::new(
            AlertCode::Replayed,
            format!("a message {whose} was filed a second time"),
        ),
        ThreadIssueKind::Concurrent(seq) => IntegrityAlert::notice(
            AlertCode::ConcurrentMessages,
            format!(
                "two messages {whose} have number {seq}: the second was written before the first was seen"
            ),
        ),
        ThreadIssueKind::Withheld(seq) => IntegrityAlert::new(
            AlertCode::Withheld,
            format!("message {seq} is referred to but not here ({whose})"),
        ),
        ThreadIssueKind::NoReport => {
            IntegrityAlert::new(AlertCode::Withheld, "the report itself is not here")
        }
    }
}

/// Notes with the event that vouches for each; a note that none names is refused by
/// [`check_payloads`].
fn read_notes(
    open: &OpenCase,
    parts: &[(CasePart, Vec<u8>)],
    events: &[Event],
) -> (Vec<TeamNote>, Vec<IntegrityAlert>) {
    let (mut notes, mut alarms) = (Vec::new(), Vec::new());
    for (part, sealed) in parts.iter().filter(|(part, _)| part.kind == PartKind::Note) {
        let names = |event: &&Event| match event.action {
            Action::NoteAdded { note } | Action::Declined { note } => note == part.sha256,
            _ => false,
        };
        let Some(event) = events.iter().find(names) else { continue };
        match open.open_note(sealed, part.generation) {
            Ok(note) => notes.push(TeamNote { by: event.actor.clone(), at: event.at, note }),
            Err(error) => {
                alarms.push(IntegrityAlert::new(
                    AlertCode::Unopenable,
                    format!("a note of {}: {error}", event.actor),
                ));
            }
        }
    }
    (notes, alarms)
}

fn check_state(file: &CaseDetail, folded: Option<&CaseState>) -> Option<IntegrityAlert> {
    let text = "the case handler tells another state of this case than its signed events do";
    (folded != Some(&file.row.state)).then(|| IntegrityAlert::new(AlertCode::StateDiffers, text))
}

/// Replies and notes stand here exactly when a signed event names them.
fn check_payloads(file: &CaseDetail, events: &[Event]) -> Vec<IntegrityAlert> {
    let named = events.iter().filter_map(|event| match event.action {
        Action::Replied { copy, .. }
        | Action::DeadlineExtended { copy, .. }
        | Action::KeysRotated { copy, .. } => Some(copy),
        Action::NoteAdded { note } | Action::Declined { note } => Some(note),
        _ => None,
    });
    let named: BTreeSet<Hash> = named.collect();
    let ours =
        file.parts.iter().filter(|part| matches!(part.kind, PartKind::ReplyCopy | PartKind::Note));
    let here: BTreeSet<Hash> = ours.map(|part| part.sha256).collect();
    let missing = named.difference(&here).map(|hash| {
        IntegrityAlert::new(
            AlertCode::Withheld,
            format!("a reply or note that a signed event names is not here ({hash})"),
        )
    });
    let unsigned = here.difference(&named).map(|hash| {
        IntegrityAlert::new(
            AlertCode::Forged,
            format!("a reply or note is here that no signed event names ({hash})"),
        )
    });
    missing.chain(unsigned).collect()
}

/// As many submissions as the events say.
fn check_submission_count(file: &CaseDetail, state: Option<&CaseState>) -> Option<IntegrityAlert> {
    let told = state?.received;
    let bodies = file.parts.iter().filter(|part| part.kind == PartKind::Body).count();
    let text = format!("{told} submissions were filed according to the log, but {bodies} are here");
    (bodies as u64 != u64::from(told)).then(|| IntegrityAlert::new(AlertCode::Withheld, text))
}

/// As many submissions as the events say, and as many files as each manifest says.
fn check_part_counts(
    file: &CaseDetail,
    thread: &Thread,
    state: Option<&CaseState>,
    came: &CollectionCheck<'_>,
) -> Vec<IntegrityAlert> {
    let mut alarms: Vec<IntegrityAlert> = check_submission_count(file, state).into_iter().collect();
    for entry in &thread.incoming {
        let of_batch =
            |part: &&CasePart| part.kind == PartKind::Attachment && part.batch == entry.batch;
        let here = file.parts.iter().filter(of_batch).count();
        let named = entry.header.attachments.len();
        if here < named {
            let text = format!("{} of {named} attached files are not here", named - here);
            let alarm = IntegrityAlert::new(AlertCode::Withheld, text);
            alarms.push(if came.is_batch_intact(entry.batch) {
                collection_check::downgrade_to_notice(alarm)
            } else {
                alarm
            });
        }
    }
    alarms
}

/// Messages and replies stand in the order of the signed events. Each side's own order is in what
/// it signed; what came between is not.
fn check_order(file: &CaseDetail, events: &[Event]) -> Option<IntegrityAlert> {
    // The hash of a reply; nothing for what came from the reporter, which the events do not name.
    let mut told: Vec<Option<Hash>> = Vec::new();
    for event in events {
        match event.action {
            Action::Received { .. } | Action::FollowedUp(_) => told.push(None),
            Action::Replied { copy, .. }
            | Action::DeadlineExtended { copy, .. }
            | Action::KeysRotated { copy, .. } => {
                told.push(Some(copy));
            }
            _ => {}
        }
    }
    let mut here: Vec<Option<Hash>> =
        conversation_order(file).map(|(reply, part)| reply.then_some(part.sha256)).collect();
    let same_order = told == here;
    told.sort_unstable();
    here.sort_unstable();
    let text = "messages and replies stand here in another order than the signed events tell: an answer may seem to follow another question";
    // Where one is missing or too many, that is said already.
    (!same_order && told == here).then(|| IntegrityAlert::new(AlertCode::Reordered, text))
}

/// The reporter wrote one message after another. Two that were filed the other way round with a
/// reply between them can come from one that had to wait, or from somebody who wants an answer to
/// be misread.
fn check_interleaving(file: &CaseDetail, thread: &Thread) -> Option<IntegrityAlert> {
    let replies_before = |batch: u32| {
        let before =
            conversation_order(file).take_while(|(reply, part)| *reply || part.batch != batch);
        before.filter(|(reply, _)| *reply).count()
    };
    let turned = thread.incoming.windows(2).find_map(|pair| match pair {
        [one, next] if replies_before(one.batch) > replies_before(next.batch) => {
            Some(next.reference.seq)
        }
        _ => None,
    })?;
    let text = format!(
        "message {turned} from the reporter was filed before the one that it follows, with a reply between them: which of them answers it is not certain"
    );
    Some(IntegrityAlert::notice(AlertCode::Reordered, text))
}

/// Messages and replies in the order in which the case handler gives them; `true` for a reply.
fn conversation_order(file: &CaseDetail) -> impl Iterator<Item = (bool, &CasePart)> {
    file.parts.iter().filter_map(|part| match part.kind {
        PartKind::Body => Some((false, part)),
        PartKind::ReplyCopy => Some((true, part)),
        PartKind::Attachment | PartKind::Note => None,
    })
}
