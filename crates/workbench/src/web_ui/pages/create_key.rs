//! How a key comes into an empty folder: made, or back from its sheet.

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
};
use crate::{
    keys::{
        backup_sheet::{self, BackupError},
        key_file::{InvestigatorKey, KeyError},
        passphrase_encryption::PassphraseDecryptError,
    },
    web_ui::{
        error_page::PageError,
        extract::{NavSection, PageFrame, PageRequest, START_PATH, render},
        forms::{FormInput, InvalidField},
        key_session::UnlockedKeys,
        spawn_cpu_bound,
    },
};

#[derive(Template)]
#[template(path = "make.html")]
struct CreateKeyTemplate {
    frame: PageFrame,
    handle: String,
    /// A passphrase for whoever has no idea of one.
    suggested: Zeroizing<String>,
    wrong: InvalidField,
}

/// Asks for a handle and a passphrase.
pub(super) async fn show(visit: PageRequest) -> Result<Response, PageError> {
    ensure_no_key(&visit)?;
    Ok(create_key_page(visit, "", InvalidField::default()))
}

fn create_key_page(visit: PageRequest, handle: &str, wrong: InvalidField) -> Response {
    let suggested = PassphraseRejection::suggest(visit.locale.code);
    let frame = PageFrame::new(visit, "start-title", NavSection::None);
    render(
        wrong.status(),
        &CreateKeyTemplate { frame, handle: handle.to_owned(), suggested, wrong },
    )
}

/// Makes the keys.
pub(super) async fn create_key(
    visit: PageRequest,
    typed: FormInput,
) -> Result<Response, PageError> {
    ensure_no_key(&visit)?;
    let handle = typed.get("handle").trim().to_owned();
    let Ok(key) = InvestigatorKey::generate(&handle, &mut OsRng) else {
        let text = visit.catalog().get("make-handle-wrong");
        return Ok(create_key_page(visit, &handle, InvalidField::new("handle", text)));
    };
    let passphrase = match PassphraseRejection::parse(&typed, &handle) {
        Ok(passphrase) => passphrase,
        Err(new) => {
            let wrong = new.field_error(visit.catalog());
            return Ok(create_key_page(visit, &handle, wrong));
        }
    };
    let work = visit.state.scrypt_cost;
    let (key, sealed) = spawn_cpu_bound(move || {
        let sealed = key.seal(&passphrase, work);
        (key, sealed)
    })
    .await?;
    visit.state.profile.create_key(&sealed)?;
    begin_session(visit, key, "made").await
}

/// How good is what is being typed?
pub(super) async fn check_strength(visit: PageRequest, typed: FormInput) -> Response {
    Json(StrengthOutput::new(&typed, visit.catalog())).into_response()
}

#[derive(Template)]
#[template(path = "restore.html")]
struct RestoreKeyTemplate {
    frame: PageFrame,
    text: Zeroizing<String>,
    wrong: InvalidField,
}

/// Asks for the text of a sheet.
pub(super) async fn show_restore(visit: PageRequest) -> Result<Response, PageError> {
    ensure_no_key(&visit)?;
    Ok(restore_page(visit, "", InvalidField::default()))
}

fn restore_page(visit: PageRequest, text: &str, wrong: InvalidField) -> Response {
    let frame = PageFrame::new(visit, "start-title", NavSection::None);
    render(
        wrong.status(),
        &RestoreKeyTemplate { frame, text: Zeroizing::new(text.to_owned()), wrong },
    )
}

/// Takes the key from the sheet: a file, or what was typed.
pub(super) async fn restore(visit: PageRequest, typed: FormInput) -> Result<Response, PageError> {
    ensure_no_key(&visit)?;
    let text =
        Zeroizing::new(typed.non_empty("file").unwrap_or_else(|| typed.get("sheet").to_owned()));
    let passphrase = SecretString::from(typed.get("passphrase"));
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
                let text_of_it = visit.catalog().get(what);
                return Ok(restore_page(visit, &text, InvalidField::new(field, text_of_it)));
            }
        };
    visit.state.profile.create_key(&sealed)?;
    begin_session(visit, key, "restored").await
}

/// Unlocked with the new key, and on to what is next.
async fn begin_session(
    visit: PageRequest,
    key: InvestigatorKey,
    done: &str,
) -> Result<Response, PageError> {
    visit.state.drafts.set_owner(&key);
    visit
        .state
        .key_session
        .unlock(UnlockedKeys::without_connection(key), visit.state.clock.now())
        .await;
    Ok(visit.redirect_with_flash(START_PATH, done))
}
