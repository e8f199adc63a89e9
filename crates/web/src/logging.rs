//! Logging that cannot contain anything of a request.

use std::fmt::{self, Display};

use tracing::Level;
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

/// A type whose values may be logged: their text contains nothing of a request, an address, a size,
/// an id or a report. Each type implements the trait on purpose; there is no blanket
/// implementation.
pub trait LogSafe: Display {}

/// Wraps a value for a log line: `tracing::info!(state = %log_safe(&state))`.
pub fn log_safe<T: LogSafe>(value: &T) -> LogSafeDisplay<'_, T> {
    LogSafeDisplay(value)
}

/// A value that [`log_safe`] wrapped.
#[derive(Debug)]
pub struct LogSafeDisplay<'a, T>(&'a T);

impl<T: LogSafe> Display for LogSafeDisplay<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The crates of this workspace that write to the log. Libraries do not, because their lines would
/// contain peers, paths and statements.
const LOGGING_CRATES: [&str; 5] = ["case_handler", "intake", "service_kit", "web", "workbench"];

/// Writes the log of our own crates, from this level up, to standard error as text or JSON lines.
/// Call it once at startup.
///
/// A line contains the time, the level, the target and its own message. Spans are not printed, so
/// that no span can add data of a request.
pub fn init_logging(level: Level, json: bool) {
    let filter = Targets::new().with_targets(LOGGING_CRATES.map(|target| (target, level)));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if json {
        lines.json().with_current_span(false).with_span_list(false).with_filter(filter).boxed()
    } else {
        lines.with_ansi(false).with_filter(filter).boxed()
    };
    // A second call has no effect, because a test may start two services in one process.
    drop(tracing_subscriber::registry().with(lines).try_init());
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// Returns the crates, by their names in log targets, that depend on `tracing` outside of
    /// tests.
    fn crates_with_tracing() -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut found: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| {
                let entry = entry.unwrap();
                let manifest = fs::read_to_string(entry.path().join("Cargo.toml")).ok()?;
                let dependencies = manifest.split("[dev-dependencies]").next()?;
                dependencies
                    .lines()
                    .any(|line| line.starts_with("tracing.") || line.starts_with("tracing "))
                    .then(|| entry.file_name().to_str().unwrap().replace('-', "_"))
            })
            .collect();
        found.sort();
        found
    }

    #[test]
    fn the_log_admits_exactly_the_crates_that_use_tracing() {
        assert_eq!(crates_with_tracing(), LOGGING_CRATES);
    }
}
