//! `POST /{lang}/return`: opens the mailbox of a receipt, in memory.

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
    admission::body_timeout::retryable_body_error,
    form::{MAX_FORM_BYTES, ReplyForm, parse_urlencoded},
    http_api,
    pages::{
        ConversationView, ErrorKind, LANGUAGE_ACTION, ReceiptEntryError, RejectedForm,
        conversation_page, receipt_entry_page_with_draft,
    },
    state::AppState,
};

/// Maximum length of a body in bytes: a pasted note with a receipt, or a draft of a message, with
/// each byte percent-encoded.
const MAX_BODY_BYTES: usize = 3 * MAX_FORM_BYTES;

/// Shows the mailbox of a receipt. The page is the same for a mailbox that does not exist yet and
/// for one that never existed. A corrupt mailbox is reported as corrupt.
pub(super) async fn open_mailbox(
    State(app): State<AppState>,
    Path(lang): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(locale) = app.pages.locale(&lang) else {
        return app.error_page("", ErrorKind::NotFound);
    };
    let mut form = match read_form(body).await {
        Ok(form) => form,
        Err(error) => return error.into_page(&app, locale),
    };
    form.take_nearest_word();
    let receipt = Receipt::parse(&form.receipt);
    let address = app.pages.answer_address(&headers, &form.visit, receipt.as_ref().ok());
    address.token().clone_into(&mut form.visit);
    let page = conversation_or_error_page(&app, locale, &mut form, receipt).await;
    app.pages.save_and_redirect(locale, &address, page).await
}

async fn conversation_or_error_page(
    app: &AppState,
    locale: Locale,
    form: &mut ReplyForm,
    receipt: Result<Receipt, ReceiptError>,
) -> Response {
    let entry_page = |typed: &str, problem| {
        let shown = (typed, form.visit.as_str());
        receipt_entry_page_with_draft(
            &app.pages,
            locale,
            shown,
            problem,
            (&form.message, form.facts()),
        )
    };
    if form.action == LANGUAGE_ACTION {
        return entry_page(&form.receipt, None);
    }
    if form.receipt.trim().is_empty() {
        return entry_page("", Some(ReceiptEntryError::Empty));
    }
    let receipt = match receipt {
        Ok(receipt) => receipt,
        Err(error) => {
            return entry_page(&form.receipt, Some(ReceiptEntryError::InvalidReceipt(error)));
        }
    };
    match open_inbox(app, &receipt).await {
        Ok(Ok(mut inbox)) => {
            let code = Zeroizing::new(receipt.code());
            let mut view = ConversationView::from_inbox(&inbox, code, app.pages.new_seed());
            view.visit.clone_from(&form.visit);
            view.show_own_copy(&receipt, &mut inbox, form, None);
            view.resume_draft(form);
            conversation_page(&app.pages, locale, &view)
        }
        Ok(Err(problem)) => entry_page(&form.receipt, Some(problem)),
        Err(error) => {
            let path = format!("/{}/return", locale.code);
            error.into_rejected_form_page(
                app,
                locale,
                &RejectedForm { path, fields: form.hidden_fields(), accepts_files: false },
            )
        }
    }
}

/// Opens and verifies the mailbox of a receipt. The inner error says that no mailbox exists, or
/// that it is corrupt.
///
/// # Errors
/// If the spool fails.
pub(super) async fn open_inbox(
    app: &AppState,
    receipt: &Receipt,
) -> Result<Result<Inbox, ReceiptEntryError>, SubmitError> {
    let sealed = http_api::load_mailbox_or_decoy(app, &receipt.locator()).await?;
    let receipt = receipt.clone();
    let newest = app.directory_cache.latest();
    let opened = spawn_blocking(move || {
        Inbox::open(&receipt, &sealed, newest.as_ref().map(|newest| &newest.directory))
    })
    .await;
    Ok(opened.map_err(|_| SubmitError::Internal)?.map_err(|error| {
        if error.is_damage() {
            ReceiptEntryError::MailboxCorrupt
        } else {
            ReceiptEntryError::NotFound
        }
    }))
}

/// Reads a form without files.
///
/// # Errors
/// If the body is too long, too slow, or has too many fields.
pub(super) async fn read_form(body: Body) -> Result<ReplyForm, SubmitError> {
    let body =
        to_bytes(body, MAX_BODY_BYTES).await.map_err(|error| {
            match retryable_body_error(&error) {
                Some(_) => SubmitError::Busy,
                None => SubmitError::TooLarge,
            }
        })?;
    let mut form = ReplyForm::default();
    for (name, value) in parse_urlencoded(&body) {
        form.set_field(&name, &Zeroizing::new(value)).map_err(|_| SubmitError::TooLarge)?;
    }
    Ok(form)
}
