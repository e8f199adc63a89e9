//! Telling members that something waits for them: at fixed times, one digest each, without a word
//! of what it is.
//!
//! Nothing is sent at the moment when something happens, so that no server in between and no
//! colleague who looks over a shoulder learns when a reporter wrote. Once somebody has acted,
//! nothing waits any more, and nothing is sent.

mod mail;
mod pending_work;
mod webhook;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use protocol::{case::Role, directory::Directory};
use time::{Date, OffsetDateTime, Time};

pub use mail::{MailChannel, MailConfig, MailServer};
pub use pending_work::{MemberCaseView, ignores_holidays, needs_attention};
pub use webhook::WebhookChannel;

use crate::{
    context::HandlerContext,
    directory_cache::DirectoryCache,
    store::{QueuePlace, StoreError},
};

/// How often the clock is looked at.
const CLOCK_POLL_INTERVAL: Duration = Duration::from_secs(20);
/// Cases that are read at once.
const PAGE_SIZE: u64 = 500;
/// Digests that are under way at once.
const MAX_CONCURRENT_SENDS: usize = 16;
/// How long one may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);

/// The same words for everybody, at every time.
pub const DIGEST_TEXT: &str = "Quelque chose vous attend dans Burkindi. Ouvrez votre poste de travail.\n\
                        Something waits for you in Burkindi. Open your workbench.\n";

/// Why a digest was not sent. No server's answer is in it: it may hold an address.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The address or sender is none.
    #[error("{0} is not usable")]
    InvalidSetting(&'static str),
    /// The webhook.
    #[error("the webhook {0}")]
    Webhook(&'static str),
    /// The mail server.
    #[error("the mail server {0}")]
    Mail(&'static str),
    /// Either.
    #[error("no answer in time")]
    Timeout,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A way to one member.
#[derive(Debug)]
pub enum NotifyChannel {
    /// A post.
    Webhook(WebhookChannel),
    /// A message.
    Mail(MailChannel),
}

/// Sends digests.
#[derive(Debug)]
pub struct Notifier {
    /// When, UTC.
    pub times: Vec<Time>,
    /// To each of these members, in each of these ways.
    pub channels: BTreeMap<String, Vec<NotifyChannel>>,
    /// How long the other side of one may take.
    pub send_timeout: Duration,
}

impl NotifyChannel {
    async fn send(&self, now: OffsetDateTime) -> Result<(), NotifyError> {
        match self {
            Self::Webhook(webhook) => webhook.send().await,
            Self::Mail(mail) => mail.send(now).await,
        }
    }
}

impl Notifier {
    /// At these times, in these ways.
    pub fn new(times: Vec<Time>, ways: BTreeMap<String, Vec<NotifyChannel>>) -> Self {
        Self { times, channels: ways, send_timeout: SEND_TIMEOUT }
    }

    /// Sends at each of its times until the future is dropped.
    pub async fn run(self, office: HandlerContext, current: Arc<DirectoryCache>) {
        let mut last = office.clock.now();
        loop {
            tokio::time::sleep(CLOCK_POLL_INTERVAL).await;
            let now = office.clock.now();
            if !is_scheduled_between(&self.times, last, now) {
                continue;
            }
            last = now;
            let (Some(accepted), Ok(day)) = (current.latest(), office.trusted_date.date().await)
            else {
                continue;
            };
            if let Err(error) = self.send_digests(&office, &accepted.directory, day).await {
                tracing::error!("a digest could not be sent: {error}");
            }
        }
    }

    /// Sends one digest to everybody for whom something waits, and who is there; on a day of rest
    /// for what does not rest. Gives how many there are. One that fails or stalls stops no other.
    pub async fn send_digests(
        &self,
        office: &HandlerContext,
        directory: &Directory,
        day: Date,
    ) -> Result<u32, NotifyError> {
        if self.channels.keys().any(|member| directory.member(member).is_none()) {
            tracing::warn!(
                "somebody in [notify] sits in no directory and is told nothing: the doctor says who"
            );
        }
        let away = office.store.absences_on(day).await?;
        let (mut waiting, mut due) = (0, Vec::new());
        for (member, ways) in &self.channels {
            let here = directory.member(member).is_some() && !away.contains_key(member);
            if here && has_pending_work(office, directory, member, day).await? {
                waiting += 1;
                due.extend(ways);
            }
        }
        let now = office.clock.now();
        let sending = async |way: &NotifyChannel| {
            tokio::time::timeout(self.send_timeout, way.send(now))
                .await
                .unwrap_or(Err(NotifyError::Timeout))
        };
        let sent: Vec<_> =
            stream::iter(due).map(sending).buffer_unordered(MAX_CONCURRENT_SENDS).collect().await;
        sent.into_iter().find_map(Result::err).map_or(Ok(waiting), Err)
    }
}

/// Goes through a member's queue, the most pressing first, until something waits.
async fn has_pending_work(
    office: &HandlerContext,
    directory: &Directory,
    member: &str,
    day: Date,
) -> Result<bool, StoreError> {
    let works = office.calendar.is_working_day(day);
    let mut behind = None;
    loop {
        let cases = office.store.queue(member, behind, PAGE_SIZE).await?;
        let Some(last) = cases.last() else { return Ok(false) };
        behind = Some(QueuePlace::from_state(last.id, &last.state));
        for case in cases.iter().filter(|case| works || ignores_holidays(&case.state)) {
            let role = Role::of_member(directory, member, &case.state.desk);
            let seen = MemberCaseView {
                state: &case.state,
                suggested: case.suggested.as_deref(),
                member,
                role,
            };
            if needs_attention(seen, &office.calendar, day, office.warn_days) {
                return Ok(true);
            }
        }
    }
}

/// Is this host of an address the machine itself?
fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

/// Is it one of these times of the day after `last`, up to `now`?
fn is_scheduled_between(times: &[Time], last: OffsetDateTime, now: OffsetDateTime) -> bool {
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
            if is_scheduled_between(&times, last, clock) {
                sent.push(clock);
                last = clock;
            }
        }
        let hours: Vec<_> = sent.iter().map(|at| (at.day(), at.hour())).collect();
        assert_eq!(hours, [(23, 7), (23, 13), (24, 7), (24, 13)]);
        assert!(!is_scheduled_between(
            &[],
            datetime!(2026-11-23 0:00 UTC),
            datetime!(2026-11-24 0:00 UTC)
        ));
        // A machine that slept over midnight.
        assert!(is_scheduled_between(
            &[time!(23:00)],
            datetime!(2026-11-23 22:00 UTC),
            datetime!(2026-11-24 6:00 UTC)
        ));
    }
}
