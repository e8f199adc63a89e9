//! How much may happen at once, and how often one network may post. Nothing of it is stored or logged.

use std::{pin::pin, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt, future::ready, stream};
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
    networks::{NetworkKey, Networks, PostsByNetwork},
    pace::{PaceError, paced},
    pages::ErrorKind,
    places::{Place, Places},
    problem::{self, Problem},
};

/// What is read of a post before it needs a place, in bytes: all of a form step, and of a report without files.
const SMALL: usize = 192 * 1024;
/// How long the rest is read of a post that is turned away.
const LINGER: Duration = Duration::from_secs(30);

/// Bounds on posts.
pub struct Limits {
    networks: Networks,
    arrivals: Places,
    uploads: Places,
    lookups: Arc<Semaphore>,
    wait: Duration,
    posts: Arc<PostsByNetwork>,
}

impl Limits {
    /// As configured.
    pub fn new(config: &Config) -> Self {
        let limits = &config.limits;
        let networks = Networks::new(config);
        Self {
            arrivals: Places::new(limits.arrivals),
            uploads: Places::new(limits.uploads),
            lookups: Arc::new(Semaphore::new(limits.lookups)),
            wait: Duration::from_secs(limits.wait_seconds),
            posts: Arc::new(networks.clone().count(config)),
            networks,
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

    /// What of a body a handler may read, and what it holds meanwhile.
    async fn admit(&self, network: Option<NetworkKey>, body: Body) -> Result<Admitted, Turned> {
        let arrival = Arc::new(self.arrivals.take(network));
        let mut body = paced(body);
        // Whoever is slow with a small body holds no place among those who are answered.
        let (read, more) = arrival.beginning(&mut body, SMALL).await.map_err(|_| Turned::TooSlow)?;
        if !more {
            drop(arrival);
            let turn = timeout(self.wait, self.lookups.clone().acquire_owned()).await;
            let turn = turn.ok().and_then(Result::ok).ok_or(Turned::Busy)?;
            return Ok(Admitted { body: Body::from(read), _turn: Some(turn), _place: None });
        }
        let place = tokio::select! {
            place = self.uploads.wait(network, self.wait) => place,
            () = arrival.lost() => return Err(Turned::TooSlow),
        };
        let Some(place) = place else {
            linger(arrival.keep(body)).await;
            return Err(Turned::Busy);
        };
        drop(arrival);
        let place = Arc::new(place);
        let body = stream::once(ready(Ok(read))).chain(place.clone().keep(body));
        Ok(Admitted { body: Body::from_stream(body), _turn: None, _place: Some(place) })
    }
}

/// A post that may be answered, and what it holds until then.
struct Admitted {
    body: Body,
    /// Of a small one.
    _turn: Option<OwnedSemaphorePermit>,
    /// Of an upload: it takes memory and a thread until it is stored, not only until it has come.
    _place: Option<Arc<Place>>,
}

/// Why a post is not answered.
enum Turned {
    TooSlow,
    Busy,
}

/// Reads on for a moment, or a browser would show a broken connection and not our page.
async fn linger(rest: impl Stream<Item = Result<Bytes, PaceError>>) {
    let mut rest = pin!(rest);
    timeout(LINGER, async { while let Some(Ok(_)) = rest.next().await {} }).await.ok();
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
    let path = request.uri().path().to_owned();
    let network = app.limits.networks.of(&request);
    let (parts, body) = request.into_parts();
    let admitted = match app.limits.admit(network, body).await {
        Ok(admitted) => admitted,
        Err(Turned::TooSlow) => return turned_away(&app, &path, StatusCode::REQUEST_TIMEOUT),
        Err(Turned::Busy) => return turned_away(&app, &path, StatusCode::SERVICE_UNAVAILABLE),
    };
    let mut response = next.run(Request::from_parts(parts, admitted.body)).await;
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
