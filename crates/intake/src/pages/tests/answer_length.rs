//! Every answer of the return page has one length.

use protocol::receipt::ReceiptError;
use reporter::{LogStatus, LogView};

use super::*;
use crate::{
    form::{FormStep, ReplyForm},
    pages::{OversightAccess, added_facts_page, layout::RETURN_ANSWER_LEN},
};

/// An upper bound of the bytes of text in a full mailbox: 32 KiB without the capsule, the key, and
/// the seals of two answers of the maximum length.
const FULL_MAILBOX_BYTES: usize = 22 * 1024;

/// An answer of the return page with the name of its state.
struct Answer {
    state: String,
    headers: http::HeaderMap,
    body: String,
}

async fn answer(state: &str, response: Response) -> Answer {
    let headers = response.headers().clone();
    Answer { state: state.to_owned(), headers, body: body_text(response).await }
}

/// Returns a page up to its padding.
pub(super) fn without_padding(page: &str) -> &str {
    page.rsplit_once("<!--").map_or(page, |(visible, _)| visible)
}

/// Returns messages in the language of the page that fill a mailbox.
fn full_mailbox(locale: Locale, count: usize) -> Vec<ConversationMessage> {
    let sentence =
        format!("{} L'agent a dit : « non ». ", promises::text_of(locale, "return-lost-what"));
    let text = sentence.repeat(FULL_MAILBOX_BYTES / count / sentence.len());
    let message = || ConversationMessage {
        seq: 0,
        week: "2026-W48".to_owned(),
        lang: locale.code.to_owned(),
        text: text.clone(),
    };
    std::iter::repeat_with(message).take(count).collect()
}

/// Returns the answers to a receipt in every state that the page distinguishes.
async fn answers(pages: &Pages, locale: Locale) -> Vec<Answer> {
    let receipt = Receipt::from_bytes([3; 16]).code();
    let visit = "0f".repeat(16);
    let mut answers = Vec::new();
    for problem in [
        ReceiptEntryError::NotFound,
        ReceiptEntryError::MailboxCorrupt,
        ReceiptEntryError::Empty,
        ReceiptEntryError::InvalidReceipt(ReceiptError::WordsMismatch),
    ] {
        let page = receipt_entry_page(pages, locale, (&receipt, &visit), Some(problem));
        answers.push(answer(&format!("{problem:?}"), page).await);
    }
    let view = || ConversationView {
        receipt: Zeroizing::new(receipt.clone()),
        visit: visit.clone(),
        seed: pages.new_seed(),
        week: "2026-W48".to_owned(),
        received: 1,
        ..ConversationView::pending()
    };
    for stage in Stage::VISIBLE_TO_REPORTER {
        let view = ConversationView { stage, ..view() };
        answers.push(answer(stage.as_str(), conversation_page(pages, locale, &view)).await);
    }
    for (name, oversight, unreadable) in [
        ("oversight asked", OversightAccess::Asked, false),
        ("released", OversightAccess::Released, false),
        ("unreadable", OversightAccess::NotReleased, true),
    ] {
        let view = ConversationView { stage: Stage::Closed, oversight, unreadable, ..view() };
        answers.push(answer(name, conversation_page(pages, locale, &view)).await);
    }
    for count in 1..=8 {
        let view = ConversationView {
            next_update: Some(time::macros::date!(2026 - 12 - 01)),
            received: 12,
            read_up_to: Some(11),
            messages: full_mailbox(locale, count),
            sent: true,
            ..view()
        };
        answers.push(
            answer(&format!("{count} answers"), conversation_page(pages, locale, &view)).await,
        );
    }
    let log = |report| Some(LogView { report, newest_message: Some(report) });
    for status in [
        LogStatus::Countersigned { date: time::macros::date!(2026 - 11 - 24) },
        LogStatus::Logged,
        LogStatus::Waiting,
        LogStatus::Missing,
        LogStatus::Wrong,
    ] {
        let view = ConversationView { log: log(status), ..view() };
        let page = conversation_page(pages, locale, &view);
        answers.push(answer(&format!("log {status:?}"), page).await);
    }
    let faults = ConversationView {
        messages: full_mailbox(locale, 3),
        log: log(LogStatus::Missing),
        findings: vec![
            InboxIssue::Forged,
            InboxIssue::EarlierMessagesDropped(7),
            InboxIssue::UnseenMessagesDropped(7),
            InboxIssue::MessagesWithheld(7),
            InboxIssue::RolledBack,
            InboxIssue::SubmissionsMissing(7),
            InboxIssue::SurplusSubmissions,
        ],
        ..view()
    };
    answers.push(answer("every issue", conversation_page(pages, locale, &faults)).await);
    let wrong = ConversationView { findings: vec![InboxIssue::UnverifiedKey], ..view() };
    answers.push(answer("wrong key", conversation_page(pages, locale, &wrong)).await);
    answers
}

#[tokio::test]
async fn every_answer_of_the_return_page_has_one_length_and_the_same_headers() {
    let pages = test_pages();
    let mut largest = 0;
    for locale in Locale::ALL {
        let answers = answers(&pages, locale).await;
        for Answer { state, headers, body } in &answers {
            let visible = without_padding(body).len();
            largest = largest.max(visible);
            assert_eq!(
                body.len(),
                RETURN_ANSWER_LEN,
                "{} {state}: {visible} bytes before the padding",
                locale.code
            );
            assert_eq!(*headers, answers[0].headers, "{} {state}", locale.code);
        }
        // Positive control: without the padding, the states have different lengths.
        let visible: std::collections::BTreeSet<usize> =
            answers.iter().map(|answer| without_padding(&answer.body).len()).collect();
        assert!(visible.len() > answers.len() / 2, "{}: {visible:?}", locale.code);
    }
    assert!(largest > RETURN_ANSWER_LEN / 2, "a full mailbox is in the samples: {largest}");
}

#[tokio::test]
async fn an_answer_with_a_long_draft_has_a_multiple_of_the_length() {
    let pages = test_pages();
    for chars in [0, 10_000, 20_000, 40_000, 80_000] {
        let view = ConversationView {
            draft: "س".repeat(chars),
            week: "2026-W48".to_owned(),
            ..ConversationView::pending()
        };
        let page = body_text(conversation_page(&pages, Locale::AR, &view)).await;
        assert_eq!(page.len() % RETURN_ANSWER_LEN, 0, "{chars}");
        assert!(page.len() - without_padding(&page).len() <= RETURN_ANSWER_LEN, "{chars}");
    }
}

#[tokio::test]
async fn the_pages_on_which_facts_are_added_have_the_length_of_all_answers() {
    let pages = test_pages();
    let own = ("own", "A".repeat(60_000));
    for locale in Locale::ALL {
        let mut reply = ReplyForm::default();
        let code = Receipt::from_bytes([3; 16]).code();
        for (name, value) in [("receipt", &code), ("seed", &pages.new_seed())] {
            reply.set_field(name, value.as_bytes()).unwrap();
        }
        let other =
            answer("other", conversation_page(&pages, locale, &ConversationView::pending()));
        let other = other.await;
        let check = async |reply: &ReplyForm, step: FormStep| {
            let form = reply.facts_form(locale);
            let page = added_facts_page(&pages, reply, (&form, &[]), (step, false));
            let Answer { state, headers, body } = answer(&form.category, page).await;
            let visible = without_padding(&body).len();
            assert_eq!(body.len(), RETURN_ANSWER_LEN, "{} {state}: {visible}", locale.code);
            assert_eq!(headers, other.headers, "{} {state}", locale.code);
            body
        };
        check(&reply, FormStep::Subject).await;
        for category in &pages.taxonomy.categories {
            let mut chosen = reply.clone();
            for (name, value) in [("family", &category.family), ("category", &category.id)] {
                chosen.set_field(name, value.as_bytes()).unwrap();
            }
            check(&chosen, FormStep::Case).await;
            check(&chosen, FormStep::Facts).await;
            // An own copy that has no room is left out, and the page says so.
            chosen.set_field(own.0, own.1.as_bytes()).unwrap();
            for step in [FormStep::Case, FormStep::Facts] {
                let page = check(&chosen, step).await;
                assert!(
                    !page.contains(&own.1) && page.contains(&text(&pages, locale, "own-again"))
                );
            }
        }
    }
}

fn text(pages: &Pages, locale: Locale, key: &str) -> String {
    pages.catalogs.catalog(locale).get(key)
}
