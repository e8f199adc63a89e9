//! Checks whether the transparency log is paused after a restore.

use doctor::Finding;
use time::Date;

/// Returns the finding for a store that was restored on the date `since`, or for another one.
pub fn check_log_pause(since: Option<Date>) -> Finding {
    const CHECK: &str = "transparency log";
    match since {
        None => Finding::ok(CHECK, "the service signs its checkpoints"),
        Some(since) => Finding::error(
            CHECK,
            format!("the store was restored on {since}: the service signs no checkpoint"),
            "Begin an empty log: burkindi admin log restart, sign, publish. If the service stored nothing after the backup, stop it and run \
             `case-handler log continue`.",
        ),
    }
}
