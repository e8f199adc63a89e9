//! `POST /{lang}/return`: a receipt opens its mailbox, in memory.

use axum::{
    body::{Body, to_bytes},
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;
use protocol::receipt::{Receipt, ReceiptError};
use reporter::Inbox;
use tokio::task::spawn_blocking;
use web::Locale;
use zeroize::Zeroizing;

use super::SubmitError;
use crate::{
    form::{self, MAX_FORM_BYTES, ReplyForm},
    http_api,
    pages::{
        ConversationView, ErrorKind, ReceiptEntryError, RejectedForm, conversation_page,
        receipt_entry_page,
    },
    state::AppState,
};

/// Longest body with a receipt in it, in bytes: a whole note that is pasted whole, or a message
/// that is being written; each byte of it percent-encoded.
const MAX_BODY_BYTES: usize = 3 * MAX_FORM_BYTES;

/// Shows the mailbox of a receipt; the same page whether there is nothing yet or never was. A
/// mailbox that is damaged is called so.
pub(super) async fn open_mailbox(
    State(app): State<AppState>,
    Path(lang): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(locale) = app.pages.locale(&lang) else {
        return app.error_page("", ErrorKind::NotFound);
    };
    let mut typed = match read_form(body).await {
        Ok(typed) => typed,
        Err(refused) => return refused.into_page(&app, locale),
    };
    let receipt = Receipt::parse(&typed.receipt);
    let address = app.pages.answer_address(&headers, &typed.visit, receipt.as_ref().ok());
    address.token().clone_into(&mut typed.visit);
    let page = conversation_or_error_page(&app, locale, &typed, receipt).await;
    app.pages.save_and_redirect(locale, &address, page).await
}

async fn conversation_or_error_page(
    app: &AppState,
    locale: Locale,
    typed: &ReplyForm,
    receipt: Result<Receipt, ReceiptError>,
) -> Response {
    let shown = (typed.receipt.as_str(), typed.visit.as_str());
    if typed.receipt.trim().is_empty() {
        return receipt_entry_page(
            &app.pages,
            locale,
            ("", &typed.visit),
            Some(ReceiptEntryError::Empty),
        );
    }
    let receipt = match receipt {
        Ok(receipt) => receipt,
        Err(error) => {
            return receipt_entry_page(
                &app.pages,
                locale,
                shown,
                Some(ReceiptEntryError::InvalidReceipt(error)),
            );
        }
    };
    match open_inbox(app, &receipt).await {
        Ok(Ok(inbox)) => {
            let code = Zeroizing::new(receipt.code());
            let mut view = ConversationView::from_inbox(&inbox, code, app.pages.new_seed());
            view.visit.clone_from(&typed.visit);
            view.resume_draft(typed);
            conversation_page(&app.pages, locale, &view)
        }
        Ok(Err(problem)) => receipt_entry_page(&app.pages, locale, shown, Some(problem)),
        Err(refused) => {
            let path = format!("/{}/return", locale.code);
            refused.into_rejected_form_page(
                app,
                locale,
                &RejectedForm { path, fields: typed.hidden_fields(), accepts_files: false },
            )
        }
    }
}

/// The mailbox of a receipt, opened and checked; or whether nothing is laid out under it, or what
/// is there is damaged.
pub(super) async fn open_inbox(
    app: &AppState,
    receipt: &Receipt,
) -> Result<Result<Inbox, ReceiptEntryError>, SubmitError> {
    let sealed = http_api::load_mailbox_or_decoy(app, &receipt.locator()).await?;
    let receipt = receipt.clone();
    let opened = spawn_blocking(move || Inbox::open(&receipt, &sealed)).await;
    Ok(opened.map_err(|_| SubmitError::Internal)?.map_err(|error| {
        if error.is_damage() {
            ReceiptEntryError::MailboxCorrupt
        } else {
            ReceiptEntryError::NotFound
        }
    }))
}

async fn read_form(body: Body) -> Result<ReplyForm, SubmitError> {
    let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| SubmitError::TooLarge)?;
    let mut typed = ReplyForm::default();
    for (name, value) in form::parse_urlencoded(&body) {
        typed.set_field(&name, &Zeroizing::new(value)).map_err(|_| SubmitError::TooLarge)?;
    }
    Ok(typed)
}
