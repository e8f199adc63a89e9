//! What operators do about a clock that is not believed, or was believed and should not have been.

use anyhow::{Context as _, Result, bail, ensure};
use clap::Subcommand;
use database::Place;
use envelope::{
    event::{Action, HANDLER, Release},
    life::Decision,
};
use time::Date;
use web::Clock;

use crate::{
    program::day,
    store::{Logged, Store, StoreError, kept_clock},
    today::{Anchor, KeptClock},
};

/// Entries of the log that are read at once.
const PAGE: u64 = 1000;

/// One of them.
#[derive(Debug, Clone, Subcommand)]
pub enum DayTask {
    /// Say which day counts, and what the clock says.
    Show,
    /// Believe the clock although it is far ahead of the newest day known here. For a service that does not run.
    Confirm {
        /// The day, which the clock must say: YYYY-MM-DD.
        #[arg(value_parser = day)]
        day: Date,
    },
    /// Take the newest day back to the right one, after a wrong clock was believed. For a service that does not run.
    TakeBack {
        /// The right day: YYYY-MM-DD.
        #[arg(value_parser = day)]
        day: Date,
        /// Take it back although cases were released or purged under a later day. That stays as it is.
        #[arg(long)]
        although_signed: bool,
    },
}

/// Does it, and returns what to say.
///
/// # Errors
/// Fails if the service runs, if the clock says another day than the confirmed one, and if something that cannot be undone was
/// signed under a day that is to be taken back.
pub async fn run(place: &Place, most_days: u16, task: DayTask, clock: &Clock) -> Result<Vec<String>> {
    match task {
        DayTask::Show => Ok(show(&kept_clock(place).await?, most_days, clock)),
        DayTask::Confirm { day } => {
            let store = open(place).await?;
            let done = confirm(&store, day, clock).await;
            // A failed task must not keep the service from starting either.
            store.stop_writing().await?;
            done
        }
        DayTask::TakeBack { day, although_signed } => {
            let store = open(place).await?;
            let done = take_back(&store, day, although_signed, clock).await;
            store.stop_writing().await?;
            done
        }
    }
}

async fn open(place: &Place) -> Result<Store> {
    Store::open_at(place).await.context("store.url: is the service stopped?")
}

fn show(kept: &KeptClock, most_days: u16, clock: &Clock) -> Vec<String> {
    let newest = kept.newest.map_or("none".to_owned(), |newest| newest.to_string());
    vec![
        format!("newest day known here: {newest}"),
        format!("the clock says {}: {}", clock.today(), kept.judge(clock.now(), &clock.uptime(), most_days)),
    ]
}

async fn confirm(store: &Store, day: Date, clock: &Clock) -> Result<Vec<String>> {
    let today = clock.today();
    ensure!(day == today, "the clock says {today}, not {day}: set the clock first, or confirm {today}");
    let kept = store.kept_clock().await?;
    if let Some(newest) = kept.newest.filter(|newest| *newest > day) {
        bail!("the newest day known here is {newest}, which is later: `day take-back {day}` takes it back");
    }
    let anchor = Anchor { uptime: clock.uptime(), clock: clock.now().unix_timestamp() };
    store.keep_clock(&KeptClock { newest: Some(day), anchor: Some(anchor) }).await?;
    Ok(vec![format!("{day} is believed. Start the service: deadlines that have passed count from then on")])
}

async fn take_back(store: &Store, day: Date, although_signed: bool, clock: &Clock) -> Result<Vec<String>> {
    let kept = store.kept_clock().await?;
    let Some(newest) = kept.newest.filter(|newest| *newest > day) else {
        bail!("no day after {day} is known here: there is nothing to take back");
    };
    let Signed { lasting, filed } = signed_after(store, day).await?;
    if !lasting.is_empty() && !although_signed {
        bail!(
            "this was signed under a later day than {day}, and cannot be undone:\n{}\nTell the oversight body. To take the day back \
             for everything that comes, add --although-signed",
            lasting.join("\n")
        );
    }
    store.keep_clock(&KeptClock { newest: Some(day), anchor: None }).await?;
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
struct Signed {
    /// What cannot be undone, a line each.
    lasting: Vec<String>,
    /// How many reports were filed.
    filed: u64,
}

async fn signed_after(store: &Store, day: Date) -> Result<Signed, StoreError> {
    let (mut signed, mut position) = (Signed { lasting: Vec::new(), filed: 0 }, 0);
    loop {
        let (page, last) = store.log_behind(position, PAGE).await?;
        if page.is_empty() {
            return Ok(signed);
        }
        position = last;
        for Logged { case, entry, .. } in page {
            let Ok(event) = entry.event.peek() else { continue };
            let at = event.at.date();
            if at <= day {
                continue;
            }
            match event.action {
                Action::Received { .. } => signed.filed += 1,
                Action::Released { reason: Release::MissedDeadline } if event.actor == HANDLER => {
                    signed.lasting.push(format!("case {case}: released to the oversight body on {at}"));
                }
                Action::Approved(Decision::Purge) => {
                    signed.lasting.push(format!("case {case}: purged on {at}"));
                }
                _ => {}
            }
        }
    }
}
