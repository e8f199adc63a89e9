//! A date that moved ahead at a boot and that the clock of the intake does not confirm: it releases
//! nothing, also after a restart, and no operator command is necessary once the clock is correct.

use case_handler::doctor::check_saved_clock;
use doctor::Severity;
use protocol::case::event::HANDLER_ACTOR;

use super::*;

/// Shorter than any time by which the tests advance the clock.
const SHORT_SETTLING: Duration = Duration::from_millis(1);
const MINUTE: Span = Span::MINUTE;
const REPORTS: u32 = 3;

/// Creates a case handler with reports whose deadline is today.
async fn handler_with_reports() -> HandlerFixture {
    let mut handler = HandlerFixture::new().await;
    let date_source = handler.trusted_date_with(None, SHORT_SETTLING);
    for _ in 0..REPORTS {
        handler.ingest_report(&date_source).await;
    }
    handler.clock.advance(Span::days(3));
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 0);
    handler
}

impl HandlerFixture {
    /// Boots the machine with a clock that is two days ahead, and starts the service. The intake is
    /// correct.
    async fn boot_with_wrong_clock(&mut self, correct: Span) -> TrustedDateSource {
        self.clock.reboot();
        self.clock.jump(Span::days(2));
        self.start_service(Some(correct)).await
    }

    /// Starts the service. The intake sends its time, if it answers: the clock of this machine plus
    /// a difference.
    async fn start_service(&mut self, intake: Option<Span>) -> TrustedDateSource {
        self.restart().await;
        let date_source = self.trusted_date_with(None, SHORT_SETTLING);
        if let Some(difference) = intake {
            date_source.report_intake_clock(self.clock.now() + difference).await;
        }
        date_source
    }

    async fn assert_disputed(&self, date_source: &TrustedDateSource) {
        let released = self.escalate_overdue(date_source).await;
        assert!(matches!(released, Err(ClockError::Disputed { .. })), "{released:?}");
    }

    /// Returns the latest date of the events that the case handler signed.
    async fn latest_signed_date(&self) -> Date {
        let stored = self.store.events_after(0, 1000).await.unwrap();
        let events = stored.iter().map(|stored| stored.event.decode_unverified().unwrap());
        events
            .filter(|event| event.actor == HANDLER_ACTOR)
            .map(|event| event.at.date())
            .max()
            .unwrap()
    }
}

#[tokio::test]
async fn a_disputed_date_releases_nothing_when_the_clock_is_set_right() {
    let mut handler = handler_with_reports().await;
    let correct = handler.clock.today();
    let date_source = handler.boot_with_wrong_clock(-Span::days(2)).await;
    handler.assert_disputed(&date_source).await;
    handler.clock.advance(MINUTE);
    handler.assert_disputed(&date_source).await;
    // The process continues.
    handler.clock.jump(-Span::days(2));
    for _ in 0..3 {
        assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 0);
        assert_eq!(date_source.date().await.unwrap(), correct);
        handler.clock.advance(MINUTE);
        date_source.report_intake_clock(handler.clock.now()).await;
    }
    // The date then advances normally, and deadlines apply.
    handler.clock.advance(Span::days(2));
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), REPORTS);
}

#[tokio::test]
async fn a_disputed_date_stays_disputed_after_a_restart() {
    let mut handler = handler_with_reports().await;
    let date_source = handler.boot_with_wrong_clock(-Span::days(2)).await;
    handler.assert_disputed(&date_source).await;
    for intake in [None, Some(-Span::days(2)), None] {
        handler.clock.advance(Span::hours(1));
        let date_source = handler.start_service(intake).await;
        handler.assert_disputed(&date_source).await;
        handler.clock.advance(Span::hours(1));
        handler.assert_disputed(&date_source).await;
    }
    // The clock is set right while the service is stopped.
    handler.clock.jump(-Span::days(2));
    let date_source = handler.start_service(None).await;
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 0);
}

#[tokio::test]
async fn a_new_process_waits_for_the_intake_before_it_accepts_a_moved_date() {
    let mut handler = handler_with_reports().await;
    handler.clock.reboot();
    handler.clock.jump(Span::days(2));
    let date_source = handler.start_service(None).await;
    assert!(matches!(
        handler.escalate_overdue(&date_source).await,
        Err(ClockError::Settling { .. })
    ));
    handler.clock.advance(Span::hours(1));
    let date_source = handler.start_service(None).await;
    assert!(matches!(
        handler.escalate_overdue(&date_source).await,
        Err(ClockError::Settling { .. })
    ));
    date_source.report_intake_clock(handler.clock.now() - Span::days(2)).await;
    handler.assert_disputed(&date_source).await;
}

#[tokio::test]
async fn disputed_boots_in_a_row_do_not_add_up() {
    let mut handler = handler_with_reports().await;
    let correct = handler.clock.today();
    for boot in 1..=7 {
        let date_source = handler.boot_with_wrong_clock(-Span::days(2 * boot)).await;
        for _ in 0..2 {
            let released = handler.escalate_overdue(&date_source).await;
            let expected = match boot {
                1 => matches!(released, Err(ClockError::Disputed { .. })),
                _ => matches!(released, Err(ClockError::ClockJump { .. })),
            };
            assert!(expected, "boot {boot}: {released:?}");
            handler.clock.advance(MINUTE);
        }
    }
    handler.clock.jump(-Span::days(14));
    for _ in 0..2 {
        let date_source = handler.start_service(Some(Span::ZERO)).await;
        assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 0);
        assert_eq!(date_source.date().await.unwrap(), correct);
        handler.clock.advance(MINUTE);
        assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_dispute_continues_after_a_boot_while_the_intake_is_down() {
    let mut handler = handler_with_reports().await;
    let date_source = handler.boot_with_wrong_clock(-Span::days(2)).await;
    handler.assert_disputed(&date_source).await;
    handler.clock.reboot();
    let date_source = handler.start_service(None).await;
    handler.assert_disputed(&date_source).await;
    handler.clock.advance(Span::hours(1));
    handler.assert_disputed(&date_source).await;
    // The clock of the intake was the wrong one, and was set.
    date_source.report_intake_clock(handler.clock.now()).await;
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), REPORTS);
}

#[tokio::test]
async fn no_event_gets_a_date_that_is_disputed() {
    let mut handler = handler_with_reports().await;
    let correct = handler.clock.today();
    let date_source = handler.boot_with_wrong_clock(-Span::days(2)).await;
    handler.ingest_report(&date_source).await;
    // The date advances with the time since the boot while the dispute lasts.
    handler.clock.advance(Span::DAY);
    date_source.report_intake_clock(handler.clock.now() - Span::days(2)).await;
    handler.assert_disputed(&date_source).await;
    let date_source = handler.start_service(Some(-Span::days(2))).await;
    handler.ingest_report(&date_source).await;
    assert_eq!(handler.latest_signed_date().await, correct + Span::DAY);
    handler.clock.jump(-Span::days(2));
    handler.ingest_report(&date_source).await;
    assert_eq!(handler.latest_signed_date().await, correct + Span::DAY);
}

#[tokio::test]
async fn a_disputed_date_can_be_taken_back_or_confirmed() {
    let mut handler = handler_with_reports().await;
    let correct = handler.clock.today();
    let date_source = handler.boot_with_wrong_clock(-Span::days(2)).await;
    handler.ingest_report(&date_source).await;
    handler.assert_disputed(&date_source).await;
    let shown = handler.run_day_command(DayCommand::Show).await.unwrap();
    assert_eq!(shown[0], format!("latest recorded date: {correct}"));
    assert!(shown[1].contains("the clock of the intake is more than 12 hours behind"), "{shown:?}");
    let taken_back = DayCommand::TakeBack { date: correct, although_signed: false };
    let lines = handler.run_day_command(taken_back).await.unwrap();
    assert!(!lines.iter().any(|line| line.contains("under a later date")), "{lines:?}");

    let date_source = handler.start_service(Some(-Span::days(2))).await;
    handler.assert_disputed(&date_source).await;
    let confirmed = DayCommand::Confirm { date: handler.clock.today() };
    handler.run_day_command(confirmed).await.unwrap();
    let date_source = handler.start_service(Some(-Span::days(2))).await;
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), REPORTS);
}

#[tokio::test]
async fn an_option_confirms_a_disputed_date_too() {
    let mut handler = handler_with_reports().await;
    let date_source = handler.boot_with_wrong_clock(-Span::days(2)).await;
    handler.assert_disputed(&date_source).await;
    handler.restart().await;
    let date_source = handler.trusted_date_with(Some(handler.clock.today()), LONG_SETTLING);
    date_source.report_intake_clock(handler.clock.now() - Span::days(2)).await;
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), REPORTS);
}

#[tokio::test]
async fn the_doctor_names_the_disputed_clock_of_this_machine() {
    let mut handler = handler_with_reports().await;
    let find = async |handler: &HandlerFixture| {
        let saved = handler.store.saved_clock().await.unwrap();
        check_saved_clock("clock of this machine", &saved, &handler.clock, 2)
    };
    assert_eq!(find(&handler).await.state, Severity::Ok);
    handler.clock.reboot();
    handler.clock.jump(Span::days(2));
    let date_source = handler.start_service(None).await;
    assert!(handler.escalate_overdue(&date_source).await.is_err());
    assert_eq!(find(&handler).await.state, Severity::Warning);
    date_source.report_intake_clock(handler.clock.now() - Span::days(2)).await;
    handler.assert_disputed(&date_source).await;
    let disputed = find(&handler).await;
    assert_eq!(disputed.state, Severity::Error, "{disputed:?}");
    assert!(disputed.found.contains("the clock of the intake is more than 12 hours behind"));
    assert!(disputed.advice.is_some_and(|advice| advice.contains("Set the clock that is wrong")));
    handler.clock.jump(-Span::days(2));
    assert_eq!(find(&handler).await.state, Severity::Ok, "the clock is correct again");
}

#[tokio::test]
async fn the_message_about_a_moved_date_has_a_time_even_with_short_intervals() {
    let handler = handler_with_reports().await;
    handler.clock.reboot();
    handler.clock.jump(Span::days(2));
    let date_source = handler.trusted_date_with(None, Duration::from_millis(500));
    let message = handler.escalate_overdue(&date_source).await.unwrap_err().to_string();
    assert!(message.contains("until 1 seconds after"), "{message}");
}

#[tokio::test]
async fn a_long_downtime_that_the_intake_confirms_needs_no_operator() {
    let mut handler = handler_with_reports().await;
    handler.clock.reboot();
    handler.clock.jump(Span::days(14));
    handler.restart().await;
    let store = Arc::clone(&handler.store);
    let date_source =
        TrustedDateSource::new(handler.clock.clone(), store, 14, None, SHORT_SETTLING);
    date_source.report_intake_clock(handler.clock.now()).await;
    assert_eq!(date_source.date().await.unwrap(), handler.clock.today(), "reports are ingested");
    handler.clock.advance(MINUTE);
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), REPORTS);
    assert_eq!(handler.store.saved_clock().await.unwrap().latest_date, Some(handler.clock.today()));
}

#[tokio::test]
async fn a_clock_that_is_set_back_in_part_releases_nothing_before_the_intake_agrees() {
    let mut handler = handler_with_reports().await;
    let date_source = handler.boot_with_wrong_clock(-Span::days(2)).await;
    handler.assert_disputed(&date_source).await;
    handler.clock.advance(MINUTE);
    handler.clock.jump(-Span::DAY);
    handler.assert_disputed(&date_source).await;
    date_source.report_intake_clock(handler.clock.now()).await;
    handler.clock.advance(MINUTE);
    assert_eq!(handler.escalate_overdue(&date_source).await.unwrap(), REPORTS);
    assert_eq!(date_source.date().await.unwrap(), handler.clock.today());
}
