//! Telling members that something waits for them: at fixed times, one digest each, without a word of what it is.
//!
//! Nothing is sent at the moment when something happens, so that no server in between and no colleague who looks over a shoulder learns when a reporter
//! wrote. Once somebody has acted, nothing waits any more, and nothing is sent.

mod waiting;
mod webhook;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use envelope::{directory::Directory, life::Role};
use time::{Date, OffsetDateTime, Time};

pub use waiting::{Seen, waits_for};
pub use webhook::Webhook;

use crate::{
    current::Current,
    office::Office,
    store::{QueuePlace, StoreError},
};

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(20);
/// Cases that are read at once.
const PAGE: u64 = 500;

/// The same words for everybody, at every time.
pub const TEXT: &str = "Quelque chose vous attend dans Burkindi. Ouvrez votre poste de travail.\n\
                        Something waits for you in Burkindi. Open your workbench.\n";

/// Why a digest was not sent. No server's answer is in it: it may hold an address.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The address or sender is none.
    #[error("{0} is not usable")]
    Setting(&'static str),
    /// The webhook.
    #[error("the webhook {0}")]
    Webhook(&'static str),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sends digests.
#[derive(Debug)]
pub struct Notifier {
    /// When, UTC.
    pub times: Vec<Time>,
    /// To each of these members.
    pub webhooks: BTreeMap<String, Webhook>,
}

impl Notifier {
    /// Sends at each of its times until the future is dropped.
    pub async fn run(self, office: Office, current: Arc<Current>) {
        let mut last = office.clock.now();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = office.clock.now();
            if !falls_between(&self.times, last, now) {
                continue;
            }
            last = now;
            let (Some(accepted), Ok(day)) = (current.get(), office.today.get().await) else { continue };
            if let Err(error) = self.send(&office, &accepted.directory, day).await {
                tracing::error!("a digest could not be sent: {error}");
            }
        }
    }

    /// Sends one digest to everybody for whom something waits, on a working day, and who is there. Gives how many there are. One that fails
    /// stops no other.
    pub async fn send(&self, office: &Office, directory: &Directory, day: Date) -> Result<u32, NotifyError> {
        if !office.calendar.is_working(day) {
            return Ok(0);
        }
        let away = office.store.away(day).await?;
        let (mut waiting, mut failed) = (0, None);
        for (member, webhook) in &self.webhooks {
            let here = directory.member(member).is_some() && !away.contains_key(member);
            if here && something_waits(office, directory, member, day).await? {
                waiting += 1;
                failed = webhook.send().await.err().or(failed);
            }
        }
        failed.map_or(Ok(waiting), Err)
    }
}

/// Goes through a member's queue, the most pressing first, until something waits.
async fn something_waits(
    office: &Office,
    directory: &Directory,
    member: &str,
    day: Date,
) -> Result<bool, StoreError> {
    let mut behind = None;
    loop {
        let cases = office.store.queue(member, behind, PAGE).await?;
        let Some(last) = cases.last() else { return Ok(false) };
        behind = Some(QueuePlace::of(last.id, &last.state));
        for case in &cases {
            let role = Role::of(directory, member, &case.state.desk);
            let seen = Seen { state: &case.state, suggested: case.suggested.as_deref(), member, role };
            if waits_for(seen, &office.calendar, day, office.warn_days) {
                return Ok(true);
            }
        }
    }
}

/// Is it one of these times of the day after `last`, up to `now`?
fn falls_between(times: &[Time], last: OffsetDateTime, now: OffsetDateTime) -> bool {
    let on = |day: Date| times.iter().map(move |at| day.with_time(*at).assume_utc());
    let today = on(now.date());
    let yesterday = now.date().previous_day().into_iter().flat_map(on);
    today.chain(yesterday).any(|at| last < at && at <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{datetime, time};

    #[test]
    fn each_time_of_the_day_comes_once() {
        let times = [time!(07:30), time!(13:00)];
        let mut clock = datetime!(2026-11-23 07:29:50 UTC);
        let mut last = clock;
        let mut sent = Vec::new();
        while clock < datetime!(2026-11-25 00:00 UTC) {
            clock += Duration::from_secs(20);
            if falls_between(&times, last, clock) {
                sent.push(clock);
                last = clock;
            }
        }
        let hours: Vec<_> = sent.iter().map(|at| (at.day(), at.hour())).collect();
        assert_eq!(hours, [(23, 7), (23, 13), (24, 7), (24, 13)]);
        assert!(!falls_between(&[], datetime!(2026-11-23 0:00 UTC), datetime!(2026-11-24 0:00 UTC)));
        // A machine that slept over midnight.
        assert!(falls_between(
            &[time!(23:00)],
            datetime!(2026-11-23 22:00 UTC),
            datetime!(2026-11-24 6:00 UTC)
        ));
    }
}
