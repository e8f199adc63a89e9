//! A case with opened grants.

use std::io::{self, BufRead, Read, Write};

use protocol::{
    Hash,
    api::workbench::{GenerationGrant, SealedBytes},
    encoding::padding::{
        LEN_PREFIX, MAX_PADDED_NOTE, PaddingError, TEXT_STEP, pad_text, padded_file_len,
        unpad_file, unpad_text,
    },
    keys::{
        CaseIdentity, CaseRecipient, CaseSecret, InvestigatorIdentity, InvestigatorRecipient,
        MailboxRecipient, PublicKey,
    },
    submission::{
        commitment::case_keys_hash,
        frame::Attachment,
        key_grant::{Grant, GrantError},
    },
};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Note, PartKey};

/// Bytes of a file that are in memory while it is written.
const BUFFER_LEN: usize = 64 * 1024;

/// The keys of a case by generation. A value of this type is the permission to read the case.
pub struct OpenCase {
    id: Uuid,
    reporter_key: PublicKey,
    mailbox_recipient: Hash,
    generations: Vec<KeyGeneration>,
    rejected_grants: Vec<RefusedGrant>,
}

/// A grant that was passed in as the reader's own and does not open this case. The rest of the case
/// is still readable.
#[derive(Debug)]
pub struct RefusedGrant {
    /// The generation that it was passed in for.
    pub generation: u32,
    /// Why it was rejected.
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

/// Why a part of a case cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// No grant was passed in.
    #[error("no grant for this case")]
    NoGrant,
    /// A grant does not open.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The grant names another reporter key than an earlier grant of the case, so one of them is
    /// forged.
    #[error("grant names a different reporter key than an earlier grant")]
    ReporterMismatch,
    /// There is another grant of this generation with another secret.
    #[error("conflicting grants for the same generation")]
    ConflictingGrants,
    /// No grant of this generation was passed in.
    #[error("no grant for generation {0} of this case")]
    UnknownGeneration(u32),
    /// A sealed part does not open.
    #[error("failed to decrypt part: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// It opens, but is not the file of the manifest.
    #[error("attachment hash mismatch: {0}")]
    AttachmentMismatch(&'static str),
    /// The opened file cannot be written.
    #[error("failed to write the file: {0}")]
    Unwritable(io::Error),
    /// The key for answers is not the reporter's, so another party would be able to read them.
    #[error("the case handler's mailbox key is not the reporter's")]
    WrongMailbox,
    /// A note is malformed.
    #[error("malformed note")]
    MalformedNote,
    /// Not a language tag such as `fr`. Readers would refuse the message.
    #[error("invalid language tag {0} (expected a tag such as fr or pt-BR)")]
    InvalidLanguage(String),
    /// The case has the maximum number of messages. Only a message with a forged number reaches it.
    #[error(
        "the case has the maximum number of messages: another member's message has the last number"
    )]
    NoMoreMessages,
    /// The text is too long. It has this number of bytes more than fit.
    #[error("the text is {over} bytes too long")]
    TooLong {
        /// The surplus in bytes.
        over: usize,
    },
    /// It opens, but its padding is invalid.
    #[error("invalid padding in a sealed part")]
    InvalidPadding(#[from] PaddingError),
    /// The case has the maximum number of generations.
    #[error("the case has the maximum number of key rotations")]
    NoMoreGenerations,
}

impl OpenCase {
    /// Opens the reader's grants of a case. A grant that does not open, or that contradicts the
    /// oldest one that does, is [rejected](Self::rejected_grants), because a bad grant must not
    /// prevent the reader from opening the case.
    ///
    /// # Errors
    /// If no grant opens: [`CaseError::NoGrant`], or the error of the oldest.
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

    /// Adds a grant that is not older than the previous ones.
    fn add_grant(&mut self, grant: Grant) -> Result<(), CaseError> {
        if !self.is_of_same_reporter(&grant) {
            return Err(CaseError::ReporterMismatch);
        }
        if let Some(held) = self.generations.iter().find(|held| held.number == grant.generation) {
            let same = held.secret.expose() == grant.secret.expose();
            return if same { Ok(()) } else { Err(CaseError::ConflictingGrants) };
        }
        self.generations.push(KeyGeneration::new(grant.generation, grant.secret));
        Ok(())
    }

    /// Returns whether a grant binds the same reporter as the oldest grant of the case.
    pub(crate) fn is_of_same_reporter(&self, grant: &Grant) -> bool {
        grant.reporter_key == self.reporter_key && grant.mailbox_recipient == self.mailbox_recipient
    }

    /// Returns the grants that were rejected.
    pub fn rejected_grants(&self) -> &[RefusedGrant] {
        &self.rejected_grants
    }

    /// Returns the newest readable generation. New content is sealed to it.
    pub fn newest_generation(&self) -> u32 {
        self.current_generation().number
    }

    /// Returns whether there is a grant of this generation.
    pub fn has_generation(&self, generation: u32) -> bool {
        self.generation(generation).is_ok()
    }

    /// Returns the id of the case.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Returns `K_r`, which the grants bind.
    pub fn reporter_key(&self) -> &PublicKey {
        &self.reporter_key
    }

    /// Returns whether this is the reporter's mailbox key, which the grants bind.
    pub fn is_reporter_mailbox(&self, given: &MailboxRecipient) -> bool {
        given.hash() == self.mailbox_recipient
    }

    /// Returns the hash of the public keys to which the grant of generation 0 leads
    /// ([`case_keys_hash`]). Returns `None` without such a grant.
    pub fn case_keys_hash(&self) -> Option<Hash> {
        let first = self.generation(0).ok()?;
        Some(case_keys_hash(&self.mailbox_recipient, &first.recipient.hash()))
    }

    pub(crate) fn mailbox_recipient(&self) -> Hash {
        self.mailbox_recipient
    }

    /// Opens a file and compares it with the manifest.
    ///
    /// # Errors
    /// If the generation is unknown, the file does not open, or it differs from the manifest.
    pub fn open_attachment(
        &self,
        sealed: &[u8],
        generation: u32,
        named: &Attachment,
    ) -> Result<Zeroizing<Vec<u8>>, CaseError> {
        check_attachment(self.generation(generation)?.identity.open(sealed)?, named)
    }

    /// Opens a file of any length in constant memory, and compares it with the manifest. What was
    /// written to `out` is that file only after `Ok`.
    ///
    /// # Errors
    /// As [`Self::open_attachment`], or if `out` fails.
    pub fn write_attachment(
        &self,
        sealed: impl BufRead,
        generation: u32,
        named: &Attachment,
        out: &mut impl Write,
    ) -> Result<(), CaseError> {
        let identity = self.generation(generation)?.identity.as_identity();
        write_attachment(age_hybrid::open_reader(identity, sealed)?, named, out)
    }

    /// Returns the key of one sealed part. It opens that part only.
    ///
    /// # Errors
    /// If the generation is unknown, or the part is not sealed to the case.
    pub fn part_key(&self, sealed: &[u8], generation: u32) -> Result<PartKey, CaseError> {
        let identity = self.generation(generation)?.identity.as_identity();
        Ok(PartKey::new(age_hybrid::file_key_of(identity, sealed)?))
    }

    /// Seals a note for the team.
    ///
    /// # Errors
    /// [`CaseError::TooLong`] if the note does not fit into the largest size class.
    pub fn seal_note(&self, note: &Note) -> Result<SealedBytes, CaseError> {
        let note = note.to_bytes();
        check_len(note.len(), MAX_PADDED_NOTE)?;
        Ok(SealedBytes(self.current_generation().recipient.seal(&pad_text(&note, TEXT_STEP))))
    }

    /// Opens a note.
    ///
    /// # Errors
    /// If the generation is unknown, or the note does not open or is malformed.
    pub fn open_note(&self, sealed: &[u8], generation: u32) -> Result<Note, CaseError> {
        parse_note(&self.generation(generation)?.identity.open(sealed)?)
    }

    /// Returns grants for a colleague: one for each generation of this reader.
    pub fn seal_grants_for(&self, colleague: &InvestigatorRecipient) -> Vec<GenerationGrant> {
        self.generations.iter().map(|generation| self.seal_grant(generation, colleague)).collect()
    }

    /// Returns the hash of the grant of a generation for a member, as every honest holder of the
    /// case secret seals it. Returns `None` if the reader has no grant of this generation.
    pub fn grant_hash(&self, generation: u32, member: &InvestigatorRecipient) -> Option<Hash> {
        let generation = self.generation(generation).ok()?;
        Some(self.seal_grant(generation, member).grant.hash())
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

    pub(crate) fn current_generation(&self) -> &KeyGeneration {
        self.generations.last().expect("an open case has at least one generation")
    }
}

/// Returns the file in an opened attachment, if it is the file of the manifest.
pub(crate) fn check_attachment(
    mut plain: Zeroizing<Vec<u8>>,
    named: &Attachment,
) -> Result<Zeroizing<Vec<u8>>, CaseError> {
    let file = unpad_file(&plain, named.len)
        .map_err(|_| CaseError::AttachmentMismatch("its length differs"))?;
    if Hash::of(&[file]) != named.sha256 {
        return Err(CaseError::AttachmentMismatch("its hash differs"));
    }
    let len = file.len();
    plain.truncate(len);
    Ok(plain)
}

fn write_attachment(
    mut plain: impl Read,
    named: &Attachment,
    out: &mut impl Write,
) -> Result<(), CaseError> {
    const LENGTH_DIFFERS: CaseError = CaseError::AttachmentMismatch("its length differs");
    let (mut digest, mut len) = (Sha256::new(), 0);
    let mut buffer = Zeroizing::new(vec![0; BUFFER_LEN]);
    loop {
        let read = plain.read(&mut buffer).map_err(age_hybrid::OpenError::Payload)?;
        if read == 0 {
            break;
        }
        let of_file = usize::try_from(named.len.saturating_sub(len)).unwrap_or(read).min(read);
        let (file, padding) = buffer[..read].split_at(of_file);
        if padding.iter().any(|byte| *byte != 0) {
            return Err(LENGTH_DIFFERS);
        }
        digest.update(file);
        out.write_all(file).map_err(CaseError::Unwritable)?;
        len += read as u64;
    }
    if len != padded_file_len(named.len) {
        return Err(LENGTH_DIFFERS);
    }
    if Hash(digest.finalize().into()) != named.sha256 {
        return Err(CaseError::AttachmentMismatch("its hash differs"));
    }
    Ok(())
}

/// Returns the note in an opened part.
pub(crate) fn parse_note(plain: &[u8]) -> Result<Note, CaseError> {
    Note::from_bytes(unpad_text(plain, TEXT_STEP)?).ok_or(CaseError::MalformedNote)
}

/// Refuses a text of `len` bytes that does not fit into `max_padded` bytes.
pub(crate) fn check_len(len: usize, max_padded: usize) -> Result<(), CaseError> {
    match (len + LEN_PREFIX).saturating_sub(max_padded) {
        0 => Ok(()),
        over => Err(CaseError::TooLong { over }),
    }
}
