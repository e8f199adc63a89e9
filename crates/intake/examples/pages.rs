//! Shows every page with a made-up receipt and a made-up thread, for looking at them: `cargo run -p intake --example pages -- 8080`.
//! Nothing is sealed or stored.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use envelope::{life::Stage, receipt::Receipt};
use intake::{
    form::{ReplyForm, pairs},
    pages::{
        Branding, Contact, ErrorKind, Pages, ReceiptView, ReturnProblem, SentFile, ThreadMessage, ThreadView,
        Treatment, error_page, receipt_page, return_page, routes, thread_page,
    },
};
use rand::rngs::OsRng;
use reporter::Finding;
use taxonomy::Taxonomy;
use traces::{Format, Reading, Signature, Trace, Washed};
use web::{Clock, Locale, Policy, secure};
use zeroize::Zeroizing;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse::<u16>())?;
    let pages = Arc::new(Pages::new(Arc::new(Taxonomy::built_in()), branding(), Clock::system(), OsRng));
    let router = Router::new()
        .route("/{lang}/report/send", post(sent))
        .route("/{lang}/return", post(opened))
        .route("/{lang}/return/send", post(replied))
        .route("/{lang}/error/{number}", get(broken))
        .merge(routes())
        .with_state(pages);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    std::io::Write::write_all(
        &mut std::io::stdout(),
        format!("http://{}/\n", listener.local_addr()?).as_bytes(),
    )?;
    axum::serve(listener, secure(router, &Policy::default())).await?;
    Ok(())
}

fn branding() -> Branding {
    let both = |fr: &str, en: &str| {
        BTreeMap::from([("fr".to_owned(), fr.to_owned()), ("en".to_owned(), en.to_owned())])
    };
    Branding {
        administration: both("Direction générale des douanes", "Customs Administration"),
        outside_body: Contact {
            name: both("Autorité de contrôle (exemple)", "Oversight Authority (example)"),
            contact: both("Tél. 00 00 00 00, de 8 h à 16 h", "Tel. 00 00 00 00, 8 am to 4 pm"),
        },
        support: vec![Contact {
            name: both("Centre d’écoute (exemple)", "Support centre (example)"),
            contact: both("Tél. 11 11 11 11, jour et nuit", "Tel. 11 11 11 11, day and night"),
        }],
        emergency_number: "112".to_owned(),
        leave_url: "https://www.wikipedia.org/".to_owned(),
    }
}

fn language(lang: &str) -> Locale {
    Locale::parse(lang).unwrap_or(Locale::FR)
}

async fn sent(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let receipt = Receipt::generate(&mut OsRng);
    let view =
        ReceiptView { code: Zeroizing::new(receipt.code()), words: Zeroizing::new(receipt.words(&lang)) };
    receipt_page(&pages, language(&lang), &view, &files())
}

async fn opened(State(pages): State<Arc<Pages>>, Path(lang): Path<String>, body: Bytes) -> Response {
    let mut form = ReplyForm::default();
    for (name, value) in pairs(&body) {
        if form.set(&name, &value).is_err() {
            return error_page(&pages, language(&lang), ErrorKind::BadForm);
        }
    }
    match Receipt::parse(&form.receipt) {
        Ok(receipt) if receipt.expose() == &[0; 16] => {
            return_page(&pages, language(&lang), (&form.receipt, ""), Some(ReturnProblem::Nothing))
        }
        Ok(receipt) => thread_page(&pages, language(&lang), &thread(&pages, &receipt, false)),
        Err(error) => {
            let problem = ReturnProblem::Mistyped(error);
            return_page(&pages, language(&lang), (&form.receipt, ""), Some(problem))
        }
    }
}

async fn replied(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let receipt = Receipt::generate(&mut OsRng);
    thread_page(&pages, language(&lang), &thread(&pages, &receipt, true))
}

async fn broken(State(pages): State<Arc<Pages>>, Path((lang, number)): Path<(String, usize)>) -> Response {
    match ErrorKind::ALL.get(number) {
        Some(kind) => error_page(&pages, language(&lang), *kind),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What became of two files.
fn files() -> Vec<SentFile> {
    let told = |format, removed: &[Trace], left: &[Trace]| {
        let set = |traces: &[Trace]| traces.iter().copied().collect();
        let washed = Washed {
            format,
            removed: set(removed),
            left: set(left),
            reading: Reading::Whole,
            signature: Signature::Absent,
        };
        SentFile { format, treatment: Treatment::Cleaned(washed) }
    };
    vec![
        told(Format::Jpeg, &[Trace::Place, Trace::Date, Trace::Device], &[]),
        told(Format::Pdf, &[Trace::Author, Trace::Words], &[Trace::History]),
    ]
}

fn thread(pages: &Pages, receipt: &Receipt, sent: bool) -> ThreadView {
    let message = |week: &str, lang: &str, text: &str| ThreadMessage {
        week: week.to_owned(),
        lang: lang.to_owned(),
        text: text.to_owned(),
    };
    ThreadView {
        receipt: Zeroizing::new(receipt.code()),
        seed: pages.new_seed(),
        stage: Stage::Assessing,
        with_outside_body: false,
        next: Some(pages.clock.today() + time::Duration::days(30)),
        week: pages.clock.iso_week(),
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
        findings: if sent { vec![Finding::EarlierNotShown(2)] } else { Vec::new() },
        sent,
        files: files(),
        ..ThreadView::empty()
    }
}
