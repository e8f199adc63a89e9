//! Everybody who could ever sign: all directories that the root keys have signed, oldest first.

use protocol::{
    Hash,
    case::event::{Event, EventError, HANDLER_ACTOR, SignedEvent},
    directory::{Directory, DirectoryError, SignedDirectory, TrustRoots},
    keys::InvestigatorRecipient,
};
use time::{Date, Duration};

use crate::alert::{AlertCode, IntegrityAlert};

/// All directories of one installation. Each one in it has been verified against the pinned root
/// keys.
#[derive(Debug)]
pub struct DirectoryHistory {
    directories: Vec<(Directory, Hash)>,
    gap_alerts: Vec<IntegrityAlert>,
}

/// Why a row of directories is not believed.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryHistoryError {
    /// One of them is not good.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Not in their order, or one does not continue the one before.
    #[error("directory {0} does not continue the one before it")]
    BrokenChain(u64),
    /// There is none.
    #[error("no directory has been published")]
    NoDirectory,
}

/// An event whose signature holds.
#[derive(Debug)]
pub struct VerifiedEvent<'a> {
    /// What it says.
    pub event: Event,
    /// In which directories its signer stands with this key, newest first; empty for the case
    /// handler.
    pub signing_directories: Vec<&'a Directory>,
    /// The signer was out of the newest directory of that day.
    pub is_former_member: bool,
    /// The directory of that day had expired.
    pub directory_expired: bool,
}

impl DirectoryHistory {
    /// Takes all directories, oldest first.
    pub fn verify_chain(
        directories: &[SignedDirectory],
        trust: &TrustRoots,
    ) -> Result<Self, DirectoryHistoryError> {
        let mut roll = Self { directories: Vec::new(), gap_alerts: Vec::new() };
        for signed in directories {
            let directory = signed.verify_ignoring_dates(trust)?;
            if let Some((before, hash)) = roll.directories.last() {
                let follows = directory.epoch > before.epoch && directory.issued >= before.issued;
                let next = directory.epoch == before.epoch + 1;
                if !follows || next && directory.previous != Some(*hash) {
                    return Err(DirectoryHistoryError::BrokenChain(directory.epoch));
                }
                if !next {
                    let text = format!(
                        "between directory {} and {} some are not there; they may never have been published",
                        before.epoch, directory.epoch
                    );
                    roll.gap_alerts.push(IntegrityAlert::notice(AlertCode::MissingDirectory, text));
                }
            }
            roll.directories.push((directory, signed.hash()));
        }
        if roll.directories.is_empty() { Err(DirectoryHistoryError::NoDirectory) } else { Ok(roll) }
    }

    /// The newest.
    pub fn latest(&self) -> (&Directory, Hash) {
        let (directory, hash) = self.directories.last().expect("never empty");
        (directory, *hash)
    }

    /// Has this member another key now than in some directory that was good on that day or later?
    /// Grants of then are lost with the old key.
    pub fn has_replaced_key(&self, handle: &str, since: Date) -> bool {
        let Some(now) = self.latest().0.member(handle) else { return false };
        let good = self.directories.iter().filter(|(directory, _)| directory.expires >= since);
        good.filter_map(|(directory, _)| directory.member(handle))
            .any(|then| then.recipient != now.recipient)
    }

    /// The keys that a member had before the one of the newest directory.
    pub fn former_keys(&self, handle: &str) -> Vec<&InvestigatorRecipient> {
        let now = self.latest().0.member(handle).map(|member| &member.recipient);
        let known = self.directories.iter().filter_map(|(directory, _)| directory.member(handle));
        let mut former: Vec<&InvestigatorRecipient> = Vec::new();
        for recipient in known.map(|member| &member.recipient) {
            if Some(recipient) != now && !former.contains(&recipient) {
                former.push(recipient);
            }
        }
        former
    }

    /// Directories that are missing in between.
    pub fn gap_alerts(&self) -> &[IntegrityAlert] {
        &self.gap_alerts
    }

    /// Checks who signed an event, with the keys that directories up to its day give to the name in
    /// it.
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
            let text = format!("{} signed, who stands in no directory up to {day}", event.actor);
            return Err(IntegrityAlert::new(AlertCode::UnknownActor, text));
        }
        let holds = |(directory, key)| signed.verify(key).is_ok().then_some(directory);
        let under: Vec<&Directory> = keys.into_iter().filter_map(holds).collect();
        let Some(newest_under) = under.first() else {
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
        // Directories of one day are not told apart: their order within it is not known.
        let current =
            of_the_day.iter().find(|directory| directory.issued < day).or(of_the_day.last());
        let former = current.is_some_and(|current| newest_under.epoch < current.epoch);
        let expired = !former && newest_under.expires < day;
        Ok(VerifiedEvent {
            event,
            signing_directories: under,
            is_former_member: former,
            directory_expired: expired,
        })
    }

    /// Directories that can have been in force on a day, newest first. One day of grace, as clocks
    /// differ.
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
