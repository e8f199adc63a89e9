//! What the return page says about the log, in every state and language.

use reporter::{LogStatus, LogView};
use time::macros::date;

use super::*;
use crate::i18n;

const COUNTERSIGNED: LogStatus = LogStatus::Countersigned { date: date!(2026 - 11 - 24) };
/// The keys of all texts about the log.
const KEYS: [&str; 8] = [
    "thread-log-countersigned",
    "thread-log-logged",
    "thread-log-waiting",
    "thread-log-message",
    "thread-log-message-waiting",
    "finding-log-missing",
    "finding-log-message-missing",
    "finding-log-wrong",
];

/// Every state with the keys of the texts that the page shows.
fn states() -> Vec<(LogStatus, Option<LogStatus>, Vec<&'static str>)> {
    use LogStatus::{Logged, Missing, Waiting, Wrong};
    let countersigned = "thread-log-countersigned";
    vec![
        (COUNTERSIGNED, None, vec![countersigned]),
        (COUNTERSIGNED, Some(COUNTERSIGNED), vec![countersigned, "thread-log-message"]),
        (COUNTERSIGNED, Some(Waiting), vec![countersigned, "thread-log-message-waiting"]),
        (COUNTERSIGNED, Some(Missing), vec![countersigned, "finding-log-message-missing"]),
        (COUNTERSIGNED, Some(Wrong), vec![countersigned, "finding-log-wrong"]),
        (Logged, None, vec!["thread-log-logged"]),
        (Logged, Some(Logged), vec!["thread-log-logged", "thread-log-message"]),
        (Logged, Some(Waiting), vec!["thread-log-logged", "thread-log-message-waiting"]),
        (Waiting, None, vec!["thread-log-waiting"]),
        (Waiting, Some(Waiting), vec!["thread-log-waiting", "thread-log-message-waiting"]),
        (Waiting, Some(Missing), vec!["thread-log-waiting", "finding-log-message-missing"]),
        (Missing, None, vec!["finding-log-missing"]),
        (Missing, Some(Missing), vec!["finding-log-missing"]),
        (Missing, Some(COUNTERSIGNED), vec!["finding-log-missing"]),
        (Wrong, None, vec!["finding-log-wrong"]),
        (Wrong, Some(Wrong), vec!["finding-log-wrong"]),
        (Missing, Some(Wrong), vec!["finding-log-wrong"]),
    ]
}

fn text_of(pages: &Pages, locale: Locale, key: &str) -> String {
    let catalog = pages.catalogs.catalog(locale);
    let day = i18n::format_date(catalog, date!(2026 - 11 - 24));
    catalog.with(key, &[("day", &day)])
}

async fn shown(pages: &Pages, locale: Locale, log: Option<LogView>) -> (String, Vec<String>) {
    let view = ConversationView { log, ..ConversationView::pending() };
    let html = Html::parse_document(&body_text(conversation_page(pages, locale, &view)).await);
    let texts = |selector: &str| -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        html.select(&selector).map(|element| element.text().collect()).collect()
    };
    (texts(".state").concat(), texts("[role=alert]"))
}

#[tokio::test]
async fn the_page_says_about_the_log_exactly_what_was_verified() {
    let pages = test_pages();
    for locale in Locale::ALL {
        for (report, newest_message, expected) in states() {
            let log = LogView { report, newest_message };
            let (state, alerts) = shown(&pages, locale, Some(log)).await;
            for key in KEYS {
                let text = text_of(&pages, locale, key);
                let found = if key.starts_with("finding") {
                    alerts.contains(&text)
                } else {
                    state.contains(&text)
                };
                assert_eq!(found, expected.contains(&key), "{} {log:?}: {key}", locale.code);
            }
            let warnings = expected.iter().filter(|key| key.starts_with("finding")).count();
            assert_eq!(alerts.len(), warnings, "{} {log:?}", locale.code);
        }
        let (state, alerts) = shown(&pages, locale, None).await;
        for key in KEYS {
            assert!(!state.contains(&text_of(&pages, locale, key)), "{} {key}", locale.code);
        }
        assert!(alerts.is_empty(), "nothing was verified: {alerts:?}");
    }
}
