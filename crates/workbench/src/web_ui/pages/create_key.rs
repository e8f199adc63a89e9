//! The creation of a key in an empty folder, or its restoration from a backup sheet.

use askama::Template;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use rand::rngs::OsRng;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{
    onboarding::ensure_no_key,
    passphrase::{PassphraseRejection, StrengthOutput},
    unlock::locked_page,
};
use crate::{
    keys::{
        backup_sheet::{self, BackupError},
        key_file::{InvestigatorKey, KeyError},
        passphrase_encryption::PassphraseDecryptError,
    },
    web_ui::{
        error_page::PageError,
        forms::{FormInput, InvalidField},
        key_session::{LockedMeanwhile, UnlockAttempt, UnlockedKeys},
        layout::{NavSection, PageFrame, render},
        request::{PageRequest, START_PATH},
        spawn_cpu_bound,
    },
};

#[derive(Template)]
#[template(path = "create-key.html")]
struct CreateKeyTemplate {
    frame: PageFrame,
    handle: String,
    /// A suggested passphrase.
    suggested: Zeroizing<String>,
    wrong: InvalidField,
}

/// Shows the form for a handle and a passphrase.
pub(super) async fn show(request: PageRequest) -> Result<Response, PageError> {
    ensure_no_key(&request)?;
    Ok(create_key_page(request, "", InvalidField::default()))
}

fn create_key_page(request: PageRequest, handle: &str, wrong: InvalidField) -> Response {
    let suggested = PassphraseRejection::suggest(request.locale.code);
    let frame = PageFrame::new(request, "start-title", NavSection::None);
    render(
        wrong.status(),
        &CreateKeyTemplate { frame, handle: handle.to_owned(), suggested, wrong },
    )
}

/// Creates the keys.
pub(super) async fn create_key(
    request: PageRequest,
    form: FormInput,
) -> Result<Response, PageError> {
    ensure_no_key(&request)?;
    let attempt = request.state.key_session.begin_unlock();
    let handle = form.get("handle").trim().to_owned();
    let Ok(key) = InvestigatorKey::generate(&handle, &mut OsRng) else {
        let text = request.catalog().get("make-handle-wrong");
        return Ok(create_key_page(request, &handle, InvalidField::new("handle", text)));
    };
    let passphrase = match PassphraseRejection::parse(&form, &handle) {
        Ok(passphrase) => passphrase,
        Err(rejection) => {
            let wrong = rejection.field_error(request.catalog());
            return Ok(create_key_page(request, &handle, wrong));
        }
    };
    let scrypt_cost = request.state.scrypt_cost;
    let (key, sealed) = spawn_cpu_bound(move || {
        let sealed = key.seal(&passphrase, scrypt_cost);
        (key, sealed)
    })
    .await?;
    request.state.profile.create_key(&sealed)?;
    Ok(begin_session(request, attempt, key, "made").await)
}

/// Returns the strength of the passphrase that is being typed.
pub(super) async fn check_strength(request: PageRequest, form: FormInput) -> Response {
    Json(StrengthOutput::new(&form, request.catalog())).into_response()
}

#[derive(Template)]
#[template(path = "restore-key.html")]
struct RestoreKeyTemplate {
    frame: PageFrame,
    text: Zeroizing<String>,
    wrong: InvalidField,
}

/// Shows the form for the text of a sheet.
pub(super) async fn show_restore(request: PageRequest) -> Result<Response, PageError> {
    ensure_no_key(&request)?;
    Ok(restore_page(request, "", InvalidField::default()))
}

fn restore_page(request: PageRequest, text: &str, wrong: InvalidField) -> Response {
    let frame = PageFrame::new(request, "start-title", NavSection::None);
    render(
        wrong.status(),
        &RestoreKeyTemplate { frame, text: Zeroizing::new(text.to_owned()), wrong },
    )
}

/// Restores the key from the sheet, which is a file or typed text.
pub(super) async fn restore(request: PageRequest, form: FormInput) -> Result<Response, PageError> {
    ensure_no_key(&request)?;
    let attempt = request.state.key_session.begin_unlock();
    let text =
        Zeroizing::new(form.non_empty("file").unwrap_or_else(|| form.get("sheet").to_owned()));
    let passphrase = SecretString::from(form.get("passphrase"));
    let sheet = text.clone();
    let (sealed, key) =
        match spawn_cpu_bound(move || backup_sheet::restore(&sheet, &passphrase)).await? {
            Ok(restored) => restored,
            Err(error) => {
                let (field, what) = match error {
                    BackupError::Key(KeyError::Decrypt(
                        PassphraseDecryptError::WrongPassphrase,
                    )) => ("passphrase", "restore-passphrase"),
                    BackupError::DamagedCopy => ("sheet", "restore-miscopied"),
                    _ => ("sheet", "restore-no-key"),
                };
                let message = request.catalog().get(what);
                return Ok(restore_page(request, &text, InvalidField::new(field, message)));
            }
        };
    request.state.profile.create_key(&sealed)?;
    Ok(begin_session(request, attempt, key, "restored").await)
}

/// Begins an unlocked session with the new key, and leads to the first steps.
async fn begin_session(
    request: PageRequest,
    attempt: UnlockAttempt,
    key: InvestigatorKey,
    done: &str,
) -> Response {
    let state = &request.state;
    state.drafts.set_owner(&key);
    let keys = UnlockedKeys::without_connection(key);
    match state.key_session.unlock(attempt, keys).await {
        Ok(()) => request.redirect_with_flash(START_PATH, done),
        Err(LockedMeanwhile) => locked_page(&request, START_PATH),
    }
}
