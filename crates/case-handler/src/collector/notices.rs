//! What the log says of a round, once until it changes: a directory that ends soon, and what was
//! set aside or left.

use std::collections::BTreeMap;

use time::Date;

use super::{CollectError, Collector};
use crate::collector::relay_client::RelayError;

/// What has been said already.
#[derive(Debug, Default)]
pub(super) struct LoggedNotices {
    /// The intake's reason for refusing the directory.
    directory_rejection: Option<String>,
    /// Epoch of the directory that ends soon, and the warning for it.
    directory_expiry: Option<(u64, ExpiryWarning)>,
}

/// How soon a directory ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExpiryWarning {
    /// It has expired; said again every day.
    Expired(Date),
    /// Within so many days.
    Within(i64),
}

/// Days before the end of a directory at which an error is logged.
const WARNING_DAYS: [i64; 3] = [1, 5, 10];

fn expiry_warning(expires: Date, today: Date) -> Option<ExpiryWarning> {
    let left = (expires - today).whole_days();
    if left < 0 {
        return Some(ExpiryWarning::Expired(today));
    }
    WARNING_DAYS.into_iter().find(|days| left <= *days).map(ExpiryWarning::Within)
}

impl Collector {
    /// Hands the directory to the intake. That the intake refuses it stops nothing: what waits
    /// there is collected all the same.
    pub(super) async fn send_directory_to_intake(&mut self, today: Date) -> Result<(), RelayError> {
        let Some(accepted) = self.directories.latest() else { return Ok(()) };
        let (epoch, expires) = (accepted.directory.epoch, accepted.directory.expires);
        let now = expiry_warning(expires, today).map(|ending| (epoch, ending));
        if let Some((_, ending)) = now.filter(|_| self.state.logged.directory_expiry != now) {
            match ending {
                ExpiryWarning::Expired(_) => tracing::error!(
                    "the directory has expired on {expires}: reporters can file nothing. Sign and publish the next one"
                ),
                ExpiryWarning::Within(_) => tracing::error!(
                    "the directory expires on {expires}, in {} days: sign and publish the next one before",
                    (expires - today).whole_days()
                ),
            }
        }
        self.state.logged.directory_expiry = now;
        let refused = match self.relay.put_directory(&accepted.signed).await {
            Err(error @ RelayError::DirectoryRejected(_)) => Some(error.to_string()),
            other => {
                other?;
                None
            }
        };
        if let Some(refused) =
            refused.as_ref().filter(|_| self.state.logged.directory_rejection != refused)
        {
            tracing::error!("{refused}");
        }
        self.state.logged.directory_rejection = refused;
        Ok(())
    }

    /// Once a round, so that a flood of garbage does not become a flood of lines.
    pub(super) async fn log_quarantined(&mut self) -> Result<(), CollectError> {
        let (left, all) =
            (std::mem::take(&mut self.state.newly_left), self.state.left_at_intake.len());
        if left > 0 {
            tracing::error!(
                "what cannot be filed has reached store.most_aside_mib, and {left} more stay at the intake ({all} in all): see \
                 whether a transport key is missing, or raise it"
            );
        }
        let withheld = std::mem::take(&mut self.state.withheld);
        if withheld > 0 {
            tracing::error!(
                "the intake lists {withheld} submissions that it does not send: they are damaged, and its log says so. They are \
                 asked for again after the next start or directory"
            );
        }
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for reason in std::mem::take(&mut self.state.newly_quarantined).into_values() {
            *counts.entry(reason).or_default() += 1;
        }
        if !counts.is_empty() {
            let all = self.store.quarantined_count().await?;
            for (reason, times) in counts {
                tracing::warn!(
                    "a submission was set aside: {reason} ({times} in this round; {all} are kept)"
                );
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
    fn a_directory_that_ends_is_said_at_ten_five_and_one_days_and_then_daily() {
        let expires = date!(2026 - 12 - 23);
        let mut said = Vec::new();
        for days in -15..3 {
            let now = expiry_warning(expires, expires + time::Duration::days(days));
            if now.is_some() && said.last().is_none_or(|(_, last)| *last != now) {
                said.push((days, now));
            }
        }
        assert_eq!(said.iter().map(|(days, _)| *days).collect::<Vec<_>>(), [-10, -5, -1, 1, 2]);
    }
}
