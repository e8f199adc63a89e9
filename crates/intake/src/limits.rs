//! How much may happen at once, and how often one network may post. Nothing of it is stored or logged.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, future::ready, stream};
use http::{
    HeaderValue, Method, StatusCode,
    header::{CONNECTION, RETRY_AFTER},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Duration, timeout},
};

use crate::{
    app::App,
    config::Config,
    networks::{Networks, PostsByNetwork},
    pace::beginning,
    pages::ErrorKind,
    problem::{self, Problem},
};

/// What is read of a post before it needs a place, in bytes: all of a form step, and of a report without files.
const SMALL: usize = 192 * 1024;
/// Bounds on posts.
pub struct Limits {
    uploads: Arc<Semaphore>,
    lookups: Arc<Semaphore>,
    wait: Duration,
    posts: Arc<PostsByNetwork>,
}

impl Limits {
    /// As configured.
    pub fn new(config: &Config) -> Self {
        let limits = &config.limits;
        Self {
            uploads: Arc::new(Semaphore::new(limits.uploads)),
            lookups: Arc::new(Semaphore::new(limits.lookups)),
            wait: Duration::from_secs(limits.wait_seconds),
            posts: Arc::new(Networks::new(config).count(config)),
        }
    }

    /// Counts posts by network.
    pub fn posts(&self) -> &Arc<PostsByNetwork> {
        &self.posts
    }

    /// Forgets networks that have not posted lately.
    pub fn sweep(&self) {
        self.posts.limiter().retain_recent();
    }

    /// A place, after waiting for it; `None` when none came free.
    async fn place(&self, upload: bool) -> Option<OwnedSemaphorePermit> {
        let places = if upload { &self.uploads } else { &self.lookups };
        timeout(self.wait, places.clone().acquire_owned()).await.ok()?.ok()
    }
}

/// Makes a page, in the visitor's language, of being turned away for posting too often.
pub async fn say_busy(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        turned_away(&app, &path, StatusCode::TOO_MANY_REQUESTS)
    } else {
        response
    }
}

/// Bounds how many posts are under way. What only reads is not bounded here.
pub async fn bound_posts(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    // Whoever is slow with a small body holds no place: a few could keep everybody out.
    let path = request.uri().path().to_owned();
    let (parts, body) = request.into_parts();
    let Ok((read, rest)) = beginning(body, SMALL).await else {
        return turned_away(&app, &path, StatusCode::REQUEST_TIMEOUT);
    };
    let Some(_place) = app.limits.place(rest.is_some()).await else {
        // Read to the end, or a browser would show a broken connection and not our page.
        if let Some(mut rest) = rest {
            while let Some(Ok(_)) = rest.next().await {}
        }
        return turned_away(&app, &path, StatusCode::SERVICE_UNAVAILABLE);
    };
    let body = match rest {
        None => Body::from(read),
        Some(rest) => Body::from_stream(stream::once(ready(Ok(read))).chain(rest)),
    };
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if !is_api(&path) {
        // What was typed lies in the buffers of a connection until it is closed.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}

fn turned_away(app: &App, path: &str, status: StatusCode) -> Response {
    app.counters.busy();
    if is_api(path) {
        return Problem::new(status, "busy: nothing was stored, try again later").into_response();
    }
    let mut page = come_back_later(app.error_page(path, ErrorKind::Busy));
    *page.status_mut() = status;
    page
}

/// Says when to try again.
pub(crate) fn come_back_later(mut page: Response) -> Response {
    page.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(problem::RETRY_AFTER));
    page
}
