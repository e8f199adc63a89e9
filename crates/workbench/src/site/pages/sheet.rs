//! The backup sheet, to print.

use askama::Template;
use axum::response::Response;

use crate::{
    backup::{ON_PAPER, Sheet},
    files,
    home::BackedUp,
    site::{
        frame::{Frame, Unlocked, show as laid_out},
        trouble::Trouble,
    },
};

#[derive(Template)]
#[template(path = "sheet.html")]
struct Page {
    frame: Frame,
    handle: String,
    words: String,
    day: String,
    about: [(&'static str, [&'static str; 2]); 2],
    /// An `<svg>` of our own making.
    picture: String,
    text: String,
}

pub(super) async fn show(at: Unlocked) -> Result<Response, Trouble> {
    let frame = at.frame("keys-title");
    let request = at.work.key.request();
    let sealed = files::read(&at.visit.site.home.key_path())?;
    let words = request.words(frame.code());
    let sheet = Sheet { handle: &request.handle, words: &words, day: at.visit.today(), sealed: &sealed };
    let (picture, text, day) = (sheet.picture()?, sheet.text(), frame.day(sheet.day));
    Ok(laid_out(&Page { frame, handle: request.handle, words, day, about: ON_PAPER, picture, text }))
}

/// Its owner says that it was printed and locked away.
pub(super) async fn made(at: Unlocked) -> Result<Response, Trouble> {
    let device = at.work.key.request().device;
    at.visit.site.home.note_backup(BackedUp { day: at.visit.today(), device })?;
    Ok(at.on("sheet"))
}
