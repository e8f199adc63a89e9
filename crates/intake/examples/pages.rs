//! Shows every page with a made-up receipt and a made-up thread, for looking at them: `cargo run -p
//! intake --example pages -- 8080`. Nothing is sealed or stored.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use intake::{
    config::branding::{Branding, Contact},
    form::{ReplyForm, parse_urlencoded},
    pages::{
        ConversationMessage, ConversationView, ErrorKind, FileOutcome, Pages, ReceiptEntryError,
        ReceiptView, SentFile, conversation_page, error_page, receipt_entry_page, receipt_page,
        routes,
    },
};
use metadata_scrubber::{FileFormat, MetadataKind, ParseCoverage, ScrubReport, SignatureStatus};
use protocol::encoding::canonical::iso_week;
use protocol::{case::Stage, receipt::Receipt};
use rand::rngs::OsRng;
use reporter::{InboxIssue, LogStatus, LogView};
use taxonomy::Taxonomy;
use web::{Clock, Locale, SecurityPolicy, with_security_headers};
use zeroize::Zeroizing;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse::<u16>())?;
    let pages = Arc::new(Pages::new(
        Arc::new(Taxonomy::built_in()),
        example_branding(),
        Clock::system(),
        OsRng,
    ));
    let router = Router::new()
        .route("/{lang}/report/send", post(show_receipt))
        .route("/{lang}/return", post(show_mailbox))
        .route("/{lang}/return/send", post(show_reply_sent))
        .route("/{lang}/error/{number}", get(show_error))
        .merge(routes())
        .with_state(pages);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    std::io::Write::write_all(
        &mut std::io::stdout(),
        format!("http://{}/\n", listener.local_addr()?).as_bytes(),
    )?;
    axum::serve(listener, with_security_headers(router, &SecurityPolicy::default())).await?;
    Ok(())
}

fn example_branding() -> Branding {
    let both = |fr: &str, en: &str| -> BTreeMap<String, String> {
        let text = |locale| if locale == Locale::FR { fr } else { en };
        Locale::ALL.map(|locale| (locale.code.to_owned(), text(locale).to_owned())).into()
    };
    Branding {
        administration: both("Direction générale des douanes", "Customs Administration"),
        oversight_body: Contact {
            name: both("Autorité de contrôle (exemple)", "Oversight Authority (example)"),
            contact: both("Tél. 00 00 00 00, de 8 h à 16 h", "Tel. 00 00 00 00, 8 am to 4 pm"),
        },
        support: vec![Contact {
            name: both("Centre d’écoute (exemple)", "Support centre (example)"),
            contact: both("Tél. 11 11 11 11, jour et nuit", "Tel. 11 11 11 11, day and night"),
        }],
        emergency_number: "112".to_owned(),
        quick_exit_url: "https://www.wikipedia.org/".to_owned(),
    }
}

fn locale_of_path(lang: &str) -> Locale {
    Locale::parse(lang).unwrap_or(Locale::FR)
}

async fn show_receipt(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let receipt = Receipt::generate(&mut OsRng);
    let view = ReceiptView {
        code: Zeroizing::new(receipt.code()),
        words: Zeroizing::new(receipt.words(&lang)),
    };
    receipt_page(&pages, locale_of_path(&lang), &view, &example_files())
}

async fn show_mailbox(
    State(pages): State<Arc<Pages>>,
    Path(lang): Path<String>,
    body: Bytes,
) -> Response {
    let mut form = ReplyForm::default();
    for (name, value) in parse_urlencoded(&body) {
        if form.set_field(&name, &value).is_err() {
            return error_page(&pages, locale_of_path(&lang), ErrorKind::BadForm);
        }
    }
    match Receipt::parse(&form.receipt) {
        Ok(receipt) if receipt.expose() == &[0; 16] => receipt_entry_page(
            &pages,
            locale_of_path(&lang),
            (&form.receipt, ""),
            Some(ReceiptEntryError::NotFound),
        ),
        Ok(receipt) => conversation_page(
            &pages,
            locale_of_path(&lang),
            &example_conversation(&pages, &receipt, false),
        ),
        Err(error) => {
            let problem = ReceiptEntryError::InvalidReceipt(error);
            receipt_entry_page(&pages, locale_of_path(&lang), (&form.receipt, ""), Some(problem))
        }
    }
}

async fn show_reply_sent(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let receipt = Receipt::generate(&mut OsRng);
    conversation_page(&pages, locale_of_path(&lang), &example_conversation(&pages, &receipt, true))
}

async fn show_error(
    State(pages): State<Arc<Pages>>,
    Path((lang, number)): Path<(String, usize)>,
) -> Response {
    match ErrorKind::ALL.get(number) {
        Some(kind) => error_page(&pages, locale_of_path(&lang), *kind),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Returns two files with their outcomes.
fn example_files() -> Vec<SentFile> {
    let file_outcome = |format, removed: &[MetadataKind], left: &[MetadataKind]| {
        let set = |items: &[MetadataKind]| items.iter().copied().collect();
        let scrubbed = ScrubReport {
            format,
            removed: set(removed),
            left: set(left),
            reading: ParseCoverage::Whole,
            signature: SignatureStatus::Absent,
        };
        SentFile { format, treatment: FileOutcome::Cleaned(scrubbed) }
    };
    vec![
        file_outcome(
            FileFormat::Jpeg,
            &[MetadataKind::Place, MetadataKind::Date, MetadataKind::Device],
            &[],
        ),
        file_outcome(
            FileFormat::Pdf,
            &[MetadataKind::Author, MetadataKind::Words],
            &[MetadataKind::History],
        ),
    ]
}

fn example_conversation(pages: &Pages, receipt: &Receipt, sent: bool) -> ConversationView {
    let message = |week: &str, lang: &str, text: &str| ConversationMessage {
        seq: 0,
        week: week.to_owned(),
        lang: lang.to_owned(),
        text: text.to_owned(),
    };
    ConversationView {
        receipt: Zeroizing::new(receipt.code()),
        seed: pages.new_seed(),
        stage: Stage::Assessing,
        next_update: Some(pages.clock.today() + time::Duration::days(30)),
        week: iso_week(pages.clock.today()),
        received: 2,
        messages: vec![
            message(
                "2026-W46",
                "fr",
                "Merci. Nous avons lu votre signalement.\nSavez-vous si cela arrive chaque semaine ?",
            ),
            message(
                "2026-W47",
                "en",
                "Thank you for the second account. Please do not send numbers of declarations yet.",
            ),
        ],
        read_up_to: Some(0),
        findings: if sent { vec![InboxIssue::UnseenMessagesDropped(2)] } else { Vec::new() },
        // Before a message is sent, the newest one waits for its proof. After it, the page warns.
        log: Some(LogView {
            report: LogStatus::Countersigned { date: pages.clock.today() },
            newest_message: Some(if sent { LogStatus::Missing } else { LogStatus::Waiting }),
        }),
        sent,
        files: example_files(),
        ..ConversationView::pending()
    }
}
