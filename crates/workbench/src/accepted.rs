//! A case handler that was restored from a backup holds an older log than was seen. That is an
//! alarm until the one who saw it has accepted the restore, with a reason. What is accepted is
//! exactly the log of that moment: a later roll-back is an alarm again. Each acceptance is kept,
//! signed with the device key, and listed by every audit.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use envelope::{
    event::LogEntry,
    keys::{PublicKey, sign},
};
use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

use crate::{
    alarm::{Alarm, Code, Severity},
    audit::Export,
    connection::Connection,
    files::FileError,
    home::{SeenCase, SeenLog, SignedRestore},
    logbook::LogError,
};

const LABEL: &[u8] = b"burkindi/accepted-restore/v1\0";

/// The longest reason, in characters.
const MOST_REASON: usize = 500;

/// What was accepted, when, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// 1.
    pub v: u8,
    /// Of which installation.
    pub instance: Uuid,
    /// The day of the acceptance.
    #[serde(with = "envelope::iso_date")]
    pub day: Date,
    /// In the words of the one who accepted it.
    pub reason: String,
    /// The end of the whole log before and after, for the oversight body.
    pub log: Option<(SeenLog, SeenLog)>,
    /// The end of each case that was rolled back, before and after; nothing after if the case is
    /// gone.
    pub cases: BTreeMap<Uuid, (SeenCase, Option<SeenCase>)>,
}

/// Why a restore was not accepted. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The log could not be gone through, or the acceptance not be kept.
    #[error(transparent)]
    Log(#[from] LogError),
    /// What was seen before is still there.
    #[error("nothing was rolled back since you last looked: there is no restore to accept")]
    Nothing,
    /// Something is wrong that no restore explains.
    #[error("a restore does not explain every alarm: {}. Do not accept it; tell the \
             administrator", .0.join("; "))]
    Other(Vec<String>),
    /// It would not be understood later.
    #[error("say in 1 to 500 characters why the case handler was restored, and who said so")]
    Reason,
}

impl From<FileError> for AcceptError {
    fn from(error: FileError) -> Self {
        Self::Log(error.into())
    }
}

fn signed(restore: &Restore, device: &SigningKey) -> SignedRestore {
    let bytes = serde_json::to_vec(restore).expect(
        "our shapes hold strings, numbers and lists \
        only",
    );
    let signature = sign(device, LABEL, &bytes).to_vec();
    SignedRestore { bytes, signature }
}

/// What it says, if this key has signed it for this installation.
fn verified(accepted: &SignedRestore, device: &PublicKey, instance: Uuid) -> Option<Restore> {
    let signature = accepted.signature.as_slice().try_into().ok()?;
    device.verify(LABEL, &accepted.bytes, signature).ok()?;
    serde_json::from_slice::<Restore>(&accepted.bytes)
        .ok()
        .filter(|restore| restore.v == 1 && restore.instance == instance)
}

/// The end of one case in a log.
fn end_of(case: Uuid, entries: &[LogEntry]) -> Option<SeenCase> {
    let of_case = entries.iter().filter(|entry| entry.event.peek().is_ok_and(|event| event.case == case));
    let mut events = 0;
    let last = of_case.inspect(|_| events += 1).last()?;
    Some(SeenCase { events, head: last.event.hash() })
}

impl Connection {
    /// Accepts that the case handler was restored from a backup: what it holds now counts as seen.
    ///
    /// # Errors
    /// If nothing was rolled back, if anything else is wrong, or if it cannot be kept.
    pub async fn accept_restore(&mut self, reason: &str) -> Result<Restore, AcceptError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > MOST_REASON || reason.chars().any(char::is_control) {
            return Err(AcceptError::Reason);
        }
        let export = self.export().await.map_err(LogError::from)?;
        let audit = self.audit(&export)?;
        let alarms = audit.alarms.iter().filter(|alarm| alarm.severity == Severity::Alarm);
        let (rolled_back, others): (Vec<_>, Vec<_>) = alarms.partition(|alarm| alarm.code == Code::Rollback);
        if !others.is_empty() {
            return Err(AcceptError::Other(others.iter().map(|alarm| alarm.text.clone()).collect()));
        }
        if rolled_back.is_empty() {
            return Err(AcceptError::Nothing);
        }
        let cases: Vec<Uuid> = rolled_back.iter().filter_map(|alarm| alarm.case).collect();
        let whole = rolled_back.iter().any(|alarm| alarm.case.is_none());
        let now = SeenLog { entries: audit.entries, link: audit.head };
        let restore = self.restore_of(&export, &cases, whole.then_some(now), reason);
        // First the record: an interruption leaves one too many, and never an acceptance of which
        // nothing is known.
        let mut accepted = self.home.accepted()?;
        accepted.push(signed(&restore, self.key.device()));
        self.home.keep_accepted(&accepted)?;
        for (case, (_, after)) in &restore.cases {
            match after {
                Some(end) => self.seen.cases.insert(*case, *end),
                None => self.seen.cases.remove(case),
            };
            let most = after.map_or(0, |end| end.events);
            self.seen.read.entry(*case).and_modify(|read| *read = (*read).min(most));
        }
        if let Some((_, after)) = restore.log {
            self.seen.log = Some(after);
        }
        self.remember()?;
        Ok(restore)
    }

    fn restore_of(&self, export: &Export, cases: &[Uuid], now: Option<SeenLog>, reason: &str) -> Restore {
        let of_case = |case: &Uuid| {
            let before = self.seen.cases.get(case)?;
            Some((*case, (*before, end_of(*case, &export.entries))))
        };
        Restore {
            v: 1,
            instance: self.trust.instance,
            day: self.today(),
            reason: reason.to_owned(),
            log: self.seen.log.zip(now),
            cases: cases.iter().filter_map(of_case).collect(),
        }
    }

    /// What was accepted before, as notices of an audit. One that this key has not signed is an
    /// alarm.
    pub(crate) fn accepted_restores(&self) -> Result<Vec<Alarm>, FileError> {
        let device = PublicKey::from(self.key.device());
        let told = |accepted: &SignedRestore| match verified(accepted, &device, self.trust.instance) {
            Some(restore) => Alarm::notice(
                Code::AcceptedRestore,
                format!(
                    "on {} you accepted a restore of the case handler: \
                    {}",
                    restore.day, restore.reason
                ),
            ),
            None => Alarm::new(
                Code::Forged,
                "accepted.json holds an accepted restore that your key has not signed: the file \
                 was altered, or is of a former key. See what it says, then move it away",
            ),
        };
        Ok(self.home.accepted()?.iter().map(told).collect())
    }
}
