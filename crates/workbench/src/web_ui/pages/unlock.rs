//! Unlocking, locking, and the activity of the member.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
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
        forms::FormInput,
        key_session::{LockedMeanwhile, UnlockedKeys},
        layout::{NavSection, PageFrame, render},
        request::{PageRequest, START_PATH},
    },
};

#[derive(Template)]
#[template(path = "unlock.html")]
struct UnlockTemplate {
    frame: PageFrame,
    prompt: UnlockPrompt,
    /// The folder of the key, for a member who forgot the passphrase.
    folder: String,
}

/// The state of the page that asks for the passphrase.
#[derive(Default)]
pub(crate) struct UnlockPrompt {
    /// The path of the page that follows.
    return_path: String,
    wrong: Option<String>,
    /// Whether a form was sent to the locked workbench and is lost.
    form_lost: bool,
    /// Whether there is a draft of that page.
    draft_kept: bool,
}

impl UnlockPrompt {
    /// Returns the prompt after a form that was not stored.
    pub(crate) fn for_lost_form() -> Self {
        Self { form_lost: true, ..Self::default() }
    }

    /// Returns the prompt that leads to this page after the keys are unlocked.
    pub(crate) fn with_return_path(request: &PageRequest, path: &str) -> Self {
        Self {
            return_path: path.to_owned(),
            draft_kept: request.state.drafts.contains(path),
            ..Self::default()
        }
    }
}

/// Returns the page that asks for the passphrase.
pub(crate) fn unlock_page(
    request: &PageRequest,
    prompt: UnlockPrompt,
    status: StatusCode,
) -> Response {
    let folder = request.state.profile.dir().display().to_string();
    render(
        status,
        &UnlockTemplate {
            frame: PageFrame::new(request.clone(), "unlock-title", NavSection::None),
            prompt,
            folder,
        },
    )
}

/// Opens the key file and signs in.
pub(super) async fn unlock(request: PageRequest, form: FormInput) -> Result<Response, PageError> {
    let state = &request.state;
    let to = form.local_path("to");
    let again = |wrong: &str| {
        let prompt = UnlockPrompt {
            wrong: Some(request.catalog().get(wrong)),
            ..UnlockPrompt::with_return_path(&request, to)
        };
        Ok(unlock_page(&request, prompt, StatusCode::FORBIDDEN))
    };
    let attempt = state.key_session.begin_unlock();
    let opened = attempt.cancel_on_lock(decrypt_key(state, form.get("passphrase"))).await;
    let key = match opened {
        Ok(Ok(key)) => key,
        Ok(Err(KeyError::Decrypt(PassphraseDecryptError::WrongPassphrase))) => {
            return again("unlock-wrong");
        }
        Ok(Err(_)) => return again("unlock-no-key"),
        Err(LockedMeanwhile) => return Ok(locked_page(&request, to)),
    };
    state.drafts.set_owner(&key);
    let mut keys = UnlockedKeys::without_connection(key);
    let signed_in = if state.profile.is_connected() {
        let signing_in = keys.sign_in(&state.profile, state.clock.now());
        match attempt.cancel_on_lock(signing_in).await {
            Ok(signed_in) => signed_in.map_err(PageError::from),
            Err(LockedMeanwhile) => return Ok(locked_page(&request, to)),
        }
    } else {
        Err(PageError::redirect(request.url(START_PATH)))
    };
    // An integrity alert ends the sign-in. An unreachable case handler does not prevent the member
    // from using the own keys.
    if let Err(error) = signed_in.clone()
        && error.is_integrity_alert()
    {
        return Err(error);
    }
    if state.key_session.unlock(attempt, keys).await.is_err() {
        return Ok(locked_page(&request, to));
    }
    match signed_in {
        Ok(()) => Ok(Redirect::to(&request.url(to)).into_response()),
        Err(error) => onboarding::show_with_error(request, error, to).await,
    }
}

/// Returns the answer to a request during which the workbench was locked. It asks for the
/// passphrase, and leads to the page `to` then.
pub(super) fn locked_page(request: &PageRequest, to: &str) -> Response {
    unlock_page(request, UnlockPrompt::with_return_path(request, to), StatusCode::UNAUTHORIZED)
}

/// Opens the key file. This takes about a second, because the passphrase hash makes guessing
/// expensive.
///
/// # Errors
/// Returns an error if the passphrase is wrong or the file is unreadable.
pub(super) async fn decrypt_key(
    state: &UiState,
    passphrase: &str,
) -> Result<InvestigatorKey, KeyError> {
    let sealed = private_files::read(&state.profile.key_path()).map_err(|_| KeyError::Malformed)?;
    let passphrase = SecretString::from(passphrase);
    let opened =
        tokio::task::spawn_blocking(move || InvestigatorKey::open(&sealed, &passphrase)).await;
    opened.unwrap_or(Err(KeyError::Malformed))
}

/// Locks the workbench, also if the form is malformed. Stores the text that was being written.
pub(super) async fn lock(request: PageRequest, form: Result<FormInput, Response>) -> Response {
    let form = form.unwrap_or_default();
    let to = form.local_path("page");
    request.state.drafts.store(to, &form);
    request.state.key_session.lock().await;
    unlock_page(&request, UnlockPrompt::with_return_path(&request, to), StatusCode::OK)
}

/// Records activity that the script reports: the member reads or writes.
pub(super) async fn heartbeat(State(state): State<UiState>) -> StatusCode {
    if !state.key_session.is_unlocked() {
        return StatusCode::UNAUTHORIZED;
    }
    state.key_session.record_activity();
    StatusCode::NO_CONTENT
}
