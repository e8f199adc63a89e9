//! Grants: the case secret, sealed to each person who may read the case. A report carries exactly
//! eight, decoys included.

use rand::{CryptoRng, RngCore, seq::SliceRandom};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    encoding::hash::Hash,
    keys::{CaseSecret, InvestigatorIdentity, InvestigatorRecipient, PublicKey},
};

/// How many grants a report carries.
pub const GRANT_SLOTS: usize = 8;
/// The plaintext of a grant, in bytes.
const PLAINTEXT_LEN: usize = 128;
const MAGIC: &[u8; 4] = b"BKG1";

/// What a grant says.
#[derive(Clone)]
pub struct Grant {
    /// The case.
    pub case: Uuid,
    /// The generation of the secret.
    pub generation: u32,
    /// The secret itself.
    pub secret: CaseSecret,
    /// `K_r`: binds the reporter's signature, so that a handler cannot put another report under
    /// true grants.
    pub reporter_key: PublicKey,
    /// Hash of `M`: binds where answers go, so that a handler cannot have them sealed to a key of
    /// its own.
    pub mailbox_recipient: Hash,
}

/// A grant as carried: the tag tells the handler whose it is, if it is of a member that the handler
/// knows.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SealedGrant {
    /// `SHA-256("burkindi/slot/v1" ‖ case id ‖ recipient)`.
    pub tag: Hash,
    /// `age(member, 128 bytes)`.
    #[serde(with = "crate::encoding::base64_bytes")]
    pub sealed: Vec<u8>,
}

/// Why a grant does not open a case.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// Sealed to another, damaged, or no age file.
    #[error("the grant cannot be opened with this key: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// Opens, but holds no grant.
    #[error("the grant opens but is malformed")]
    Malformed,
    /// Belongs to another case, or to another generation of it.
    #[error("the grant belongs to another case or generation")]
    WrongCase,
}

impl Grant {
    /// Seals the grant to one person.
    pub fn seal(&self, to: &InvestigatorRecipient) -> SealedGrant {
        let mut plain = Zeroizing::new([0; PLAINTEXT_LEN]);
        plain[..4].copy_from_slice(MAGIC);
        plain[4..20].copy_from_slice(self.case.as_bytes());
        plain[20..24].copy_from_slice(&self.generation.to_be_bytes());
        plain[24..56].copy_from_slice(self.secret.expose());
        plain[56..88].copy_from_slice(self.reporter_key.as_bytes());
        plain[88..120].copy_from_slice(self.mailbox_recipient.as_bytes());
        SealedGrant { tag: grant_tag(self.case, to), sealed: to.seal(&*plain) }
    }

    /// Opens a grant that should be of this case and generation.
    pub fn open(
        sealed: &SealedGrant,
        identity: &InvestigatorIdentity,
        case: Uuid,
        generation: u32,
    ) -> Result<Self, GrantError> {
        let plain = identity.open(&sealed.sealed)?;
        let grant = Self::parse(&plain).ok_or(GrantError::Malformed)?;
        if grant.case != case || grant.generation != generation {
            return Err(GrantError::WrongCase);
        }
        Ok(grant)
    }

    fn parse(plain: &[u8]) -> Option<Self> {
        let plain: &[u8; PLAINTEXT_LEN] = plain.try_into().ok()?;
        if &plain[..4] != MAGIC || plain[120..].iter().any(|byte| *byte != 0) {
            return None;
        }
        Some(Self {
            case: Uuid::from_slice(&plain[4..20]).ok()?,
            generation: u32::from_be_bytes(plain[20..24].try_into().ok()?),
            secret: CaseSecret::from_bytes(plain[24..56].try_into().ok()?),
            reporter_key: PublicKey::from_bytes(plain[56..88].try_into().ok()?)?,
            mailbox_recipient: Hash::try_from(&plain[88..120]).ok()?,
        })
    }
}

/// The tag under which the handler finds a member's grant.
pub fn grant_tag(case: Uuid, recipient: &InvestigatorRecipient) -> Hash {
    Hash::of(&[b"burkindi/slot/v1", case.as_bytes(), recipient.as_bytes()])
}

/// The eight grants of a report: one for each reader, the rest to keys that nobody has, shuffled.
///
/// # Panics
/// With more than eight readers; [`crate::directory`] refuses desks that large.
pub fn seal_grants(
    grant: &Grant,
    readers: &[&InvestigatorRecipient],
    rng: &mut (impl RngCore + CryptoRng),
) -> Vec<SealedGrant> {
    assert!(readers.len() <= GRANT_SLOTS, "a report has at most {GRANT_SLOTS} readers");
    let mut grants: Vec<SealedGrant> = readers.iter().map(|reader| grant.seal(reader)).collect();
    while grants.len() < GRANT_SLOTS {
        let nobody = InvestigatorIdentity::generate(rng).recipient();
        grants.push(grant.seal(&nobody));
    }
    grants.shuffle(rng);
    grants
}
