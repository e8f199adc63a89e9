//! Everybody who could ever sign: all directories that the root keys have signed, oldest first.

use envelope::{
    Hash,
    directory::{Directory, DirectoryError, SignedDirectory, Trust},
    event::{Event, EventError, HANDLER, SignedEvent},
    keys::InvestigatorRecipient,
};
use time::{Date, Duration};

use crate::alarm::{Alarm, Code};

/// All directories of one installation. Each one in it has been verified against the pinned root keys.
#[derive(Debug)]
pub struct Roll {
    known: Vec<(Directory, Hash)>,
    gaps: Vec<Alarm>,
}

/// Why a row of directories is not believed.
#[derive(Debug, thiserror::Error)]
pub enum RollError {
    /// One of them is not good.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Not in their order, or one does not continue the one before.
    #[error("directory {0} does not continue the one before it")]
    Chain(u64),
    /// There is none.
    #[error("no directory has been published")]
    Empty,
}

/// An event whose signature holds.
#[derive(Debug)]
pub struct Verified<'a> {
    /// What it says.
    pub event: Event,
    /// In which directories its signer stands with this key, newest first; empty for the case handler.
    pub under: Vec<&'a Directory>,
    /// The signer was out of the newest directory of that day.
    pub former: bool,
    /// The directory of that day had expired.
    pub expired: bool,
}

impl Roll {
    /// Takes all directories, oldest first.
    pub fn admit(directories: &[SignedDirectory], trust: &Trust) -> Result<Self, RollError> {
        let mut roll = Self { known: Vec::new(), gaps: Vec::new() };
        for signed in directories {
            let directory = signed.verify_past(trust)?;
            if let Some((before, hash)) = roll.known.last() {
                let follows = directory.epoch > before.epoch && directory.issued >= before.issued;
                let next = directory.epoch == before.epoch + 1;
                if !follows || next && directory.previous != Some(*hash) {
                    return Err(RollError::Chain(directory.epoch));
                }
                if !next {
                    let text = format!(
                        "between directory {} and {} some are not there; they may never have been published",
                        before.epoch, directory.epoch
                    );
                    roll.gaps.push(Alarm::notice(Code::MissingDirectory, text));
                }
            }
            roll.known.push((directory, signed.hash()));
        }
        if roll.known.is_empty() { Err(RollError::Empty) } else { Ok(roll) }
    }

    /// The newest.
    pub fn newest(&self) -> (&Directory, Hash) {
        let (directory, hash) = self.known.last().expect("never empty");
        (directory, *hash)
    }

    /// Has this member another key now than in some directory that was good on that day or later? Grants of then are lost with the old key.
    pub fn has_new_key(&self, handle: &str, since: Date) -> bool {
        let Some(now) = self.newest().0.member(handle) else { return false };
        let good = self.known.iter().filter(|(directory, _)| directory.expires >= since);
        good.filter_map(|(directory, _)| directory.member(handle)).any(|then| then.recipient != now.recipient)
    }

    /// The keys that a member had before the one of the newest directory.
    pub fn former_keys(&self, handle: &str) -> Vec<&InvestigatorRecipient> {
        let now = self.newest().0.member(handle).map(|member| &member.recipient);
        let known = self.known.iter().filter_map(|(directory, _)| directory.member(handle));
        let mut former: Vec<&InvestigatorRecipient> = Vec::new();
        for recipient in known.map(|member| &member.recipient) {
            if Some(recipient) != now && !former.contains(&recipient) {
                former.push(recipient);
            }
        }
        former
    }

    /// Directories that are missing in between.
    pub fn gaps(&self) -> &[Alarm] {
        &self.gaps
    }

    /// Checks who signed an event, with the keys that directories up to its day give to the name in it.
    pub fn verify(&self, signed: &SignedEvent) -> Result<Verified<'_>, Alarm> {
        let event = signed.peek().map_err(|error| Alarm::new(Code::Forged, error.to_string()))?;
        let day = event.at.date();
        let of_the_day: Vec<&Directory> = self.up_to(day).collect();
        let keys =
            of_the_day.iter().filter_map(|directory| Some((*directory, key_in(directory, &event.actor)?)));
        let keys: Vec<_> = keys.collect();
        if keys.is_empty() {
            let text = format!("{} signed, who stands in no directory up to {day}", event.actor);
            return Err(Alarm::new(Code::UnknownActor, text));
        }
        let holds = |(directory, key)| signed.verify(key).is_ok().then_some(directory);
        let under: Vec<&Directory> = keys.into_iter().filter_map(holds).collect();
        let Some(newest_under) = under.first() else {
            return Err(Alarm::new(Code::Forged, EventError::Forged(event.actor).to_string()));
        };
        if event.actor == HANDLER {
            return Ok(Verified { event, under: Vec::new(), former: false, expired: false });
        }
        // Directories of one day are not told apart: their order within it is not known.
        let current = of_the_day.iter().find(|directory| directory.issued < day).or(of_the_day.last());
        let former = current.is_some_and(|current| newest_under.epoch < current.epoch);
        let expired = !former && newest_under.expires < day;
        Ok(Verified { event, under, former, expired })
    }

    /// Directories that can have been in force on a day, newest first. One day of grace, as clocks differ.
    fn up_to(&self, day: Date) -> impl Iterator<Item = &Directory> {
        let last = day.saturating_add(Duration::days(1));
        self.known
            .iter()
            .rev()
            .map(|(directory, _)| directory)
            .filter(move |directory| directory.issued <= last)
    }
}

fn key_in<'a>(directory: &'a Directory, actor: &str) -> Option<&'a envelope::keys::PublicKey> {
    if actor == HANDLER {
        return Some(&directory.handler_key);
    }
    directory.member(actor).map(|member| &member.device)
}
