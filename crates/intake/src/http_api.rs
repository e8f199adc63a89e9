//! The HTTP interface for programs. It accepts sealed reports and returns sealed mailboxes; the
//! intake cannot read either.

use std::{collections::BTreeMap, sync::LazyLock};

use age_hybrid::{MAX_HEADER_LEN, has_hybrid_header};
use axum::{
    Extension, Json, Router,
    body::{Body, to_bytes},
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::StreamExt;
use http::{HeaderMap, StatusCode, header};
use protocol::encoding::canonical::iso_week;
use protocol::{
    Hash,
    encoding::size_classes,
    receipt::{Locator, word_list},
};
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use web::Locale;

use crate::{
    admission::{AdmissionPermit, body_timeout::retryable_body_error},
    precompressed::{Precompressed, REVALIDATED},
    problem::Problem,
    state::AppState,
    store::StoreError,
};

/// Maximum bytes of a request for a mailbox.
const MAX_REQUEST_BYTES: usize = 1024;

/// Returns the routes `/api/reports`, `/api/mailbox`, `/directory.json`, `/directory.sig`,
/// `/directory.trust` and `/words/{lang}`.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/reports", post(submit))
        .route("/api/mailbox", post(mailbox))
        .route("/directory.json", get(directory))
        .route("/directory.sig", get(signatures))
        .route("/directory.trust", get(trust))
        .route("/words/{lang}", get(serve_word_list))
}

/// The response to a submission that was stored.
#[derive(Serialize)]
struct SubmitResponse {
    /// The last day for the first answer to a report, as `YYYY-MM-DD`, or `null` if it is not known
    /// yet. It is the same for the same bytes.
    answer: Option<String>,
}

/// Stores a submission. Status 201 means that it is durable. Sending the same bytes again returns
/// 201 again.
async fn submit(
    State(app): State<AppState>,
    admission: Option<Extension<AdmissionPermit>>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<SubmitResponse>), Problem> {
    const INVALID_LENGTH: Problem =
        Problem::bad_request("invalid length: a submission has the length of a size class");
    const NOT_SEALED: Problem = Problem::bad_request(
        "not a sealed submission: expected an age file with exactly one mlkem768x25519 recipient; nothing was stored",
    );
    let announced: u64 = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .filter(|length| size_classes::is_size_class(*length))
        .ok_or(INVALID_LENGTH)?;
    let reserved =
        admission.map(|Extension(admission)| admission.reserve_storage(&app.store, announced));
    let mut reserved = reserved.transpose().map_err(|error| {
        app.counters.record_rejected();
        Problem::from(error)
    })?;
    let mut deposit = app.store.begin_submission(iso_week(app.clock.today()), &mut OsRng);
    let mut bytes = body.into_data_stream();
    // The first bytes are buffered until they contain a complete header, so that no unsealed data
    // is stored.
    let mut unchecked = Some(Vec::with_capacity(MAX_HEADER_LEN));
    while let Some(bytes) = bytes.next().await {
        let bytes = bytes.map_err(|error| match retryable_body_error(&error) {
            Some(_) => Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "request body timeout: nothing was stored; retry",
            ),
            None => Problem::bad_request("incomplete submission: nothing was stored"),
        })?;
        if let Some(first) = &mut unchecked {
            first.extend_from_slice(&bytes);
            if first.len() < MAX_HEADER_LEN {
                continue;
            }
            if !has_hybrid_header(first) {
                return Err(NOT_SEALED);
            }
        }
        let first = unchecked.take();
        let received = first.as_deref().unwrap_or(&bytes);
        if let Some(reserved) = &mut reserved {
            reserved.admit(received.len() as u64).map_err(|error| {
                app.counters.record_rejected();
                Problem::from(error)
            })?;
        }
        deposit.write(received).await.map_err(|error| app.record_store_error(error))?;
    }
    if deposit.length() != announced {
        return Err(INVALID_LENGTH);
    }
    let digest = deposit.digest();
    deposit.commit().await.map_err(|error| app.record_store_error(error))?;
    app.counters.record_submitted();
    if let Some(reserved) = reserved {
        reserved.commit(announced);
    }
    let answer = app.pages.first_answer_date_of(digest).map(|day| day.to_string());
    Ok((StatusCode::CREATED, Json(SubmitResponse { answer })))
}

#[derive(Deserialize)]
struct MailboxRequest<'a> {
    locator: &'a str,
}

/// Returns a mailbox, or a decoy of the same form: always status 200 and 32 KiB.
async fn mailbox(State(app): State<AppState>, body: Body) -> Result<Response, Problem> {
    const INVALID_REQUEST: Problem = Problem::bad_request(
        "invalid mailbox request: expected {\"locator\": 43 characters of base64url}",
    );
    let body = to_bytes(body, MAX_REQUEST_BYTES).await.map_err(|_| INVALID_REQUEST)?;
    let request: MailboxRequest<'_> = serde_json::from_slice(&body).map_err(|_| INVALID_REQUEST)?;
    let locator = Hash::parse(request.locator).ok_or(INVALID_REQUEST)?;
    let sealed = load_mailbox_or_decoy(&app, &Locator(locator.0))
        .await
        .map_err(|error| app.record_store_error(error))?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], sealed).into_response())
}

/// Returns the mailbox, or its decoy if there is none. The decoy is computed in both cases, so that
/// the two take the same time.
///
/// # Errors
/// Fails if the store cannot be read.
pub async fn load_mailbox_or_decoy(
    app: &AppState,
    locator: &Locator,
) -> Result<Vec<u8>, StoreError> {
    let id = locator.mailbox_id();
    let (found, generation) = app.store.find_mailbox(&id).await?;
    let decoy = app.decoys.decoy_for(&id, generation);
    Ok(found.unwrap_or(decoy))
}

const NO_DIRECTORY: Problem = Problem::unavailable("no valid directory: reports cannot be sealed");

/// Returns the directory, byte for byte as it is signed. A browser may store it, and uses it again
/// only if this service confirms in the same visit that it is the newest one.
async fn directory(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let served = app.directory_cache.served(app.clock.today()).ok_or(NO_DIRECTORY)?;
    Ok(served.document.response(&headers, REVALIDATED).await)
}

async fn signatures(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let served = app.directory_cache.served(app.clock.today()).ok_or(NO_DIRECTORY)?;
    Ok(served.signatures.response(&headers, REVALIDATED).await)
}

/// Returns the trusted root keys as JSON. A visitor compares their fingerprint with the one on a
/// poster.
async fn trust(State(app): State<AppState>, headers: HeaderMap) -> Response {
    app.directory_cache.served_trust().response(&headers, REVALIDATED).await
}

/// The word lists by language of the pages.
static WORD_LISTS: LazyLock<BTreeMap<&str, Precompressed>> = LazyLock::new(|| {
    let served = |locale: &Locale| {
        Precompressed::new("text/plain; charset=utf-8", word_list(locale.code).join("\n"))
    };
    Locale::ALL.iter().map(|locale| (locale.code, served(locale))).collect()
});

/// Returns the 2,048 words in which receipts are spelled in a language of the pages, one per line.
/// The script loads the list of its language for every visitor of the form, so that a stored list
/// does not show that its user has a receipt.
async fn serve_word_list(Path(lang): Path<String>, headers: HeaderMap) -> Response {
    match WORD_LISTS.get(&*lang) {
        Some(list) => list.response(&headers, WORDS_CACHED).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// As long as a directory is valid. A browser that uses an older list fetches it again, because its
/// hash is not in the manifest.
const WORDS_CACHED: &str = "public, max-age=2592000";

/// Compresses what is the same for all visitors, so that none of them waits for it.
pub async fn compress_static(app: &AppState) {
    app.pages.compress_program().await;
    app.directory_cache.served_trust().compress().await;
    if let Some(served) = app.directory_cache.served(app.clock.today()) {
        served.document.compress().await;
        served.signatures.compress().await;
    }
    for list in WORD_LISTS.values() {
        list.compress().await;
    }
}
