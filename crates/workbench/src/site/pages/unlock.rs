//! Unlocking, locking, and signs of life.

use askama::Template;
use axum::{
    extract::{State, rejection::FormRejection},
    http::{Method, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use secrecy::SecretString;

use crate::{
    connection::Connection,
    files::{self, FileError},
    keyfile::{InvestigatorKey, KeyError},
    sealed::OpenError,
    site::{
        Site,
        forms::Typed,
        frame::{Frame, Section, Visit, render},
        trouble::Trouble,
    },
};

#[derive(Template)]
#[template(path = "unlock.html")]
struct Page {
    frame: Frame,
    asked: Asked,
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
    render(status, &Page { frame: Frame::new(visit.clone(), "unlock-title", Section::Nowhere), asked })
}

/// Opens the key file and signs in.
pub(super) async fn unlock(visit: Visit, typed: Typed) -> Result<Response, Trouble> {
    let site = &visit.site;
    let to = typed.path("to");
    let again = |wrong: &str| {
        let asked = Asked { wrong: Some(visit.words().get(wrong)), ..Asked::to(&visit, to) };
        Ok(page(&visit, asked, StatusCode::FORBIDDEN))
    };
    let sealed = match files::read(&site.home.key_path()) {
        Err(FileError::Missing(_)) => return again("unlock-no-key"),
        sealed => sealed?,
    };
    let passphrase = SecretString::from(typed.get("passphrase"));
    // Guessing is made expensive, so this takes its time.
    let opened = tokio::task::spawn_blocking(move || InvestigatorKey::open(&sealed, &passphrase)).await;
    let key = match opened {
        Ok(Ok(key)) => key,
        Ok(Err(KeyError::Sealed(OpenError::WrongPassphrase))) => return again("unlock-wrong"),
        Ok(Err(_)) | Err(_) => return again("unlock-no-key"),
    };
    let now = site.clock.now();
    site.drafts.belong_to(&key);
    let connection = Connection::open(site.home.clone(), key, now).await?;
    site.seat.unlock(connection, site.clock.now()).await;
    Ok(Redirect::to(&visit.at(to)).into_response())
}

/// Wipes the keys, whatever comes along. What was being written is kept.
pub(super) async fn lock(visit: Visit, typed: Result<Typed, FormRejection>) -> Response {
    let typed = typed.unwrap_or_default();
    let to = typed.path("page");
    visit.site.drafts.keep(to, &typed);
    visit.site.seat.lock().await;
    page(&visit, Asked::to(&visit, to), StatusCode::OK)
}

/// A sign of life from the script: somebody is reading or writing.
pub(super) async fn here(State(site): State<Site>) -> StatusCode {
    let now = site.clock.now();
    if !site.seat.is_open(now).await {
        return StatusCode::UNAUTHORIZED;
    }
    site.seat.touch(now);
    StatusCode::NO_CONTENT
}
