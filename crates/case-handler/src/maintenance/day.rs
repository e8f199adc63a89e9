//! What operators do about a clock that is not believed, or was believed and should not have been.

use anyhow::{Context as _, Result, bail, ensure};
use clap::Subcommand;
use database::DatabaseUrl;
use protocol::case::{
    Decision,
    event::{Action, HANDLER_ACTOR, ReleaseReason},
};
use time::Date;
use web::Clock;

use crate::{
    cli::parse_date,
    store::{CaseStore, StoreError, StoredLogEntry, read_saved_clock},
    trusted_date::{ClockAnchor, SavedClock},
};

/// Entries of the log that are read at once.
const PAGE_SIZE: u64 = 1000;

/// One of them.
#[derive(Debug, Clone, Subcommand)]
pub enum DayCommand {
    /// Say which day counts, and what the clock says.
    Show,
    /// Believe the clock although it is far ahead of the newest day known here. For a service that
    /// does not run.
    Confirm {
        /// The day, which the clock must say: YYYY-MM-DD.
        #[arg(value_parser = parse_date)]
        day: Date,
    },
    /// Take the newest day back to the right one, after a wrong clock was believed. For a service
    /// that does not run.
    TakeBack {
        /// The right day: YYYY-MM-DD.
        #[arg(value_parser = parse_date)]
        day: Date,
        /// Take it back although cases were released or purged under a later day. That stays as it
        /// is.
        #[arg(long)]
        although_signed: bool,
    },
}

/// Does it, and returns what to say.
///
/// # Errors
/// Fails if the service runs, if the clock says another day than the confirmed one, and if
/// something that cannot be undone was signed under a day that is to be taken back.
pub async fn run(
    place: &DatabaseUrl,
    most_days: u16,
    task: DayCommand,
    clock: &Clock,
) -> Result<Vec<String>> {
    match task {
        DayCommand::Show => Ok(describe_clock(&read_saved_clock(place).await?, most_days, clock)),
        DayCommand::Confirm { day } => {
            let store = open_store(place).await?;
            let done = confirm_date(&store, day, clock).await;
            // A failed task must not keep the service from starting either.
            store.release_writer().await?;
            done
        }
        DayCommand::TakeBack { day, although_signed } => {
            let store = open_store(place).await?;
            let done = take_back_date(&store, day, although_signed, clock).await;
            store.release_writer().await?;
            done
        }
    }
}

async fn open_store(place: &DatabaseUrl) -> Result<CaseStore> {
    CaseStore::open_at(place).await.context("store.url: is the service stopped?")
}

fn describe_clock(kept: &SavedClock, most_days: u16, clock: &Clock) -> Vec<String> {
    let newest = kept.latest_date.map_or("none".to_owned(), |newest| newest.to_string());
    vec![
        format!("newest day known here: {newest}"),
        format!(
            "the clock says {}: {}",
            clock.today(),
            kept.assess(clock.now(), &clock.uptime(), most_days)
        ),
    ]
}

async fn confirm_date(store: &CaseStore, day: Date, clock: &Clock) -> Result<Vec<String>> {
    let today = clock.today();
    ensure!(
        day == today,
        "the clock says {today}, not {day}: set the clock first, or confirm {today}"
    );
    let kept = store.saved_clock().await?;
    if let Some(newest) = kept.latest_date.filter(|newest| *newest > day) {
        bail!(
            "the newest day known here is {newest}, which is later: `day take-back {day}` takes it back"
        );
    }
    let anchor = ClockAnchor { uptime: clock.uptime(), clock: clock.now().unix_timestamp() };
    store.save_clock(&SavedClock { latest_date: Some(day), anchor: Some(anchor) }).await?;
    Ok(vec![format!(
        "{day} is believed. Start the service: deadlines that have passed count from then on"
    )])
}

async fn take_back_date(
    store: &CaseStore,
    day: Date,
    although_signed: bool,
    clock: &Clock,
) -> Result<Vec<String>> {
    let kept = store.saved_clock().await?;
    let Some(newest) = kept.latest_date.filter(|newest| *newest > day) else {
        bail!("no day after {day} is known here: there is nothing to take back");
    };
    let LaterEvents { irreversible: lasting, reports: filed } = events_after(store, day).await?;
    if !lasting.is_empty() && !although_signed {
        bail!(
            "this was signed under a later day than {day}, and cannot be undone:\n{}\nTell the oversight body. To take the day back \
             for everything that comes, add --although-signed",
            lasting.join("\n")
        );
    }
    store.save_clock(&SavedClock { latest_date: Some(day), anchor: None }).await?;
    let mut lines = vec![format!("the newest day is {day} again, in place of {newest}")];
    if filed > 0 {
        lines.push(format!(
            "{filed} reports were filed under a later day: their deadlines are later by as much, and stay so"
        ));
    }
    if !lasting.is_empty() {
        lines.push("what was signed under a later day stays; tell the oversight body:".to_owned());
        lines.extend(lasting);
    }
    if clock.today() > day {
        lines.push(format!("the clock says {}: set it if it is wrong", clock.today()));
    }
    lines.push("Start the service".to_owned());
    Ok(lines)
}

/// What was signed under a day after another.
struct LaterEvents {
    /// What cannot be undone, a line each.
    irreversible: Vec<String>,
    /// How many reports were filed.
    reports: u64,
}

async fn events_after(store: &CaseStore, day: Date) -> Result<LaterEvents, StoreError> {
    let (mut signed, mut position) = (LaterEvents { irreversible: Vec::new(), reports: 0 }, 0);
    loop {
        let (page, last) = store.log_entries_after(position, PAGE_SIZE).await?;
        if page.is_empty() {
            return Ok(signed);
        }
        position = last;
        for StoredLogEntry { case, entry, .. } in page {
            let Ok(event) = entry.event.decode_unverified() else { continue };
            let at = event.at.date();
            if at <= day {
                continue;
            }
            match event.action {
                Action::Received { .. } => signed.reports += 1,
                Action::Released { reason: ReleaseReason::MissedDeadline }
                    if event.actor == HANDLER_ACTOR =>
                {
                    signed
                        .irreversible
                        .push(format!("case {case}: released to the oversight body on {at}"));
                }
                Action::Approved(Decision::Purge) => {
                    signed.irreversible.push(format!("case {case}: purged on {at}"));
                }
                _ => {}
            }
        }
    }
}
