//! Unlocking, locking, and signs of life.

use askama::Template;
use axum::{
    extract::State,
    http::{Method, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use secrecy::SecretString;

use super::onboarding;
use crate::{
    keys::{
        key_file::{InvestigatorKey, KeyError},
        passphrase_encryption::PassphraseDecryptError,
    },
    private_files,
    web_ui::{
        UiState,
        error_page::PageError,
        extract::{NavSection, PageFrame, PageRequest, START_PATH, render},
        forms::FormInput,
        key_session::UnlockedKeys,
    },
};

#[derive(Template)]
#[template(path = "unlock.html")]
struct UnlockTemplate {
    frame: PageFrame,
    asked: UnlockPrompt,
    /// Where the key lies, for whoever has to begin anew.
    folder: String,
}

/// What the page is shown for.
#[derive(Default)]
pub(crate) struct UnlockPrompt {
    /// Where to go on.
    return_path: String,
    wrong: Option<String>,
    /// Something was sent while it was locked, and was not done.
    form_lost: bool,
    /// What was written there is kept.
    draft_kept: bool,
}

impl UnlockPrompt {
    /// For a request that came while it was locked.
    pub(crate) fn for_request(visit: &PageRequest, method: &Method) -> Self {
        if method == Method::GET {
            Self::with_return_path(visit, &visit.path)
        } else {
            Self { form_lost: true, ..Self::default() }
        }
    }

    /// For somebody who wants to go on there.
    pub(crate) fn with_return_path(visit: &PageRequest, path: &str) -> Self {
        Self {
            return_path: path.to_owned(),
            draft_kept: visit.state.drafts.contains(path),
            ..Self::default()
        }
    }
}

/// Asks for the passphrase.
pub(crate) fn unlock_page(
    visit: &PageRequest,
    asked: UnlockPrompt,
    status: StatusCode,
) -> Response {
    let folder = visit.state.profile.dir().display().to_string();
    render(
        status,
        &UnlockTemplate {
            frame: PageFrame::new(visit.clone(), "unlock-title", NavSection::None),
            asked,
            folder,
        },
    )
}

/// Opens the key file and signs in.
pub(super) async fn unlock(visit: PageRequest, typed: FormInput) -> Result<Response, PageError> {
    let site = &visit.state;
    let to = typed.local_path("to");
    let again = |wrong: &str| {
        let asked = UnlockPrompt {
            wrong: Some(visit.catalog().get(wrong)),
            ..UnlockPrompt::with_return_path(&visit, to)
        };
        Ok(unlock_page(&visit, asked, StatusCode::FORBIDDEN))
    };
    let key = match decrypt_key(site, typed.get("passphrase")).await {
        Ok(key) => key,
        Err(KeyError::Decrypt(PassphraseDecryptError::WrongPassphrase)) => {
            return again("unlock-wrong");
        }
        Err(_) => return again("unlock-no-key"),
    };
    site.drafts.set_owner(&key);
    let mut work = UnlockedKeys::without_connection(key);
    let joined = if site.profile.is_connected() {
        work.sign_in(&site.profile, site.clock.now()).await.map_err(PageError::from)
    } else {
        Err(PageError::redirect(visit.url(START_PATH)))
    };
    // What is forged or rolled back ends here. That nobody answers, or not yet, is no reason to
    // keep anybody from their own keys.
    if let Err(trouble) = joined.clone()
        && trouble.is_integrity_alert()
    {
        return Err(trouble);
    }
    site.key_session.unlock(work, site.clock.now()).await;
    match joined {
        Ok(()) => Ok(Redirect::to(&visit.url(to)).into_response()),
        Err(trouble) => onboarding::show_with_error(visit, trouble, to).await,
    }
}

/// Opens the key file. Guessing is made expensive, so this takes its time.
pub(super) async fn decrypt_key(
    site: &UiState,
    passphrase: &str,
) -> Result<InvestigatorKey, KeyError> {
    let sealed = private_files::read(&site.profile.key_path()).map_err(|_| KeyError::Malformed)?;
    let passphrase = SecretString::from(passphrase);
    let opened =
        tokio::task::spawn_blocking(move || InvestigatorKey::open(&sealed, &passphrase)).await;
    opened.unwrap_or(Err(KeyError::Malformed))
}

/// Wipes the keys, whatever comes along. What was being written is kept.
pub(super) async fn lock(visit: PageRequest, typed: Result<FormInput, Response>) -> Response {
    let typed = typed.unwrap_or_default();
    let to = typed.local_path("page");
    visit.state.drafts.store(to, &typed);
    visit.state.key_session.lock().await;
    unlock_page(&visit, UnlockPrompt::with_return_path(&visit, to), StatusCode::OK)
}

/// A sign of life from the script: somebody is reading or writing.
pub(super) async fn heartbeat(State(site): State<UiState>) -> StatusCode {
    let now = site.clock.now();
    if !site.key_session.is_unlocked(now) {
        return StatusCode::UNAUTHORIZED;
    }
    site.key_session.record_activity(now);
    StatusCode::NO_CONTENT
}
