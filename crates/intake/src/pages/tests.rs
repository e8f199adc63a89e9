mod altered_program;
mod answer_length;
mod labels;
mod log;
mod pictograms;
mod places;
mod promises;
mod receipts;
mod report;
mod spoken_help;
mod style;
mod typescript;
mod visits;

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, body::Body, http::Request, response::Response};
use http::{StatusCode, header};
use metadata_scrubber::{FileFormat, ParseCoverage, ScrubReport, SignatureStatus};
use protocol::{
    api::relay::ReplySchedule,
    case::{Calendar, Stage},
    receipt::Receipt,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use reporter::InboxIssue;
use scraper::{Html, Selector};
use taxonomy::{AnswerFormat, Taxonomy};
use time::macros::datetime;
use tower::ServiceExt;
use web::{Clock, Locale};
use zeroize::Zeroizing;

use super::{
    ConversationMessage, ConversationView, ErrorKind, FileOutcome, Pages, ReceiptEntryError,
    ReceiptView, SentFile, conversation_page, error_page, receipt_entry_page, receipt_page,
    review_page, routes,
};
use crate::config::branding::{Branding, Contact};
use crate::{
    form::{FieldError, FieldProblem, ReportForm, identifying_details::IdentifyingDetailKind},
    reply_schedule::ReplyScheduleCache,
};

/// Maximum bytes of page, style and icon on the first visit: the first flight of packets on a slow
/// connection.
const FIRST_VISIT_BYTES: usize = 14_600;

fn test_pages() -> Arc<Pages> {
    test_pages_of(places::taxonomy_with(places::SAMPLE))
}

fn test_pages_of(taxonomy: Taxonomy) -> Arc<Pages> {
    let both =
        |text: &str| Locale::ALL.map(|locale| (locale.code.to_owned(), text.to_owned())).into();
    let branding = Branding {
        administration: both("Direction générale des douanes"),
        oversight_body: Contact { name: both("Autorité"), contact: both("00 00 00 00") },
        support: vec![Contact { name: both("Écoute"), contact: both("11 11 11 11") }],
        emergency_number: "112".to_owned(),
        quick_exit_url: "https://example.org/".to_owned(),
    };
    assert_eq!(branding.problems(), Vec::<String>::new());
    let clock = Clock::fixed(datetime!(2026-11-24 10:00 UTC));
    let answers = ReplyScheduleCache::with_times(ReplySchedule {
        calendar: Calendar::default(),
        poll_interval_seconds: 900,
    });
    let pages = Pages::new(Arc::new(taxonomy), branding, clock, ChaCha20Rng::seed_from_u64(1));
    Arc::new(pages.with_reply_schedule(Arc::new(answers)))
}

fn test_router() -> Router {
    routes().with_state(test_pages())
}

async fn body_text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn get(path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = test_router().oneshot(request).await.unwrap();
    (response.status(), body_text(response).await)
}

async fn post(path: &str, fields: &[(String, String)]) -> (StatusCode, String) {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let pairs: Vec<String> =
        fields.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
    let response =
        send_following_redirect(Request::post(path).body(Body::from(pairs.join("&"))).unwrap())
            .await;
    (response.status(), body_text(response).await)
}

/// Sends a request and follows a redirect, as a browser does.
async fn send_following_redirect(request: Request<Body>) -> Response {
    send_to(&test_router(), request).await
}

/// Sends a request to this service and follows a redirect, as a browser does.
async fn send_to(service: &Router, request: Request<Body>) -> Response {
    let compression = request.headers().get(header::ACCEPT_ENCODING).cloned();
    let response = service.clone().oneshot(request).await.unwrap();
    let Some(to) = response.headers().get(header::LOCATION) else { return response };
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let mut request = Request::get(to.to_str().unwrap()).body(Body::empty()).unwrap();
    request.headers_mut().extend(compression.map(|encoding| (header::ACCEPT_ENCODING, encoding)));
    service.clone().oneshot(request).await.unwrap()
}

fn select_attributes(html: &Html, selector: &str) -> Vec<BTreeMap<String, String>> {
    let selector = Selector::parse(selector).unwrap();
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    html.select(&selector).map(|element| element.value().attrs().map(owned).collect()).collect()
}

/// Returns the fields that a browser sends with the form of the page, without the button.
fn filled_fields(page: &str) -> Vec<(String, String)> {
    let html = Html::parse_document(page);
    let mut fields = Vec::new();
    let all = Selector::parse("form#f [name]:not(button)").unwrap();
    for element in html.select(&all) {
        let attr = |name| element.value().attr(name).unwrap_or("");
        let name = attr("name").to_owned();
        match (element.value().name(), attr("type")) {
            ("textarea", _) => fields.push((name, element.text().collect())),
            ("select", _) => {
                let chosen = Selector::parse("option[selected]").unwrap();
                let value =
                    element.select(&chosen).next().and_then(|option| option.value().attr("value"));
                fields.push((name, value.unwrap_or("").to_owned()));
            }
            (_, "file") => {}
            (_, "checkbox" | "radio") if element.value().attr("checked").is_none() => {}
            _ => fields.push((name, attr("value").to_owned())),
        }
    }
    fields
}

fn with_fields(mut fields: Vec<(String, String)>, more: &[(&str, &str)]) -> Vec<(String, String)> {
    for (name, value) in more {
        fields.retain(|(n, _)| n != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    fields
}

/// Returns a file of each format, with every possible result of the scrubber.
fn sample_files() -> Vec<SentFile> {
    let traces: metadata_scrubber::MetadataKinds =
        metadata_scrubber::MetadataKind::ALL.into_iter().collect();
    let formats =
        [FileFormat::Jpeg, FileFormat::Pdf, FileFormat::Mp3, FileFormat::Mp4, FileFormat::Archive];
    let readings = [
        ParseCoverage::Whole,
        ParseCoverage::Broken,
        ParseCoverage::Unknown,
        ParseCoverage::Empty,
        ParseCoverage::Whole,
    ];
    let signatures = [
        SignatureStatus::Kept,
        SignatureStatus::Broken,
        SignatureStatus::Absent,
        SignatureStatus::Absent,
        SignatureStatus::Absent,
    ];
    let scrubbed = |((format, reading), signature)| SentFile {
        format,
        treatment: FileOutcome::Cleaned(ScrubReport {
            format,
            removed: traces,
            left: traces,
            reading,
            signature,
        }),
    };
    let kept = SentFile { format: FileFormat::Jpeg, treatment: FileOutcome::Unchanged };
    let failed = SentFile { format: FileFormat::Pdf, treatment: FileOutcome::Failed };
    formats.into_iter().zip(readings).zip(signatures).map(scrubbed).chain([kept, failed]).collect()
}

fn sample_conversation(pages: &Pages) -> ConversationView {
    ConversationView {
        receipt: Zeroizing::new(Receipt::from_bytes([3; 16]).code()),
        seed: pages.new_seed(),
        stage: Stage::Received,
        next_update: Some(time::macros::date!(2026 - 12 - 01)),
        week: "2026-W48".to_owned(),
        received: 1,
        messages: vec![ConversationMessage {
            seq: 0,
            week: "2026-W48".to_owned(),
            lang: "fr".to_owned(),
            text: "<script>alert(1)</script>".to_owned(),
        }],
        findings: Vec::new(),
        sent: true,
        files: sample_files(),
        draft: "typed </textarea>".to_owned(),
        details: vec![(IdentifyingDetailKind::Phone, vec!["<b>70".to_owned()])],
        errors: vec![FieldError::new("message", FieldProblem::TooLong(10))],
        ..ConversationView::pending()
    }
}

/// Returns every page in a language, with its name.
async fn all_pages(locale: Locale) -> Vec<(String, String)> {
    let pages = test_pages();
    let lang = locale.code;
    let mut all = Vec::new();
    for path in ["", "/report", "/return", "/protect", "/learn", "/nowhere"] {
        all.push((path.to_owned(), get(&format!("/{lang}{path}")).await.1));
    }
    let report = format!("/{lang}/report");
    let go = |go: &str| vec![("go".to_owned(), go.to_owned())];
    for button in ["subject", "family.money", "category.SXT", "unsure", "advice", "family.x"] {
        all.push((button.to_owned(), post(&report, &go(button)).await.1));
    }
    for category in &pages.taxonomy.categories {
        let button = format!("category.{}", category.id);
        all.push((button.clone(), post(&report, &go(&button)).await.1));
        let facts = with_fields(go("facts"), &[("category", &category.id)]);
        all.push((format!("facts {}", category.id), post(&report, &facts).await.1));
    }
    let empty = post(&report, &with_fields(go("review"), &[("category", "FAC")])).await.1;
    all.push(("wrong".to_owned(), empty));
    let sound = with_fields(
        go("review"),
        &[("category", "FAC"), ("a.story", "Je m’appelle Awa, 70 12 34 56")],
    );
    all.push(("review".to_owned(), post(&report, &sound).await.1));
    for kind in ErrorKind::ALL {
        all.push((format!("{kind:?}"), body_text(error_page(&pages, locale, kind)).await));
    }
    let receipt = Receipt::from_bytes([3; 16]);
    let view = ReceiptView { code: receipt.code().into(), words: receipt.words(lang).into() };
    all.push((
        "receipt".to_owned(),
        body_text(receipt_page(&pages, locale, &view, &sample_files())).await,
    ));
    for problem in [
        ReceiptEntryError::Empty,
        ReceiptEntryError::InvalidReceipt(protocol::receipt::ReceiptError::WordsMismatch),
        ReceiptEntryError::InvalidReceipt(protocol::receipt::ReceiptError::UnknownWord {
            place: 7,
            count: 12,
            near: Some("nuage"),
        }),
        ReceiptEntryError::NotFound,
    ] {
        all.push((
            format!("{problem:?}"),
            body_text(receipt_entry_page(&pages, locale, ("typed", ""), Some(problem))).await,
        ));
    }
    for stage in Stage::VISIBLE_TO_REPORTER {
        let mut view = sample_conversation(&pages);
        view.stage = stage;
        view.findings = vec![
            InboxIssue::Forged,
            InboxIssue::EarlierMessagesDropped(1),
            InboxIssue::UnseenMessagesDropped(2),
            InboxIssue::MessagesWithheld(2),
            InboxIssue::SubmissionsMissing(1),
            InboxIssue::SurplusSubmissions,
            InboxIssue::SequenceConflict,
            InboxIssue::RotationUnconfirmed,
        ];
        all.push((format!("{stage:?}"), body_text(conversation_page(&pages, locale, &view)).await));
    }
    all
}

#[tokio::test]
async fn every_page_is_complete_and_loads_nothing_from_other_sites() {
    for locale in Locale::ALL {
        for (name, page) in all_pages(locale).await {
            let html = Html::parse_document(&page);
            let root = &select_attributes(&html, "html")[0];
            assert_eq!(
                (root["lang"].as_str(), root["dir"].as_str()),
                (locale.code, locale.dir),
                "{name}"
            );
            assert_eq!(select_attributes(&html, "h1").len(), 1, "{name} has one h1");
            let title = html.select(&Selector::parse("title").unwrap()).next().unwrap();
            assert!(!title.text().collect::<String>().trim().is_empty(), "{name} has a title");
            assert_eq!(
                select_attributes(&html, "style, [style], iframe, object").len(),
                0,
                "{name}"
            );
            // A page has at most the scripts of this build, bound to their hashes.
            let scripts = select_attributes(&html, "script");
            let is_bound = |script: &BTreeMap<String, String>, address: &str, integrity: &str| {
                script.get(address).is_none_or(|url| url.starts_with("/assets/"))
                    && script.contains_key(address) == script.contains_key(integrity)
                    && script.get(integrity).is_none_or(|hash| hash.starts_with("sha256-"))
            };
            let modules = ["form", "seal", "return", "qr", "files", "voice", "draft"]
                .map(|module| (format!("data-{module}"), format!("data-{module}-integrity")));
            assert!(
                scripts.iter().filter(|script| script.contains_key("type")).count() <= 1
                    && scripts.len() <= 2
                    && scripts.iter().all(|script| is_bound(script, "src", "integrity")
                        && modules.iter().all(|(url, hash)| is_bound(script, url, hash))),
                "{name}"
            );
            assert!(page.contains("href=\"/leave"), "{name} has a quick exit");
            assert!(!page.contains("No localization for id"), "{name} has all its words");
            for element in select_attributes(&html, "*") {
                for (attribute, value) in &element {
                    assert!(!attribute.starts_with("on"), "{name}: {attribute}");
                    if matches!(attribute.as_str(), "href" | "src" | "action" | "formaction") {
                        // The downloads of the receipt and of an own copy are data URLs in the
                        // page. They cause no request.
                        let own = element.get("class").is_some_and(|class| class.contains("save"));
                        let inside = own
                            && (value.starts_with("data:text/plain;")
                                || value.starts_with("data:application/octet-stream;base64,"))
                            || element
                                .get("class")
                                .is_some_and(|class| class.split(' ').any(|one| one == "call"));
                        assert!(inside || value.starts_with(['#', '/']), "{name}: {value}");
                        assert!(!value.starts_with("//"), "{name}: {value}");
                    }
                }
            }
            labels::assert_fields_labelled(&name, &html);
        }
    }
}

/// Returns the number of bytes of a response as transferred to a browser.
async fn response_bytes(service: &Router, path: &str, form: Option<&str>) -> usize {
    let method = if form.is_some() { "POST" } else { "GET" };
    let request =
        Request::builder().method(method).uri(path).header(header::ACCEPT_ENCODING, "gzip");
    let body = form.map_or_else(Body::empty, |form| Body::from(form.to_owned()));
    let response = send_to(service, request.body(body).unwrap()).await;
    axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap().len()
}

#[tokio::test]
async fn every_page_fits_the_size_limit_of_a_first_visit() {
    let service =
        routes().with_state(test_pages_of(places::taxonomy_with(&places::largest_list())));
    for locale in Locale::ALL {
        let lang = locale.code;
        let home = get(&format!("/{lang}")).await.1;
        let mut assets = 0;
        let links =
            select_attributes(&Html::parse_document(&home), "link[rel=stylesheet], link[rel=icon]");
        assert_eq!(links.len(), 2);
        for link in &links {
            assets += response_bytes(&service, &link["href"], None).await;
        }
        let small = |name: &str, size: usize| {
            assert!(
                size + assets <= FIRST_VISIT_BYTES,
                "{lang} {name}: {size} bytes and {assets} of assets"
            );
        };
        for path in ["", "/report", "/return", "/protect", "/learn", "/nowhere"] {
            small(path, response_bytes(&service, &format!("/{lang}{path}"), None).await);
        }
        let taxonomy = Taxonomy::built_in();
        let families = taxonomy.families.iter().map(|family| format!("family.{}", family.id));
        let categories =
            taxonomy.categories.iter().map(|category| format!("category.{}", category.id));
        let facts =
            taxonomy.categories.iter().map(|category| format!("facts&category={}", category.id));
        for go in families.chain(categories).chain(facts) {
            let form = format!("go={go}");
            small(&go, response_bytes(&service, &format!("/{lang}/report"), Some(&form)).await);
        }
        // Pages with a secret are not compressed. The padding follows the visible page.
        for (name, page) in all_pages(locale).await {
            if matches!(name.as_str(), "review" | "receipt")
                || name == format!("{:?}", Stage::Received)
            {
                small(&name, answer_length::without_padding(&page).len());
            }
        }
    }
}

#[tokio::test]
async fn a_page_with_a_secret_is_never_compressed() {
    let encoding = async |request: http::request::Builder, form: &str| {
        let request =
            request.header(header::ACCEPT_ENCODING, "gzip").body(Body::from(form.to_owned()));
        let response = send_following_redirect(request.unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.headers().get(header::CONTENT_ENCODING).cloned()
    };
    assert_eq!(encoding(Request::get("/fr"), "").await.unwrap(), "gzip");
    assert_eq!(encoding(Request::post("/fr/report"), "go=category.FAC").await.unwrap(), "gzip");
    let review = "go=review&category=FAC&a.story=text";
    assert_eq!(encoding(Request::post("/fr/report"), review).await, None);
}

#[tokio::test]
async fn the_error_list_names_files_that_are_too_large() {
    let pages = test_pages();
    let mut view = sample_conversation(&pages);
    view.errors = vec![FieldError::new("files", FieldProblem::FormTooLarge)];
    let page = body_text(conversation_page(&pages, Locale::EN, &view)).await;
    let html = Html::parse_document(&page);
    assert_eq!(select_attributes(&html, ".wrong a")[0]["href"], "#files");
    assert!(page.contains("This is too much to send at once"));
    assert_eq!(select_attributes(&html, "[aria-invalid]").len(), 1);
    assert_eq!(select_attributes(&html, "#files")[0]["aria-invalid"], "true");
}

#[tokio::test]
async fn a_conversation_escapes_texts_and_offers_no_reply_to_a_wrong_key() {
    let pages = test_pages();
    let mut view = sample_conversation(&pages);
    let page = body_text(conversation_page(&pages, Locale::EN, &view)).await;
    assert!(!page.contains("<script>"));
    assert!(filled_fields(&page).contains(&("receipt".to_owned(), view.receipt.to_string())));
    let html = Html::parse_document(&page);
    let draft: String =
        html.select(&Selector::parse("textarea").unwrap()).flat_map(|e| e.text()).collect();
    assert_eq!(draft, view.draft);
    for finding in [InboxIssue::UnverifiedKey, InboxIssue::RotationUnconfirmed] {
        view.findings = vec![finding];
        let page = body_text(conversation_page(&pages, Locale::EN, &view)).await;
        let html = Html::parse_document(&page);
        let writable = "textarea:not([readonly]), .wrong, button.button";
        assert!(select_attributes(&html, writable).is_empty());
        let shown = Selector::parse("textarea[readonly]").unwrap();
        let draft: String = html.select(&shown).flat_map(|area| area.text()).collect();
        assert_eq!(draft, view.draft, "the draft is not lost");
        let field = ("message".to_owned(), view.draft.clone());
        assert!(filled_fields(&page).contains(&field), "nor by the next button");
    }
}

#[tokio::test]
async fn the_first_page_is_in_the_language_of_the_visitor() {
    for (accepted, lang) in [("en-GB,en;q=0.9", "en"), ("fr-BF", "fr"), ("xx", "fr"), ("", "fr")] {
        let request = Request::get("/")
            .header(header::ACCEPT_LANGUAGE, accepted)
            .body(Body::empty())
            .unwrap();
        let page = body_text(test_router().oneshot(request).await.unwrap()).await;
        assert!(page.contains(&format!("<html lang=\"{lang}\"")), "{accepted}");
    }
}

#[tokio::test]
async fn the_quick_exit_redirects_at_once() {
    let response =
        test_router().oneshot(Request::get("/leave").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()[header::LOCATION], "https://example.org/");
}
