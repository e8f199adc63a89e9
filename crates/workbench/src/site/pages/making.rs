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
    passphrase::{New, Strength},
    start::only_without_key,
};
use crate::{
    backup::{self, BackupError},
    keyfile::{InvestigatorKey, KeyError},
    sealed::OpenError,
    site::{
        forms::{Typed, Wrong},
        frame::{Frame, START, Section, Visit, render},
        hard,
        seat::Work,
        trouble::Trouble,
    },
};

#[derive(Template)]
#[template(path = "make.html")]
struct Make {
    frame: Frame,
    handle: String,
    /// A passphrase for whoever has no idea of one.
    suggested: Zeroizing<String>,
    wrong: Wrong,
}

/// Asks for a handle and a passphrase.
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    only_without_key(&visit)?;
    Ok(make_page(visit, "", Wrong::default()))
}

fn make_page(visit: Visit, handle: &str, wrong: Wrong) -> Response {
    let suggested = New::suggest(visit.locale.code);
    let frame = Frame::new(visit, "start-title", Section::Nowhere);
    render(wrong.status(), &Make { frame, handle: handle.to_owned(), suggested, wrong })
}

/// Makes the keys.
pub(super) async fn make(visit: Visit, typed: Typed) -> Result<Response, Trouble> {
    only_without_key(&visit)?;
    let handle = typed.get("handle").trim().to_owned();
    let Ok(key) = InvestigatorKey::generate(&handle, &mut OsRng) else {
        let text = visit.words().get("make-handle-wrong");
        return Ok(make_page(visit, &handle, Wrong::at("handle", text)));
    };
    let passphrase = match New::read(&typed, &handle) {
        Ok(passphrase) => passphrase,
        Err(new) => {
            let wrong = new.wrong(visit.words());
            return Ok(make_page(visit, &handle, wrong));
        }
    };
    let work = visit.site.work;
    let (key, sealed) = hard(move || {
        let sealed = key.seal(&passphrase, work);
        (key, sealed)
    })
    .await?;
    visit.site.home.put_key(&sealed)?;
    begin(visit, key, "made").await
}

/// How good is what is being typed?
pub(super) async fn strength(visit: Visit, typed: Typed) -> Response {
    Json(Strength::of(&typed, visit.words())).into_response()
}

#[derive(Template)]
#[template(path = "restore.html")]
struct Restore {
    frame: Frame,
    text: Zeroizing<String>,
    wrong: Wrong,
}

/// Asks for the text of a sheet.
pub(super) async fn show_restore(visit: Visit) -> Result<Response, Trouble> {
    only_without_key(&visit)?;
    Ok(restore_page(visit, "", Wrong::default()))
}

fn restore_page(visit: Visit, text: &str, wrong: Wrong) -> Response {
    let frame = Frame::new(visit, "start-title", Section::Nowhere);
    render(wrong.status(), &Restore { frame, text: Zeroizing::new(text.to_owned()), wrong })
}

/// Takes the key from the sheet: a file, or what was typed.
pub(super) async fn restore(visit: Visit, typed: Typed) -> Result<Response, Trouble> {
    only_without_key(&visit)?;
    let text = Zeroizing::new(typed.some("file").unwrap_or_else(|| typed.get("sheet").to_owned()));
    let passphrase = SecretString::from(typed.get("passphrase"));
    let sheet = text.clone();
    let (sealed, key) = match hard(move || backup::restore(&sheet, &passphrase)).await? {
        Ok(restored) => restored,
        Err(error) => {
            let (field, what) = match error {
                BackupError::Key(KeyError::Sealed(OpenError::WrongPassphrase)) => {
                    ("passphrase", "restore-passphrase")
                }
                BackupError::Miscopied => ("sheet", "restore-miscopied"),
                _ => ("sheet", "restore-no-key"),
            };
            let text_of_it = visit.words().get(what);
            return Ok(restore_page(visit, &text, Wrong::at(field, text_of_it)));
        }
    };
    visit.site.home.put_key(&sealed)?;
    begin(visit, key, "restored").await
}

/// Unlocked with the new key, and on to what is next.
async fn begin(visit: Visit, key: InvestigatorKey, done: &str) -> Result<Response, Trouble> {
    visit.site.drafts.belong_to(&key);
    visit.site.seat.unlock(Work::alone(key), visit.site.clock.now()).await;
    Ok(visit.on(START, done))
}
