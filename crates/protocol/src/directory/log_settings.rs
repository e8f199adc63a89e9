//! What the directory states about the transparency log: its epoch, the outside witnesses, and how
//! many cosigners make a checkpoint countersigned.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Directory, DirectoryError};
use crate::keys::PublicKey;

/// The epoch of the first log of an installation. A log with a later epoch has begun again.
pub const FIRST_LOG_EPOCH: u32 = 1;
/// The maximum number of outside witnesses.
pub const MAX_WITNESSES: usize = 8;
/// The maximum length of the name of a witness in bytes.
pub const MAX_WITNESS_NAME_LEN: usize = 128;
/// The beginning of the names of the log and of its members, which no witness has.
const OWN_NAMES: &str = "burkindi/";

/// The transparency log, as the readers of the directory verify it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// The number of the log, which is part of its origin. The first log has number 1. A log that
    /// lost its end in a restore is followed by an empty one with the next number.
    pub epoch: u32,
    /// The outside witnesses, at most [`MAX_WITNESSES`].
    pub witnesses: Vec<LogWitness>,
    /// How many cosigners make a checkpoint countersigned.
    pub quorum: LogQuorum,
}

/// An outside witness of the transparency log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogWitness {
    /// The name in its signature lines, such as `witness.example/w1`.
    pub name: String,
    /// Verifies its cosignatures.
    pub key: PublicKey,
}

/// How many cosigners make a checkpoint countersigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogQuorum {
    /// The number of members of the oversight body.
    pub oversight: u8,
    /// The number of outside witnesses.
    pub witnesses: u8,
}

impl Default for LogSettings {
    /// Returns the first log, without witnesses, which one member of the oversight body
    /// countersigns.
    fn default() -> Self {
        Self {
            epoch: FIRST_LOG_EPOCH,
            witnesses: Vec::new(),
            quorum: LogQuorum { oversight: 1, witnesses: 0 },
        }
    }
}

impl LogWitness {
    /// Returns whether a witness can have this name: printable ASCII without a space and without a
    /// plus sign, as C2SP signed-note requires, and no name of the log or of a member.
    pub fn is_valid_name(name: &str) -> bool {
        (1..=MAX_WITNESS_NAME_LEN).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+')
            && !name.starts_with(OWN_NAMES)
    }
}

impl Directory {
    /// Checks the rules of the log settings. `keys` are the log key and the device keys of all
    /// members.
    ///
    /// # Errors
    /// [`DirectoryError::RuleViolated`] with the first rule that is broken.
    pub(super) fn check_log_settings(
        &self,
        mut keys: BTreeSet<[u8; 32]>,
    ) -> Result<(), DirectoryError> {
        let rule = |broken: bool, text: String| {
            if broken { Err(DirectoryError::RuleViolated(text)) } else { Ok(()) }
        };
        let LogSettings { epoch, witnesses, quorum } = &self.log;
        rule(*epoch == 0, "the epoch of the log is 0".into())?;
        rule(witnesses.len() > MAX_WITNESSES, format!("more than {MAX_WITNESSES} witnesses"))?;
        let mut names = BTreeSet::new();
        for LogWitness { name, key } in witnesses {
            rule(!LogWitness::is_valid_name(name), format!("invalid name of a witness: {name:?}"))?;
            rule(!names.insert(name), format!("witness {name} occurs twice"))?;
            // The name of a cosigner is not signed. One key under two names would count twice.
            let shared = !keys.insert(*key.as_bytes());
            rule(shared, format!("witness {name} shares a key with another signer"))?;
        }
        let members = self.desk(&self.oversight).map_or(0, |desk| desk.members.len());
        rule(
            usize::from(quorum.oversight) > members,
            format!(
                "the quorum of the log needs {} members of the oversight body, which has {members}",
                quorum.oversight
            ),
        )?;
        rule(
            usize::from(quorum.witnesses) > witnesses.len(),
            format!(
                "the quorum of the log needs {} witnesses, and the directory has {}",
                quorum.witnesses,
                witnesses.len()
            ),
        )?;
        rule(
            quorum.oversight == 0 && quorum.witnesses == 0,
            "the quorum of the log is empty".into(),
        )
    }
}
