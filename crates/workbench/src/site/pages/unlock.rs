//! Unlocking, locking, and signs of life.

use askama::Template;
use axum::{
    extract::State,
    http::{Method, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use secrecy::SecretString;
use uuid::Uuid;

use super::{messages, messages::Draft, notes};
use crate::{
    connection::Connection,
    files::{self, FileError},
    keyfile::{InvestigatorKey, KeyError},
    sealed::OpenError,
    site::{
        Site,
        forms::Typed,
        frame::{AtWork, Frame, Section, Visit, render},
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
    /// What was written there.
    kept: Vec<(String, String)>,
}

impl Asked {
    /// For a request that came while it was locked.
    pub(crate) fn of(visit: &Visit, method: &Method) -> Self {
        let reads = method == Method::GET;
        let to = if reads { visit.path.clone() } else { String::new() };
        Self { to, lost: !reads, ..Self::default() }
    }

    /// The same, with what was written on the page that is gone on to.
    pub(crate) fn keeping(self, to: &str, written: &[(&str, &str)]) -> Self {
        let kept = written.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned()));
        Self { to: to.to_owned(), kept: kept.collect(), ..self }
    }

    fn again(typed: &Typed, to: &str, wrong: String) -> Self {
        let kept = KEPT.iter().filter_map(|field| Some(((*field).to_owned(), typed.some(field)?)));
        Self { to: to.to_owned(), wrong: Some(wrong), lost: false, kept: kept.collect() }
    }
}

/// Fields that are kept while it is locked.
const KEPT: [&str; 4] = ["text", "lang", "kind", "purpose"];

/// Asks for the passphrase.
pub(crate) fn page(visit: &Visit, asked: Asked, status: StatusCode) -> Response {
    render(status, &Page { frame: Frame::new(visit.clone(), "unlock-title", Section::Nowhere), asked })
}

/// Opens the key file and signs in.
pub(super) async fn unlock(visit: Visit, typed: Typed) -> Result<Response, Trouble> {
    let site = &visit.site;
    let to = Some(typed.get("to")).filter(|to| is_path(to)).unwrap_or_default().to_owned();
    let again = |wrong: &str| {
        let asked = Asked::again(&typed, &to, visit.words().get(wrong));
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
    let connection = Connection::open(site.home.clone(), key, now).await?;
    site.seat.unlock(connection, site.clock.now()).await;
    match written_before(&to) {
        Some((page, id)) if typed.has("text") => {
            let Ok(mut at) = AtWork::begin(visit.elsewhere(&to)).await? else {
                return Err(Trouble::nowhere());
            };
            match page {
                "notes" => notes::with_draft(&mut at, id, &typed).await,
                _ => messages::with_draft(&mut at, id, Draft::kept(&typed)).await,
            }
        }
        _ => Ok(Redirect::to(&visit.at(&to)).into_response()),
    }
}

/// The page of a case on which a text was being written.
fn written_before(to: &str) -> Option<(&str, Uuid)> {
    let (id, page) = to.strip_prefix("/case/")?.split_once('/')?;
    Some((page, id.parse().ok()?)).filter(|(page, _)| ["messages", "notes"].contains(page))
}

/// Wipes the keys.
pub(super) async fn lock(visit: Visit) -> Response {
    visit.site.seat.lock().await;
    page(&visit, Asked::default(), StatusCode::OK)
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

/// A path of our own pages, which hold no other characters.
fn is_path(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-');
    text.starts_with('/') && text.chars().all(plain)
}
