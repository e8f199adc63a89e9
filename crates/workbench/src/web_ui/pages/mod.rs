//! The pages, one file for each. A handler calls the library and renders the result with the
//! template of its name.

mod absence;
mod administration;
mod assignment;
mod backup_sheet;
mod case_actions;
mod case_attachments;
mod case_export;
mod case_header;
mod case_messages;
mod case_notes;
mod case_overview;
mod case_timeline;
mod confirm;
mod connect;
mod create_key;
mod former_readers;
mod help;
mod index_progress;
mod key_health;
mod log;
mod onboarding;
mod passphrase;
mod queue;
mod rotation;
mod search;
mod sign_in;
pub(crate) mod unlock;
mod unreadable_case;
mod who_reads;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

use super::{UiState, assets, error_page::PageError};

/// Maximum body of a form, in bytes. The largest forms are the longest reply with every byte
/// percent-encoded, and the page of a backup sheet.
const MAX_FORM_BYTES: usize = 256 * 1024;

/// Returns the routes. All pages are below the random path. The sign-in link and the assets, which
/// are the same for all browsers, are not.
pub(super) fn routes(site: &UiState) -> Router<UiState> {
    let pages = Router::new()
        .route("/{lang}", get(queue::redirect_home))
        .route("/{lang}/unlock", post(unlock::unlock))
        .route("/{lang}/lock", post(unlock::lock))
        .route("/{lang}/here", post(unlock::heartbeat))
        .route("/{lang}/start", get(onboarding::show))
        .route("/{lang}/start/key", get(create_key::show).post(create_key::create_key))
        .route("/{lang}/start/strength", post(create_key::check_strength))
        .route("/{lang}/start/restore", get(create_key::show_restore).post(create_key::restore))
        .route("/{lang}/start/join", post(onboarding::retry_sign_in))
        .route("/{lang}/queue/{part}", get(queue::show))
        .route("/{lang}/case/{id}", get(case_overview::show))
        .route(
            "/{lang}/case/{id}/messages",
            get(case_messages::show).post(case_messages::post_message),
        )
        .route("/{lang}/case/{id}/notes", get(case_notes::show).post(case_notes::post_note))
        .route("/{lang}/case/{id}/declare", get(case_actions::declare_page))
        .route("/{lang}/case/{id}/actions", get(case_actions::show))
        .route("/{lang}/case/{id}/routing", get(assignment::show))
        .route("/{lang}/case/{id}/act/{act}", post(case_actions::post_action))
        .route("/{lang}/case/{id}/unreadable", post(unreadable_case::close_unreadable))
        .route("/{lang}/case/{id}/related", get(search::related))
        .route("/{lang}/case/{id}/timeline", get(case_timeline::show))
        .route("/{lang}/case/{id}/export", get(case_export::show).post(case_export::save))
        .route(
            "/{lang}/case/{id}/file/{number}",
            get(case_attachments::show).post(case_attachments::save),
        )
        .route("/{lang}/case/{id}/picture/{number}", get(case_attachments::preview_image))
        .route("/{lang}/case/{id}/recording/{number}", get(case_attachments::play_recording))
        .route("/{lang}/search", get(search::show).post(search::search))
        .route("/{lang}/keys", get(key_health::show))
        .route("/{lang}/keys/request", get(onboarding::download_key_request))
        .route("/{lang}/keys/sheet", get(backup_sheet::show).post(backup_sheet::confirm_printed))
        .route("/{lang}/keys/passphrase", get(passphrase::show).post(passphrase::change))
        .route("/{lang}/keys/connect", get(connect::show).post(connect::connect))
        .route("/{lang}/absence", get(absence::show).post(absence::set_absence))
        .route("/{lang}/reading", post(index_progress::progress_json))
        .route("/{lang}/administration", get(administration::show))
        .route("/{lang}/administration/route", get(who_reads::show).post(who_reads::explain_route))
        .route(
            "/{lang}/administration/former",
            get(former_readers::show).post(former_readers::post_keys),
        )
        .route("/{lang}/administration/former/{id}", get(rotation::show).post(rotation::approve))
        .route("/{lang}/administration/log", get(log::show).post(log::verify))
        .route("/{lang}/administration/log/copy", post(log::save))
        .route("/{lang}/help", get(help::show).post(help::set_shortcuts))
        .fallback(async || PageError::not_found());
    Router::new()
        .route("/open/{link}", get(sign_in::redeem_link))
        .route("/assets/{name}", get(assets::serve))
        .nest(&format!("/{}", site.browser_session.path_secret()), pages)
        .fallback(async || PageError::not_found())
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
}
