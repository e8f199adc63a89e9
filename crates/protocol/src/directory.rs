//! The directory: the members and desks that can receive reports, signed by m of n root keys, and
//! the rule that decides who gets a report.

mod log_settings;
mod signed;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

pub use log_settings::{
    FIRST_LOG_EPOCH, LogQuorum, LogSettings, LogWitness, MAX_WITNESS_NAME_LEN, MAX_WITNESSES,
};
pub use signed::{
    LastSeen, MAX_DIRECTORY_LEN, MAX_SIGNATURES, RootSignature, SignedDirectory, TrustRoots,
};

use crate::{
    encoding::{canonical::is_lang, hash::Hash, iso_date},
    keys::{InvestigatorRecipient, PublicKey, TransportRecipient},
    submission::{key_grant::GRANT_SLOTS, report_body::ReportBody},
};

/// The largest integer that JSON represents exactly in every language.
const MAX_EPOCH: u64 = (1 << 53) - 1;
/// The maximum number of days from the issue of a directory to its last day.
pub const VALID_DAYS: i64 = 30;
/// The maximum number of members of the oversight body. Together with a full desk they use all
/// eight grants.
pub const MAX_OVERSIGHT_MEMBERS: usize = 2;
/// The maximum number of members of any other desk.
pub const MAX_DESK_MEMBERS: usize = GRANT_SLOTS - MAX_OVERSIGHT_MEMBERS;
/// The maximum number of browser programs that a directory lists: the present one, the next one,
/// and two that open pages of reporters may still run.
pub const MAX_PROGRAMS: usize = 4;
/// If exclusions leave fewer readers than this, the report goes to the oversight body.
pub const MIN_READERS: usize = 2;
/// The answer with which a reporter excludes every desk except the oversight body.
pub const EXCLUDE_ALL_DESKS: &str = "unsure_all";

/// The directory as signed. Readers refuse unknown fields, because a reader that understands only
/// part of a directory must not choose recipients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// Format version: 1.
    pub v: u8,
    /// The id of the installation.
    pub instance: Uuid,
    /// The number of the directory. Each directory has the number of the previous one plus one.
    pub epoch: u64,
    /// The hash of the previous directory.
    pub previous: Option<Hash>,
    /// The date of signing.
    #[serde(with = "iso_date")]
    pub issued: Date,
    /// The last date on which it may be used.
    #[serde(with = "iso_date")]
    pub expires: Date,
    /// Recipients of the outer seal, the newest first. Older ones stay as long as submissions
    /// sealed to them can arrive.
    pub transport: Vec<TransportRecipient>,
    /// Verifies the events that the case handler itself writes into the log.
    pub handler_key: PublicKey,
    /// The transparency log and its cosigners.
    pub log: LogSettings,
    /// All members.
    pub members: Vec<Member>,
    /// All desks.
    pub desks: Vec<Desk>,
    /// The id of the desk that is the oversight body.
    pub oversight: String,
    /// The hashes of the manifests of the browser programs that may seal reports, the newest first,
    /// at most [`MAX_PROGRAMS`]. Empty if the installation lists none.
    pub programs: Vec<Hash>,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Opaque. It contains no personal name.
    pub handle: String,
    /// The recipient of the member's grants.
    pub recipient: InvestigatorRecipient,
    /// Verifies the member's events and sessions.
    pub device: PublicKey,
    /// The units or functions that this member belongs to. A reporter can exclude them. The units
    /// `woman` and `man` are those that a reporter can prefer.
    #[serde(default)]
    pub units: Vec<String>,
    /// Languages that the member reads, such as `fr`.
    #[serde(default)]
    pub languages: Vec<String>,
}

/// A group that handles some categories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// The id, such as `internal_affairs`.
    pub id: String,
    /// The name by language.
    pub labels: BTreeMap<String, String>,
    /// The ids of the categories that it handles. A category that no desk handles goes to the
    /// oversight body.
    #[serde(default)]
    pub categories: Vec<String>,
    /// The audiences that it handles. Empty for all.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// The handles of its members, the lead first.
    pub members: Vec<String>,
    /// Units or functions whose exclusion excludes the whole desk.
    #[serde(default)]
    pub units: Vec<String>,
}

/// Why a directory is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// Not JSON of the expected shape. This includes recipients that are not post-quantum.
    #[error("malformed directory: {0}")]
    Malformed(String),
    /// A version that this build does not support.
    #[error("unsupported directory version {0}")]
    UnsupportedVersion(u8),
    /// Too many signatures, or two by one key.
    #[error("the directory has more than {MAX_SIGNATURES} signatures, or two by the same key")]
    DuplicateOrTooManySignatures,
    /// Longer than [`MAX_DIRECTORY_LEN`].
    #[error("directory too long: {0} bytes (at most {MAX_DIRECTORY_LEN})")]
    TooLong(usize),
    /// Too few valid signatures by different pinned root keys.
    #[error("insufficient root signatures: {valid} of {needed}")]
    ThresholdNotMet {
        /// The number of valid signatures.
        valid: usize,
        /// The required number.
        needed: usize,
    },
    /// The directory is for another installation.
    #[error("directory is for a different installation")]
    OtherInstance,
    /// The last date has passed.
    #[error("directory expired on {0}")]
    Expired(Date),
    /// Its date is after the reader's current date.
    #[error("directory is dated in the future ({0}); check the clock")]
    NotYetValid(Date),
    /// Older than a directory that was accepted before, or a different one with the same epoch.
    #[error("directory rollback detected: epoch {found} < last seen {seen}")]
    RolledBack {
        /// The epoch of this directory.
        found: u64,
        /// The epoch of the newest directory that was accepted before.
        seen: u64,
    },
    /// It is signed, but breaks a rule that protects reporters.
    #[error("invalid directory: {0}")]
    RuleViolated(String),
}

/// The members who get a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRecipients<'a> {
    /// The desk that the case goes to.
    pub desk: &'a Desk,
    /// The members of that desk who can read it at once.
    pub members: Vec<&'a Member>,
    /// The members of the oversight body, whose grants the case handler withholds until the
    /// release. Empty if the oversight body is itself the desk.
    pub oversight: Vec<&'a Member>,
}

impl<'a> ReportRecipients<'a> {
    /// Returns the recipients of all grants.
    pub fn recipient_keys(&self) -> Vec<&'a InvestigatorRecipient> {
        self.members.iter().chain(&self.oversight).map(|member| &member.recipient).collect()
    }

    /// Returns the recipients with only those members of the desk who belong to the unit that the
    /// reporter prefers, or all of them if fewer than [`MIN_READERS`] do. A report for the
    /// oversight body stays as it is.
    #[must_use]
    pub fn preferring(mut self, unit: Option<&str>) -> Self {
        let Some(unit) = unit.filter(|_| !self.oversight.is_empty()) else { return self };
        let belongs = |member: &&Member| member.units.iter().any(|own| own == unit);
        if self.members.iter().copied().filter(belongs).count() >= MIN_READERS {
            self.members.retain(belongs);
        }
        self
    }

    /// Returns the recipients without the oversight body, or `None` if no other reader is left.
    #[must_use]
    pub fn without_oversight(self) -> Option<Self> {
        (!self.oversight.is_empty()).then(|| Self { oversight: Vec::new(), ..self })
    }
}

impl Directory {
    /// Returns who gets a report: the desk of the category without the members whom the reporter
    /// excluded, whichever desks these belong to. If fewer than [`MIN_READERS`] are left or no desk
    /// handles the category, the report goes to the oversight body.
    pub fn recipients_for(
        &self,
        category: &str,
        audience: &str,
        excluded: &[String],
    ) -> ReportRecipients<'_> {
        let oversight_desk = self.desk(&self.oversight).expect("checked by the rules");
        let oversight = self.members_of(oversight_desk);
        let excluded_people = self.excluded_members(excluded);
        let desk = self.serving_desk(category, audience);
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

    /// Returns the exclusions that exclude no member of the desk that serves the category and
    /// audience. Returns none if no desk serves them, because the oversight body cannot be
    /// excluded.
    pub fn exclusions_without_effect<'a>(
        &self,
        category: &str,
        audience: &str,
        excluded: &'a [String],
    ) -> Vec<&'a str> {
        let Some(desk) = self.serving_desk(category, audience) else { return Vec::new() };
        let removes_one = |exclusion: &String| {
            let people = self.excluded_members(std::slice::from_ref(exclusion));
            desk.members.iter().any(|member| people.contains(member.as_str()))
        };
        excluded.iter().filter(|exclusion| !removes_one(exclusion)).map(String::as_str).collect()
    }

    /// Returns the desk that serves a category and an audience, whatever the reporter excludes.
    fn serving_desk(&self, category: &str, audience: &str) -> Option<&Desk> {
        self.desks.iter().find(|desk| {
            desk.id != self.oversight
                && desk.categories.iter().any(|c| c == category)
                && (desk.audiences.is_empty() || desk.audiences.iter().any(|a| a == audience))
        })
    }

    /// Returns who gets a report by its category, its audience, its exclusions, and the answers of
    /// the reporter about a woman or a man and about the oversight body. `None` if the reporter
    /// refused the oversight body and no desk is left: such a report cannot be sent.
    pub fn recipients_of(&self, report: &ReportBody) -> Option<ReportRecipients<'_>> {
        let exclusions = report.exclusions();
        let recipients = self
            .recipients_for(&report.category, &report.audience, &exclusions)
            .preferring(report.preference());
        if report.refuses_oversight() { recipients.without_oversight() } else { Some(recipients) }
    }

    /// Returns the handles of all members that these exclusions exclude. The oversight body cannot
    /// be excluded.
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

    /// Returns the desk with this id.
    pub fn desk(&self, id: &str) -> Option<&Desk> {
        self.desks.iter().find(|desk| desk.id == id)
    }

    /// Returns the member with this handle.
    pub fn member(&self, handle: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.handle == handle)
    }

    /// Returns the members of a desk, the lead first.
    pub fn members_of(&self, desk: &Desk) -> Vec<&Member> {
        desk.members.iter().filter_map(|handle| self.member(handle)).collect()
    }

    /// Returns whether this member belongs to the oversight body.
    pub fn is_oversight(&self, handle: &str) -> bool {
        self.desk(&self.oversight).is_some_and(|desk| desk.members.iter().any(|h| h == handle))
    }

    /// Checks the rules that signatures do not cover: unique names, no reference to a missing
    /// member, no more members than grants, an oversight body separate from the desks,
    /// different keys for different members and witnesses, and a quorum of the log that can be
    /// reached.
    ///
    /// # Errors
    /// [`DirectoryError::RuleViolated`] with the first rule that is broken.
    pub fn check_rules(&self) -> Result<(), DirectoryError> {
        let rule = |broken: bool, text: String| {
            if broken { Err(DirectoryError::RuleViolated(text)) } else { Ok(()) }
        };
        rule(self.transport.is_empty(), "no transport recipient".into())?;
        let span = self.expires - self.issued;
        rule(
            span.is_negative() || span.whole_days() > VALID_DAYS,
            format!("not valid for 0 to {VALID_DAYS} days"),
        )?;
        rule(self.epoch > MAX_EPOCH, format!("the epoch is above {MAX_EPOCH}"))?;
        rule(
            self.programs.len() > MAX_PROGRAMS,
            format!("it lists more than {MAX_PROGRAMS} programs"),
        )?;
        let distinct: BTreeSet<&Hash> = self.programs.iter().collect();
        rule(distinct.len() < self.programs.len(), "it lists a program twice".into())?;
        let mut handles = BTreeSet::new();
        let mut keys = BTreeSet::new();
        // The handler's key is checked as well, because a member who had it could write the
        // handler's events.
        let mut devices = BTreeSet::from([*self.handler_key.as_bytes()]);
        for member in &self.members {
            rule(
                !handles.insert(&member.handle),
                format!("member {} occurs twice", member.handle),
            )?;
            rule(
                !keys.insert(member.recipient.hash()),
                format!("member {} shares a key", member.handle),
            )?;
            // With one device key, two handles would let one person act as two wherever two members
            // must agree.
            let shared = !devices.insert(*member.device.as_bytes());
            rule(shared, format!("member {} shares a device key", member.handle))?;
        }
        let oversight = self.desk(&self.oversight);
        rule(oversight.is_none(), format!("the oversight desk {} is missing", self.oversight))?;
        let mut desks = BTreeSet::new();
        for desk in &self.desks {
            rule(!desks.insert(&desk.id), format!("desk {} occurs twice", desk.id))?;
            let has_valid_labels = desk.labels.keys().all(|lang| is_lang(lang));
            rule(
                !has_valid_labels,
                format!("desk {} has a label with an invalid language", desk.id),
            )?;
            let capacity =
                if desk.id == self.oversight { MAX_OVERSIGHT_MEMBERS } else { MAX_DESK_MEMBERS };
            rule(
                desk.members.len() > capacity,
                format!("desk {} has more than {capacity} members", desk.id),
            )?;
            for (at, handle) in desk.members.iter().enumerate() {
                rule(
                    !handles.contains(handle),
                    format!("desk {} names unknown member {handle}", desk.id),
                )?;
                rule(
                    desk.members[..at].contains(handle),
                    format!("desk {} contains {handle} twice", desk.id),
                )?;
                let inside_and_outside = desk.id != self.oversight && self.is_oversight(handle);
                rule(
                    inside_and_outside,
                    format!("{handle} of the oversight body is also a member of desk {}", desk.id),
                )?;
            }
        }
        rule(
            oversight.is_some_and(|desk| desk.members.is_empty()),
            "the oversight body has no member".into(),
        )?;
        self.check_log_settings(devices)
    }
}
