//! Reading what is new into the index, a little at a time. The first time there can be thousands of cases: the page shows how far it
//! is and asks again, by itself, and everything else can be used meanwhile.

use askama::Template;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::time::Instant;
use web::Words;

use crate::{
    index::{Index, Reading, Updated},
    site::{
        frame::{AtWork, Frame, Section, show as laid_out},
        seat::Desk,
        trouble::Trouble,
    },
};

#[derive(Template)]
#[template(path = "reading.html")]
struct Page {
    frame: Frame,
    progress: Progress,
}

/// How far it is.
#[derive(Serialize)]
struct Progress {
    done: usize,
    of: usize,
    over: bool,
    text: String,
}

impl Progress {
    fn of(desk: &Desk, words: &Words) -> Self {
        let (done, of) = desk.reading.as_ref().map_or((0, 0), Reading::progress);
        let text = words.with("reading-progress", &[("done", &done.to_string()), ("of", &of.to_string())]);
        Self { done, of, over: desk.reading.as_ref().is_none_or(Reading::is_over), text }
    }
}

/// Reads on for a while. `None` if more is left: then [`page`] says how far it is.
pub(super) async fn bring_up_to_date(at: &mut AtWork) -> Result<Option<Updated>, Trouble> {
    read_for_a_while(at).await?;
    let desk = &mut *at.desk;
    match desk.reading.take() {
        Some(reading) if reading.is_over() => {
            let updated = reading.finish();
            if let Some(index) = desk.index.as_mut().filter(|_| updated.read + updated.forgotten > 0) {
                index.save(desk.connection.home(), desk.connection.key()).await?;
            }
            Ok(Some(updated))
        }
        reading => {
            desk.reading = reading;
            Ok(None)
        }
    }
}

async fn read_for_a_while(at: &mut AtWork) -> Result<(), Trouble> {
    let site = at.visit.site.clone();
    let Desk { connection, index, reading, .. } = &mut *at.desk;
    let index = match index {
        Some(index) => index,
        None => index.insert(Index::open(connection.home(), connection.key()).await?),
    };
    let reading = match reading {
        Some(reading) => reading,
        None => reading.insert(index.begin(connection).await?),
    };
    let enough = Instant::now() + site.patience;
    Ok(index.read_on(reading, connection, &site.taxonomy, |_, _| Instant::now() < enough).await?)
}

/// How far it is; asks again by itself.
pub(super) fn page(at: &AtWork, section: Section) -> Response {
    let frame = at.frame("search-title", section);
    let progress = Progress::of(&at.desk, frame.words());
    laid_out(&Page { frame, progress })
}

/// The same for the script.
pub(super) async fn read_on(mut at: AtWork) -> Result<Response, Trouble> {
    read_for_a_while(&mut at).await?;
    Ok(Json(Progress::of(&at.desk, at.visit.words())).into_response())
}
