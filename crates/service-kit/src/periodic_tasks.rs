//! Runs the periodic tasks of a service. A task that fails or panics is logged and runs again at
//! its next interval, and the others continue.

use std::{fmt::Display, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval_at},
};

/// When a task runs.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    first: Duration,
    interval: Duration,
}

/// The running tasks. Dropping them ends all tasks.
#[derive(Debug)]
pub struct PeriodicTasks {
    tasks: JoinSet<()>,
    /// The name of the first task that panicked.
    panicked: watch::Sender<Option<&'static str>>,
}

/// Compares the outcomes of something that is repeated, so that a failure that lasts is logged
/// once.
#[derive(Debug, Default)]
pub struct FailureTracker {
    last: Option<String>,
}

/// How an outcome differs from the one before it.
#[derive(Debug, PartialEq, Eq)]
pub enum OutcomeChange<'a> {
    /// A failure with another text than before, or after a success.
    Failed(&'a str),
    /// A success after a failure.
    Recovered,
    /// The same failure again, or a success after a success.
    Unchanged,
}

impl Schedule {
    /// Runs a task immediately, and then at every interval.
    pub fn from_now(interval: Duration) -> Self {
        Self { first: Duration::ZERO, interval }
    }

    /// Runs a task at every interval, the first time after one interval.
    pub fn after_interval(interval: Duration) -> Self {
        Self { first: interval, interval }
    }
}

impl Default for PeriodicTasks {
    fn default() -> Self {
        Self { tasks: JoinSet::new(), panicked: watch::Sender::new(None) }
    }
}

impl PeriodicTasks {
    /// Starts a task. Log lines contain its name, such as "deadline check", and its errors. A run
    /// that takes longer than the interval delays the next one.
    pub fn spawn<R, E>(
        &mut self,
        name: &'static str,
        schedule: Schedule,
        mut run: impl FnMut() -> R + Send + 'static,
    ) where
        R: Future<Output = Result<(), E>> + Send,
        E: Display,
    {
        let panicked = self.panicked.clone();
        self.tasks.spawn(async move {
            let mut failures = FailureTracker::default();
            let mut ticks = interval_at(Instant::now() + schedule.first, schedule.interval);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let running = async { run().await.map_err(|error| error.to_string()) };
                let outcome = AssertUnwindSafe(running).catch_unwind().await;
                if outcome.is_err() {
                    panicked
                        .send_if_modified(|first| first.replace(first.unwrap_or(name)).is_none());
                }
                // The panic hook of the service logs the line of code.
                let outcome = outcome.unwrap_or_else(|_| Err("panic (bug)".to_owned()));
                match failures.record(outcome.err()) {
                    OutcomeChange::Failed(error) => tracing::error!("{name} failed: {error}"),
                    OutcomeChange::Recovered => tracing::info!("{name} recovered"),
                    OutcomeChange::Unchanged => {}
                }
            }
        });
    }

    /// Waits until a task panics, and returns the name of the first one that did.
    pub async fn first_panic(&self) -> &'static str {
        let mut panicked = self.panicked.subscribe();
        loop {
            if let Some(name) = *panicked.borrow_and_update() {
                return name;
            }
            // The sender is a field of this value.
            drop(panicked.changed().await);
        }
    }

    /// Ends all tasks, and waits until none runs.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

impl FailureTracker {
    /// Records the error of a run, or `None` for a success.
    pub fn record(&mut self, error: Option<String>) -> OutcomeChange<'_> {
        let before = std::mem::replace(&mut self.last, error);
        match (before, &self.last) {
            (before, Some(error)) if before.as_ref() != Some(error) => OutcomeChange::Failed(error),
            (Some(_), None) => OutcomeChange::Recovered,
            _ => OutcomeChange::Unchanged,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        future::ready,
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
    };

    use super::*;

    const INTERVAL: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn a_task_that_fails_or_panics_runs_again_and_ends_no_other() {
        let [failing, panicking, working] = [(); 3].map(|()| Arc::new(AtomicU32::new(0)));
        let count = |counter: &Arc<AtomicU32>| {
            let counter = Arc::clone(counter);
            move || counter.fetch_add(1, Ordering::Relaxed)
        };
        let (failed, panicked, worked) = (count(&failing), count(&panicking), count(&working));
        let mut tasks = PeriodicTasks::default();
        let schedule = Schedule::from_now(INTERVAL);
        tasks.spawn("failing", schedule, move || ready(Err::<(), _>(failed())));
        tasks.spawn("panicking", schedule, move || {
            let run = panicked();
            async move { if run < 2 { panic!("run {run}") } else { Ok::<_, Infallible>(()) } }
        });
        tasks.spawn("working", schedule, move || {
            worked();
            ready(Ok::<_, Infallible>(()))
        });
        assert_eq!(tasks.first_panic().await, "panicking");
        tokio::time::sleep(INTERVAL * 3 + INTERVAL / 2).await;
        let runs = || [&failing, &panicking, &working].map(|runs| runs.load(Ordering::Relaxed));
        assert_eq!(runs(), [4; 3]);
        tasks.stop().await;
        tokio::time::sleep(INTERVAL * 3).await;
        assert_eq!(runs(), [4; 3], "no task runs after the end");
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_run_is_immediate_or_after_one_interval() {
        let [now, later] = [(); 2].map(|()| Arc::new(AtomicU32::new(0)));
        let mut tasks = PeriodicTasks::default();
        for (schedule, runs) in
            [(Schedule::from_now(INTERVAL), &now), (Schedule::after_interval(INTERVAL), &later)]
        {
            let runs = Arc::clone(runs);
            tasks.spawn("counting", schedule, move || {
                runs.fetch_add(1, Ordering::Relaxed);
                ready(Ok::<_, Infallible>(()))
            });
        }
        let runs = || [&now, &later].map(|runs| runs.load(Ordering::Relaxed));
        tokio::time::sleep(INTERVAL / 2).await;
        assert_eq!(runs(), [1, 0]);
        tokio::time::sleep(INTERVAL).await;
        assert_eq!(runs(), [2, 1]);
    }

    #[test]
    fn a_failure_is_reported_once_until_it_changes() {
        let mut tracker = FailureTracker::default();
        let mut record = |error: Option<&str>| match tracker.record(error.map(str::to_owned)) {
            OutcomeChange::Failed(text) => text.to_owned(),
            change => format!("{change:?}"),
        };
        let outcomes = [None, Some("a"), Some("a"), Some("b"), None, None].map(&mut record);
        assert_eq!(outcomes, ["Unchanged", "a", "Unchanged", "b", "Recovered", "Unchanged"]);
    }
}
