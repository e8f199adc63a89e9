//! The backup sheet, to print.

use askama::Template;
use axum::response::Response;

use crate::{
    keys::backup_sheet::{BackupSheet, SHEET_TEXTS},
    private_files,
    session::profile::BackupRecord,
    web_ui::{
        error_page::PageError,
        extract::{PageFrame, UnlockedSession, show as laid_out},
    },
};

#[derive(Template)]
#[template(path = "sheet.html")]
struct BackupSheetTemplate {
    frame: PageFrame,
    handle: String,
    words: String,
    day: String,
    about: [(&'static str, [&'static str; 2]); 2],
    /// An `<svg>` of our own making.
    picture: String,
    text: String,
}

pub(super) async fn show(at: UnlockedSession) -> Result<Response, PageError> {
    let frame = at.frame("keys-title");
    let request = at.keys.key.request();
    let sealed = private_files::read(&at.request.state.profile.key_path())?;
    let words = request.fingerprint_words(frame.code());
    let sheet = BackupSheet {
        handle: &request.handle,
        fingerprint_words: &words,
        day: at.request.today(),
        sealed: &sealed,
    };
    let (picture, text, day) = (sheet.qr_code_svg()?, sheet.text(), frame.format_date(sheet.day));
    Ok(laid_out(&BackupSheetTemplate {
        frame,
        handle: request.handle,
        words,
        day,
        about: SHEET_TEXTS,
        picture,
        text,
    }))
}

/// Its owner says that it was printed and locked away.
pub(super) async fn confirm_printed(at: UnlockedSession) -> Result<Response, PageError> {
    let device = at.keys.key.request().device;
    at.request
        .state
        .profile
        .save_backup_record(BackupRecord { day: at.request.today(), device })?;
    Ok(at.redirect_with_flash("sheet"))
}
