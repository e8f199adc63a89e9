//! Filing opened submissions: once each, a group in one transaction, with their events.

use std::slice;

use protocol::{
    Hash,
    api::workbench::{GenerationGrant, PartKind},
    case::{
        Stage,
        event::{Action, ReleaseReason},
    },
    directory::{Directory, MIN_READERS, Member},
    submission::{
        envelope::{OpenedSubmission, SubmissionKind},
        key_grant::grant_tag,
        report_digest::{self, ReportDigest},
    },
};

use uuid::{Variant, Version};

use crate::{
    assignment::{self, Workload},
    event_log::{HandlerSigner, LogError},
    store::{CaseRecord, CaseStore, NewCase, NewPart, StagedObjects, StoreError, WriteTransaction},
};

/// The longest language tag that is kept (RFC 5646, section 4.4.1), in bytes.
const MAX_LANG_LEN: usize = 35;

/// What filing needs to know.
#[derive(Debug, Clone)]
pub struct SubmissionIngester<'a> {
    /// Who is who.
    pub directory: &'a Directory,
    /// Who was who when the reporter's side chose the readers: the directory that the envelope
    /// names, if it is known here.
    pub submission_directory: Option<&'a Directory>,
    /// Signs the handler's events.
    pub signer: HandlerSigner<'a>,
    /// Who cannot take cases now.
    pub absent_members: &'a [String],
    /// How many months a case is kept after its closing.
    pub retention_months: u16,
}

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IngestOutcome {
    /// It is a new case.
    NewCase,
    /// It was added to its case.
    Appended,
    /// It had been filed before.
    Duplicate,
}

/// Why a submission was not filed.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The id of its case is none that a reporter's side draws: not a random UUID of version 4.
    #[error("the id of its case is not a random one")]
    InvalidCaseId,
    /// The report that it follows has not been collected.
    #[error("follows no known report")]
    Orphan,
    /// It names a case, but not the mailbox of that case: it is not of the case's reporter.
    #[error("names another mailbox than the report that it follows")]
    WrongMailbox,
    /// A generation of the case secret that the case does not have.
    #[error("names a generation of the case secret that is not known")]
    UnknownGeneration,
    /// No grant is for a member of the directory: nobody could ever read it. A newer directory may
    /// know one.
    #[error("no grant is for a known member")]
    NoReader,
    /// Its case was destroyed at the end of its retention: nobody has the keys any more.
    #[error("its case has been purged")]
    Purged,
    /// The database failed: the submission stays at the intake.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event of the handler's own broke a rule.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl IngestError {
    /// Is it the submission that is at fault, so that it is set aside?
    pub fn is_permanent(&self) -> bool {
        !matches!(self, Self::Store(_) | Self::Log(_))
    }

    /// Can another submission or directory make it fileable?
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Orphan | Self::UnknownGeneration | Self::NoReader)
    }
}

/// A grant that is somebody's. Decoys are not kept.
struct MemberGrant<'a> {
    handle: &'a str,
    grant: GenerationGrant,
}

impl SubmissionIngester<'_> {
    /// Files one submission. `load` grows with what is suggested.
    pub async fn ingest(
        &self,
        store: &CaseStore,
        opened: &OpenedSubmission,
        load: &mut Workload,
    ) -> Result<IngestOutcome, IngestError> {
        let mut filed = self.ingest_batch(store, slice::from_ref(opened), load).await?;
        filed.pop().expect("one for each")
    }

    /// Files submissions in the order in which they come, durably, in one transaction: a commit
    /// costs as much for one as for many. Gives what became of each. Fails as a whole where that is
    /// not the submissions' fault; then none has been filed.
    pub async fn ingest_batch(
        &self,
        store: &CaseStore,
        group: &[OpenedSubmission],
        load: &mut Workload,
    ) -> Result<Vec<Result<IngestOutcome, IngestError>>, IngestError> {
        // Before the write begins, so that others need not wait for a slow object store.
        let mut stashes = Vec::with_capacity(group.len());
        for opened in group {
            stashes.push(store.stage_objects(&opened.attachments).await?);
        }
        // If the database fails, the stashes are left to the sweep, which will see what has been
        // committed.
        let mut outcomes = Vec::with_capacity(group.len());
        let writing = store.begin_write().await?;
        writing.preload_absent(group.iter().map(|opened| opened.header.case.id)).await?;
        for (opened, stash) in group.iter().zip(&stashes) {
            match self.ingest_one(&writing, opened, stash, load).await {
                Err(error) if !error.is_permanent() => return Err(error),
                outcome => outcomes.push(outcome),
            }
        }
        writing.commit().await?;
        for (outcome, stash) in outcomes.iter().zip(stashes) {
            if !matches!(outcome, Ok(IngestOutcome::NewCase | IngestOutcome::Appended)) {
                stash.discard().await;
            }
        }
        Ok(outcomes)
    }

    /// Whatever is the submission's fault shows before the first write.
    async fn ingest_one(
        &self,
        writing: &WriteTransaction<'_>,
        opened: &OpenedSubmission,
        stash: &StagedObjects<'_>,
        load: &mut Workload,
    ) -> Result<IngestOutcome, IngestError> {
        let header = &opened.header;
        let id = header.case.id;
        if id.get_version() != Some(Version::Random) || id.get_variant() != Variant::RFC4122 {
            return Err(IngestError::InvalidCaseId);
        }
        match (header.kind, writing.case(header.case.id).await?) {
            (_, Some(case)) if case.state.stage == Stage::Purged => Err(IngestError::Purged),
            (_, Some(case)) if case.mailbox != header.mailbox => Err(IngestError::WrongMailbox),
            (_, Some(case)) if header.case.generation > case.state.generation => {
                Err(IngestError::UnknownGeneration)
            }
            (_, Some(case)) => self.append_to_case(writing, case, opened, stash).await,
            (SubmissionKind::FollowUp, None) => Err(IngestError::Orphan),
            (SubmissionKind::Report, None) if header.case.generation != 0 => {
                Err(IngestError::UnknownGeneration)
            }
            (SubmissionKind::Report, None) => {
                self.open_new_case(writing, opened, stash, load).await
            }
        }
    }

    async fn open_new_case(
        &self,
        writing: &WriteTransaction<'_>,
        opened: &OpenedSubmission,
        stash: &StagedObjects<'_>,
        load: &mut Workload,
    ) -> Result<IngestOutcome, IngestError> {
        let header = &opened.header;
        let (mailbox_recipient, case_recipient) =
            opened.keys.as_ref().ok_or(IngestError::NoReader)?;
        let grants = self.match_grants_to_members(opened);
        let place = CasePlacement::choose(self.directory, &header.desk, &grants)?;
        let lang = normalize_lang(&header.lang);
        let question = assignment::AssignmentQuery {
            case: header.case.id,
            holders: &place.holders,
            absent_members: self.absent_members,
            lang: &lang,
            workload: load,
        };
        let suggested = assignment::suggest_assignee(self.directory, &question);
        let retention_months = self.retention_months;
        let parts = part_hashes(opened);
        let collected =
            Some(ReportDigest::of_report(mailbox_recipient, case_recipient, &opened.grants, parts));
        let urgency = header.urgency;
        let action =
            Action::Received { desk: place.desk, urgency, retention_months, came: collected };
        let (signed, state) = self.signer.sign_received(header.case.id, action);
        let mut case = CaseRecord {
            id: header.case.id,
            mailbox: header.mailbox,
            lang,
            filed: self.signer.today,
            state,
            suggested,
        };
        let new = NewCase {
            case: case.clone(),
            mailbox_recipient,
            case_recipient,
            capsule: opened.capsule.clone(),
        };
        writing.add_case(new);
        let released = |handle: &str| place.holders.iter().any(|holder| holder == handle);
        let rows = grants.iter().map(|known| (known.handle, &known.grant, released(known.handle)));
        writing.add_first_grants(case.id, rows);
        self.add_parts(writing, &case, 0, opened, stash).await?;
        writing.append(case.id, 0, signed).await?;
        let asked = header.release_to_oversight.then_some(ReleaseReason::ReporterAsked);
        if let Some(reason) = place.release.or(asked) {
            self.release_to_oversight(writing, &mut case, reason).await?;
        }
        if let Some(handle) = &case.suggested {
            load.add(handle, header.urgency, 1);
        }
        Ok(IngestOutcome::NewCase)
    }

    async fn append_to_case(
        &self,
        writing: &WriteTransaction<'_>,
        mut case: CaseRecord,
        opened: &OpenedSubmission,
        stash: &StagedObjects<'_>,
    ) -> Result<IngestOutcome, IngestError> {
        let filed = if writing.is_recorded(case.id, opened.deduplication_tag).await? {
            IngestOutcome::Duplicate
        } else {
            let batch = writing.next_batch(case.id).await?;
            self.add_parts(writing, &case, batch, opened, stash).await?;
            if opened.header.kind == SubmissionKind::FollowUp {
                writing.set_capsule(case.id, opened.capsule.clone()).await?;
            }
            let collected =
                report_digest::follow_up_digest(opened.header.case.generation, part_hashes(opened));
            self.signer.append(writing, &mut case, Action::FollowedUp(Some(collected))).await?;
            IngestOutcome::Appended
        };
        // Sent again with this box ticked, the message is the same, and the wish is new.
        if opened.header.release_to_oversight {
            self.release_to_oversight(writing, &mut case, ReleaseReason::ReporterAsked).await?;
        }
        Ok(filed)
    }

    async fn release_to_oversight(
        &self,
        writing: &WriteTransaction<'_>,
        case: &mut CaseRecord,
        reason: ReleaseReason,
    ) -> Result<bool, LogError> {
        release_to_oversight(writing, case, reason, self.directory, self.signer).await
    }

    async fn add_parts(
        &self,
        writing: &WriteTransaction<'_>,
        case: &CaseRecord,
        batch: u32,
        opened: &OpenedSubmission,
        stash: &StagedObjects<'_>,
    ) -> Result<(), IngestError> {
        let generation = opened.header.case.generation;
        let body = NewPart {
            kind: PartKind::Body,
            generation,
            batch,
            position: 0,
            sealed: &opened.body,
            object: None,
        };
        writing.add_part(case.id, &body).await?;
        for ((position, sealed), number) in (0..).zip(&opened.attachments).zip(0..) {
            let object = stash.object_key(number);
            let part =
                NewPart { kind: PartKind::Attachment, generation, batch, position, sealed, object };
            writing.add_part(case.id, &part).await?;
        }
        writing.record_submission(case.id, opened.deduplication_tag, batch);
        Ok(())
    }

    /// The grants whose tags are those of members, of the newest directory or of the one that the
    /// reporter's side used: a member may have another key by now, or be gone. The rest are decoys.
    fn match_grants_to_members(&self, opened: &OpenedSubmission) -> Vec<MemberGrant<'_>> {
        let find = |member: &Member| {
            let tag = grant_tag(opened.header.case.id, &member.recipient);
            opened.grants.iter().find(|grant| grant.tag == tag).cloned()
        };
        let generation = opened.header.case.generation;
        let mut known: Vec<MemberGrant<'_>> = Vec::new();
        for directory in [Some(self.directory), self.submission_directory].into_iter().flatten() {
            for member in &directory.members {
                if known.iter().any(|known| known.handle == member.handle) {
                    continue;
                }
                if let Some(grant) = find(member) {
                    let grant = GenerationGrant { generation, grant };
                    known.push(MemberGrant { handle: &member.handle, grant });
                }
            }
        }
        known
    }
}

/// Where a new case stands, and who has it from the start.
struct CasePlacement {
    desk: String,
    holders: Vec<String>,
    release: Option<ReleaseReason>,
}

impl CasePlacement {
    /// The desk that the reporter's side named, for those of its members who can read the case. A
    /// desk that is gone, or whose readers all are: the outside body has it.
    fn choose(
        directory: &Directory,
        desk: &str,
        grants: &[MemberGrant<'_>],
    ) -> Result<Self, IngestError> {
        let seated = |id: &str| -> Vec<String> {
            let members = directory.desk(id).map_or(&[][..], |desk| &desk.members);
            let holds = |handle: &&String| grants.iter().any(|known| known.handle == **handle);
            members.iter().filter(holds).cloned().collect()
        };
        let outside = &directory.oversight;
        let holders = seated(desk);
        if desk != outside && !holders.is_empty() {
            // The reporter's side files nothing with a single reader: the others have left since.
            let release = (holders.len() < MIN_READERS).then_some(ReleaseReason::DeskConflicted);
            return Ok(Self { desk: desk.to_owned(), holders, release });
        }
        let mut holders = seated(outside);
        if holders.is_empty() {
            // Rather those whom the reporter's side chose, wherever they sit now, than nobody.
            let chosen = grants.iter().map(|known| known.handle.to_owned());
            holders = chosen.filter(|handle| directory.member(handle).is_some()).collect();
        }
        if holders.is_empty() {
            return Err(IngestError::NoReader);
        }
        Ok(Self { desk: outside.clone(), holders, release: Some(ReleaseReason::Filed) })
    }
}

/// A language tag as it stands, or `und` for what is none: rows of it are shown to every reader of
/// a queue.
fn normalize_lang(lang: &str) -> String {
    let sound = !lang.is_empty()
        && lang.len() <= MAX_LANG_LEN
        && lang.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if sound { lang.to_owned() } else { "und".to_owned() }
}

/// The hashes of the sealed body and then of the sealed files.
fn part_hashes(opened: &OpenedSubmission) -> impl Iterator<Item = Hash> {
    [&opened.body].into_iter().chain(&opened.attachments).map(|sealed| Hash::of(&[sealed]))
}

/// Who sits for the outside body.
pub fn oversight_members(directory: &Directory) -> &[String] {
    directory.desk(&directory.oversight).map_or(&[], |desk| &desk.members)
}

/// Gives the outside body a case, once.
pub async fn release_to_oversight(
    writing: &WriteTransaction<'_>,
    case: &mut CaseRecord,
    reason: ReleaseReason,
    directory: &Directory,
    author: HandlerSigner<'_>,
) -> Result<bool, LogError> {
    if case.state.released.is_some() {
        return Ok(false);
    }
    writing.release_grants(case.id, oversight_members(directory)).await?;
    author.append(writing, case, Action::Released { reason }).await?;
    Ok(true)
}
