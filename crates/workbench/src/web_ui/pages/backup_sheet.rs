//! The backup sheet, to print.

use askama::Template;
use axum::response::Response;

use crate::{
    keys::backup_sheet::{BackupSheet, SHEET_TEXTS},
    private_files,
    session::profile::BackupRecord,
    web_ui::{
        error_page::PageError,
        extract::UnlockedSession,
        layout::{PageFrame, render_ok},
    },
};

#[derive(Template)]
#[template(path = "backup-sheet.html")]
struct BackupSheetTemplate {
    frame: PageFrame,
    handle: String,
    words: String,
    day: String,
    about: [(&'static str, [&'static str; 2]); 2],
    /// The QR code as an `<svg>` of the program.
    picture: String,
    text: String,
}

pub(super) async fn show(session: UnlockedSession) -> Result<Response, PageError> {
    let frame = session.frame("keys-title");
    let request = session.keys.key.request();
    let sealed = private_files::read(&session.request.state.profile.key_path())?;
    let words = request.fingerprint_words(frame.code());
    let sheet = BackupSheet {
        handle: &request.handle,
        fingerprint_words: &words,
        day: session.request.today(),
        sealed: &sealed,
    };
    let (picture, text, day) = (sheet.qr_code_svg()?, sheet.text(), frame.format_date(sheet.day));
    Ok(render_ok(&BackupSheetTemplate {
        frame,
        handle: request.handle,
        words,
        day,
        about: SHEET_TEXTS,
        picture,
        text,
    }))
}

/// Records that the member printed the sheet and locked it away.
pub(super) async fn confirm_printed(session: UnlockedSession) -> Result<Response, PageError> {
    let device = session.keys.key.request().device;
    session
        .request
        .state
        .profile
        .save_backup_record(BackupRecord { day: session.request.today(), device })?;
    Ok(session.redirect_with_flash("sheet"))
}
