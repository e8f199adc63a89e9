//! Ingests opened submissions: each at most once, a batch in one transaction, with their events.

use std::{collections::BTreeSet, slice};

use protocol::{
    Hash,
    api::workbench::{GenerationGrant, PartKind},
    case::{
        Stage,
        event::{Action, ReleaseReason},
    },
    directory::{Directory, MIN_READERS, Member},
    submission::{
        commitment::{FollowUpCommitment, ReportCommitment},
        envelope::{OpenedSubmission, SubmissionKind},
        key_grant::grant_tag,
    },
};

use uuid::{Variant, Version};

use crate::{
    assignment::{self, WorkloadByReaders},
    event_log::{HandlerSigner, LogError},
    sealed_bytes::SealedSource,
    store::{
        CaseRecord, CaseStore, NewCapsule, NewCase, NewPart, StagedObjects, StoreError,
        WriteTransaction,
    },
};

/// Maximum length of a stored language tag (RFC 5646, section 4.4.1), in bytes.
const MAX_LANG_LEN: usize = 35;
/// Maximum number of parts of a case, which a member lists with one request. An honest
/// case has far fewer.
const MAX_PARTS: u64 = 10_000;

/// What ingesting depends on.
#[derive(Debug, Clone)]
pub struct SubmissionIngester<'a> {
    /// The newest directory.
    pub directory: &'a Directory,
    /// The directory that the envelope names, from which the reporter's side chose the readers.
    /// `None` if it is unknown here.
    pub submission_directory: Option<&'a Directory>,
    /// Signs the case handler's events.
    pub signer: HandlerSigner<'a>,
    /// Members with an absence.
    pub absent_members: &'a [String],
    /// Months after the closing during which a case cannot be purged.
    pub retention_months: u16,
}

/// The result of ingesting a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IngestOutcome {
    /// It created a case.
    NewCase,
    /// It was added to its case.
    Appended,
    /// It had been ingested before.
    Duplicate,
}

/// Why a submission was not ingested.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The case id is not a random UUID (version 4), as the reporter's side draws it.
    #[error("case id is not a random UUID")]
    InvalidCaseId,
    /// The report that it follows has not been ingested.
    #[error("unknown parent report")]
    Orphan,
    /// It names a case but not the mailbox of that case, so it does not come from the case's
    /// reporter.
    #[error("mailbox does not match the parent report")]
    WrongMailbox,
    /// It names a generation of the case secret that the case does not have.
    #[error("unknown case-key generation")]
    UnknownGeneration,
    /// No grant is for a member of the directory, so no member could ever read it. A newer
    /// directory may know one.
    #[error("no grant addressed to a known member")]
    NoReader,
    /// Its case was purged after its retention, so no member has the keys any more.
    #[error("case has been purged")]
    Purged,
    /// With it, the case would have more than the maximum number of parts.
    #[error("case has the maximum number of parts")]
    TooManyParts,
    /// The database failed. The submission stays at the intake.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event of the case handler broke a rule.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl IngestError {
    /// Returns true if the submission itself is at fault and goes into the quarantine.
    pub fn is_permanent(&self) -> bool {
        !matches!(self, Self::Store(_) | Self::Log(_))
    }

    /// Returns true if another submission or directory can make it ingestible.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Orphan | Self::UnknownGeneration | Self::NoReader)
    }
}

/// A grant of a known member. Decoys are not stored.
struct MemberGrant<'a> {
    handle: &'a str,
    grant: GenerationGrant,
}

impl SubmissionIngester<'_> {
    /// Ingests one submission. `workload` grows with the suggestion.
    ///
    /// # Errors
    /// Fails as [`Self::ingest_batch`] does, or with the reason for which this submission was not
    /// ingested.
    pub async fn ingest<A: SealedSource>(
        &self,
        store: &CaseStore,
        opened: &OpenedSubmission<A>,
        workload: &mut WorkloadByReaders,
    ) -> Result<IngestOutcome, IngestError> {
        let mut outcomes = self.ingest_batch(store, slice::from_ref(opened), workload).await?;
        outcomes.pop().expect("one for each")
    }

    /// Ingests submissions in their order, durably, in one transaction, because a commit costs as
    /// much for one as for many. Returns one outcome for each.
    ///
    /// # Errors
    /// Fails if the store fails or an event breaks a rule. Then no submission was ingested.
    pub async fn ingest_batch<A: SealedSource>(
        &self,
        store: &CaseStore,
        batch: &[OpenedSubmission<A>],
        workload: &mut WorkloadByReaders,
    ) -> Result<Vec<Result<IngestOutcome, IngestError>>, IngestError> {
        // Objects are uploaded before the transaction starts, so that other writers do not wait for
        // a slow object store.
        let mut staged = Vec::with_capacity(batch.len());
        for opened in batch {
            staged.push(store.stage_objects(&opened.attachments).await?);
        }
        // If the database fails, the staged objects remain until the garbage collection, which sees
        // what was committed.
        let mut outcomes = Vec::with_capacity(batch.len());
        let transaction = store.begin_write().await?;
        transaction.preload_absent(batch.iter().map(|opened| opened.header.case.id)).await?;
        for (opened, staged_objects) in batch.iter().zip(&staged) {
            match self.ingest_one(&transaction, opened, staged_objects, workload).await {
                Err(error) if !error.is_permanent() => return Err(error),
                outcome => outcomes.push(outcome),
            }
        }
        transaction.commit().await?;
        for (outcome, staged_objects) in outcomes.iter().zip(staged) {
            if !matches!(outcome, Ok(IngestOutcome::NewCase | IngestOutcome::Appended)) {
                staged_objects.discard().await;
            }
        }
        Ok(outcomes)
    }

    /// Ingests one submission. All faults of the submission itself are found before the first
    /// write.
    async fn ingest_one<A: SealedSource>(
        &self,
        transaction: &WriteTransaction<'_>,
        opened: &OpenedSubmission<A>,
        staged_objects: &StagedObjects<'_>,
        workload: &mut WorkloadByReaders,
    ) -> Result<IngestOutcome, IngestError> {
        let header = &opened.header;
        let id = header.case.id;
        if id.get_version() != Some(Version::Random) || id.get_variant() != Variant::RFC4122 {
            return Err(IngestError::InvalidCaseId);
        }
        match (header.kind, transaction.case(header.case.id).await?) {
            (_, Some(case)) if case.state.stage == Stage::Purged => Err(IngestError::Purged),
            (_, Some(case)) if case.mailbox != header.mailbox => Err(IngestError::WrongMailbox),
            (_, Some(case)) if header.case.generation > case.state.generation => {
                Err(IngestError::UnknownGeneration)
            }
            (_, Some(case)) => self.append_to_case(transaction, case, opened, staged_objects).await,
            (SubmissionKind::FollowUp, None) => Err(IngestError::Orphan),
            (SubmissionKind::Report, None) if header.case.generation != 0 => {
                Err(IngestError::UnknownGeneration)
            }
            (SubmissionKind::Report, None) => {
                self.open_new_case(transaction, opened, staged_objects, workload).await
            }
        }
    }

    async fn open_new_case<A: SealedSource>(
        &self,
        transaction: &WriteTransaction<'_>,
        opened: &OpenedSubmission<A>,
        staged_objects: &StagedObjects<'_>,
        workload: &mut WorkloadByReaders,
    ) -> Result<IngestOutcome, IngestError> {
        let header = &opened.header;
        let (mailbox_recipient, case_recipient) =
            opened.keys.as_ref().ok_or(IngestError::NoReader)?;
        let grants = self.match_grants_to_members(opened);
        let oversight_refused = !self.has_oversight_grant(&grants);
        let placement =
            CasePlacement::choose(self.directory, &header.desk, &grants, oversight_refused)?;
        let lang = normalize_lang(&header.lang);
        let query = assignment::AssignmentQuery {
            case: header.case.id,
            holders: &placement.holders,
            absent_members: self.absent_members,
            lang: &lang,
            workload: &workload.visible_to_all(&placement.holders),
        };
        let suggested = assignment::suggest_assignee(self.directory, &query);
        let retention_months = self.retention_months;
        let parts = part_hashes(opened);
        let commitment =
            ReportCommitment::of_report(mailbox_recipient, case_recipient, &opened.grants, parts);
        let priority = header.priority;
        let desk = placement.desk;
        let action =
            Action::Received { desk, priority, retention_months, commitment, oversight_refused };
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
        transaction.add_case(new);
        let released = |handle: &str| placement.holders.iter().any(|holder| holder == handle);
        let rows = grants.iter().map(|known| (known.handle, &known.grant, released(known.handle)));
        transaction.add_first_grants(case.id, rows);
        self.add_parts(transaction, &case, 0, opened, staged_objects).await?;
        transaction.append(case.id, 0, &signed).await?;
        let reporter_asked = header.release_to_oversight.then_some(ReleaseReason::ReporterAsked);
        if let Some(reason) = placement.release.or(reporter_asked) {
            self.release_to_oversight(transaction, &mut case, reason).await?;
        }
        if let Some(handle) = &case.suggested {
            let mut readers: BTreeSet<String> = placement.holders.iter().cloned().collect();
            if case.state.released.is_some() {
                let granted =
                    |handle: &&String| grants.iter().any(|known| known.handle == **handle);
                readers.extend(oversight_members(self.directory).iter().filter(granted).cloned());
            }
            workload.add(readers, handle, header.priority);
        }
        Ok(IngestOutcome::NewCase)
    }

    async fn append_to_case<A: SealedSource>(
        &self,
        transaction: &WriteTransaction<'_>,
        mut case: CaseRecord,
        opened: &OpenedSubmission<A>,
        staged_objects: &StagedObjects<'_>,
    ) -> Result<IngestOutcome, IngestError> {
        let outcome = if transaction.is_recorded(case.id, opened.deduplication_tag).await? {
            IngestOutcome::Duplicate
        } else {
            let (batch, parts) = transaction.next_batch_and_part_count(case.id).await?;
            if parts + 1 + opened.attachments.len() as u64 > MAX_PARTS {
                return Err(IngestError::TooManyParts);
            }
            self.add_parts(transaction, &case, batch, opened, staged_objects).await?;
            if opened.header.kind == SubmissionKind::FollowUp {
                let new = NewCapsule {
                    capsule: opened.capsule.clone(),
                    event: case.state.next_seq,
                    generation: opened.header.case.generation,
                    seq: opened.header.seq,
                };
                transaction.set_newer_capsule(case.id, new).await?;
            }
            let commitment = FollowUpCommitment {
                generation: opened.header.case.generation,
                parts: part_hashes(opened).collect(),
            };
            self.signer.append(transaction, &mut case, Action::FollowedUp(commitment)).await?;
            IngestOutcome::Appended
        };
        // A message that was sent again with the release box ticked is a duplicate, but the request
        // is new.
        if opened.header.release_to_oversight {
            self.release_to_oversight(transaction, &mut case, ReleaseReason::ReporterAsked).await?;
        }
        Ok(outcome)
    }

    async fn release_to_oversight(
        &self,
        transaction: &WriteTransaction<'_>,
        case: &mut CaseRecord,
        reason: ReleaseReason,
    ) -> Result<bool, LogError> {
        release_to_oversight(transaction, case, reason, self.directory, self.signer).await
    }

    async fn add_parts<A: SealedSource>(
        &self,
        transaction: &WriteTransaction<'_>,
        case: &CaseRecord,
        batch: u32,
        opened: &OpenedSubmission<A>,
        staged_objects: &StagedObjects<'_>,
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
        transaction.add_part(case.id, &body).await?;
        for ((position, sealed), number) in (0..).zip(&opened.attachments).zip(0..) {
            let object = staged_objects.object_key(number);
            let part =
                NewPart { kind: PartKind::Attachment, generation, batch, position, sealed, object };
            transaction.add_part(case.id, &part).await?;
        }
        transaction.record_submission(case.id, opened.deduplication_tag, batch);
        Ok(())
    }

    /// Returns the grants whose tags match a member of the newest directory or of the directory
    /// that the reporter's side used. A member may have another key by now, or have left. The other
    /// grants are decoys.
    fn match_grants_to_members<A>(&self, opened: &OpenedSubmission<A>) -> Vec<MemberGrant<'_>> {
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

impl SubmissionIngester<'_> {
    /// Returns whether the report came with a grant for a member of the oversight body, now or in
    /// the directory to which it was sealed.
    fn has_oversight_grant(&self, grants: &[MemberGrant<'_>]) -> bool {
        let directories = [Some(self.directory), self.submission_directory];
        grants.iter().any(|known| {
            directories.iter().flatten().any(|directory| directory.is_oversight(known.handle))
        })
    }
}

/// The desk of a new case and its first readers.
struct CasePlacement {
    desk: String,
    holders: Vec<String>,
    release: Option<ReleaseReason>,
}

impl CasePlacement {
    /// Chooses the desk that the reporter's side named, with its members who can read the case. If
    /// the desk or all its readers are gone, the oversight body gets the case. If the reporter
    /// refused that body, the case is not released.
    fn choose(
        directory: &Directory,
        desk: &str,
        grants: &[MemberGrant<'_>],
        oversight_refused: bool,
    ) -> Result<Self, IngestError> {
        let readers_at = |id: &str| -> Vec<String> {
            let members = directory.desk(id).map_or(&[][..], |desk| &desk.members);
            let holds = |handle: &&String| grants.iter().any(|known| known.handle == **handle);
            members.iter().filter(holds).cloned().collect()
        };
        let oversight = &directory.oversight;
        let holders = readers_at(desk);
        if desk != oversight && !holders.is_empty() {
            // The reporter's side never chooses a single reader, so the other readers have left
            // since.
            let too_few = holders.len() < MIN_READERS && !oversight_refused;
            let release = too_few.then_some(ReleaseReason::DeskConflicted);
            return Ok(Self { desk: desk.to_owned(), holders, release });
        }
        let mut holders = readers_at(oversight);
        if holders.is_empty() {
            // The chosen readers get the case at whichever desk they are now, because otherwise no
            // member could read it.
            let chosen = grants.iter().map(|known| known.handle.to_owned());
            holders = chosen.filter(|handle| directory.member(handle).is_some()).collect();
        }
        if holders.is_empty() {
            return Err(IngestError::NoReader);
        }
        let release = (!oversight_refused).then_some(ReleaseReason::Filed);
        Ok(Self { desk: oversight.clone(), holders, release })
    }
}

/// Returns the language tag, or `und` if it is invalid, because every reader of a queue sees it.
fn normalize_lang(lang: &str) -> String {
    let is_valid = !lang.is_empty()
        && lang.len() <= MAX_LANG_LEN
        && lang.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_valid { lang.to_owned() } else { "und".to_owned() }
}

/// Returns the hashes of the sealed body and of the sealed files, in this order.
fn part_hashes<A: SealedSource>(opened: &OpenedSubmission<A>) -> impl Iterator<Item = Hash> {
    let files = opened.attachments.iter().map(SealedSource::sha256);
    std::iter::once(opened.body.sha256()).chain(files)
}

/// Returns the members of the oversight body.
pub fn oversight_members(directory: &Directory) -> &[String] {
    directory.desk(&directory.oversight).map_or(&[], |desk| &desk.members)
}

/// Releases a case to the oversight body. Returns false if it was released before, or if the
/// reporter refused that body and does not ask for it now.
///
/// # Errors
/// Fails if the event breaks a rule or cannot be written.
pub async fn release_to_oversight(
    transaction: &WriteTransaction<'_>,
    case: &mut CaseRecord,
    reason: ReleaseReason,
    directory: &Directory,
    signer: HandlerSigner<'_>,
) -> Result<bool, LogError> {
    let is_refused = case.state.oversight_refused && reason != ReleaseReason::ReporterAsked;
    if case.state.released.is_some() || is_refused {
        return Ok(false);
    }
    transaction.release_grants(case.id, oversight_members(directory)).await?;
    signer.append(transaction, case, Action::Released { reason }).await?;
    Ok(true)
}
