//! Notifies members that something is pending: one digest each at fixed times, with no details.
//!
//! Nothing is sent at the moment of an event, so that no server in between and no bystander learns
//! when a reporter wrote. As soon as a member has acted, nothing is pending and nothing is sent.

mod mail;
mod pending_work;
mod webhook;

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt, stream};
use protocol::{case::Role, directory::Directory};
use time::{Date, OffsetDateTime, Time};

pub use mail::{MailChannel, MailConfig, MailServer};
pub use pending_work::{MemberCaseView, ignores_holidays, needs_attention};
pub use webhook::WebhookChannel;

use crate::{
    context::HandlerContext,
    directory_cache::DirectoryCache,
    store::{QueueCursor, StoreError},
};

/// Interval at which the clock is compared with the times of digests.
pub const CLOCK_POLL_INTERVAL: Duration = Duration::from_secs(20);
/// Cases that are read at once.
const PAGE_SIZE: u64 = 500;
/// Digests that are sent at the same time.
const MAX_CONCURRENT_SENDS: usize = 16;
/// Time limit for sending one digest.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);

/// The text of a digest, equal for all members and at all times.
pub const DIGEST_TEXT: &str = "Quelque chose vous attend dans Burkindi. Ouvrez votre poste de travail.\n\
                        Something waits for you in Burkindi. Open your workbench.\n";

/// Why a digest was not sent. It never contains a server's response, which may contain an address.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// An address or sender is invalid.
    #[error("invalid {0}")]
    InvalidSetting(&'static str),
    /// The webhook failed.
    #[error("the webhook {0}")]
    Webhook(&'static str),
    /// The mail server failed.
    #[error("the mail server {0}")]
    Mail(&'static str),
    /// The webhook or the mail server did not answer in time.
    #[error("timed out")]
    Timeout,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A channel to one member.
#[derive(Debug)]
pub enum NotifyChannel {
    /// A POST request to a webhook.
    Webhook(WebhookChannel),
    /// A mail.
    Mail(MailChannel),
}

/// Sends digests.
#[derive(Debug)]
pub struct Notifier {
    /// Times of day (UTC).
    pub times: Vec<Time>,
    /// Channels by handle.
    pub channels: BTreeMap<String, Vec<NotifyChannel>>,
    /// Time limit for sending one digest.
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
    /// Creates a notifier for these times and channels.
    pub fn new(times: Vec<Time>, channels: BTreeMap<String, Vec<NotifyChannel>>) -> Self {
        Self { times, channels, send_timeout: SEND_TIMEOUT }
    }

    /// Returns true if one of the times is after `last` and not after `now`.
    pub fn is_due(&self, last: OffsetDateTime, now: OffsetDateTime) -> bool {
        is_scheduled_between(&self.times, last, now)
    }

    /// Sends the digests of this time under the newest directory. Logs a failure.
    pub async fn send_scheduled(&self, context: &HandlerContext, directories: &DirectoryCache) {
        let (Some(accepted), Ok(day)) = (directories.latest(), context.trusted_date.date().await)
        else {
            return;
        };
        if let Err(error) = self.send_digests(context, &accepted.directory, day).await {
            tracing::error!("a digest could not be sent: {error}");
        }
    }

    /// Sends a digest to each member with pending work and no absence. On days that are no working
    /// days, only work without grace counts. Returns the number of members. A digest that fails
    /// does not stop the others.
    ///
    /// # Errors
    /// Fails if the store fails. If digests fail, returns the first failure after all were sent.
    pub async fn send_digests(
        &self,
        context: &HandlerContext,
        directory: &Directory,
        day: Date,
    ) -> Result<u32, NotifyError> {
        if self.channels.keys().any(|member| directory.member(member).is_none()) {
            tracing::warn!("[notify] lists handles that are not in the directory; run `doctor`");
        }
        let away = context.store.absences_on(day).await?;
        let (mut notified, mut due) = (0, Vec::new());
        for (member, channels) in &self.channels {
            let is_present = directory.member(member).is_some() && !away.contains_key(member);
            if is_present && has_pending_work(context, directory, member, day).await? {
                notified += 1;
                due.extend(channels);
            }
        }
        let now = context.clock.now();
        let sending = async |channel: &NotifyChannel| {
            tokio::time::timeout(self.send_timeout, channel.send(now))
                .await
                .unwrap_or(Err(NotifyError::Timeout))
        };
        let sent: Vec<_> =
            stream::iter(due).map(sending).buffer_unordered(MAX_CONCURRENT_SENDS).collect().await;
        sent.into_iter().find_map(Result::err).map_or(Ok(notified), Err)
    }
}

/// Checks the member's queue, most urgent first, until a case has pending work.
async fn has_pending_work(
    context: &HandlerContext,
    directory: &Directory,
    member: &str,
    day: Date,
) -> Result<bool, StoreError> {
    let is_working_day = context.calendar.is_working_day(day);
    let mut cursor = None;
    loop {
        let cases = context.store.queue(member, cursor, PAGE_SIZE).await?;
        let Some(last) = cases.last() else { return Ok(false) };
        cursor = Some(QueueCursor::from_state(last.id, &last.state));
        for case in cases.iter().filter(|case| is_working_day || ignores_holidays(&case.state)) {
            let role = Role::of_member(directory, member, &case.state.desk);
            let view = MemberCaseView {
                state: &case.state,
                suggested: case.suggested.as_deref(),
                member,
                role,
            };
            if needs_attention(view, &context.calendar, day, context.warn_days) {
                return Ok(true);
            }
        }
    }
}

/// Returns true if one of the times of day is after `last` and not after `now`.
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
        // A machine that was suspended over midnight.
        assert!(is_scheduled_between(
            &[time!(23:00)],
            datetime!(2026-11-23 22:00 UTC),
            datetime!(2026-11-24 6:00 UTC)
        ));
    }
}
