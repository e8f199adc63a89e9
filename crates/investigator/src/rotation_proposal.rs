//! Key rotations by two members: a new case secret that excludes a reader from everything that
//! follows.
//!
//! One member proposes: makes the secret, a grant for each remaining reader and the statement for
//! the reporter. Another member checks all of it with their own grant before approving. Grants are
//! sealed deterministically, so that the second member makes each of them again and compares.

use protocol::{
    Hash,
    api::workbench::GenerationGrant,
    case::event::GrantRecord,
    keys::{CaseRecipient, CaseSecret, InvestigatorIdentity, InvestigatorRecipient, PublicKey},
    rotation::{RotationStatement, STATEMENT_VERSION, SignedStatement, StatementError},
    submission::{
        frame::{FrameRef, MAX_GENERATION},
        key_grant::{Grant, grant_tag},
    },
};
use rand::{CryptoRng, RngCore};

use crate::{CaseError, OpenCase, open_case::KeyGeneration};

/// A proposed rotation, for the case handler.
#[derive(Debug, Clone)]
pub struct RotationProposal {
    /// The statement, signed with the current `K_c`.
    pub rotation: SignedStatement,
    /// The new `C`.
    pub case_recipient: CaseRecipient,
    /// One grant of the new generation for each remaining reader.
    pub grants: Vec<GenerationGrant>,
}

/// What the event of a proposal states, and what it must follow.
#[derive(Debug, Clone, Copy)]
pub struct ProposedRotation<'a> {
    /// The statement.
    pub rotation: &'a SignedStatement,
    /// The grants that the event records.
    pub records: &'a [GrantRecord],
    /// The hash of the statement of the current generation.
    pub previous: Option<Hash>,
    /// The newest frame to the reporter in the team's record.
    pub newest_reply: Option<FrameRef>,
}

/// Why a proposed rotation must not be approved, or a rotation in effect must not be confirmed.
#[derive(Debug, thiserror::Error)]
pub enum RotationFault {
    /// The case handler returned no grant of the new generation for this member.
    #[error("there is no grant of the new keys for you")]
    NoOwnGrant,
    /// The event does not record the member's own grant.
    #[error("the proposal does not record the grant that the case handler returned for you")]
    OwnGrantUnrecorded,
    /// The member's own grant does not open.
    #[error("your grant of the new keys does not open: {0}")]
    OwnGrant(CaseError),
    /// The statement is malformed, out of order or not signed.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The statement announces other keys to the reporter than those of the member's own grant.
    #[error("the statement announces other keys to the reporter than those in your grant")]
    OtherKeys,
    /// The statement names another newest reply than the team's record.
    #[error(
        "a reply was sent after the proposal, or the proposal names another newest reply; propose it again"
    )]
    OtherNewestReply,
    /// Grants for these members do not contain the keys of the member's own grant.
    #[error("the grants for {} do not open the new keys", .0.join(", "))]
    GrantsDiffer(Vec<String>),
    /// A grant is for a key of no remaining reader.
    #[error("the proposal contains a grant for a key that no remaining reader has")]
    UnknownReader,
    /// These remaining readers have no grant, or two.
    #[error("the proposal does not contain one grant of the new keys for each of {}", .0.join(", "))]
    WrongReaders(Vec<String>),
}

impl OpenCase {
    /// Creates the next generation for the remaining readers. It is in effect only after another
    /// member has approved it. A reader of an old grant can still open what was sealed before, but
    /// nothing that is sealed later.
    ///
    /// # Errors
    /// If the case has the maximum number of generations.
    pub fn propose_rotation(
        &self,
        stay: &[&InvestigatorRecipient],
        previous: Option<Hash>,
        newest_reply: Option<FrameRef>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<RotationProposal, CaseError> {
        let current = self.current_generation();
        let number = current.number + 1;
        if number > MAX_GENERATION {
            return Err(CaseError::NoMoreGenerations);
        }
        let next = KeyGeneration::new(number, CaseSecret::generate(rng));
        let statement = RotationStatement {
            v: STATEMENT_VERSION,
            case: self.id(),
            generation: number,
            case_recipient: next.recipient.hash(),
            replies_key: next.replies_key(),
            newest_reply,
            previous,
        };
        Ok(RotationProposal {
            rotation: statement.sign(&current.secret.replies_key()),
            case_recipient: next.recipient.clone(),
            grants: stay.iter().map(|recipient| self.seal_grant(&next, recipient)).collect(),
        })
    }

    /// Checks a proposed rotation before the member approves it. `own` are the member's own grants
    /// of the proposal, and `readers` the handles and keys of all members who may read on, the
    /// member included.
    ///
    /// # Errors
    /// The first [`RotationFault`].
    pub fn check_proposal(
        &self,
        proposed: &ProposedRotation<'_>,
        own: &[GenerationGrant],
        identity: &InvestigatorIdentity,
        readers: &[(&str, &InvestigatorRecipient)],
    ) -> Result<(), RotationFault> {
        let statement = &proposed.rotation.statement;
        let current = self.current_generation();
        statement.check_follows(self.id(), current.number, proposed.previous)?;
        proposed.rotation.verify(&current.replies_key())?;
        if statement.newest_reply != proposed.newest_reply {
            return Err(RotationFault::OtherNewestReply);
        }
        if own.iter().any(|grant| !proposed.records.contains(&grant.to_record())) {
            return Err(RotationFault::OwnGrantUnrecorded);
        }
        let next = self.open_next(statement.generation, own, identity)?;
        if !next.is_announced_by(statement) {
            return Err(RotationFault::OtherKeys);
        }
        self.check_records(&next, proposed.records, readers)
    }

    /// Checks the statement of a rotation in effect against the member's own grants of the
    /// generation before and of the new one.
    ///
    /// # Errors
    /// [`RotationFault::OwnGrant`] if the member has no grant of one of them, or the first other
    /// fault.
    pub fn check_statement(&self, rotation: &SignedStatement) -> Result<(), RotationFault> {
        let statement = &rotation.statement;
        let before = statement.generation.checked_sub(1).ok_or(StatementError::WrongGeneration)?;
        let before = self.generation(before).map_err(RotationFault::OwnGrant)?;
        rotation.verify(&before.replies_key())?;
        let own = self.generation(statement.generation).map_err(RotationFault::OwnGrant)?;
        if own.is_announced_by(statement) { Ok(()) } else { Err(RotationFault::OtherKeys) }
    }

    /// Opens the member's own grant of the new generation. It must bind the same reporter.
    fn open_next(
        &self,
        generation: u32,
        own: &[GenerationGrant],
        identity: &InvestigatorIdentity,
    ) -> Result<KeyGeneration, RotationFault> {
        let mut new = own.iter().filter(|grant| grant.generation == generation);
        let (Some(given), None) = (new.next(), new.next()) else {
            return Err(RotationFault::NoOwnGrant);
        };
        let opened = Grant::open(&given.grant, identity, self.id(), generation)
            .map_err(|error| RotationFault::OwnGrant(error.into()))?;
        if !self.is_of_same_reporter(&opened) {
            return Err(RotationFault::OwnGrant(CaseError::ReporterMismatch));
        }
        Ok(KeyGeneration::new(generation, opened.secret))
    }

    /// Makes each recorded grant again. A grant of a generation that the member cannot open is not
    /// compared.
    fn check_records(
        &self,
        next: &KeyGeneration,
        records: &[GrantRecord],
        readers: &[(&str, &InvestigatorRecipient)],
    ) -> Result<(), RotationFault> {
        let mut differing = Vec::new();
        for record in records {
            let is_owner = |(_, recipient): &&(&str, &InvestigatorRecipient)| {
                grant_tag(self.id(), recipient) == record.tag
            };
            let (handle, recipient) =
                readers.iter().find(is_owner).ok_or(RotationFault::UnknownReader)?;
            let expected = if record.generation == next.number {
                Some(self.seal_grant(next, recipient).grant.hash())
            } else {
                self.grant_hash(record.generation, recipient)
            };
            if expected.is_some_and(|expected| expected != record.hash) {
                differing.push((*handle).to_owned());
            }
        }
        if !differing.is_empty() {
            return Err(RotationFault::GrantsDiffer(differing));
        }
        let count = |recipient: &InvestigatorRecipient| {
            let tag = grant_tag(self.id(), recipient);
            let is_new = |record: &&GrantRecord| record.generation == next.number;
            records.iter().filter(is_new).filter(|record| record.tag == tag).count()
        };
        let wrong: Vec<String> = readers
            .iter()
            .filter(|(_, recipient)| count(recipient) != 1)
            .map(|(handle, _)| (*handle).to_owned())
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(RotationFault::WrongReaders(wrong)) }
    }
}

impl KeyGeneration {
    /// Returns `K_c`.
    fn replies_key(&self) -> PublicKey {
        (&self.secret.replies_key()).into()
    }

    /// Returns whether a statement announces exactly these keys.
    fn is_announced_by(&self, statement: &RotationStatement) -> bool {
        statement.case_recipient == self.recipient.hash()
            && statement.replies_key == self.replies_key()
    }
}
