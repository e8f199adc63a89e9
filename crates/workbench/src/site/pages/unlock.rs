//! Unlocking, locking, and signs of life.

use askama::Template;
use axum::{
    extract::State,
    http::{Method, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use secrecy::SecretString;

use super::start;
use crate::{
    files,
    keyfile::{InvestigatorKey, KeyError},
    sealed::OpenError,
    site::{
        Site,
        forms::Typed,
        frame::{Frame, START, Section, Visit, render},
        seat::Work,
        trouble::Trouble,
    },
};

#[derive(Template)]
#[template(path = "unlock.html")]
struct Page {
    frame: Frame,
    asked: Asked,
    /// Where the key lies, for whoever has to begin anew.
    folder: String,
}

/// What the page is shown for.
#[derive(Default)]
pub(crate) struct Asked {
    /// Where to go on.
    to: String,
    wrong: Option<String>,
    /// Something was sent while it was locked, and was not done.
    lost: bool,
    /// What was written there is kept.
    kept: bool,
}

impl Asked {
    /// For a request that came while it was locked.
    pub(crate) fn of(visit: &Visit, method: &Method) -> Self {
        if method == Method::GET {
            Self::to(visit, &visit.path)
        } else {
            Self { lost: true, ..Self::default() }
        }
    }

    /// For somebody who wants to go on there.
    pub(crate) fn to(visit: &Visit, path: &str) -> Self {
        Self { to: path.to_owned(), kept: visit.site.drafts.has(path), ..Self::default() }
    }
}

/// Asks for the passphrase.
pub(crate) fn page(visit: &Visit, asked: Asked, status: StatusCode) -> Response {
    let folder = visit.site.home.dir().display().to_string();
    render(
        status,
        &Page { frame: Frame::new(visit.clone(), "unlock-title", Section::Nowhere), asked, folder },
    )
}

/// Opens the key file and signs in.
pub(super) async fn unlock(visit: Visit, typed: Typed) -> Result<Response, Trouble> {
    let site = &visit.site;
    let to = typed.path("to");
    let again = |wrong: &str| {
        let asked = Asked { wrong: Some(visit.words().get(wrong)), ..Asked::to(&visit, to) };
        Ok(page(&visit, asked, StatusCode::FORBIDDEN))
    };
    let key = match open_key(site, typed.get("passphrase")).await {
        Ok(key) => key,
        Err(KeyError::Sealed(OpenError::WrongPassphrase)) => return again("unlock-wrong"),
        Err(_) => return again("unlock-no-key"),
    };
    site.drafts.belong_to(&key);
    let mut work = Work::alone(key);
    let joined = if site.home.is_connected() {
        work.join(&site.home, site.clock.now()).await.map_err(Trouble::from)
    } else {
        Err(Trouble::lead(visit.at(START)))
    };
    // What is forged or rolled back ends here. That nobody answers, or not yet, is no reason to keep anybody from their own keys.
    if let Err(trouble) = joined.clone()
        && trouble.is_alarm()
    {
        return Err(trouble);
    }
    site.seat.unlock(work, site.clock.now()).await;
    match joined {
        Ok(()) => Ok(Redirect::to(&visit.at(to)).into_response()),
        Err(trouble) => start::waiting(visit, trouble, to).await,
    }
}

/// Opens the key file. Guessing is made expensive, so this takes its time.
pub(super) async fn open_key(site: &Site, passphrase: &str) -> Result<InvestigatorKey, KeyError> {
    let sealed = files::read(&site.home.key_path()).map_err(|_| KeyError::Malformed)?;
    let passphrase = SecretString::from(passphrase);
    let opened = tokio::task::spawn_blocking(move || InvestigatorKey::open(&sealed, &passphrase)).await;
    opened.unwrap_or(Err(KeyError::Malformed))
}

/// Wipes the keys, whatever comes along. What was being written is kept.
pub(super) async fn lock(visit: Visit, typed: Result<Typed, Response>) -> Response {
    let typed = typed.unwrap_or_default();
    let to = typed.path("page");
    visit.site.drafts.keep(to, &typed);
    visit.site.seat.lock().await;
    page(&visit, Asked::to(&visit, to), StatusCode::OK)
}

/// A sign of life from the script: somebody is reading or writing.
pub(super) async fn here(State(site): State<Site>) -> StatusCode {
    let now = site.clock.now();
    if !site.seat.is_open(now) {
        return StatusCode::UNAUTHORIZED;
    }
    site.seat.touch(now);
    StatusCode::NO_CONTENT
}
