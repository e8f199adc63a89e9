//! `POST /{lang}/return`: a receipt opens its mailbox, in memory.

use axum::{
    body::{Body, to_bytes},
    extract::{Path, State},
    response::Response,
};
use envelope::receipt::{Receipt, ReceiptError};
use http::HeaderMap;
use reporter::Inbox;
use tokio::task::spawn_blocking;
use web::Locale;
use zeroize::Zeroizing;

use super::NotSent;
use crate::{
    api,
    app::App,
    form::{self, MAX_TOTAL, ReplyForm},
    pages::{ErrorKind, Held, ReturnProblem, ThreadView, return_page, thread_page},
};

/// Longest body with a receipt in it, in bytes: a whole note that is pasted whole, or a message that is being written; each byte of
/// it percent-encoded.
const BODY_BYTES: usize = 3 * MAX_TOTAL;

/// Shows the mailbox of a receipt; the same page whether there is nothing yet or never was. A mailbox that is damaged is
/// called so.
pub(super) async fn open(
    State(app): State<App>,
    Path(lang): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(locale) = app.pages.locale(&lang) else {
        return app.error_page("", ErrorKind::NotFound);
    };
    let mut typed = match read(body).await {
        Ok(typed) => typed,
        Err(refused) => return refused.page(&app, locale),
    };
    let receipt = Receipt::parse(&typed.receipt);
    let address = app.pages.address(&headers, &typed.visit, receipt.as_ref().ok());
    address.token().clone_into(&mut typed.visit);
    let page = page(&app, locale, &typed, receipt).await;
    app.pages.answer(locale, &address, page).await
}

async fn page(
    app: &App,
    locale: Locale,
    typed: &ReplyForm,
    receipt: Result<Receipt, ReceiptError>,
) -> Response {
    let shown = (typed.receipt.as_str(), typed.visit.as_str());
    if typed.receipt.trim().is_empty() {
        return return_page(&app.pages, locale, ("", &typed.visit), Some(ReturnProblem::Empty));
    }
    let receipt = match receipt {
        Ok(receipt) => receipt,
        Err(error) => {
            return return_page(&app.pages, locale, shown, Some(ReturnProblem::Mistyped(error)));
        }
    };
    match inbox(app, &receipt).await {
        Ok(Ok(inbox)) => {
            let code = Zeroizing::new(receipt.code());
            let mut view = ThreadView::of(&inbox, code, app.pages.new_seed());
            view.visit.clone_from(&typed.visit);
            view.go_on(typed);
            thread_page(&app.pages, locale, &view)
        }
        Ok(Err(problem)) => return_page(&app.pages, locale, shown, Some(problem)),
        Err(refused) => {
            let path = format!("/{}/return", locale.code);
            refused.holding(app, locale, &Held { path, fields: typed.carried(), takes_files: false })
        }
    }
}

/// The mailbox of a receipt, opened and checked; or whether nothing is laid out under it, or what is there is damaged.
pub(super) async fn inbox(app: &App, receipt: &Receipt) -> Result<Result<Inbox, ReturnProblem>, NotSent> {
    let sealed = api::look_up(app, &receipt.locator()).await?;
    let receipt = receipt.clone();
    let opened = spawn_blocking(move || Inbox::open(&receipt, &sealed)).await;
    Ok(opened
        .map_err(|_| NotSent::Broken)?
        .map_err(|error| if error.is_damage() { ReturnProblem::Damaged } else { ReturnProblem::Nothing }))
}

async fn read(body: Body) -> Result<ReplyForm, NotSent> {
    let body = to_bytes(body, BODY_BYTES).await.map_err(|_| NotSent::TooLarge)?;
    let mut typed = ReplyForm::default();
    for (name, value) in form::pairs(&body) {
        typed.set(&name, &Zeroizing::new(value)).map_err(|_| NotSent::TooLarge)?;
    }
    Ok(typed)
}
