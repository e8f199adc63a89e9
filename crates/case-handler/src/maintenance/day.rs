//! Commands for an implausible clock, or for a wrong date that the service accepted.

use anyhow::{Result, bail, ensure};
use clap::Subcommand;
use database::DatabaseUrl;
use protocol::case::{
    Decision,
    event::{Action, HANDLER_ACTOR, ReleaseReason},
};
use time::Date;
use web::Clock;

use super::open_store;
use crate::{
    cli::parse_date,
    saved_clock::SavedClock,
    store::{CaseStore, StoreError, StoredEvent, read_saved_clock},
};

/// Log entries that are read at once.
const PAGE_SIZE: u64 = 1000;

/// The subcommands of `day`.
#[derive(Debug, Clone, Subcommand)]
pub enum DayCommand {
    /// Print the date that counts and the date of the clock.
    Show,
    /// Accept the clock although it is far ahead of the latest recorded date. Stop the service
    /// first.
    Confirm {
        /// The date, which the clock must show: YYYY-MM-DD.
        #[arg(value_parser = parse_date)]
        date: Date,
    },
    /// Set the latest recorded date back after the service accepted a wrong one. Stop the service
    /// first.
    TakeBack {
        /// The correct date: YYYY-MM-DD.
        #[arg(value_parser = parse_date)]
        date: Date,
        /// Set it back although cases were released or purged under a later date. Those events
        /// remain.
        #[arg(long)]
        although_signed: bool,
    },
}

/// Runs the command and returns the lines to print.
///
/// # Errors
/// Fails if the service runs, if the clock shows a date other than the confirmed one, or if
/// irreversible events were signed under a date that is to be taken back.
pub async fn run(
    url: &DatabaseUrl,
    max_jump_days: u16,
    command: DayCommand,
    clock: &Clock,
) -> Result<Vec<String>> {
    match command {
        DayCommand::Show => Ok(describe_clock(&read_saved_clock(url).await?, max_jump_days, clock)),
        DayCommand::Confirm { date } => {
            let store = open_store(url).await?;
            let result = confirm_date(&store, date, clock).await;
            // A failed command must still release the writer lock, so that the service can start.
            store.release_writer().await?;
            result
        }
        DayCommand::TakeBack { date, although_signed } => {
            let store = open_store(url).await?;
            let result = take_back_date(&store, date, although_signed, clock).await;
            store.release_writer().await?;
            result
        }
    }
}

fn describe_clock(saved: &SavedClock, max_jump_days: u16, clock: &Clock) -> Vec<String> {
    let latest = saved.latest_date.map_or("none".to_owned(), |latest| latest.to_string());
    vec![
        format!("latest recorded date: {latest}"),
        format!(
            "system clock: {}: {}",
            clock.today(),
            saved.assess(clock.now(), &clock.uptime(), max_jump_days)
        ),
    ]
}

async fn confirm_date(store: &CaseStore, date: Date, clock: &Clock) -> Result<Vec<String>> {
    let today = clock.today();
    ensure!(
        date == today,
        "the system clock shows {today}, not {date}: set the clock first, or confirm {today}"
    );
    let saved = store.saved_clock().await?;
    if let Some(latest) = saved.latest_date.filter(|latest| *latest > date) {
        bail!(
            "the latest recorded date is {latest}, which is later: run `day take-back {date}` first"
        );
    }
    store.save_clock(&SavedClock::confirmed(clock.now(), clock.uptime())).await?;
    Ok(vec![format!(
        "accepted {date}. Start the service: it then handles deadlines that have passed"
    )])
}

async fn take_back_date(
    store: &CaseStore,
    date: Date,
    although_signed: bool,
    clock: &Clock,
) -> Result<Vec<String>> {
    let saved = store.saved_clock().await?;
    let Some(latest) = saved.moved_date().filter(|latest| *latest > date) else {
        bail!("no date after {date} is recorded: nothing to take back");
    };
    let LaterEvents { irreversible, reports } = events_after(store, date).await?;
    if !irreversible.is_empty() && !although_signed {
        bail!(
            "irreversible events were signed under a date after {date}:\n{}\nInform the oversight body. To set the date back \
             for everything that follows, add --although-signed",
            irreversible.join("\n")
        );
    }
    store.save_clock(&SavedClock { latest_date: Some(date), ..SavedClock::default() }).await?;
    let mut lines = vec![format!("the latest recorded date is {date} again, instead of {latest}")];
    if reports > 0 {
        lines.push(format!(
            "{reports} reports were ingested under a later date: their deadlines remain later by the same number of days"
        ));
    }
    if !irreversible.is_empty() {
        lines
            .push("events signed under a later date remain; inform the oversight body:".to_owned());
        lines.extend(irreversible);
    }
    if clock.today() > date {
        lines.push(format!("the system clock shows {}: set it if it is wrong", clock.today()));
    }
    lines.push("Start the service".to_owned());
    Ok(lines)
}

/// Events that were signed under a later date.
struct LaterEvents {
    /// Irreversible events, one line each.
    irreversible: Vec<String>,
    /// Number of reports that were received.
    reports: u64,
}

async fn events_after(store: &CaseStore, date: Date) -> Result<LaterEvents, StoreError> {
    let (mut later, mut position) = (LaterEvents { irreversible: Vec::new(), reports: 0 }, 0);
    loop {
        let page = store.events_after(position, PAGE_SIZE).await?;
        let Some(last) = page.last() else { return Ok(later) };
        position = last.position;
        for StoredEvent { case, event: signed, .. } in page {
            let Ok(event) = signed.decode_unverified() else { continue };
            let at = event.at.date();
            if at <= date {
                continue;
            }
            match event.action {
                Action::Received { .. } => later.reports += 1,
                Action::Released { reason: ReleaseReason::MissedDeadline }
                    if event.actor == HANDLER_ACTOR =>
                {
                    later
                        .irreversible
                        .push(format!("case {case}: released to the oversight body on {at}"));
                }
                Action::Approved(Decision::Purge) => {
                    later.irreversible.push(format!("case {case}: purged on {at}"));
                }
                _ => {}
            }
        }
    }
}
