//! An implausible clock: nothing is released or purged under it, and an accepted date can be taken
//! back.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[path = "../common/mod.rs"]
mod common;
mod disputed;

use std::{sync::Arc, time::Duration};

use case_handler::{
    escalation::escalate_overdue,
    event_log::HandlerSigner,
    maintenance::day::{self, DayCommand},
    trusted_date::{ClockError, TrustedDateSource},
};
use common::HandlerFixture;
use protocol::case::Calendar;
use time::{Date, Duration as Span};

const DESK_MEMBERS: [&str; 4] = ["awa", "bila", "coumba", "eva"];
/// Longer than a test takes.
const LONG_SETTLING: Duration = Duration::from_hours(1);

impl HandlerFixture {
    /// Returns the source of the date as a new process has it.
    fn trusted_date_with(&self, confirmed: Option<Date>, settling: Duration) -> TrustedDateSource {
        TrustedDateSource::new(self.clock.clone(), Arc::clone(&self.store), 2, confirmed, settling)
    }

    /// Ingests a report on the current date, as the collector does.
    async fn ingest_report(&mut self, date_source: &TrustedDateSource) {
        let (report, _) = self.new_report(&DESK_MEMBERS);
        let day = date_source.date().await.unwrap();
        self.ingest_on(&report, day).await.unwrap();
    }

    /// Releases overdue cases if the clock is plausible. Returns their number.
    async fn escalate_overdue(&self, date_source: &TrustedDateSource) -> Result<u32, ClockError> {
        let signer = HandlerSigner { key: &self.log_key, today: date_source.settled_date().await? };
        let directory = self.directories.latest().unwrap();
        Ok(escalate_overdue(&self.store, &directory.directory, &Calendar::default(), signer)
            .await
            .unwrap())
    }

    async fn run_day_command(&self, command: DayCommand) -> anyhow::Result<Vec<String>> {
        self.store.release_writer().await.unwrap();
        day::run(&self.url.parse().unwrap(), 2, command, &self.clock).await
    }
}

#[tokio::test]
async fn a_clock_that_jumps_once_or_repeatedly_releases_nothing_until_it_is_correct() {
    for step in [Span::days(1), Span::days(2), Span::days(14), Span::days(60)] {
        let mut handler = HandlerFixture::new().await;
        let date_source = handler.trusted_date_with(None, Duration::ZERO);
        handler.ingest_report(&date_source).await;
        assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 0);
        for _ in 0..6 {
            handler.clock.jump(step);
            handler.clock.advance(Span::minutes(15));
            assert!(
                matches!(
                    handler.escalate_overdue(&date_source).await,
                    Err(ClockError::ClockJump { .. })
                ),
                "{step}"
            );
            // A restarted process on the same machine comes to the same result.
            let restarted = handler.trusted_date_with(None, Duration::ZERO);
            assert!(
                matches!(
                    handler.escalate_overdue(&restarted).await,
                    Err(ClockError::ClockJump { .. })
                ),
                "{step}"
            );
        }
        handler.clock.jump(step * -6);
        assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 0);
        // Dates that pass normally are accepted, and deadlines apply.
        handler.clock.advance(Span::days(5));
        assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_date_that_an_operator_confirms_is_accepted() {
    let mut handler = HandlerFixture::new().await;
    let date_source = handler.trusted_date_with(None, Duration::ZERO);
    handler.ingest_report(&date_source).await;
    handler.clock.reboot();
    handler.clock.jump(Span::days(30));
    let (correct, wrong) = (handler.clock.today(), handler.clock.today() - Span::DAY);
    assert!(handler.trusted_date_with(None, Duration::ZERO).date().await.is_err());
    assert!(handler.trusted_date_with(Some(wrong), Duration::ZERO).date().await.is_err());
    assert!(handler.run_day_command(DayCommand::Confirm { date: wrong }).await.is_err());
    handler.run_day_command(DayCommand::Confirm { date: correct }).await.unwrap();
    handler.restart().await;
    let date_source = handler.trusted_date_with(None, LONG_SETTLING);
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 1);
}

#[tokio::test]
async fn a_date_that_moved_while_the_machine_was_off_releases_nothing_for_a_cycle() {
    let mut handler = HandlerFixture::new().await;
    let date_source = handler.trusted_date_with(None, Duration::ZERO);
    handler.ingest_report(&date_source).await;
    handler.clock.advance(Span::days(3));
    date_source.date().await.unwrap();
    handler.clock.reboot();
    handler.clock.jump(Span::days(2));
    let date_source = handler.trusted_date_with(None, LONG_SETTLING);
    assert_eq!(date_source.date().await.unwrap(), handler.clock.today(), "reports are ingested");
    assert!(matches!(
        handler.escalate_overdue(&date_source).await,
        Err(ClockError::Settling { .. })
    ));
    // The clock of the intake does not confirm the two days: nothing is released before an operator
    // decides.
    let back = DayCommand::TakeBack {
        date: handler.clock.today() - Span::days(2),
        although_signed: false,
    };
    handler.run_day_command(back).await.unwrap();
    handler.restart().await;
    let date_source = handler.trusted_date_with(None, Duration::ZERO);
    date_source.report_intake_clock(handler.clock.now() - Span::days(2)).await;
    assert!(matches!(
        handler.escalate_overdue(&date_source).await,
        Err(ClockError::Disputed { .. })
    ));
    date_source.report_intake_clock(handler.clock.now()).await;
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 1);
}

#[tokio::test]
async fn an_intake_with_a_wrong_clock_prevents_no_release_to_the_oversight_body() {
    let mut handler = HandlerFixture::new().await;
    let date_source = handler.trusted_date_with(None, Duration::ZERO);
    handler.ingest_report(&date_source).await;
    handler.clock.advance(Span::days(5));
    date_source.report_intake_clock(handler.clock.now() - Span::days(40)).await;
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 1);
}

#[tokio::test]
async fn a_date_can_be_taken_back_and_new_reports_are_not_released_at_once() {
    let mut handler = HandlerFixture::new().await;
    let date_source = handler.trusted_date_with(None, Duration::ZERO);
    let correct = date_source.date().await.unwrap();
    handler.ingest_report(&date_source).await;
    // An operator confirms a wrong date.
    handler.clock.reboot();
    handler.clock.jump(Span::days(40));
    let wrong = handler.clock.today();
    handler.run_day_command(DayCommand::Confirm { date: wrong }).await.unwrap();
    handler.restart().await;
    let date_source = handler.trusted_date_with(None, Duration::ZERO);
    handler.ingest_report(&date_source).await;
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 1);
    // The clock is correct again: the latest recorded date counts, so nothing is released at once.
    handler.clock.jump(Span::days(-40));
    let date_source = handler.trusted_date_with(None, Duration::ZERO);
    handler.ingest_report(&date_source).await;
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 0);
    // Irreversible events are named.
    let refused = handler
        .run_day_command(DayCommand::TakeBack { date: correct, although_signed: false })
        .await
        .unwrap_err();
    let text = refused.to_string();
    assert!(text.contains(&format!("released to the oversight body on {wrong}")), "{text}");
    let lines = handler
        .run_day_command(DayCommand::TakeBack { date: correct, although_signed: true })
        .await
        .unwrap();
    assert!(
        lines.iter().any(|line| line.starts_with("2 reports were ingested under a later date")),
        "{lines:?}"
    );
    handler.restart().await;
    let date_source = handler.trusted_date_with(None, Duration::ZERO);
    assert_eq!(date_source.date().await.unwrap(), correct);
    handler.ingest_report(&date_source).await;
    handler.clock.advance(Span::days(2));
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 0);
    handler.clock.advance(Span::days(3));
    assert_eq!(
        handler.escalate_overdue(&date_source).await.unwrap(),
        1,
        "the one that was ingested under the correct date"
    );
}
