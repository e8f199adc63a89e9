//! A clock that is wrong: nothing is released or purged under it, and a day that was believed can be taken back.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::{sync::Arc, time::Duration};

use case_handler::{
    deadlines::escalate,
    log::Author,
    today::{Today, TodayError},
    upkeep::day::{self, DayTask},
};
use common::World;
use envelope::life::Calendar;
use time::{Date, Duration as Span};

const DESK: [&str; 4] = ["awa", "bila", "coumba", "eva"];
/// Longer than a test takes.
const LONG: Duration = Duration::from_hours(1);

impl World {
    /// What a process begins with.
    fn day(&self, confirmed: Option<Date>, settling: Duration) -> Today {
        Today::new(self.clock.clone(), Arc::clone(&self.store), 2, confirmed, settling)
    }

    /// Files a report on a day, as the collector does.
    async fn files(&mut self, today: &Today) {
        let (report, _) = self.report(&DESK);
        let day = today.get().await.unwrap();
        self.file_on(&report, day).await.unwrap();
    }

    /// Releases what is overdue, if the clock is believed. Returns how many cases were released.
    async fn escalates(&self, today: &Today) -> Result<u32, TodayError> {
        let author = Author { key: &self.log_key, today: today.settled().await? };
        let directory = self.current.get().unwrap();
        Ok(escalate(&self.store, &directory.directory, &Calendar::default(), author).await.unwrap())
    }

    async fn operator(&self, task: DayTask) -> anyhow::Result<Vec<String>> {
        self.store.stop_writing().await.unwrap();
        day::run(&self.url.parse().unwrap(), 2, task, &self.clock).await
    }
}

#[tokio::test]
async fn a_clock_that_leaps_or_walks_releases_nothing_and_goes_on_when_it_is_right_again() {
    for step in [Span::days(1), Span::days(2), Span::days(14), Span::days(60)] {
        let mut world = World::new().await;
        let today = world.day(None, Duration::ZERO);
        world.files(&today).await;
        assert_eq!(world.escalates(&today).await.unwrap(), 0);
        for _ in 0..6 {
            world.clock.leap(step);
            world.clock.advance(Span::minutes(15));
            assert!(matches!(world.escalates(&today).await, Err(TodayError::Leap { .. })), "{step}");
            // A process that ends is started again, on the same machine.
            let again = world.day(None, Duration::ZERO);
            assert!(matches!(world.escalates(&again).await, Err(TodayError::Leap { .. })), "{step}");
        }
        world.clock.leap(step * -6);
        assert_eq!(world.escalates(&today).await.unwrap(), 0);
        // Days that pass are believed, and deadlines hold.
        world.clock.advance(Span::days(5));
        assert_eq!(world.escalates(&today).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_day_that_an_operator_confirms_is_believed() {
    let mut world = World::new().await;
    let today = world.day(None, Duration::ZERO);
    world.files(&today).await;
    world.clock.reboot();
    world.clock.leap(Span::days(30));
    let (right, wrong) = (world.clock.today(), world.clock.today() - Span::DAY);
    assert!(world.day(None, Duration::ZERO).get().await.is_err());
    assert!(world.day(Some(wrong), Duration::ZERO).get().await.is_err());
    assert!(world.operator(DayTask::Confirm { day: wrong }).await.is_err());
    world.operator(DayTask::Confirm { day: right }).await.unwrap();
    world.restart().await;
    let today = world.day(None, LONG);
    assert_eq!(world.escalates(&today).await.unwrap(), 1);
}

#[tokio::test]
async fn a_day_that_moved_while_the_machine_was_off_releases_nothing_for_a_round() {
    let mut world = World::new().await;
    let today = world.day(None, Duration::ZERO);
    world.files(&today).await;
    world.clock.advance(Span::days(3));
    today.get().await.unwrap();
    world.clock.reboot();
    world.clock.leap(Span::days(2));
    let today = world.day(None, LONG);
    assert_eq!(today.get().await.unwrap(), world.clock.today(), "reports are filed");
    assert!(matches!(world.escalates(&today).await, Err(TodayError::Settling { .. })));
    // The intake says that two days are too many: nothing is released before an operator has looked.
    let back = DayTask::TakeBack { day: world.clock.today() - Span::days(2), although_signed: false };
    world.operator(back).await.unwrap();
    world.restart().await;
    let today = world.day(None, Duration::ZERO);
    today.get().await.unwrap();
    today.hear_intake(world.clock.now() - Span::days(2)).await;
    assert!(matches!(world.escalates(&today).await, Err(TodayError::Disputed { .. })));
    today.hear_intake(world.clock.now()).await;
    assert_eq!(world.escalates(&today).await.unwrap(), 1);
}

#[tokio::test]
async fn an_intake_that_lies_about_the_time_keeps_no_case_from_the_oversight_body() {
    let mut world = World::new().await;
    let today = world.day(None, Duration::ZERO);
    world.files(&today).await;
    world.clock.advance(Span::days(5));
    today.hear_intake(world.clock.now() - Span::days(40)).await;
    assert_eq!(world.escalates(&today).await.unwrap(), 1);
}

#[tokio::test]
async fn a_day_can_be_taken_back_and_new_reports_are_not_released_at_once() {
    let mut world = World::new().await;
    let today = world.day(None, Duration::ZERO);
    let right = today.get().await.unwrap();
    world.files(&today).await;
    // An operator confirms a wrong day.
    world.clock.reboot();
    world.clock.leap(Span::days(40));
    let wrong = world.clock.today();
    world.operator(DayTask::Confirm { day: wrong }).await.unwrap();
    world.restart().await;
    let today = world.day(None, Duration::ZERO);
    world.files(&today).await;
    assert_eq!(world.escalates(&today).await.unwrap(), 1);
    // The clock is right again: the newest day counts, so nothing is released at once.
    world.clock.leap(Span::days(-40));
    let today = world.day(None, Duration::ZERO);
    world.files(&today).await;
    assert_eq!(world.escalates(&today).await.unwrap(), 0);
    // What was signed cannot be undone, and is named.
    let refused = world.operator(DayTask::TakeBack { day: right, although_signed: false }).await.unwrap_err();
    let text = refused.to_string();
    assert!(text.contains(&format!("released to the oversight body on {wrong}")), "{text}");
    let told = world.operator(DayTask::TakeBack { day: right, although_signed: true }).await.unwrap();
    assert!(told.iter().any(|line| line.starts_with("2 reports were filed under a later day")), "{told:?}");
    world.restart().await;
    let today = world.day(None, Duration::ZERO);
    assert_eq!(today.get().await.unwrap(), right);
    world.files(&today).await;
    world.clock.advance(Span::days(2));
    assert_eq!(world.escalates(&today).await.unwrap(), 0);
    world.clock.advance(Span::days(3));
    assert_eq!(world.escalates(&today).await.unwrap(), 1, "the one that was filed under the right day");
}
