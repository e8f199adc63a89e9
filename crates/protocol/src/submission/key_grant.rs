//! Key grants: the case secret, sealed to each member who may read the case. A report contains
//! exactly eight, decoys included.

use rand::{CryptoRng, RngCore, seq::SliceRandom};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    encoding::hash::Hash,
    keys::{CaseSecret, InvestigatorIdentity, InvestigatorRecipient, PublicKey},
};

/// The number of grants of a report.
pub const GRANT_SLOTS: usize = 8;
/// The length of the plaintext of a grant in bytes.
const PLAINTEXT_LEN: usize = 128;
const MAGIC: &[u8; 4] = b"BKG1";

/// The content of a grant.
#[derive(Clone)]
pub struct Grant {
    /// The case.
    pub case: Uuid,
    /// The generation of the secret.
    pub generation: u32,
    /// The case secret.
    pub secret: CaseSecret,
    /// `K_r`. It binds the reporter's signature, so that a case handler cannot attach another
    /// report to valid grants.
    pub reporter_key: PublicKey,
    /// The hash of `M`. It binds the recipient of answers, so that a case handler cannot have them
    /// sealed to its own key.
    pub mailbox_recipient: Hash,
}

/// A sealed grant. Its tag identifies to the case handler which member it is for, if the case
/// handler knows the member.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SealedGrant {
    /// `SHA-256("burkindi/grant-tag/v1" ‖ case id ‖ recipient)`.
    pub tag: Hash,
    /// `age(member, 128 bytes)`.
    #[serde(with = "crate::encoding::base64_bytes")]
    pub sealed: Vec<u8>,
}

impl SealedGrant {
    /// Returns SHA-256 of the tag and the sealed bytes. Events refer to grants by this hash.
    pub fn hash(&self) -> Hash {
        Hash::of(&[self.tag.as_bytes(), &self.sealed])
    }
}

/// Why a grant does not open a case.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// It is sealed to another key, damaged, or not an age file.
    #[error("failed to decrypt grant: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// It opens, but does not contain a grant.
    #[error("malformed grant")]
    Malformed,
    /// It is for another case or another generation.
    #[error("grant is for a different case or generation")]
    WrongCase,
}

impl Grant {
    /// Seals the grant to one member. The result depends on the grant and the member alone, so that
    /// each holder of the case secret can seal the grant of a colleague again and compare the two.
    pub fn seal(&self, to: &InvestigatorRecipient) -> SealedGrant {
        let mut plain = Zeroizing::new([0; PLAINTEXT_LEN]);
        plain[..4].copy_from_slice(MAGIC);
        plain[4..20].copy_from_slice(self.case.as_bytes());
        plain[20..24].copy_from_slice(&self.generation.to_be_bytes());
        plain[24..56].copy_from_slice(self.secret.expose());
        plain[56..88].copy_from_slice(self.reporter_key.as_bytes());
        plain[88..120].copy_from_slice(self.mailbox_recipient.as_bytes());
        let sealed = to
            .seal_deterministic(&*plain, &self.secret.grant_seal_seed(to))
            .expect("a grant is shorter than a chunk");
        SealedGrant { tag: grant_tag(self.case, to), sealed }
    }

    /// Opens a grant.
    ///
    /// # Errors
    /// If it does not open, is malformed, or is for another case or generation than the given ones.
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

/// Returns the tag by which the case handler finds the grant of a member.
pub fn grant_tag(case: Uuid, recipient: &InvestigatorRecipient) -> Hash {
    Hash::of(&[b"burkindi/grant-tag/v1", case.as_bytes(), recipient.as_bytes()])
}

/// Returns the eight grants of a report in random order: one for each reader, and decoys sealed to
/// random keys that no member has. Both have the same form and length.
///
/// # Panics
/// If there are more than eight readers. [`crate::directory`] refuses desks that large.
pub fn seal_grants(
    grant: &Grant,
    readers: &[&InvestigatorRecipient],
    rng: &mut (impl RngCore + CryptoRng),
) -> Vec<SealedGrant> {
    assert!(readers.len() <= GRANT_SLOTS, "a report has at most {GRANT_SLOTS} readers");
    let mut grants: Vec<SealedGrant> = readers.iter().map(|reader| grant.seal(reader)).collect();
    while grants.len() < GRANT_SLOTS {
        let decoy = InvestigatorIdentity::generate(rng).recipient();
        grants.push(grant.seal(&decoy));
    }
    grants.shuffle(rng);
    grants
}
