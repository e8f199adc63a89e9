//! Filing opened submissions: once each, in one transaction, with their events.

use ed25519_dalek::SigningKey;
use envelope::{
    desk_api::{GenerationGrant, PartKind},
    directory::Directory,
    event::{Action, Release},
    grant::slot_tag,
    submission::{Opened, SubmissionKind},
};
use time::Date;

use crate::{
    log::{LogError, append_own, received},
    routing::{self, Load},
    store::{Case, NewCase, NewPart, Store, StoreError, Writing},
};

/// What filing needs to know.
#[derive(Debug, Clone)]
pub struct Filing<'a> {
    /// Who is who.
    pub directory: &'a Directory,
    /// Signs the handler's events.
    pub key: &'a SigningKey,
    /// The day of collection.
    pub today: Date,
    /// Who cannot take cases now.
    pub absent: &'a [String],
    /// How much each member has to do. Grows with what is filed.
    pub load: Load,
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
    /// The report that it follows has not been collected, or its mailbox is another one.
    #[error("follows no known report")]
    Orphan,
    /// No grant is for a member of the directory: nobody could ever read it. A newer directory may know one.
    #[error("no grant is for a known member")]
    NoReader,
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
        matches!(self, Self::Orphan | Self::NoReader)
    }
}

impl Filing<'_> {
    /// Files one submission.
    pub async fn file(&mut self, store: &Store, opened: &Opened) -> Result<Filed, FilingError> {
        let writing = store.write().await?;
        let known = writing.case(opened.header.case.id).await?;
        let filed = match (opened.header.kind, known) {
            (_, Some(case)) if case.mailbox != opened.header.mailbox => Err(FilingError::Orphan),
            (SubmissionKind::FollowUp, None) => Err(FilingError::Orphan),
            (_, Some(case)) => self.add(&writing, case, opened).await,
            (SubmissionKind::Report, None) => self.begin(&writing, opened).await,
        }?;
        writing.commit().await?;
        Ok(filed)
    }

    async fn begin(&mut self, writing: &Writing<'_>, opened: &Opened) -> Result<Filed, FilingError> {
        let header = &opened.header;
        let (mailbox_recipient, case_recipient) = opened.keys.as_ref().ok_or(FilingError::NoReader)?;
        let grants = self.known_grants(opened);
        let oversight_only = grants.iter().all(|(handle, _)| self.directory.is_oversight(handle));
        if grants.is_empty() {
            return Err(FilingError::NoReader);
        }
        // A desk that is gone, or whose members all are: the outside body has it.
        let desk = self.directory.desk(&header.desk).filter(|_| !oversight_only);
        let desk = desk.map_or_else(|| self.directory.oversight.clone(), |desk| desk.id.clone());
        let outside = desk == self.directory.oversight;
        let holders: Vec<String> = grants
            .iter()
            .filter(|(handle, _)| outside || !self.directory.is_oversight(handle))
            .map(|(handle, _)| handle.clone())
            .collect();
        let question = routing::Question {
            holders: &holders,
            absent: self.absent,
            lang: &header.lang,
            load: &self.load,
        };
        let suggested = routing::suggest(self.directory, &question);
        if let Some(handle) = &suggested {
            self.load.add(handle, header.urgency);
        }
        let action = Action::Received { desk, urgency: header.urgency };
        let (signed, state) = received(header.case.id, self.today, action, self.key);
        let mut case = Case {
            id: header.case.id,
            mailbox: header.mailbox,
            lang: header.lang.clone(),
            filed: self.today,
            state,
            suggested,
        };
        let new = NewCase {
            case: case.clone(),
            mailbox_recipient,
            case_recipient,
            capsule: opened.capsule.clone(),
        };
        writing.add_case(new).await?;
        for (handle, grant) in &grants {
            writing.add_grant(case.id, handle, grant, holders.contains(handle)).await?;
        }
        self.add_parts(writing, &case, opened).await?;
        writing.append(case.id, 0, signed).await?;
        if outside {
            let action = Action::Released { reason: Release::Filed };
            append_own(writing, &mut case, self.today, action, self.key).await?;
        }
        Ok(Filed::NewCase)
    }

    async fn add(
        &self,
        writing: &Writing<'_>,
        mut case: Case,
        opened: &Opened,
    ) -> Result<Filed, FilingError> {
        if writing.is_filed(case.id, opened.sending_tag).await? {
            return Ok(Filed::Again);
        }
        self.add_parts(writing, &case, opened).await?;
        if opened.header.kind == SubmissionKind::FollowUp {
            writing.set_capsule(case.id, opened.capsule.clone()).await?;
        }
        append_own(writing, &mut case, self.today, Action::FollowedUp, self.key).await?;
        if opened.header.ask_oversight {
            release(writing, &mut case, Release::ReporterAsked, self.today, self.key).await?;
        }
        Ok(Filed::Added)
    }

    async fn add_parts(
        &self,
        writing: &Writing<'_>,
        case: &Case,
        opened: &Opened,
    ) -> Result<(), FilingError> {
        let batch = writing.next_batch(case.id).await?;
        let generation = opened.header.case.generation;
        let body = NewPart { kind: PartKind::Body, generation, batch, position: 0, sealed: &opened.body };
        writing.add_part(case.id, &body).await?;
        for (position, sealed) in (0..).zip(&opened.attachments) {
            let part = NewPart { kind: PartKind::Attachment, generation, batch, position, sealed };
            writing.add_part(case.id, &part).await?;
        }
        writing.add_filed(case.id, opened.sending_tag, batch).await?;
        Ok(())
    }

    /// The grants whose tags are those of members; the rest are decoys, and are not kept.
    fn known_grants(&self, opened: &Opened) -> Vec<(String, GenerationGrant)> {
        let generation = opened.header.case.generation;
        let of = |member: &envelope::directory::Member| {
            let tag = slot_tag(opened.header.case.id, &member.recipient);
            let grant = opened.grants.iter().find(|grant| grant.tag == tag)?.clone();
            Some((member.handle.clone(), GenerationGrant { generation, grant }))
        };
        self.directory.members.iter().filter_map(of).collect()
    }
}

/// Gives the outside body a case, once.
pub async fn release(
    writing: &Writing<'_>,
    case: &mut Case,
    reason: Release,
    today: Date,
    key: &SigningKey,
) -> Result<bool, LogError> {
    if case.state.released.is_some() {
        return Ok(false);
    }
    writing.release_grants(case.id).await?;
    append_own(writing, case, today, Action::Released { reason }, key).await?;
    Ok(true)
}
