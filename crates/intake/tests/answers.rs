//! The receipt, the conversation and the desk show the same date, on every day of a year.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use age_hybrid::decoy_file;
use axum::response::Response;
use common::{MultipartFormData, TestIntake};
use intake::{
    config::branding::{Branding, Contact},
    i18n,
    pages::{ConversationView, Pages, ReceiptView, conversation_page, receipt_page},
    reply_schedule::ReplyScheduleCache,
};
use protocol::{
    Hash, Priority,
    api::relay::{REPLY_SCHEDULE_PATH, ReplySchedule},
    case::{
        Calendar, CaseState,
        event::{Action, EVENT_VERSION, Event, HANDLER_ACTOR},
    },
    encoding::size_classes::SIZE_CLASSES,
    receipt::Receipt,
    submission::commitment::ReportCommitment,
};
use rand::rngs::OsRng;
use reqwest::StatusCode;
use scraper::{Html, Selector};
use taxonomy::Taxonomy;
use time::{Date, Duration, macros::datetime};
use uuid::Uuid;
use web::{Clock, Locale};
use zeroize::Zeroizing;

const DAYS_IN_YEAR: usize = 366;

fn calendar(weekend: &[&str], holidays: &[&str]) -> Calendar {
    let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    Calendar::new(&owned(weekend), &owned(holidays)).unwrap()
}

/// Returns a calendar with weekends and holidays, among them five days off in a row.
fn burkina_calendar() -> Calendar {
    let holidays = [
        "01-01",
        "01-03",
        "03-08",
        "05-01",
        "08-05",
        "08-15",
        "11-01",
        "12-11",
        "12-25",
        "2028-02-25",
        "2028-02-28",
        "2028-02-29",
        "2028-05-25",
    ];
    calendar(&["saturday", "sunday"], &holidays)
}

fn test_calendars() -> [Calendar; 3] {
    [
        Calendar::default(),
        burkina_calendar(),
        calendar(&["thursday", "friday"], &["06-30", "07-01", "07-02", "07-03"]),
    ]
}

fn pages_with_calendar(clock: &Clock, calendar: Calendar) -> Pages {
    let both =
        |text: &str| Locale::ALL.map(|locale| (locale.code.to_owned(), text.to_owned())).into();
    let branding = Branding {
        administration: both("Douanes"),
        oversight_body: Contact { name: both("Autorité"), contact: both("00") },
        support: Vec::new(),
        emergency_number: "112".to_owned(),
        quick_exit_url: "https://example.org/".to_owned(),
    };
    let answers =
        ReplyScheduleCache::with_times(ReplySchedule { calendar, poll_interval_seconds: 900 });
    Pages::new(Arc::new(Taxonomy::built_in()), branding, clock.clone(), OsRng)
        .with_reply_schedule(Arc::new(answers))
}

/// Returns the state of a case that the handler ingested on this date.
fn received_case(day: Date, priority: Priority) -> CaseState {
    let action = Action::Received {
        desk: "desk".to_owned(),
        priority,
        retention_months: 60,
        commitment: ReportCommitment::default(),
        oversight_refused: false,
    };
    let at = day.midnight().assume_utc();
    let event = Event {
        v: EVENT_VERSION,
        case: Uuid::nil(),
        seq: 0,
        prev: None,
        at,
        actor: HANDLER_ACTOR.to_owned(),
        action,
    };
    CaseState::from_first_event(&event, Hash::of(&[b"0"])).unwrap()
}

async fn text_of(response: Response, selector: &str) -> Option<String> {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let html = Html::parse_document(std::str::from_utf8(&bytes).unwrap());
    let selector = Selector::parse(selector).unwrap();
    html.select(&selector).next().map(|found| found.text().collect())
}

#[tokio::test]
async fn receipt_conversation_and_desk_show_the_same_date_on_every_day_of_a_year() {
    let receipt = Receipt::from_bytes([3; 16]);
    let view = ReceiptView {
        code: Zeroizing::new(receipt.code()),
        words: Zeroizing::new(receipt.words("fr")),
    };
    for calendar in test_calendars() {
        let clock = Clock::fixed(datetime!(2027-12-01 10:00 UTC));
        let pages = pages_with_calendar(&clock, calendar.clone());
        let locale = Locale::FR;
        for _ in 0..DAYS_IN_YEAR {
            let today = clock.today();
            let news =
                calendar.next_reporter_update(&received_case(today, Priority::P1), today).unwrap();
            let desk = calendar.next_deadline(&received_case(today, Priority::P3)).unwrap().due;
            assert_eq!(news, desk, "{today}");
            assert_eq!(pages.first_answer_date(), Some(desk), "{today}");
            let words = i18n::format_date(i18n::load_catalogs(&Locale::ALL).catalog(locale), desk);
            let on_receipt =
                text_of(receipt_page(&pages, locale, &view, &[]), ".answer").await.unwrap();
            assert!(on_receipt.contains(&words), "{today}: {on_receipt} {words}");
            let thread =
                ConversationView { next_update: Some(news), ..ConversationView::pending() };
            let in_thread =
                text_of(conversation_page(&pages, locale, &thread), "main").await.unwrap();
            assert!(in_thread.contains(&words), "{today}: {in_thread} {words}");
            clock.advance(Duration::days(1));
        }
    }
}

#[tokio::test]
async fn a_report_sent_just_before_midnight_is_due_from_the_date_of_its_collection() {
    let clock = Clock::fixed(datetime!(2027-12-01 23:44:59 UTC));
    let pages = pages_with_calendar(&clock, burkina_calendar());
    assert_eq!(pages.first_answer_date(), Some(burkina_calendar().first_reply_due(clock.today())));
    clock.advance(Duration::seconds(1));
    let next = clock.today().next_day().unwrap();
    assert_eq!(pages.first_answer_date(), Some(burkina_calendar().first_reply_due(next)));
}

/// Returns the texts that a browser in a time zone shows for these lines: confirmations of the
/// service, days of the next news, weeks.
fn dates_in_browser(bundle: &str, time_zone: &str, shown: &[String]) -> Vec<Option<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    assert!(
        folder.join("dist-peer/answers.js").is_file(),
        "run `npm ci` and `npm test` in crates/intake/browser"
    );
    let mut node = Command::new("node")
        .arg("dist-peer/answers.js")
        .env("TZ", time_zone)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut questions = node.stdin.take().unwrap();
    let lines = [&[bundle.to_owned()], shown].concat().join("\n");
    let writing = std::thread::spawn(move || questions.write_all(lines.as_bytes()).unwrap());
    let output = node.wait_with_output().unwrap();
    writing.join().unwrap();
    let texts = String::from_utf8(output.stdout).unwrap();
    texts.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_receipt_sealed_in_the_browser_shows_the_same_date() {
    let intake = TestIntake::new().await;
    let clock = intake.installation.clock.clone();
    let put = |times: serde_json::Value| {
        intake.handler.put(format!("{}{REPLY_SCHEDULE_PATH}", intake.relay)).json(&times).send()
    };
    let before: serde_json::Value = intake
        .post("/api/reports", decoy_file(padded_submission(), 1 << 60))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        before,
        serde_json::json!({ "answer": null }),
        "no case handler has published reply schedule yet"
    );
    for wrong in
        ["{}", r#"{"calendar":{"weekend":["someday"],"holidays":[]},"poll_interval_seconds":1}"#]
    {
        let answer = put(serde_json::from_str(wrong).unwrap()).await.unwrap();
        assert!(answer.status().is_client_error(), "{wrong}");
    }
    let times = ReplySchedule { calendar: burkina_calendar(), poll_interval_seconds: 900 };
    assert_eq!(
        put(serde_json::to_value(&times).unwrap()).await.unwrap().status(),
        StatusCode::NO_CONTENT
    );
    // The reply schedule survive a restart.
    let intake = intake.restart().await;
    let bundle =
        intake.http.get(format!("{}/fr/form-rest.json", intake.public)).send().await.unwrap();
    let bundle = bundle.text().await.unwrap();
    let (mut confirmations, mut expected) = (Vec::new(), Vec::new());
    let pages = pages_with_calendar(&clock, burkina_calendar());
    let receipt = Receipt::from_bytes([3; 16]);
    let view = ReceiptView {
        code: Zeroizing::new(receipt.code()),
        words: Zeroizing::new(receipt.words("fr")),
    };
    for day in 0..DAYS_IN_YEAR {
        let sealed = decoy_file(padded_submission(), u64::try_from(day).unwrap());
        let answer = intake.post("/api/reports", sealed).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        confirmations.push(answer.text().await.unwrap());
        expected.push(text_of(receipt_page(&pages, Locale::FR, &view, &[]), ".answer").await);
        clock.advance(Duration::days(1));
    }
    let texts = dates_in_browser(&bundle, "UTC", &confirmations);
    assert_eq!(texts.len(), DAYS_IN_YEAR);
    assert_eq!(texts, expected);
    assert_eq!(
        dates_in_browser(
            &bundle,
            "UTC",
            &["not JSON".to_owned(), r#"{"answer":"<b>"}"#.to_owned()]
        ),
        [None, None]
    );
}

/// Each day of a leap year is a filing day, in each calendar and language. The browsers are in the
/// first and in the last time zone of the earth, where the local date differs from the one in UTC.
#[tokio::test]
async fn browser_intake_and_desk_show_the_same_dates_in_every_language_and_time_zone() {
    let intake = TestIntake::new().await;
    let catalogs = i18n::load_catalogs(&Locale::ALL);
    for locale in Locale::ALL {
        let messages = catalogs.catalog(locale);
        let (mut shown, mut expected) = (Vec::new(), Vec::new());
        for calendar in test_calendars() {
            let clock = Clock::fixed(datetime!(2027-12-01 10:00 UTC));
            let pages = pages_with_calendar(&clock, calendar.clone());
            for _ in 0..DAYS_IN_YEAR {
                let today = clock.today();
                let desk = calendar.next_deadline(&received_case(today, Priority::P3)).unwrap().due;
                let news =
                    calendar.next_reporter_update(&received_case(today, Priority::P1), today);
                let receipt = pages.first_answer_date().unwrap();
                let week = protocol::encoding::canonical::iso_week(today);
                shown.push(serde_json::json!({ "answer": receipt.to_string() }).to_string());
                shown.push(format!("news {}", news.unwrap()));
                shown.push(format!("week {week}"));
                let day = i18n::format_date(messages, desk);
                expected.push(Some(messages.with("receipt-next-answer", &[("day", &day)])));
                expected.push(Some(messages.with("thread-next", &[("day", &day)])));
                expected.push(Some(i18n::format_week(messages, &week)));
                clock.advance(Duration::days(1));
            }
        }
        let bundle = format!("{}/{}/form-rest.json", intake.public, locale.code);
        let bundle = intake.http.get(bundle).send().await.unwrap().text().await.unwrap();
        for time_zone in ["Pacific/Kiritimati", "Etc/GMT+12"] {
            let texts = dates_in_browser(&bundle, time_zone, &shown);
            assert_eq!(texts.len(), 3 * 3 * DAYS_IN_YEAR);
            for ((line, text), expected) in shown.iter().zip(&texts).zip(&expected) {
                assert_eq!(text, expected, "{} {time_zone} {line}", locale.code);
            }
        }
    }
}

#[tokio::test]
async fn the_form_shows_the_date_that_the_handler_published() {
    let intake = TestIntake::with_directory().await;
    let (status, page) = intake
        .post_form("/en/report/send", MultipartFormData::report("They asked for money.", 1).end())
        .await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("within about a week"), "without a calendar the page shows no date");
    let times = ReplySchedule { calendar: burkina_calendar(), poll_interval_seconds: 900 };
    let put = intake
        .handler
        .put(format!("{}{REPLY_SCHEDULE_PATH}", intake.relay))
        .json(&times)
        .send()
        .await
        .unwrap();
    assert_eq!(put.status(), StatusCode::NO_CONTENT);
    let (_, page) = intake
        .post_form("/en/report/send", MultipartFormData::report("They asked for money.", 2).end())
        .await;
    // Sent on Monday, 23 November 2026.
    assert!(page.contains("by 30 November 2026"), "{page}");
}

#[tokio::test]
async fn a_repeated_upload_shows_the_day_of_the_first_one() {
    let intake = TestIntake::new().await;
    let clock = intake.installation.clock.clone();
    let times = ReplySchedule { calendar: burkina_calendar(), poll_interval_seconds: 900 };
    let url = format!("{}{REPLY_SCHEDULE_PATH}", intake.relay);
    let put = intake.handler.put(url).json(&times).send().await.unwrap();
    assert_eq!(put.status(), StatusCode::NO_CONTENT);
    let small = decoy_file(padded_submission(), 1);
    let large = decoy_file(usize::try_from(SIZE_CLASSES[4]).unwrap(), 2);
    let upload = format!("/api/uploads/{}", "A".repeat(43));
    let post_large = async || {
        let request = intake.http.post(format!("{}{upload}", intake.public));
        let request = request.header("upload-offset", 0).header("upload-length", large.len());
        request.body(large.clone()).send().await.unwrap()
    };
    let day = async |response: reqwest::Response| {
        assert_eq!(response.status(), StatusCode::CREATED);
        response.json::<serde_json::Value>().await.unwrap()["answer"].clone()
    };
    let first = day(intake.post("/api/reports", small.clone()).await).await;
    assert_eq!(first, "2026-11-30");
    assert_eq!(day(post_large().await).await, first);
    clock.advance(Duration::days(1));
    // The confirmation was lost, and the client asks again on the next day.
    assert_eq!(day(intake.post("/api/reports", small.clone()).await).await, first);
    assert_eq!(day(intake.get(&upload).await).await, first);
    let other = decoy_file(padded_submission(), 3);
    assert_ne!(day(intake.post("/api/reports", other).await).await, first);
}

fn padded_submission() -> usize {
    usize::try_from(SIZE_CLASSES[0]).unwrap()
}
