//! The pages. A handler asks the library, and lays out what it answers; one file a page, with its template beside it in name.

mod absence;
mod actions;
mod administration;
mod case;
mod confirm;
mod connect;
mod export;
mod files;
mod former;
mod help;
mod keys;
mod log;
mod making;
mod messages;
mod notes;
mod open;
mod passphrase;
mod queue;
mod reading;
mod route;
mod routing;
mod search;
mod sheet;
mod start;
mod story;
mod timeline;
pub(crate) mod unlock;
mod unreadable;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

use super::{Site, assets, trouble::Trouble};

/// Largest body of a form, in bytes: a reply of the longest kind, each byte of it percent-encoded; or the page of a backup sheet.
const MAX_FORM: usize = 256 * 1024;

/// All pages stand below the room; the way in and what is the same for everybody do not.
pub(super) fn routes(site: &Site) -> Router<Site> {
    let room = Router::new()
        .route("/{lang}", get(queue::first))
        .route("/{lang}/unlock", post(unlock::unlock))
        .route("/{lang}/lock", post(unlock::lock))
        .route("/{lang}/here", post(unlock::here))
        .route("/{lang}/start", get(start::show))
        .route("/{lang}/start/key", get(making::show).post(making::make))
        .route("/{lang}/start/strength", post(making::strength))
        .route("/{lang}/start/restore", get(making::show_restore).post(making::restore))
        .route("/{lang}/start/join", post(start::join))
        .route("/{lang}/queue/{part}", get(queue::show))
        .route("/{lang}/case/{id}", get(story::show))
        .route("/{lang}/case/{id}/messages", get(messages::show).post(messages::write))
        .route("/{lang}/case/{id}/notes", get(notes::show).post(notes::write))
        .route("/{lang}/case/{id}/declare", get(actions::before))
        .route("/{lang}/case/{id}/actions", get(actions::show))
        .route("/{lang}/case/{id}/routing", get(routing::show))
        .route("/{lang}/case/{id}/act/{act}", post(actions::act))
        .route("/{lang}/case/{id}/unreadable", post(unreadable::close))
        .route("/{lang}/case/{id}/related", get(search::related))
        .route("/{lang}/case/{id}/timeline", get(timeline::show))
        .route("/{lang}/case/{id}/export", get(export::show).post(export::save))
        .route("/{lang}/case/{id}/file/{number}", get(files::show).post(files::save))
        .route("/{lang}/case/{id}/picture/{number}", get(files::picture))
        .route("/{lang}/search", get(search::show).post(search::search))
        .route("/{lang}/keys", get(keys::show))
        .route("/{lang}/keys/request", get(start::request))
        .route("/{lang}/keys/sheet", get(sheet::show).post(sheet::made))
        .route("/{lang}/keys/passphrase", get(passphrase::show).post(passphrase::change))
        .route("/{lang}/keys/connect", get(connect::show).post(connect::connect))
        .route("/{lang}/absence", get(absence::show).post(absence::set))
        .route("/{lang}/reading", post(reading::read_on))
        .route("/{lang}/administration", get(administration::show))
        .route("/{lang}/administration/route", get(route::show).post(route::ask))
        .route("/{lang}/administration/former", get(former::show).post(former::renew))
        .route("/{lang}/administration/log", get(log::show).post(log::verify))
        .route("/{lang}/administration/log/copy", post(log::save))
        .route("/{lang}/help", get(help::show).post(help::set))
        .fallback(async || Trouble::nowhere());
    Router::new()
        .route("/open/{link}", get(open::open))
        .route("/assets/{name}", get(assets::serve))
        .nest(&format!("/{}", site.door.room()), room)
        .fallback(async || Trouble::nowhere())
        .layer(DefaultBodyLimit::max(MAX_FORM))
}
