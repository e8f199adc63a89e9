//! Collecting from the intake: pull, open, file, and only then let the intake forget.

mod aside;
mod notices;
mod quarantine;
mod walk;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ed25519_dalek::SigningKey;
use envelope::{Hash, keys::TransportIdentity, relay::AnswerTimes, submission::Opened};
use time::Date;
use tokio::task::JoinError;
use uuid::Uuid;
use web::Clock;

use crate::{
    arrivals::{Arrival, Arrivals},
    current::{Accepted, Current},
    filing::{Filed, Filing, FilingError},
    log::{Author, LogError},
    mailboxes::{self, AsOf},
    relay::{Relay, RelayError, unexpected},
    routing::Load,
    store::{Store, StoreError},
    today::{Today, TodayError},
};

use aside::{Unfiled, look_into};
use notices::Said;

/// How long the first wait after a failure is. Each further one doubles, up to the time between two rounds.
const FIRST_RETRY: Duration = Duration::from_secs(5);

/// Everything that a tick works with.
pub struct Collector {
    /// The database.
    pub store: Arc<Store>,
    /// Who is who.
    pub current: Arc<Current>,
    /// The intake.
    pub relay: Relay,
    /// Open the outer seal; the newest first.
    pub transport: Arc<Vec<TransportIdentity>>,
    /// Signs the handler's events.
    pub log_key: SigningKey,
    /// Who cannot take cases now.
    pub absent: Vec<String>,
    /// How many months a case is kept after its closing.
    pub retention_months: u16,
    /// Days of rest, and how soon reports are collected. The intake gets both for its receipts.
    pub answers: AnswerTimes,
    /// The time.
    pub clock: Clock,
    /// The day, if the clock can be believed.
    pub today: Today,
    /// What this process has seen so far.
    pub progress: Progress,
}

/// What a collector remembers from one round to the next; nothing at the start.
#[derive(Debug, Default)]
pub struct Progress {
    /// The directory with which everything that was set aside has been looked at again. A process begins with none, so that
    /// a new transport key or a newer build gets its chance too.
    retried_for: Option<Hash>,
    /// The day of this round, as it is believed.
    day: Option<Date>,
    /// Set aside in this round, and why.
    fresh: BTreeMap<Uuid, String>,
    /// What stays at the intake and is not pulled again, with the case that an orphan waits for.
    left: HashMap<Uuid, Option<Uuid>>,
    /// Listed by the intake, and not sent: it is damaged there.
    unsent: HashSet<Uuid>,
    /// How many of them were left in this round.
    newly_left: u32,
    /// Listed by the intake in this round, and not sent.
    withheld: u32,
    /// Bytes for which there was room aside when something was left last.
    room_when_left: u64,
    /// The round reached its bound: the next one begins soon.
    more: bool,
    /// The day on which objects that no row names were last swept.
    swept: Option<Date>,
    /// What the log says once until it changes.
    said: Said,
    /// Did the last round get to its end?
    works: Arc<AtomicBool>,
}

impl Progress {
    /// Did the last round get to its end? Not before the first.
    pub fn works(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.works)
    }
}

/// Why a tick did not get to its end. The next one tries again, and nothing is lost meanwhile.
#[derive(Debug, thiserror::Error)]
pub enum TickError {
    /// The intake.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The clock.
    #[error(transparent)]
    Today(#[from] TodayError),
    /// A filing failed for a reason that is not the submission's.
    #[error(transparent)]
    Filing(FilingError),
    /// A task ended unexpectedly.
    #[error("a task of the tick ended unexpectedly")]
    Task,
}

impl From<JoinError> for TickError {
    fn from(_: JoinError) -> Self {
        Self::Task
    }
}

impl Collector {
    /// Ticks until the future is dropped. A failure is said once until it changes, and tried again sooner than the next round.
    pub async fn run(mut self, every: Duration) {
        let mut failing: Option<String> = None;
        let mut failures = 0;
        // What the intake would forget must not be filed into a database that has to be restored.
        self.store.believed().await;
        self.count_ends().await;
        loop {
            let now = self.tick().await.err().map(|error| error.to_string());
            match (&failing, &now) {
                (before, Some(error)) if before.as_ref() != Some(error) => tracing::warn!("{error}"),
                (Some(_), None) => tracing::info!("collecting works again"),
                _ => {}
            }
            self.progress.works.store(now.is_none(), Ordering::Relaxed);
            failures = if now.is_some() { failures + 1 } else { 0 };
            let more = self.progress.more && now.is_none();
            failing = now;
            tokio::time::sleep(if more { FIRST_RETRY.min(every) } else { wait(every, failures) }).await;
        }
    }

    /// One round: hand over the directory, collect everything, lay out mailboxes.
    pub async fn tick(&mut self) -> Result<(), TickError> {
        // Under a wrong date nothing is filed: the intake keeps it.
        let today = self.today.get().await?;
        self.progress.day = Some(today);
        self.absent = self.store.away(today).await?.into_keys().collect();
        // Before the directory: with it the intake takes reports, and gives a day on each receipt.
        let answers = self.relay.put_answer_times(&self.answers).await;
        // An intake that refuses the directory, because it has expired say, is collected from all the same.
        let handed_over = self.hand_over_directory(today).await;
        if let Ok(Some(there)) = self.relay.health().await {
            self.today.hear_intake(there).await;
        }
        let collected = self.collect().await;
        if let Err(TickError::Relay(RelayError::Unreachable(_))) = collected {
            return collected;
        }
        // One submission that does not come whole must not keep answers from those who wait for them.
        self.retry_set_aside().await?;
        self.say_what_was_set_aside().await?;
        self.sweep_once_a_day().await?;
        let as_of = AsOf { today, week: self.clock.iso_week(), calendar: self.answers.calendar.clone() };
        mailboxes::lay_out(&self.store, &self.relay, as_of).await?;
        collected?;
        answers?;
        Ok(handed_over?)
    }

    /// The day of this round, as it is believed.
    fn day(&self) -> Date {
        self.progress.day.unwrap_or_else(|| self.clock.today())
    }

    /// Pulls these submissions and files them or sets them aside. One that does not come any more is not asked for again.
    async fn pull_and_take(
        &mut self,
        ids: &[Uuid],
        accepted: &Accepted,
        load: &mut Load,
    ) -> Result<(), TickError> {
        let pulled = self.relay.pull(ids.to_vec()).await?;
        let mut arrivals = Arrivals::of(pulled, Arc::clone(&self.transport));
        let mut missing: HashSet<Uuid> = ids.iter().copied().collect();
        let mut done = Vec::new();
        let ended = loop {
            let group = arrivals.group().await;
            if group.is_empty() {
                break arrivals.end().await?.map_err(TickError::from);
            }
            // Nothing of it is filed: who pulls two would otherwise be sent two million.
            if !group.iter().all(|arrival| missing.remove(&arrival.id)) {
                arrivals.give_up();
                break Err(unexpected("it sends what it was not asked for, or sends it twice").into());
            }
            if let Err(error) = self.take(group, accepted, load, &mut done).await {
                arrivals.give_up();
                break Err(error);
            }
        };
        for id in &done {
            self.progress.left.remove(id);
        }
        // What has been filed need not come again, even if what came after it failed.
        if !done.is_empty() {
            self.relay.ack(done).await?;
        }
        ended?;
        self.progress.withheld += u32::try_from(missing.len()).unwrap_or(u32::MAX);
        self.progress.unsent.extend(missing);
        Ok(())
    }

    /// Files submissions or sets them aside. Those that are durable here are `done`, and the intake may forget them; those that find
    /// no room aside stay there.
    async fn take(
        &mut self,
        group: Vec<Arrival>,
        accepted: &Accepted,
        load: &mut Load,
        done: &mut Vec<Uuid>,
    ) -> Result<(), TickError> {
        let (mut opened, mut fileable, mut unfiled) = (Vec::new(), Vec::new(), Vec::new());
        for mut arrival in group {
            match look_into(arrival.opened().await)? {
                Ok(one) => {
                    opened.push(one);
                    fileable.push(arrival);
                }
                Err(unopened) => unfiled.push((arrival, unopened)),
            }
        }
        let outcomes = self.file(&opened, accepted, load).await;
        let mut failed = None;
        for ((arrival, outcome), opened) in fileable.into_iter().zip(outcomes).zip(&opened) {
            match outcome {
                Ok(_) => done.push(arrival.id),
                Err(error) if error.is_final() => {
                    unfiled.push((arrival, Unfiled::at_filing(&error, opened.header.case.id)));
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        self.set_aside_all(unfiled, done).await?;
        failed.map_or(Ok(()), |error| Err(TickError::Filing(error)))
    }

    /// Files submissions in one transaction. If that fails, one after the other, so that whichever one the database does not take
    /// holds up no other. Gives what became of each, up to where the database failed twice.
    async fn file(
        &self,
        group: &[Opened],
        accepted: &Accepted,
        load: &mut Load,
    ) -> Vec<Result<Filed, FilingError>> {
        let mut outcomes = Vec::with_capacity(group.len());
        // Nearly all name the newest directory.
        for same in group.chunk_by(|one, next| one.header.directory == next.header.directory) {
            let named = self.current.named(&same[0].header.directory);
            let filing = Filing {
                directory: &accepted.directory,
                named: named.as_ref().map(|named| &named.directory),
                author: Author { key: &self.log_key, today: self.day() },
                absent: &self.absent,
                retention_months: self.retention_months,
            };
            match filing.file_all(&self.store, same, load).await {
                Ok(filed) => outcomes.extend(filed),
                Err(error) if same.len() == 1 => outcomes.push(Err(error)),
                Err(_) => {
                    let mut failures = 0;
                    for one in same {
                        let outcome = filing.file(&self.store, one, load).await;
                        failures += u32::from(outcome.as_ref().is_err_and(|error| !error.is_final()));
                        outcomes.push(outcome);
                        if failures == 2 {
                            return outcomes;
                        }
                    }
                }
            }
        }
        outcomes
    }

    async fn sweep_once_a_day(&mut self) -> Result<(), TickError> {
        let today = Some(self.day());
        if self.progress.swept != today {
            self.store.sweep_objects().await?;
            self.progress.swept = today;
        }
        Ok(())
    }
}

/// The time to the next round, after so many failures in a row.
fn wait(every: Duration, failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => every,
        Some(before) => FIRST_RETRY.saturating_mul(2u32.saturating_pow(before)).min(every),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_retried_soon_and_then_ever_less_often() {
        let every = Duration::from_mins(15);
        let waits: Vec<_> = (0..10).map(|failures| wait(every, failures).as_secs()).collect();
        assert_eq!(waits, [900, 5, 10, 20, 40, 80, 160, 320, 640, 900]);
        assert_eq!(wait(every, u32::MAX), every);
        assert_eq!(
            wait(Duration::from_secs(1), 3),
            Duration::from_secs(1),
            "never later than without a failure"
        );
    }
}
