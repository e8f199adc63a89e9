//! The change of the passphrase, and the rules for a new one.

use askama::Template;
use axum::response::Response;
use rand::rngs::OsRng;
use secrecy::SecretString;
use serde::Serialize;
use web::MessageCatalog;
use zeroize::Zeroizing;

use super::unlock::decrypt_key;
use crate::{
    keys::{
        key_file::KeyError,
        passphrase_encryption::{PassphraseDecryptError, normalize_passphrase},
        passphrase_strength::{self, WeakPassphrase},
    },
    web_ui::{
        error_page::PageError,
        extract::UnlockedSession,
        forms::{FormInput, InvalidField},
        layout::{PageFrame, render},
        spawn_cpu_bound,
    },
};

/// Why a new passphrase is rejected.
pub(super) enum PassphraseRejection {
    Weak(WeakPassphrase),
    /// The two entries differ.
    Mismatch,
}

impl PassphraseRejection {
    /// Returns the passphrase of a form.
    ///
    /// # Errors
    /// Returns why it is rejected: it is weak, or the two entries differ.
    pub(super) fn parse(form: &FormInput, handle: &str) -> Result<SecretString, Self> {
        let passphrase = form.get("new");
        passphrase_strength::check_passphrase(passphrase, &[handle]).map_err(Self::Weak)?;
        if normalize_passphrase(passphrase) == normalize_passphrase(form.get("again")) {
            Ok(SecretString::from(passphrase))
        } else {
            Err(Self::Mismatch)
        }
    }

    /// Returns the message for the form.
    pub(super) fn field_error(&self, catalog: &MessageCatalog) -> InvalidField {
        match self {
            Self::Weak(weak) => InvalidField::new("new", catalog.get(weakness_key(*weak))),
            Self::Mismatch => InvalidField::new("again", catalog.get("passphrase-differ")),
        }
    }

    /// Returns random words as a suggestion.
    pub(super) fn suggest(lang: &str) -> Zeroizing<String> {
        passphrase_strength::suggest_passphrase(lang, &mut OsRng)
    }
}

fn weakness_key(weak: WeakPassphrase) -> &'static str {
    match weak {
        WeakPassphrase::TooShort => "passphrase-short",
        WeakPassphrase::Guessable => "passphrase-guessable",
    }
}

/// The strength of a passphrase, which the script shows while the member types it.
#[derive(Serialize)]
pub(super) struct StrengthOutput {
    /// 1 to 4.
    level: u8,
    text: String,
}

impl StrengthOutput {
    pub(super) fn new(form: &FormInput, catalog: &MessageCatalog) -> Self {
        let (level, key) =
            match passphrase_strength::check_passphrase(form.get("new"), &[form.get("handle")]) {
                Err(WeakPassphrase::TooShort) => (1, "strength-short"),
                Err(WeakPassphrase::Guessable) => (2, "strength-guessable"),
                Ok(passphrase_strength::PassphraseStrength::Good) => (3, "strength-good"),
                Ok(passphrase_strength::PassphraseStrength::Strong) => (4, "strength-great"),
            };
        Self { level, text: catalog.get(key) }
    }
}

#[derive(Template)]
#[template(path = "passphrase.html")]
struct PassphraseTemplate {
    frame: PageFrame,
    suggested: Zeroizing<String>,
    wrong: InvalidField,
}

pub(super) async fn show(session: UnlockedSession) -> Response {
    passphrase_page(&session, InvalidField::default())
}

fn passphrase_page(session: &UnlockedSession, wrong: InvalidField) -> Response {
    let frame = session.frame("keys-title");
    let suggested = PassphraseRejection::suggest(frame.code());
    render(wrong.status(), &PassphraseTemplate { frame, suggested, wrong })
}

/// Encrypts the key with the new passphrase. It requires the old one, because another person could
/// use an unlocked screen.
pub(super) async fn change(
    session: UnlockedSession,
    form: FormInput,
) -> Result<Response, PageError> {
    let new = match PassphraseRejection::parse(&form, session.keys.key.handle()) {
        Ok(new) => new,
        Err(rejection) => {
            let wrong = rejection.field_error(session.request.catalog());
            return Ok(passphrase_page(&session, wrong));
        }
    };
    let state = session.request.state.clone();
    let key = match decrypt_key(&state, form.get("old")).await {
        Ok(key) => key,
        Err(KeyError::Decrypt(PassphraseDecryptError::WrongPassphrase)) => {
            let text = session.request.catalog().get("passphrase-old-wrong");
            return Ok(passphrase_page(&session, InvalidField::new("old", text)));
        }
        Err(error) => return Err(error.into()),
    };
    let scrypt_cost = state.scrypt_cost;
    let sealed = spawn_cpu_bound(move || key.seal(&new, scrypt_cost)).await?;
    state.profile.replace_key(&sealed)?;
    Ok(session.redirect_with_flash("passphrase"))
}
