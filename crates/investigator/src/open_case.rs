//! A case whose grants have been opened.

use protocol::{
    Hash,
    api::workbench::{GenerationGrant, SealedBytes},
    keys::{
        CaseIdentity, CaseRecipient, CaseSecret, InvestigatorIdentity, InvestigatorRecipient,
        MailboxRecipient, PublicKey,
    },
    submission::{
        frame::Attachment,
        key_grant::{Grant, GrantError},
    },
};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::Note;

/// The keys of a case, by generation. Holding one is the permission to read the case.
pub struct OpenCase {
    id: Uuid,
    reporter_key: PublicKey,
    mailbox_recipient: Hash,
    generations: Vec<KeyGeneration>,
    rejected_grants: Vec<RefusedGrant>,
}

/// A grant that was handed in as one's own and opens nothing of this case. The rest of the case can
/// be read all the same.
#[derive(Debug)]
pub struct RefusedGrant {
    /// The generation that it was given for.
    pub generation: u32,
    /// Why it is not believed.
    pub reason: CaseError,
}

pub(crate) struct KeyGeneration {
    pub(crate) number: u32,
    pub(crate) secret: CaseSecret,
    pub(crate) identity: CaseIdentity,
    pub(crate) recipient: CaseRecipient,
}

impl KeyGeneration {
    pub(crate) fn new(number: u32, secret: CaseSecret) -> Self {
        let identity = secret.identity();
        let recipient = identity.recipient();
        Self { number, secret, identity, recipient }
    }
}

/// Why something in a case cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// No grant was handed in.
    #[error("there is no grant for this case")]
    NoGrant,
    /// A grant does not open.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The grant names another reporter than an older one of the case: one of them is forged.
    #[error("the grant names another reporter than an older grant of this case does")]
    ReporterMismatch,
    /// There is another grant of this generation, with another secret.
    #[error("there are two different grants of this generation")]
    ConflictingGrants,
    /// The generation is not among the grants.
    #[error("no grant for generation {0} of this case")]
    UnknownGeneration(u32),
    /// A sealed part does not open.
    #[error("the part cannot be opened: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// Opens, but is not the file that the manifest names.
    #[error("the file is not the one that the report names: {0}")]
    AttachmentMismatch(&'static str),
    /// The key given for answers is not the reporter's: they would be read by somebody else.
    #[error("the case handler gives a mailbox key that is not the reporter's")]
    WrongMailbox,
    /// A note is malformed.
    #[error("the note is malformed")]
    MalformedNote,
    /// Not the tag of a language, such as `fr`: readers would refuse the message.
    #[error("{0} is no language: give a tag such as fr or pt-BR")]
    InvalidLanguage(String),
    /// Readers refuse messages above a bound. Only a message with a forged number comes near it.
    #[error("the case takes no more messages: a message of a colleague took the last number")]
    NoMoreMessages,
    /// The case was rotated as often as it can be.
    #[error("the case takes no more rotations")]
    NoMoreGenerations,
}

impl OpenCase {
    /// Opens the grants that one holds of a case. One that does not open, or that does not belong
    /// with the oldest that does, is [refused](Self::refused): a bad grant must not take a case
    /// away from its reader.
    ///
    /// # Errors
    /// When no grant opens: [`CaseError::NoGrant`], or why the oldest does not.
    pub fn open(
        case: Uuid,
        grants: &[GenerationGrant],
        identity: &InvestigatorIdentity,
    ) -> Result<Self, CaseError> {
        let mut sorted: Vec<&GenerationGrant> = grants.iter().collect();
        sorted.sort_by_key(|grant| grant.generation);
        let (mut open, mut refused) = (None::<Self>, Vec::new());
        for given in sorted {
            let opened = Grant::open(&given.grant, identity, case, given.generation)
                .map_err(CaseError::from);
            let taken = match (opened, &mut open) {
                (Err(reason), _) => Err(reason),
                (Ok(grant), Some(open)) => open.add_grant(grant),
                (Ok(grant), None) => {
                    open = Some(Self::from_first_grant(grant));
                    Ok(())
                }
            };
            if let Err(reason) = taken {
                refused.push(RefusedGrant { generation: given.generation, reason });
            }
        }
        match open {
            Some(open) => Ok(Self { rejected_grants: refused, ..open }),
            None => {
                Err(refused.into_iter().next().map_or(CaseError::NoGrant, |first| first.reason))
            }
        }
    }

    fn from_first_grant(grant: Grant) -> Self {
        Self {
            id: grant.case,
            reporter_key: grant.reporter_key,
            mailbox_recipient: grant.mailbox_recipient,
            generations: vec![KeyGeneration::new(grant.generation, grant.secret)],
            rejected_grants: Vec::new(),
        }
    }

    /// Takes a further grant, not older than those before.
    fn add_grant(&mut self, grant: Grant) -> Result<(), CaseError> {
        if grant.reporter_key != self.reporter_key
            || grant.mailbox_recipient != self.mailbox_recipient
        {
            return Err(CaseError::ReporterMismatch);
        }
        if let Some(held) = self.generations.iter().find(|held| held.number == grant.generation) {
            let same = held.secret.expose() == grant.secret.expose();
            return if same { Ok(()) } else { Err(CaseError::ConflictingGrants) };
        }
        self.generations.push(KeyGeneration::new(grant.generation, grant.secret));
        Ok(())
    }

    /// Grants that were handed in and are not believed.
    pub fn rejected_grants(&self) -> &[RefusedGrant] {
        &self.rejected_grants
    }

    /// The newest generation that can be read: what one writes is sealed to it.
    pub fn newest_generation(&self) -> u32 {
        self.current_generation().number
    }

    /// Is there a grant of this generation?
    pub fn has_generation(&self, generation: u32) -> bool {
        self.generation(generation).is_ok()
    }

    /// The case.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// `K_r`, as bound by the grants.
    pub fn reporter_key(&self) -> &PublicKey {
        &self.reporter_key
    }

    /// Is this the key that the reporter reads answers with, as bound by the grants?
    pub fn is_reporter_mailbox(&self, given: &MailboxRecipient) -> bool {
        given.hash() == self.mailbox_recipient
    }

    pub(crate) fn mailbox_recipient(&self) -> Hash {
        self.mailbox_recipient
    }

    /// Opens a file and holds it against the manifest.
    pub fn open_attachment(
        &self,
        sealed: &[u8],
        generation: u32,
        named: &Attachment,
    ) -> Result<Zeroizing<Vec<u8>>, CaseError> {
        let plain = self.generation(generation)?.identity.open(sealed)?;
        if plain.len() as u64 != named.len {
            return Err(CaseError::AttachmentMismatch("its length differs"));
        }
        if Hash::of(&[&plain]) != named.sha256 {
            return Err(CaseError::AttachmentMismatch("its hash differs"));
        }
        Ok(plain)
    }

    /// Seals a note for the team.
    pub fn seal_note(&self, note: &Note) -> SealedBytes {
        SealedBytes(self.current_generation().recipient.seal(&note.to_bytes()))
    }

    /// Opens a note.
    pub fn open_note(&self, sealed: &[u8], generation: u32) -> Result<Note, CaseError> {
        let plain = self.generation(generation)?.identity.open(sealed)?;
        Note::from_bytes(&plain).ok_or(CaseError::MalformedNote)
    }

    /// Grants for a colleague: one for each generation that one holds.
    pub fn seal_grants_for(&self, colleague: &InvestigatorRecipient) -> Vec<GenerationGrant> {
        self.generations.iter().map(|generation| self.seal_grant(generation, colleague)).collect()
    }

    pub(crate) fn seal_grant(
        &self,
        generation: &KeyGeneration,
        to: &InvestigatorRecipient,
    ) -> GenerationGrant {
        let grant = Grant {
            case: self.id,
            generation: generation.number,
            secret: generation.secret.clone(),
            reporter_key: self.reporter_key,
            mailbox_recipient: self.mailbox_recipient,
        };
        GenerationGrant { generation: generation.number, grant: grant.seal(to) }
    }

    pub(crate) fn generation(&self, number: u32) -> Result<&KeyGeneration, CaseError> {
        self.generations
            .iter()
            .find(|g| g.number == number)
            .ok_or(CaseError::UnknownGeneration(number))
    }

    pub(crate) fn push_generation(&mut self, generation: KeyGeneration) {
        self.generations.push(generation);
    }

    pub(crate) fn current_generation(&self) -> &KeyGeneration {
        self.generations.last().expect("an open case has at least one generation")
    }
}
