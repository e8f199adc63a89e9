//! Reading what is new into the index, a little at a time. The first time there can be thousands of
//! cases: the page shows how far it is and asks again, by itself, and everything else can be used
//! meanwhile.

use askama::Template;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::time::Instant;
use web::MessageCatalog;

use crate::{
    search::{Index, IndexJob, IndexStats},
    web_ui::{
        error_page::PageError,
        extract::SignedInSession,
        key_session::SignedInState,
        layout::{NavSection, PageFrame, render_ok},
    },
};

#[derive(Template)]
#[template(path = "index-progress.html")]
struct IndexProgressTemplate {
    frame: PageFrame,
    progress: IndexProgress,
}

/// How far it is.
#[derive(Serialize)]
struct IndexProgress {
    done: usize,
    total: usize,
    finished: bool,
    text: String,
}

impl IndexProgress {
    fn new(desk: &SignedInState, words: &MessageCatalog) -> Self {
        let (done, of) = desk.index_job.as_ref().map_or((0, 0), IndexJob::progress);
        let text =
            words.with("reading-progress", &[("done", &done.to_string()), ("of", &of.to_string())]);
        Self {
            done,
            total: of,
            finished: desk.index_job.as_ref().is_none_or(IndexJob::is_done),
            text,
        }
    }
}

/// Reads on for a while. `None` if more is left: then [`progress_page`] says how far it is.
pub(super) async fn update_index(
    session: &mut SignedInSession,
) -> Result<Option<IndexStats>, PageError> {
    update_for(session).await?;
    let desk = &mut *session.signed_in;
    match desk.index_job.take() {
        Some(reading) if reading.is_done() => {
            let updated = reading.finish();
            if let Some(index) =
                desk.index.as_mut().filter(|_| updated.indexed + updated.removed > 0)
            {
                index.save(desk.connection.home(), desk.connection.key()).await?;
            }
            Ok(Some(updated))
        }
        reading => {
            desk.index_job = reading;
            Ok(None)
        }
    }
}

async fn update_for(session: &mut SignedInSession) -> Result<(), PageError> {
    let state = session.request.state.clone();
    let SignedInState { connection, index, index_job: reading, .. } = &mut *session.signed_in;
    let index = match index {
        Some(index) => index,
        None => index.insert(Index::open(connection.home(), connection.key()).await?),
    };
    let reading = match reading {
        Some(reading) => reading,
        None => reading.insert(index.begin_update(connection).await?),
    };
    let enough = Instant::now() + state.page_timeout;
    Ok(index.advance(reading, connection, &state.taxonomy, |_, _| Instant::now() < enough).await?)
}

/// How far it is; asks again by itself.
pub(super) fn progress_page(session: &SignedInSession, section: NavSection) -> Response {
    let frame = session.frame("search-title", section);
    let progress = IndexProgress::new(&session.signed_in, frame.catalog());
    render_ok(&IndexProgressTemplate { frame, progress })
}

/// The same for the script.
pub(super) async fn progress_json(mut session: SignedInSession) -> Result<Response, PageError> {
    update_for(&mut session).await?;
    Ok(Json(IndexProgress::new(&session.signed_in, session.request.catalog())).into_response())
}
