//! The update of the search index, in short steps. The first update can read thousands of cases.
//! The page shows the progress and polls, and all other pages work meanwhile.

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

/// The progress of the update.
#[derive(Serialize)]
struct IndexProgress {
    done: usize,
    total: usize,
    finished: bool,
    text: String,
}

impl IndexProgress {
    fn new(signed_in: &SignedInState, catalog: &MessageCatalog) -> Self {
        let (done, total) = signed_in.index_job.as_ref().map_or((0, 0), IndexJob::progress);
        let text = catalog
            .with("reading-progress", &[("done", &done.to_string()), ("of", &total.to_string())]);
        Self {
            done,
            total,
            finished: signed_in.index_job.as_ref().is_none_or(IndexJob::is_done),
            text,
        }
    }
}

/// Continues the update for at most the page timeout. Returns `None` if it is not finished; the
/// handler then returns [`progress_page`].
pub(super) async fn update_index(
    session: &mut SignedInSession,
) -> Result<Option<IndexStats>, PageError> {
    update_for(session).await?;
    let signed_in = &mut *session.signed_in;
    match signed_in.index_job.take() {
        Some(job) if job.is_done() => {
            let updated = job.finish();
            if let Some(index) =
                signed_in.index.as_mut().filter(|_| updated.indexed + updated.removed > 0)
            {
                index.save(signed_in.connection.profile(), signed_in.connection.key()).await?;
            }
            Ok(Some(updated))
        }
        job => {
            signed_in.index_job = job;
            Ok(None)
        }
    }
}

async fn update_for(session: &mut SignedInSession) -> Result<(), PageError> {
    let state = session.request.state.clone();
    let SignedInState { connection, index, index_job: job, .. } = &mut *session.signed_in;
    let index = match index {
        Some(index) => index,
        None => index.insert(Index::open(connection.profile(), connection.key()).await?),
    };
    let job = match job {
        Some(job) => job,
        None => job.insert(index.begin_update(connection).await?),
    };
    let deadline = Instant::now() + state.page_timeout;
    Ok(index.advance(job, connection, &state.taxonomy, |_, _| Instant::now() < deadline).await?)
}

/// Returns the page that shows the progress and polls.
pub(super) fn progress_page(session: &SignedInSession, section: NavSection) -> Response {
    let frame = session.frame("search-title", section);
    let progress = IndexProgress::new(&session.signed_in, frame.catalog());
    render_ok(&IndexProgressTemplate { frame, progress })
}

/// Continues the update and returns its progress, for the script.
pub(super) async fn progress_json(mut session: SignedInSession) -> Result<Response, PageError> {
    update_for(&mut session).await?;
    Ok(Json(IndexProgress::new(&session.signed_in, session.request.catalog())).into_response())
}
