//! A clock that is wrong: nothing is released or purged under it, and a day that was believed can
//! be taken back.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

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
    /// What a process begins with.
    fn trusted_date_with(&self, confirmed: Option<Date>, settling: Duration) -> TrustedDateSource {
        TrustedDateSource::new(self.clock.clone(), Arc::clone(&self.store), 2, confirmed, settling)
    }

    /// Files a report on a day, as the collector does.
    async fn ingest_report(&mut self, today: &TrustedDateSource) {
        let (report, _) = self.new_report(&DESK_MEMBERS);
        let day = today.date().await.unwrap();
        self.ingest_on(&report, day).await.unwrap();
    }

    /// Releases what is overdue, if the clock is believed. Returns how many cases were released.
    async fn escalate_overdue(&self, today: &TrustedDateSource) -> Result<u32, ClockError> {
        let author = HandlerSigner { key: &self.log_key, today: today.settled_date().await? };
        let directory = self.directories.latest().unwrap();
        Ok(escalate_overdue(&self.store, &directory.directory, &Calendar::default(), author)
            .await
            .unwrap())
    }

    async fn run_day_command(&self, task: DayCommand) -> anyhow::Result<Vec<String>> {
        self.store.release_writer().await.unwrap();
        day::run(&self.url.parse().unwrap(), 2, task, &self.clock).await
    }
}

#[tokio::test]
async fn a_clock_that_leaps_or_walks_releases_nothing_and_goes_on_when_it_is_right_again() {
    for step in [Span::days(1), Span::days(2), Span::days(14), Span::days(60)] {
        let mut world = HandlerFixture::new().await;
        let today = world.trusted_date_with(None, Duration::ZERO);
        world.ingest_report(&today).await;
        assert_eq!(world.escalate_overdue(&today).await.unwrap(), 0);
        for _ in 0..6 {
            world.clock.jump(step);
            world.clock.advance(Span::minutes(15));
            assert!(
                matches!(world.escalate_overdue(&today).await, Err(ClockError::ClockJump { .. })),
                "{step}"
            );
            // A process that ends is started again, on the same machine.
            let again = world.trusted_date_with(None, Duration::ZERO);
            assert!(
                matches!(world.escalate_overdue(&again).await, Err(ClockError::ClockJump { .. })),
                "{step}"
            );
        }
        world.clock.jump(step * -6);
        assert_eq!(world.escalate_overdue(&today).await.unwrap(), 0);
        // Days that pass are believed, and deadlines hold.
        world.clock.advance(Span::days(5));
        assert_eq!(world.escalate_overdue(&today).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_day_that_an_operator_confirms_is_believed() {
    let mut world = HandlerFixture::new().await;
    let today = world.trusted_date_with(None, Duration::ZERO);
    world.ingest_report(&today).await;
    world.clock.reboot();
    world.clock.jump(Span::days(30));
    let (right, wrong) = (world.clock.today(), world.clock.today() - Span::DAY);
    assert!(world.trusted_date_with(None, Duration::ZERO).date().await.is_err());
    assert!(world.trusted_date_with(Some(wrong), Duration::ZERO).date().await.is_err());
    assert!(world.run_day_command(DayCommand::Confirm { day: wrong }).await.is_err());
    world.run_day_command(DayCommand::Confirm { day: right }).await.unwrap();
    world.restart().await;
    let today = world.trusted_date_with(None, LONG_SETTLING);
    assert_eq!(world.escalate_overdue(&today).await.unwrap(), 1);
}

#[tokio::test]
async fn a_day_that_moved_while_the_machine_was_off_releases_nothing_for_a_cycle() {
    let mut world = HandlerFixture::new().await;
    let today = world.trusted_date_with(None, Duration::ZERO);
    world.ingest_report(&today).await;
    world.clock.advance(Span::days(3));
    today.date().await.unwrap();
    world.clock.reboot();
    world.clock.jump(Span::days(2));
    let today = world.trusted_date_with(None, LONG_SETTLING);
    assert_eq!(today.date().await.unwrap(), world.clock.today(), "reports are filed");
    assert!(matches!(world.escalate_overdue(&today).await, Err(ClockError::Settling { .. })));
    // The intake says that two days are too many: nothing is released before an operator has
    // looked.
    let back =
        DayCommand::TakeBack { day: world.clock.today() - Span::days(2), although_signed: false };
    world.run_day_command(back).await.unwrap();
    world.restart().await;
    let today = world.trusted_date_with(None, Duration::ZERO);
    today.date().await.unwrap();
    today.report_intake_clock(world.clock.now() - Span::days(2)).await;
    assert!(matches!(world.escalate_overdue(&today).await, Err(ClockError::Disputed { .. })));
    today.report_intake_clock(world.clock.now()).await;
    assert_eq!(world.escalate_overdue(&today).await.unwrap(), 1);
}

#[tokio::test]
async fn an_intake_that_lies_about_the_time_keeps_no_case_from_the_oversight_body() {
    let mut world = HandlerFixture::new().await;
    let today = world.trusted_date_with(None, Duration::ZERO);
    world.ingest_report(&today).await;
    world.clock.advance(Span::days(5));
    today.report_intake_clock(world.clock.now() - Span::days(40)).await;
    assert_eq!(world.escalate_overdue(&today).await.unwrap(), 1);
}

#[tokio::test]
async fn a_day_can_be_taken_back_and_new_reports_are_not_released_at_once() {
    let mut world = HandlerFixture::new().await;
    let today = world.trusted_date_with(None, Duration::ZERO);
    let right = today.date().await.unwrap();
    world.ingest_report(&today).await;
    // An operator confirms a wrong day.
    world.clock.reboot();
    world.clock.jump(Span::days(40));
    let wrong = world.clock.today();
    world.run_day_command(DayCommand::Confirm { day: wrong }).await.unwrap();
    world.restart().await;
    let today = world.trusted_date_with(None, Duration::ZERO);
    world.ingest_report(&today).await;
    assert_eq!(world.escalate_overdue(&today).await.unwrap(), 1);
    // The clock is right again: the newest day counts, so nothing is released at once.
    world.clock.jump(Span::days(-40));
    let today = world.trusted_date_with(None, Duration::ZERO);
    world.ingest_report(&today).await;
    assert_eq!(world.escalate_overdue(&today).await.unwrap(), 0);
    // What was signed cannot be undone, and is named.
    let refused = world
        .run_day_command(DayCommand::TakeBack { day: right, although_signed: false })
        .await
        .unwrap_err();
    let text = refused.to_string();
    assert!(text.contains(&format!("released to the oversight body on {wrong}")), "{text}");
    let told = world
        .run_day_command(DayCommand::TakeBack { day: right, although_signed: true })
        .await
        .unwrap();
    assert!(
        told.iter().any(|line| line.starts_with("2 reports were filed under a later day")),
        "{told:?}"
    );
    world.restart().await;
    let today = world.trusted_date_with(None, Duration::ZERO);
    assert_eq!(today.date().await.unwrap(), right);
    world.ingest_report(&today).await;
    world.clock.advance(Span::days(2));
    assert_eq!(world.escalate_overdue(&today).await.unwrap(), 0);
    world.clock.advance(Span::days(3));
    assert_eq!(
        world.escalate_overdue(&today).await.unwrap(),
        1,
        "the one that was filed under the right day"
    );
}
