//! Checks of the outside witnesses of the transparency log.

use std::collections::BTreeMap;

use doctor::Finding;
use protocol::directory::Directory;
use time::{Duration, OffsetDateTime};

use crate::{Config, store::WitnessState};

/// Age of the newest cosignature from which it is an error.
const MAX_AGE: Duration = Duration::DAY;
/// Minimum age of the newest cosignature from which it is a warning.
const MIN_WARNING_AGE: Duration = Duration::HOUR;

/// Compares the witnesses in the directory with those in `[[log.witnesses]]`, and returns a finding
/// for each: whether it cosigns, and the age of its newest cosignature.
pub fn check_witnesses(
    config: &Config,
    directory: &Directory,
    states: &BTreeMap<String, WitnessState>,
    now: OffsetDateTime,
) -> Vec<Finding> {
    let configured: Vec<&str> =
        config.log.witnesses.iter().map(|witness| witness.name.as_str()).collect();
    let named: Vec<&str> =
        directory.log.witnesses.iter().map(|witness| witness.name.as_str()).collect();
    let interval = i64::try_from(config.relay.poll_interval_seconds).unwrap_or(i64::MAX);
    let warning_age = MIN_WARNING_AGE.max(Duration::seconds(interval.saturating_mul(4)));
    let check = |name: &str| format!("witness {name}");
    let in_directory = named.iter().map(|name| {
        if !configured.contains(name) {
            return Finding::warning(
                check(name),
                "in the directory, and not in [[log.witnesses]]",
                "Add its address, and restart the service. Or remove it from the directory: burkindi admin witness remove.",
            );
        }
        check_state(check(name), states.get(*name), now, warning_age)
    });
    let only_configured = configured.iter().filter(|name| !named.contains(name)).map(|name| {
        Finding::warning(
            check(name),
            "in [[log.witnesses]], and not in the directory, so the service does not ask it",
            "Add it to the directory: burkindi admin witness add, sign, publish. Or remove it from the file.",
        )
    });
    in_directory.chain(only_configured).collect()
}

fn check_state(
    check: String,
    state: Option<&WitnessState>,
    now: OffsetDateTime,
    warning_age: Duration,
) -> Finding {
    const ADVICE: &str = "The log of the service names the reason. Check the address in [[log.witnesses]] and the network, or ask its operator.";
    let state = state.cloned().unwrap_or_default();
    if let Some(refusal) = state.refusal {
        return Finding::error(
            check,
            refusal,
            "The service asks again within 15 minutes after the cause is corrected.",
        );
    }
    let Some(at) = state.cosigned_at else {
        return Finding::warning(check, "no cosignature of this log yet", ADVICE);
    };
    let age = Duration::seconds(now.unix_timestamp().saturating_sub(at).max(0));
    let found = format!("newest cosignature {}", describe_age(age));
    if age > MAX_AGE.max(warning_age) {
        Finding::error(check, found, ADVICE)
    } else if age > warning_age {
        Finding::warning(check, found, ADVICE)
    } else {
        Finding::ok(check, found)
    }
}

fn describe_age(age: Duration) -> String {
    match (age.whole_days(), age.whole_hours(), age.whole_minutes()) {
        (0, 0, minutes) => format!("{minutes} min ago"),
        (0 | 1, hours, _) => format!("{hours} h ago"),
        (days, ..) => format!("{days} days ago"),
    }
}
