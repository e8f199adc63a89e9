//! A case whose grants have been opened.

use envelope::{
    Hash,
    desk_api::{GenerationGrant, Sealed},
    frame::Attachment,
    grant::{Grant, GrantError},
    keys::{
        CaseIdentity, CaseRecipient, CaseSecret, InvestigatorIdentity, InvestigatorRecipient,
        MailboxRecipient, PublicKey,
    },
};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::Note;

/// The keys of a case, by generation. Holding one is the permission to read the case.
pub struct OpenCase {
    case: Uuid,
    reporter_key: PublicKey,
    mailbox_recipient: Hash,
    generations: Vec<Generation>,
}

pub(crate) struct Generation {
    pub(crate) number: u32,
    pub(crate) secret: CaseSecret,
    pub(crate) identity: CaseIdentity,
    pub(crate) recipient: CaseRecipient,
}

impl Generation {
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
    /// Two grants name different reporters: one of them is forged.
    #[error("the grants of this case do not belong together")]
    Contradiction,
    /// The generation is not among the grants.
    #[error("no grant for generation {0} of this case")]
    Generation(u32),
    /// A sealed part does not open.
    #[error("the part cannot be opened: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// Opens, but is not the file that the manifest names.
    #[error("the file is not the one that the report names: {0}")]
    Mismatch(&'static str),
    /// The key given for answers is not the reporter's: they would be read by somebody else.
    #[error("the case handler gives a mailbox key that is not the reporter's")]
    Mailbox,
    /// A note is malformed.
    #[error("the note is malformed")]
    Note,
}

impl OpenCase {
    /// Opens every grant that one holds of a case.
    pub fn open(
        case: Uuid,
        grants: &[GenerationGrant],
        identity: &InvestigatorIdentity,
    ) -> Result<Self, CaseError> {
        let mut opened = grants
            .iter()
            .map(|grant| Grant::open(&grant.grant, identity, case, grant.generation))
            .collect::<Result<Vec<_>, _>>()?;
        opened.sort_by_key(|grant| grant.generation);
        let first = opened.first().ok_or(CaseError::NoGrant)?;
        let (reporter_key, mailbox_recipient) = (first.reporter_key, first.mailbox_recipient);
        let same = |g: &Grant| g.reporter_key == reporter_key && g.mailbox_recipient == mailbox_recipient;
        if !opened.iter().all(same) {
            return Err(CaseError::Contradiction);
        }
        let generations =
            opened.into_iter().map(|grant| Generation::new(grant.generation, grant.secret)).collect();
        Ok(Self { case, reporter_key, mailbox_recipient, generations })
    }

    /// The case.
    pub fn id(&self) -> Uuid {
        self.case
    }

    /// `K_r`, as bound by the grants.
    pub fn reporter_key(&self) -> &PublicKey {
        &self.reporter_key
    }

    /// Is this the key that the reporter reads answers with, as bound by the grants?
    pub fn is_mailbox(&self, given: &MailboxRecipient) -> bool {
        given.hash() == self.mailbox_recipient
    }

    pub(crate) fn mailbox_recipient(&self) -> Hash {
        self.mailbox_recipient
    }

    /// Opens a file and holds it against the manifest.
    pub fn attachment(
        &self,
        sealed: &[u8],
        generation: u32,
        named: &Attachment,
    ) -> Result<Zeroizing<Vec<u8>>, CaseError> {
        let plain = self.generation(generation)?.identity.open(sealed)?;
        if plain.len() as u64 != named.len {
            return Err(CaseError::Mismatch("its length differs"));
        }
        if Hash::of(&[&plain]) != named.sha256 {
            return Err(CaseError::Mismatch("its hash differs"));
        }
        Ok(plain)
    }

    /// Seals a note for the team.
    pub fn seal_note(&self, note: &Note) -> Sealed {
        Sealed(self.newest().recipient.seal(&note.to_bytes()))
    }

    /// Opens a note.
    pub fn open_note(&self, sealed: &[u8], generation: u32) -> Result<Note, CaseError> {
        let plain = self.generation(generation)?.identity.open(sealed)?;
        Note::from_bytes(&plain).ok_or(CaseError::Note)
    }

    /// Grants for a colleague: one for each generation that one holds.
    pub fn grant_to(&self, colleague: &InvestigatorRecipient) -> Vec<GenerationGrant> {
        self.generations.iter().map(|generation| self.grant(generation, colleague)).collect()
    }

    pub(crate) fn grant(&self, generation: &Generation, to: &InvestigatorRecipient) -> GenerationGrant {
        let grant = Grant {
            case: self.case,
            generation: generation.number,
            secret: generation.secret.clone(),
            reporter_key: self.reporter_key,
            mailbox_recipient: self.mailbox_recipient,
        };
        GenerationGrant { generation: generation.number, grant: grant.seal(to) }
    }

    pub(crate) fn generation(&self, number: u32) -> Result<&Generation, CaseError> {
        self.generations.iter().find(|g| g.number == number).ok_or(CaseError::Generation(number))
    }

    pub(crate) fn push_generation(&mut self, generation: Generation) {
        self.generations.push(generation);
    }

    pub(crate) fn newest(&self) -> &Generation {
        self.generations.last().expect("an open case has at least one generation")
    }
}
