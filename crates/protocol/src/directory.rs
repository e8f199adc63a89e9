//! The directory: who may be written to, signed by m of n root keys, and the rule that decides who
//! gets a report.

mod signed;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

pub use signed::{
    LastSeen, MAX_DIRECTORY_LEN, MAX_SIGNATURES, RootSignature, SignedDirectory, TrustRoots,
};

use crate::{
    encoding::{canonical::is_lang, hash::Hash, iso_date},
    keys::{InvestigatorRecipient, PublicKey, TransportRecipient},
    submission::key_grant::GRANT_SLOTS,
};

/// The largest number that JSON carries in every language.
const MAX_EPOCH: u64 = (1 << 53) - 1;
/// A directory is good for 30 days after its issue.
pub const VALID_DAYS: i64 = 30;
/// Seats of the outside body. Together with a full desk they fill the eight grants.
pub const MAX_OVERSIGHT_MEMBERS: usize = 2;
/// Seats of any other desk.
pub const MAX_DESK_MEMBERS: usize = GRANT_SLOTS - MAX_OVERSIGHT_MEMBERS;
/// Fewer readers than this left after exclusions, and the report goes to the outside body.
pub const MIN_READERS: usize = 2;
/// The answer by which a reporter excludes every desk but the outside body.
pub const EXCLUDE_ALL_DESKS: &str = "unsure_all";

/// The directory as signed. Every unknown field is refused: a reader that half understands must not
/// choose readers.
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
    /// Takes the outer seal; the newest first, older ones while submissions under way still use
    /// them.
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
    pub units: Vec<String>,
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
    pub units: Vec<String>,
}

/// Why a directory is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// Not JSON of the known shape; a recipient that is not post-quantum is refused here too.
    #[error("the directory is malformed: {0}")]
    Malformed(String),
    /// A version that this build does not know.
    #[error("directory version {0} is not known here")]
    UnsupportedVersion(u8),
    /// More signatures than a directory needs.
    #[error("the directory has more than {MAX_SIGNATURES} signatures, or two by one key")]
    DuplicateOrTooManySignatures,
    /// Longer than readers take.
    #[error("the directory has {0} bytes: at most {MAX_DIRECTORY_LEN} are taken")]
    TooLong(usize),
    /// Too few valid signatures by different pinned root keys.
    #[error("the directory has {valid} of {needed} signatures by root keys")]
    ThresholdNotMet {
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
    NotYetValid(Date),
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
    RuleViolated(String),
}

/// Who gets a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRecipients<'a> {
    /// The desk that the case is filed at.
    pub desk: &'a Desk,
    /// Members of that desk who may read it at once.
    pub members: Vec<&'a Member>,
    /// The outside body, whose grants the handler releases only when it must. Empty when it is
    /// itself the desk.
    pub oversight: Vec<&'a Member>,
}

impl<'a> ReportRecipients<'a> {
    /// Everyone who gets a grant.
    pub fn recipient_keys(&self) -> Vec<&'a InvestigatorRecipient> {
        self.members.iter().chain(&self.oversight).map(|member| &member.recipient).collect()
    }
}

impl Directory {
    /// Decides who gets a report: the category's desk, less everyone whom the reporter excluded,
    /// wherever they sit. Fewer than two left, or no desk for the category, and it goes to the
    /// outside body.
    pub fn recipients_for(
        &self,
        category: &str,
        audience: &str,
        excluded: &[String],
    ) -> ReportRecipients<'_> {
        let oversight_desk = self.desk(&self.oversight).expect("checked by the rules");
        let oversight = self.members_of(oversight_desk);
        let excluded_people = self.excluded_members(excluded);
        let desk = self.desks.iter().find(|desk| {
            desk.id != self.oversight
                && desk.categories.iter().any(|c| c == category)
                && (desk.audiences.is_empty() || desk.audiences.iter().any(|a| a == audience))
        });
        let left: Vec<&Member> = match desk {
            Some(desk) if !self.is_desk_excluded(desk, excluded) => self
                .members_of(desk)
                .into_iter()
                .filter(|member| !excluded_people.contains(member.handle.as_str()))
                .collect(),
            _ => Vec::new(),
        };
        match desk {
            Some(desk) if left.len() >= MIN_READERS => {
                ReportRecipients { desk, members: left, oversight }
            }
            _ => {
                ReportRecipients { desk: oversight_desk, members: oversight, oversight: Vec::new() }
            }
        }
    }

    /// The handles of everyone whom these exclusions keep away. The outside body cannot be
    /// excluded.
    pub fn excluded_members(&self, excluded: &[String]) -> BTreeSet<&str> {
        let by_desk = self
            .desks
            .iter()
            .filter(|desk| self.is_desk_excluded(desk, excluded))
            .flat_map(|desk| desk.members.iter().map(String::as_str));
        let by_person = self
            .members
            .iter()
            .filter(|member| member.units.iter().any(|unit| excluded.contains(unit)))
            .map(|member| member.handle.as_str());
        let oversight: BTreeSet<&str> = self
            .desk(&self.oversight)
            .into_iter()
            .flat_map(|desk| desk.members.iter().map(String::as_str))
            .collect();
        by_desk.chain(by_person).filter(|handle| !oversight.contains(handle)).collect()
    }

    fn is_desk_excluded(&self, desk: &Desk, excluded: &[String]) -> bool {
        desk.id != self.oversight
            && excluded
                .iter()
                .any(|e| e == EXCLUDE_ALL_DESKS || *e == desk.id || desk.units.contains(e))
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

    /// The rules that signatures alone do not give: unique and resolvable names, seats within the
    /// eight grants, an outside body that is outside, one person one key for grants and one for
    /// signatures.
    pub fn check_rules(&self) -> Result<(), DirectoryError> {
        let rule = |broken: bool, text: String| {
            if broken { Err(DirectoryError::RuleViolated(text)) } else { Ok(()) }
        };
        rule(self.transport.is_empty(), "no transport recipient".into())?;
        let span = self.expires - self.issued;
        rule(
            span.is_negative() || span.whole_days() > VALID_DAYS,
            format!("valid for other than {VALID_DAYS} days"),
        )?;
        rule(self.epoch > MAX_EPOCH, format!("the epoch is above {MAX_EPOCH}"))?;
        let mut handles = BTreeSet::new();
        let mut keys = BTreeSet::new();
        // The handler's key counts as one: a member who holds it could write the handler's events.
        let mut devices = BTreeSet::from([*self.handler_key.as_bytes()]);
        for member in &self.members {
            rule(
                !handles.insert(&member.handle),
                format!("member {} stands twice", member.handle),
            )?;
            rule(
                !keys.insert(member.recipient.hash()),
                format!("member {} shares a key", member.handle),
            )?;
            // Two handles with one device key would make one person two wherever two must agree.
            let shared = !devices.insert(*member.device.as_bytes());
            rule(shared, format!("member {} shares a device key", member.handle))?;
        }
        let oversight = self.desk(&self.oversight);
        rule(oversight.is_none(), format!("the oversight desk {} is missing", self.oversight))?;
        let mut desks = BTreeSet::new();
        for desk in &self.desks {
            rule(!desks.insert(&desk.id), format!("desk {} stands twice", desk.id))?;
            let labelled = desk.labels.keys().all(|lang| is_lang(lang));
            rule(!labelled, format!("desk {} has a label in no language", desk.id))?;
            let seats =
                if desk.id == self.oversight { MAX_OVERSIGHT_MEMBERS } else { MAX_DESK_MEMBERS };
            rule(
                desk.members.len() > seats,
                format!("desk {} has more than {seats} members", desk.id),
            )?;
            for (at, handle) in desk.members.iter().enumerate() {
                rule(
                    !handles.contains(handle),
                    format!("desk {} names unknown member {handle}", desk.id),
                )?;
                rule(
                    desk.members[..at].contains(handle),
                    format!("desk {} seats {handle} twice", desk.id),
                )?;
                let inside_and_outside = desk.id != self.oversight && self.is_oversight(handle);
                rule(
                    inside_and_outside,
                    format!("{handle} of the outside body also sits at desk {}", desk.id),
                )?;
            }
        }
        rule(
            oversight.is_some_and(|desk| desk.members.is_empty()),
            "the outside body has no member".into(),
        )
    }
}
