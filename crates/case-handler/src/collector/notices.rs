//! Messages of a cycle that the log has once until they change: an expiring directory, and
//! submissions that were quarantined or left at the intake.

use std::collections::BTreeMap;

use time::Date;

use super::{Collector, error::CollectError};
use crate::collector::relay_client::RelayError;

/// Messages that the log already has.
#[derive(Debug, Default)]
pub(super) struct LoggedNotices {
    /// The intake's reason for refusing the directory.
    directory_rejection: Option<String>,
    /// Epoch of the expiring directory, and the warning about it.
    directory_expiry: Option<(u64, ExpiryWarning)>,
    /// That the transparency log is paused.
    log_pause: bool,
}

/// How soon a directory expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExpiryWarning {
    /// It has expired. Logged again every day.
    Expired(Date),
    /// It expires within this number of days.
    Within(i64),
}

/// Numbers of days before the expiry at which an error is logged.
const WARNING_DAYS: [i64; 3] = [1, 5, 10];

fn expiry_warning(expires: Date, today: Date) -> Option<ExpiryWarning> {
    let left = (expires - today).whole_days();
    if left < 0 {
        return Some(ExpiryWarning::Expired(today));
    }
    WARNING_DAYS.into_iter().find(|days| left <= *days).map(ExpiryWarning::Within)
}

impl Collector {
    /// Sends the directory to the intake. If the intake refuses it, collection continues.
    pub(super) async fn send_directory_to_intake(&mut self, today: Date) -> Result<(), RelayError> {
        let Some(accepted) = self.directories.latest() else { return Ok(()) };
        let (epoch, expires) = (accepted.directory.epoch, accepted.directory.expires);
        let current = expiry_warning(expires, today).map(|warning| (epoch, warning));
        if let Some((_, warning)) =
            current.filter(|_| self.state.logged.directory_expiry != current)
        {
            match warning {
                ExpiryWarning::Expired(_) => tracing::error!(
                    "the directory has expired on {expires}: the intake refuses reports. Sign and publish the next one"
                ),
                ExpiryWarning::Within(_) => tracing::error!(
                    "the directory expires on {expires}, in {} days: sign and publish the next one before then",
                    (expires - today).whole_days()
                ),
            }
        }
        self.state.logged.directory_expiry = current;
        let rejection = match self.relay.put_directory(&accepted.signed).await {
            Err(error @ RelayError::DirectoryRejected(_)) => Some(error.to_string()),
            other => {
                other?;
                None
            }
        };
        if let Some(rejection) =
            rejection.as_ref().filter(|_| self.state.logged.directory_rejection != rejection)
        {
            tracing::error!("{rejection}");
        }
        self.state.logged.directory_rejection = rejection;
        Ok(())
    }

    /// Logs that the transparency log is paused after a restore, or that it is signed again.
    pub(super) fn log_pause(&mut self, paused: bool) {
        match (std::mem::replace(&mut self.state.logged.log_pause, paused), paused) {
            (false, true) => tracing::error!(
                "the store was restored from a backup, so no checkpoint of the transparency log is signed. Begin an empty log: `burkindi admin log \
                 restart`, sign, publish. If the service stored nothing after the backup, stop it and run `case-handler log continue`"
            ),
            (true, false) => tracing::info!("checkpoints of the transparency log are signed again"),
            _ => {}
        }
    }

    /// Logs one line per reason and cycle, so that a flood of invalid submissions does not flood
    /// the log.
    pub(super) async fn log_quarantined(&mut self) -> Result<(), CollectError> {
        let (left, all) =
            (std::mem::take(&mut self.state.newly_left), self.state.left_at_intake.len());
        if left > 0 {
            tracing::error!(
                "the quarantine has reached store.max_quarantine_mib, and {left} more submissions stay at the intake (total={all}): check \
                 whether a transport key is missing, or raise the limit and restart the service"
            );
        }
        let withheld = std::mem::take(&mut self.state.withheld);
        if withheld > 0 {
            tracing::error!(
                "the intake lists {withheld} submissions that it does not send: they are damaged, and its log names the fault. They are \
                 requested again after the next start or directory"
            );
        }
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for reason in std::mem::take(&mut self.state.newly_quarantined).into_values() {
            *counts.entry(reason).or_default() += 1;
        }
        if !counts.is_empty() {
            let all = self.store.quarantined_count().await?;
            for (reason, times) in counts {
                tracing::warn!("submission quarantined: {reason} (count={times}, total={all})");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn an_expiring_directory_is_logged_at_ten_five_and_one_days_and_then_daily() {
        let expires = date!(2026 - 12 - 23);
        let mut logged = Vec::new();
        for days in -15..3 {
            let current = expiry_warning(expires, expires + time::Duration::days(days));
            if current.is_some() && logged.last().is_none_or(|(_, last)| *last != current) {
                logged.push((days, current));
            }
        }
        assert_eq!(logged.iter().map(|(days, _)| *days).collect::<Vec<_>>(), [-10, -5, -1, 1, 2]);
    }
}
