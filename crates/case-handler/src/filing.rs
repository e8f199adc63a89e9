//! Filing opened submissions: once each, a group in one transaction, with their events.

use std::slice;

use envelope::{
    Hash,
    came::{self, Came},
    desk_api::{GenerationGrant, PartKind},
    directory::{Directory, MIN_READERS, Member},
    event::{Action, Release},
    grant::slot_tag,
    life::Stage,
    submission::{Opened, SubmissionKind},
};

use uuid::{Variant, Version};

use crate::{
    log::{Author, LogError},
    routing::{self, Load},
    store::{Case, NewCase, NewPart, Stash, Store, StoreError, Writing},
};

/// The longest language tag that is kept (RFC 5646, section 4.4.1), in bytes.
const MAX_LANG: usize = 35;

/// What filing needs to know.
#[derive(Debug, Clone)]
pub struct Filing<'a> {
    /// Who is who.
    pub directory: &'a Directory,
    /// Who was who when the reporter's side chose the readers: the directory that the envelope names, if it is known here.
    pub named: Option<&'a Directory>,
    /// Signs the handler's events.
    pub author: Author<'a>,
    /// Who cannot take cases now.
    pub absent: &'a [String],
    /// How many months a case is kept after its closing.
    pub retention_months: u16,
}

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filed {
    /// It is a new case.
    NewCase,
    /// It was added to its case.
    Added,
    /// It had been filed before.
    Again,
}

/// Why a submission was not filed.
#[derive(Debug, thiserror::Error)]
pub enum FilingError {
    /// The id of its case is none that a reporter's side draws: not a random UUID of version 4.
    #[error("the id of its case is not a random one")]
    CaseId,
    /// The report that it follows has not been collected.
    #[error("follows no known report")]
    Orphan,
    /// It names a case, but not the mailbox of that case: it is not of the case's reporter.
    #[error("names another mailbox than the report that it follows")]
    OtherMailbox,
    /// A generation of the case secret that the case does not have.
    #[error("names a generation of the case secret that is not known")]
    Generation,
    /// No grant is for a member of the directory: nobody could ever read it. A newer directory may know one.
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

impl FilingError {
    /// Is it the submission that is at fault, so that it is set aside?
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Store(_) | Self::Log(_))
    }

    /// Can another submission or directory make it fileable?
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Orphan | Self::Generation | Self::NoReader)
    }
}

/// A grant that is somebody's. Decoys are not kept.
struct Known<'a> {
    handle: &'a str,
    grant: GenerationGrant,
}

impl Filing<'_> {
    /// Files one submission. `load` grows with what is suggested.
    pub async fn file(&self, store: &Store, opened: &Opened, load: &mut Load) -> Result<Filed, FilingError> {
        let mut filed = self.file_all(store, slice::from_ref(opened), load).await?;
        filed.pop().expect("one for each")
    }

    /// Files submissions in the order in which they come, durably, in one transaction: a commit costs as much for one as for many.
    /// Gives what became of each. Fails as a whole where that is not the submissions' fault; then none has been filed.
    pub async fn file_all(
        &self,
        store: &Store,
        group: &[Opened],
        load: &mut Load,
    ) -> Result<Vec<Result<Filed, FilingError>>, FilingError> {
        // Before the write begins, so that others need not wait for a slow object store.
        let mut stashes = Vec::with_capacity(group.len());
        for opened in group {
            stashes.push(store.stash(&opened.attachments).await?);
        }
        // If the database fails, the stashes are left to the sweep, which will see what has been committed.
        let mut outcomes = Vec::with_capacity(group.len());
        let writing = store.write().await?;
        writing.expect(group.iter().map(|opened| opened.header.case.id)).await?;
        for (opened, stash) in group.iter().zip(&stashes) {
            match self.file_one(&writing, opened, stash, load).await {
                Err(error) if !error.is_final() => return Err(error),
                outcome => outcomes.push(outcome),
            }
        }
        writing.commit().await?;
        for (outcome, stash) in outcomes.iter().zip(stashes) {
            if !matches!(outcome, Ok(Filed::NewCase | Filed::Added)) {
                stash.discard().await;
            }
        }
        Ok(outcomes)
    }

    /// Whatever is the submission's fault shows before the first write.
    async fn file_one(
        &self,
        writing: &Writing<'_>,
        opened: &Opened,
        stash: &Stash<'_>,
        load: &mut Load,
    ) -> Result<Filed, FilingError> {
        let header = &opened.header;
        let id = header.case.id;
        if id.get_version() != Some(Version::Random) || id.get_variant() != Variant::RFC4122 {
            return Err(FilingError::CaseId);
        }
        match (header.kind, writing.case(header.case.id).await?) {
            (_, Some(case)) if case.state.stage == Stage::Purged => Err(FilingError::Purged),
            (_, Some(case)) if case.mailbox != header.mailbox => Err(FilingError::OtherMailbox),
            (_, Some(case)) if header.case.generation > case.state.generation => Err(FilingError::Generation),
            (_, Some(case)) => self.add(writing, case, opened, stash).await,
            (SubmissionKind::FollowUp, None) => Err(FilingError::Orphan),
            (SubmissionKind::Report, None) if header.case.generation != 0 => Err(FilingError::Generation),
            (SubmissionKind::Report, None) => self.begin(writing, opened, stash, load).await,
        }
    }

    async fn begin(
        &self,
        writing: &Writing<'_>,
        opened: &Opened,
        stash: &Stash<'_>,
        load: &mut Load,
    ) -> Result<Filed, FilingError> {
        let header = &opened.header;
        let (mailbox_recipient, case_recipient) = opened.keys.as_ref().ok_or(FilingError::NoReader)?;
        let grants = self.known_grants(opened);
        let place = Place::choose(self.directory, &header.desk, &grants)?;
        let lang = sound_lang(&header.lang);
        let question = routing::Question {
            case: header.case.id,
            holders: &place.holders,
            absent: self.absent,
            lang: &lang,
            load,
        };
        let suggested = routing::suggest(self.directory, &question);
        let retention_months = self.retention_months;
        let parts = hashes_of_parts(opened);
        let collected = Some(Came::of(mailbox_recipient, case_recipient, &opened.grants, parts));
        let urgency = header.urgency;
        let action = Action::Received { desk: place.desk, urgency, retention_months, came: collected };
        let (signed, state) = self.author.received(header.case.id, action);
        let mut case = Case {
            id: header.case.id,
            mailbox: header.mailbox,
            lang,
            filed: self.author.today,
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
        let asked = header.ask_oversight.then_some(Release::ReporterAsked);
        if let Some(reason) = place.release.or(asked) {
            self.release(writing, &mut case, reason).await?;
        }
        if let Some(handle) = &case.suggested {
            load.add(handle, header.urgency, 1);
        }
        Ok(Filed::NewCase)
    }

    async fn add(
        &self,
        writing: &Writing<'_>,
        mut case: Case,
        opened: &Opened,
        stash: &Stash<'_>,
    ) -> Result<Filed, FilingError> {
        let filed = if writing.is_filed(case.id, opened.sending_tag).await? {
            Filed::Again
        } else {
            let batch = writing.next_batch(case.id).await?;
            self.add_parts(writing, &case, batch, opened, stash).await?;
            if opened.header.kind == SubmissionKind::FollowUp {
                writing.set_capsule(case.id, opened.capsule.clone()).await?;
            }
            let collected = came::follow_up(opened.header.case.generation, hashes_of_parts(opened));
            self.author.append(writing, &mut case, Action::FollowedUp(Some(collected))).await?;
            Filed::Added
        };
        // Sent again with this box ticked, the message is the same, and the wish is new.
        if opened.header.ask_oversight {
            self.release(writing, &mut case, Release::ReporterAsked).await?;
        }
        Ok(filed)
    }

    async fn release(
        &self,
        writing: &Writing<'_>,
        case: &mut Case,
        reason: Release,
    ) -> Result<bool, LogError> {
        release(writing, case, reason, self.directory, self.author).await
    }

    async fn add_parts(
        &self,
        writing: &Writing<'_>,
        case: &Case,
        batch: u32,
        opened: &Opened,
        stash: &Stash<'_>,
    ) -> Result<(), FilingError> {
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
            let object = stash.object(number);
            let part = NewPart { kind: PartKind::Attachment, generation, batch, position, sealed, object };
            writing.add_part(case.id, &part).await?;
        }
        writing.add_filed(case.id, opened.sending_tag, batch);
        Ok(())
    }

    /// The grants whose tags are those of members, of the newest directory or of the one that the reporter's side used: a
    /// member may have another key by now, or be gone. The rest are decoys.
    fn known_grants(&self, opened: &Opened) -> Vec<Known<'_>> {
        let find = |member: &Member| {
            let tag = slot_tag(opened.header.case.id, &member.recipient);
            opened.grants.iter().find(|grant| grant.tag == tag).cloned()
        };
        let generation = opened.header.case.generation;
        let mut known: Vec<Known<'_>> = Vec::new();
        for directory in [Some(self.directory), self.named].into_iter().flatten() {
            for member in &directory.members {
                if known.iter().any(|known| known.handle == member.handle) {
                    continue;
                }
                if let Some(grant) = find(member) {
                    let grant = GenerationGrant { generation, grant };
                    known.push(Known { handle: &member.handle, grant });
                }
            }
        }
        known
    }
}

/// Where a new case stands, and who has it from the start.
struct Place {
    desk: String,
    holders: Vec<String>,
    release: Option<Release>,
}

impl Place {
    /// The desk that the reporter's side named, for those of its members who can read the case. A desk that is gone, or whose
    /// readers all are: the outside body has it.
    fn choose(directory: &Directory, desk: &str, grants: &[Known<'_>]) -> Result<Self, FilingError> {
        let seated = |id: &str| -> Vec<String> {
            let members = directory.desk(id).map_or(&[][..], |desk| &desk.members);
            let holds = |handle: &&String| grants.iter().any(|known| known.handle == **handle);
            members.iter().filter(holds).cloned().collect()
        };
        let outside = &directory.oversight;
        let holders = seated(desk);
        if desk != outside && !holders.is_empty() {
            // The reporter's side files nothing with a single reader: the others have left since.
            let release = (holders.len() < MIN_READERS).then_some(Release::DeskConflicted);
            return Ok(Self { desk: desk.to_owned(), holders, release });
        }
        let mut holders = seated(outside);
        if holders.is_empty() {
            // Rather those whom the reporter's side chose, wherever they sit now, than nobody.
            let chosen = grants.iter().map(|known| known.handle.to_owned());
            holders = chosen.filter(|handle| directory.member(handle).is_some()).collect();
        }
        if holders.is_empty() {
            return Err(FilingError::NoReader);
        }
        Ok(Self { desk: outside.clone(), holders, release: Some(Release::Filed) })
    }
}

/// A language tag as it stands, or `und` for what is none: rows of it are shown to every reader of a queue.
fn sound_lang(lang: &str) -> String {
    let sound = !lang.is_empty()
        && lang.len() <= MAX_LANG
        && lang.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if sound { lang.to_owned() } else { "und".to_owned() }
}

/// The hashes of the sealed body and then of the sealed files.
fn hashes_of_parts(opened: &Opened) -> impl Iterator<Item = Hash> {
    [&opened.body].into_iter().chain(&opened.attachments).map(|sealed| Hash::of(&[sealed]))
}

/// Who sits for the outside body.
pub fn outside(directory: &Directory) -> &[String] {
    directory.desk(&directory.oversight).map_or(&[], |desk| &desk.members)
}

/// Gives the outside body a case, once.
pub async fn release(
    writing: &Writing<'_>,
    case: &mut Case,
    reason: Release,
    directory: &Directory,
    author: Author<'_>,
) -> Result<bool, LogError> {
    if case.state.released.is_some() {
        return Ok(false);
    }
    writing.release_grants(case.id, outside(directory)).await?;
    author.append(writing, case, Action::Released { reason }).await?;
    Ok(true)
}
