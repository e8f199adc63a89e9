//! The directory: who may be written to, signed by m of n root keys, and the rule that decides who gets a report.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

use crate::{
    grant::GRANTS,
    hash::Hash,
    iso_date,
    keys::{InvestigatorRecipient, PublicKey, TransportRecipient, sign},
};

const LABEL: &[u8] = b"burkindi/directory/v1\0";
/// A directory is good for 30 days after its issue.
pub const VALID_DAYS: i64 = 30;
/// Seats of the outside body. Together with a full desk they fill the eight grants.
pub const OVERSIGHT_SEATS: usize = 2;
/// Seats of any other desk.
pub const DESK_SEATS: usize = GRANTS - OVERSIGHT_SEATS;
/// Fewer readers than this left after exclusions, and the report goes to the outside body.
pub const MIN_READERS: usize = 2;
/// The answer by which a reporter excludes every desk but the outside body.
pub const TRUST_NONE: &str = "unsure_all";

/// The directory as signed. Every unknown field is refused: a reader that half understands must not choose readers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// 1.
    pub v: u8,
    /// Which installation.
    pub instance: Uuid,
    /// Grows by one with each directory.
    pub epoch: u64,
    /// Hash of the directory before.
    pub previous: Option<Hash>,
    /// Day of signing.
    #[serde(with = "iso_date")]
    pub issued: Date,
    /// Last day on which it may be used.
    #[serde(with = "iso_date")]
    pub expires: Date,
    /// Takes the outer seal; the newest first, older ones while submissions under way still use them.
    pub transport: Vec<TransportRecipient>,
    /// Verifies what the case handler itself writes into the log.
    pub handler_key: PublicKey,
    /// Everyone who holds a seat.
    pub members: Vec<Member>,
    /// Where reports go.
    pub desks: Vec<Desk>,
    /// Id of the desk of the outside body.
    pub oversight: String,
}

/// One person, known by an opaque handle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Opaque; no name.
    pub handle: String,
    /// Takes grants.
    pub recipient: InvestigatorRecipient,
    /// Verifies events and sessions.
    pub device: PublicKey,
    /// Units or functions that a reporter can tick as involved and this person belongs to.
    #[serde(default)]
    pub covers: Vec<String>,
    /// Languages read, such as `fr`.
    #[serde(default)]
    pub languages: Vec<String>,
}

/// A group that handles some categories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// Such as `internal_affairs`.
    pub id: String,
    /// Name by language.
    pub labels: BTreeMap<String, String>,
    /// Category ids served. A category that no desk serves goes to the outside body.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Audiences served; empty for all.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// Handles of its members, the lead first.
    pub members: Vec<String>,
    /// Units or functions whose exclusion excludes the whole desk.
    #[serde(default)]
    pub covers: Vec<String>,
}

/// Which signatures are believed: pinned by every reader, never taken from the directory itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Which installation.
    pub instance: Uuid,
    /// How many root keys must have signed.
    pub threshold: usize,
    /// The root keys.
    pub roots: Vec<PublicKey>,
}

/// A directory's bytes as served, with signatures over them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedDirectory {
    /// `directory.json`.
    #[serde(with = "crate::hash::base64_bytes")]
    pub bytes: Vec<u8>,
    /// `directory.sig`.
    pub signatures: Vec<RootSignature>,
}

/// One root key's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootSignature {
    /// Which root key.
    pub key: PublicKey,
    /// Over `"burkindi/directory/v1\0" ‖ bytes`.
    #[serde(with = "crate::hash::base64_bytes")]
    pub signature: Vec<u8>,
}

/// The newest directory that a reader has accepted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSeen {
    /// Its epoch.
    pub epoch: u64,
    /// Its hash.
    pub hash: Hash,
}

/// Why a directory is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// Not JSON of the known shape; a recipient that is not post-quantum is refused here too.
    #[error("the directory is malformed: {0}")]
    Malformed(String),
    /// A version that this build does not know.
    #[error("directory version {0} is not known here")]
    Version(u8),
    /// Too few valid signatures by different pinned root keys.
    #[error("the directory has {valid} of {needed} signatures by root keys")]
    Unsigned {
        /// How many hold.
        valid: usize,
        /// How many must.
        needed: usize,
    },
    /// Of another installation.
    #[error("the directory belongs to another installation")]
    OtherInstance,
    /// Past its last day.
    #[error("the directory expired on {0}")]
    Expired(Date),
    /// Issued on a later day than the reader's clock shows.
    #[error("the directory is dated {0}, after today: check the clock")]
    NotYet(Date),
    /// Older than one already seen, or another one with the same epoch.
    #[error("the directory has been rolled back: epoch {found}, but {seen} was seen before")]
    RolledBack {
        /// Of this directory.
        found: u64,
        /// Of the newest seen.
        seen: u64,
    },
    /// Signed, but it breaks a rule that keeps reporters safe.
    #[error("the directory breaks a rule: {0}")]
    Rule(String),
}

impl SignedDirectory {
    /// Serialises once and signs these bytes with each key.
    pub fn sign(directory: &Directory, roots: &[SigningKey]) -> Result<Self, DirectoryError> {
        directory.check_rules()?;
        let bytes = serde_json::to_vec(directory).expect("a directory holds strings and numbers only");
        let mut signed = Self { bytes, signatures: Vec::new() };
        for root in roots {
            signed.add_signature(root);
        }
        Ok(signed)
    }

    /// Adds one signature; for ceremonies in which the keys are in different places.
    pub fn add_signature(&mut self, root: &SigningKey) {
        let signature = sign(root, LABEL, &self.bytes).to_vec();
        self.signatures.push(RootSignature { key: root.into(), signature });
    }

    /// The hash by which envelopes and successors refer to it.
    pub fn hash(&self) -> Hash {
        Hash::of(&[&self.bytes])
    }

    /// Checks everything and gives the directory; `today` is the reader's day, `last` the newest directory seen before.
    pub fn verify(
        &self,
        trust: &Trust,
        today: Date,
        last: Option<LastSeen>,
    ) -> Result<Directory, DirectoryError> {
        let directory = self.verify_past(trust)?;
        if directory.expires < today {
            return Err(DirectoryError::Expired(directory.expires));
        }
        // One day of grace: clocks of phones are off, and days begin at different times.
        if directory.issued.previous_day().is_some_and(|day| day > today) {
            return Err(DirectoryError::NotYet(directory.issued));
        }
        if let Some(seen) = last
            && (directory.epoch < seen.epoch || directory.epoch == seen.epoch && self.hash() != seen.hash)
        {
            return Err(DirectoryError::RolledBack { found: directory.epoch, seen: seen.epoch });
        }
        Ok(directory)
    }

    /// Checks signatures, instance and rules, but no dates: for reading old log entries, never for sealing.
    pub fn verify_past(&self, trust: &Trust) -> Result<Directory, DirectoryError> {
        self.verify_signatures(trust)?;
        let directory: Directory = serde_json::from_slice(&self.bytes)
            .map_err(|error| DirectoryError::Malformed(error.to_string()))?;
        if directory.v != 1 {
            return Err(DirectoryError::Version(directory.v));
        }
        if directory.instance != trust.instance {
            return Err(DirectoryError::OtherInstance);
        }
        directory.check_rules()?;
        Ok(directory)
    }

    fn verify_signatures(&self, trust: &Trust) -> Result<(), DirectoryError> {
        let valid = trust
            .roots
            .iter()
            .filter(|root| {
                self.signatures.iter().filter(|s| s.key == **root).any(|s| {
                    s.signature
                        .as_slice()
                        .try_into()
                        .is_ok_and(|signature| root.verify(LABEL, &self.bytes, signature).is_ok())
                })
            })
            .map(|root| *root.as_bytes())
            .collect::<BTreeSet<_>>()
            .len();
        if trust.threshold == 0 || valid < trust.threshold {
            return Err(DirectoryError::Unsigned { valid, needed: trust.threshold.max(1) });
        }
        Ok(())
    }
}

impl Trust {
    /// 16 bytes that stand for installation, threshold and root keys; [`crate::receipt::Receipt::words`] spells them for a
    /// poster. It outlives every single directory.
    pub fn fingerprint(&self) -> [u8; 16] {
        let mut keys: Vec<_> = self.roots.iter().map(|root| *root.as_bytes()).collect();
        keys.sort_unstable();
        let threshold = u8::try_from(self.threshold).unwrap_or(u8::MAX);
        let hash =
            Hash::of(&[b"burkindi/trust/v1", self.instance.as_bytes(), &[threshold], keys.as_flattened()]);
        *hash.0.first_chunk().expect("32 bytes hold 16")
    }
}

/// Who gets a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressees<'a> {
    /// The desk that the case is filed at.
    pub desk: &'a Desk,
    /// Members of that desk who may read it at once.
    pub members: Vec<&'a Member>,
    /// The outside body, whose grants the handler releases only when it must. Empty when it is itself the desk.
    pub oversight: Vec<&'a Member>,
}

impl<'a> Addressees<'a> {
    /// Everyone who gets a grant.
    pub fn readers(&self) -> Vec<&'a InvestigatorRecipient> {
        self.members.iter().chain(&self.oversight).map(|member| &member.recipient).collect()
    }
}

impl Directory {
    /// Decides who gets a report: the category's desk, less everyone whom the reporter excluded, wherever they sit. Fewer
    /// than two left, or no desk for the category, and it goes to the outside body.
    pub fn addressees(&self, category: &str, audience: &str, excluded: &[String]) -> Addressees<'_> {
        let oversight_desk = self.desk(&self.oversight).expect("checked by the rules");
        let oversight = self.members_of(oversight_desk);
        let excluded_people = self.excluded_people(excluded);
        let desk = self.desks.iter().find(|desk| {
            desk.id != self.oversight
                && desk.categories.iter().any(|c| c == category)
                && (desk.audiences.is_empty() || desk.audiences.iter().any(|a| a == audience))
        });
        let left: Vec<&Member> = match desk {
            Some(desk) if !self.desk_excluded(desk, excluded) => self
                .members_of(desk)
                .into_iter()
                .filter(|member| !excluded_people.contains(member.handle.as_str()))
                .collect(),
            _ => Vec::new(),
        };
        match desk {
            Some(desk) if left.len() >= MIN_READERS => Addressees { desk, members: left, oversight },
            _ => Addressees { desk: oversight_desk, members: oversight, oversight: Vec::new() },
        }
    }

    /// The handles of everyone whom these exclusions keep away. The outside body cannot be excluded.
    pub fn excluded_people(&self, excluded: &[String]) -> BTreeSet<&str> {
        let by_desk = self
            .desks
            .iter()
            .filter(|desk| self.desk_excluded(desk, excluded))
            .flat_map(|desk| desk.members.iter().map(String::as_str));
        let by_person = self
            .members
            .iter()
            .filter(|member| member.covers.iter().any(|unit| excluded.contains(unit)))
            .map(|member| member.handle.as_str());
        let oversight: BTreeSet<&str> = self
            .desk(&self.oversight)
            .into_iter()
            .flat_map(|desk| desk.members.iter().map(String::as_str))
            .collect();
        by_desk.chain(by_person).filter(|handle| !oversight.contains(handle)).collect()
    }

    fn desk_excluded(&self, desk: &Desk, excluded: &[String]) -> bool {
        desk.id != self.oversight
            && excluded.iter().any(|e| e == TRUST_NONE || *e == desk.id || desk.covers.contains(e))
    }

    /// A desk by its id.
    pub fn desk(&self, id: &str) -> Option<&Desk> {
        self.desks.iter().find(|desk| desk.id == id)
    }

    /// A member by the handle.
    pub fn member(&self, handle: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.handle == handle)
    }

    /// The members of a desk, the lead first.
    pub fn members_of(&self, desk: &Desk) -> Vec<&Member> {
        desk.members.iter().filter_map(|handle| self.member(handle)).collect()
    }

    /// Does this person sit for the outside body?
    pub fn is_oversight(&self, handle: &str) -> bool {
        self.desk(&self.oversight).is_some_and(|desk| desk.members.iter().any(|h| h == handle))
    }

    /// The rules that signatures alone do not give: unique and resolvable names, seats within the eight grants, an outside
    /// body that is outside, one person one key.
    pub fn check_rules(&self) -> Result<(), DirectoryError> {
        let rule = |broken: bool, text: String| {
            if broken { Err(DirectoryError::Rule(text)) } else { Ok(()) }
        };
        rule(self.transport.is_empty(), "no transport recipient".into())?;
        let span = self.expires - self.issued;
        rule(
            span.is_negative() || span.whole_days() > VALID_DAYS,
            format!("valid for other than {VALID_DAYS} days"),
        )?;
        let mut handles = BTreeSet::new();
        let mut keys = BTreeSet::new();
        for member in &self.members {
            rule(!handles.insert(&member.handle), format!("member {} stands twice", member.handle))?;
            rule(!keys.insert(member.recipient.hash()), format!("member {} shares a key", member.handle))?;
        }
        let oversight = self.desk(&self.oversight);
        rule(oversight.is_none(), format!("the oversight desk {} is missing", self.oversight))?;
        let mut desks = BTreeSet::new();
        for desk in &self.desks {
            rule(!desks.insert(&desk.id), format!("desk {} stands twice", desk.id))?;
            let seats = if desk.id == self.oversight { OVERSIGHT_SEATS } else { DESK_SEATS };
            rule(desk.members.len() > seats, format!("desk {} has more than {seats} members", desk.id))?;
            for (at, handle) in desk.members.iter().enumerate() {
                rule(!handles.contains(handle), format!("desk {} names unknown member {handle}", desk.id))?;
                rule(desk.members[..at].contains(handle), format!("desk {} seats {handle} twice", desk.id))?;
                let inside_and_outside = desk.id != self.oversight && self.is_oversight(handle);
                rule(
                    inside_and_outside,
                    format!("{handle} of the outside body also sits at desk {}", desk.id),
                )?;
            }
        }
        rule(oversight.is_some_and(|desk| desk.members.is_empty()), "the outside body has no member".into())
    }
}
