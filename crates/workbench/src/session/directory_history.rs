//! Verifies the chain of all directories that the root keys have signed, oldest first. It names
//! everyone whose signatures can be valid.

use protocol::{
    Hash,
    case::event::{Event, EventError, HANDLER_ACTOR, SignedEvent},
    directory::{Directory, DirectoryError, SignedDirectory, TrustRoots},
    keys::InvestigatorRecipient,
};
use time::{Date, Duration};

use crate::alert::{AlertCode, IntegrityAlert};

/// All directories of one installation, each verified with the pinned root keys.
#[derive(Debug)]
pub struct DirectoryHistory {
    directories: Vec<(Directory, Hash)>,
    gap_alerts: Vec<IntegrityAlert>,
}

/// Why a chain of directories is invalid.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryHistoryError {
    /// One of the directories is invalid.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The directory with this epoch is out of order, or does not continue the previous one.
    #[error("directory {0} does not continue the previous directory")]
    BrokenChain(u64),
    /// The chain is empty.
    #[error("no directory published")]
    NoDirectory,
}

/// An event with a valid signature.
#[derive(Debug)]
pub struct VerifiedEvent<'a> {
    /// The event.
    pub event: Event,
    /// The directories that name the signer with this key, newest first. Empty for the case
    /// handler.
    pub signing_directories: Vec<&'a Directory>,
    /// Whether the signer was missing from the newest directory of that date.
    pub is_former_member: bool,
    /// Whether the directory of that date had expired.
    pub directory_expired: bool,
}

impl DirectoryHistory {
    /// Verifies a chain of directories, oldest first.
    ///
    /// # Errors
    /// If a directory is invalid or does not continue the previous one, or if there is none.
    pub fn verify_chain(
        directories: &[SignedDirectory],
        trust: &TrustRoots,
    ) -> Result<Self, DirectoryHistoryError> {
        let mut history = Self { directories: Vec::new(), gap_alerts: Vec::new() };
        for signed in directories {
            let directory = signed.verify_ignoring_dates(trust)?;
            if let Some((before, hash)) = history.directories.last() {
                let follows = directory.epoch > before.epoch && directory.issued >= before.issued;
                let next = directory.epoch == before.epoch + 1;
                if !follows || next && directory.previous != Some(*hash) {
                    return Err(DirectoryHistoryError::BrokenChain(directory.epoch));
                }
                if !next {
                    let text = format!(
                        "directories between {} and {} are missing; they may never have been published",
                        before.epoch, directory.epoch
                    );
                    history
                        .gap_alerts
                        .push(IntegrityAlert::notice(AlertCode::MissingDirectory, text));
                }
            }
            history.directories.push((directory, signed.hash()));
        }
        if history.directories.is_empty() {
            Err(DirectoryHistoryError::NoDirectory)
        } else {
            Ok(history)
        }
    }

    /// Returns the newest directory and its hash.
    pub fn latest(&self) -> (&Directory, Hash) {
        let (directory, hash) = self.directories.last().expect("never empty");
        (directory, *hash)
    }

    /// Returns the date of the directory that began the present transparency log.
    pub fn log_began(&self) -> Date {
        let epoch = self.latest().0.log.epoch;
        let first = self.directories.iter().find(|(directory, _)| directory.log.epoch == epoch);
        first.expect("the newest directory has this epoch").0.issued
    }

    /// Returns whether one of the directories has this hash.
    pub fn contains(&self, hash: Hash) -> bool {
        self.with_hash(hash).is_some()
    }

    /// Returns whether the member's key now differs from the key in a directory that was valid on
    /// that date or later. Grants from then were sealed to the lost key.
    pub fn has_replaced_key(&self, handle: &str, since: Date) -> bool {
        let Some(now) = self.latest().0.member(handle) else { return false };
        let valid_then =
            self.directories.iter().filter(|(directory, _)| directory.expires >= since);
        valid_then
            .filter_map(|(directory, _)| directory.member(handle))
            .any(|then| then.recipient != now.recipient)
    }

    /// Returns the keys of a member before the key in the newest directory.
    pub fn former_keys(&self, handle: &str) -> Vec<&InvestigatorRecipient> {
        let now = self.latest().0.member(handle).map(|member| &member.recipient);
        let entries = self.directories.iter().filter_map(|(directory, _)| directory.member(handle));
        let mut former: Vec<&InvestigatorRecipient> = Vec::new();
        for recipient in entries.map(|member| &member.recipient) {
            if Some(recipient) != now && !former.contains(&recipient) {
                former.push(recipient);
            }
        }
        former
    }

    /// Returns the directory with this hash.
    pub fn with_hash(&self, hash: Hash) -> Option<&Directory> {
        let entry = self.directories.iter().find(|(_, own)| *own == hash)?;
        Some(&entry.0)
    }

    /// Returns the directories that were the newest at some time of this date: those issued on it,
    /// and the last one before.
    pub fn current_on(&self, day: Date) -> impl Iterator<Item = &Directory> {
        let mut found_earlier = false;
        self.in_force_by(day).take_while(move |directory| {
            let is_current = !found_earlier;
            found_earlier |= directory.issued < day;
            is_current
        })
    }

    /// Returns every key that a directory names, with the handle of its member.
    pub fn known_recipients(&self) -> Vec<(&str, &InvestigatorRecipient)> {
        let mut known: Vec<(&str, &InvestigatorRecipient)> = Vec::new();
        for member in self.directories.iter().flat_map(|(directory, _)| &directory.members) {
            let entry = (member.handle.as_str(), &member.recipient);
            if !known.contains(&entry) {
                known.push(entry);
            }
        }
        known
    }

    /// Returns an alert for each gap in the chain.
    pub fn gap_alerts(&self) -> &[IntegrityAlert] {
        &self.gap_alerts
    }

    /// Verifies the signature of an event, with the keys of its actor in the directories up to its
    /// date.
    ///
    /// # Errors
    /// Returns an alert if the actor is in none of these directories, or if the signature is
    /// invalid.
    pub fn verify_event(&self, signed: &SignedEvent) -> Result<VerifiedEvent<'_>, IntegrityAlert> {
        let event = signed
            .decode_unverified()
            .map_err(|error| IntegrityAlert::new(AlertCode::Forged, error.to_string()))?;
        let day = event.at.date();
        let of_the_day: Vec<&Directory> = self.in_force_by(day).collect();
        let keys = of_the_day
            .iter()
            .filter_map(|directory| Some((*directory, signing_key_of(directory, &event.actor)?)));
        let keys: Vec<_> = keys.collect();
        if keys.is_empty() {
            let text = format!("{} signed, but is in no directory up to {day}", event.actor);
            return Err(IntegrityAlert::new(AlertCode::UnknownActor, text));
        }
        let verifies = |(directory, key)| signed.verify(key).is_ok().then_some(directory);
        let signing: Vec<&Directory> = keys.into_iter().filter_map(verifies).collect();
        let Some(newest_signing) = signing.first() else {
            return Err(IntegrityAlert::new(
                AlertCode::Forged,
                EventError::Forged(event.actor).to_string(),
            ));
        };
        if event.actor == HANDLER_ACTOR {
            return Ok(VerifiedEvent {
                event,
                signing_directories: Vec::new(),
                is_former_member: false,
                directory_expired: false,
            });
        }
        // Directories of the same date are treated alike, because their order within the day is
        // unknown.
        let current =
            of_the_day.iter().find(|directory| directory.issued < day).or(of_the_day.last());
        let former = current.is_some_and(|current| newest_signing.epoch < current.epoch);
        let expired = !former && newest_signing.expires < day;
        Ok(VerifiedEvent {
            event,
            signing_directories: signing,
            is_former_member: former,
            directory_expired: expired,
        })
    }

    /// Returns the directories that can have been in force on a date, newest first. One day of
    /// tolerance allows for clock differences.
    fn in_force_by(&self, day: Date) -> impl Iterator<Item = &Directory> {
        let last = day.saturating_add(Duration::days(1));
        self.directories
            .iter()
            .rev()
            .map(|(directory, _)| directory)
            .filter(move |directory| directory.issued <= last)
    }
}

fn signing_key_of<'a>(
    directory: &'a Directory,
    actor: &str,
) -> Option<&'a protocol::keys::PublicKey> {
    if actor == HANDLER_ACTOR {
        return Some(&directory.handler_key);
    }
    directory.member(actor).map(|member| &member.device)
}
