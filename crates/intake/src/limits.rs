//! How much may happen at once, and how often one address may post while that is scarce. Nothing of it is stored or logged.

mod turns;
mod volume;

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt, future::ready, stream};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::{
    HeaderValue, Method, StatusCode,
    header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER},
};
use tokio::time::{Duration, Instant, timeout, timeout_at};

use crate::{
    app::App,
    config::Config,
    form::{ReplyForm, ReportForm},
    networks::{NetworkKey, Networks, Origin},
    pace::{PaceError, Paced, paced},
    pages::{self, ErrorKind, held_page},
    places::{Place, Places},
    problem::{self, Problem},
    sealing::text_fields,
    store::{Store, StoreError},
};
use turns::{Turn, Turns};
use volume::Volume;

/// What is read of a post before it needs an upload slot, in bytes: all of a form step, and of a report without files.
const SMALL: usize = 192 * 1024;
/// How long the rest is read of a post that is turned away.
const LINGER: Duration = Duration::from_secs(30);
/// Longest silence meanwhile.
const LINGER_SILENCE: Duration = Duration::from_secs(5);

/// Bounds on posts.
pub struct Limits {
    networks: Networks,
    arrivals: Places,
    uploads: Places,
    turns: Turns,
    volume: Volume,
    wait: Duration,
    posts: DefaultKeyedRateLimiter<NetworkKey>,
}

impl Limits {
    /// As configured.
    pub fn new(config: &Config) -> Self {
        let limits = &config.limits;
        let each = Duration::from_mins(1) / limits.network_per_minute.max(1);
        let quota = Quota::with_period(each).expect("the period is not zero");
        let burst = limits.network_burst.try_into().expect("the burst is not zero");
        Self {
            networks: Networks::new(config.public.trusted_proxies.clone()),
            arrivals: Places::new(limits.arrivals),
            uploads: Places::new(limits.uploads),
            turns: Turns::new(limits.lookups),
            volume: Volume::new(),
            wait: Duration::from_secs(limits.wait_seconds),
            posts: RateLimiter::keyed(quota.allow_burst(burst)),
        }
    }

    /// Finds the origin of posts.
    pub fn networks(&self) -> &Networks {
        &self.networks
    }

    /// Forgets who has not posted lately.
    pub fn sweep(&self) {
        self.posts.retain_recent();
        self.turns.sweep();
    }

    /// Has this address posted more than its share? It counts only while there is not enough for everybody: many people
    /// share one address of their operator.
    fn is_greedy(&self, origin: &Origin) -> bool {
        let is_over = origin.is_counted && self.posts.check_key(&origin.member).is_err();
        is_over && (self.arrivals.is_scarce() || self.uploads.is_scarce() || self.turns.is_scarce())
    }

    /// What of a body a handler may read, and what it holds meanwhile. What was read of a post that is turned away, and the
    /// rest of it, come with the reason.
    async fn admit(self: &Arc<Self>, origin: Origin, body: Body) -> Result<(Admission, Body), Refused> {
        let refused = |turned, read, rest| Refused { turned, read, rest };
        let mut body = paced(body);
        if self.is_greedy(&origin) {
            return Err(refused(Turned::Greedy, Bytes::new(), body));
        }
        let arrival = Arc::new(self.arrivals.take(origin));
        // A sender that is slow with a small body holds no slot among those that are answered.
        let (read, more) = match arrival.beginning(&mut body, SMALL).await {
            Ok(beginning) => beginning,
            Err(PaceError::Evicted) => return Err(refused(Turned::Busy, Bytes::new(), body)),
            Err(PaceError::TooSlow | PaceError::Broken) => {
                return Err(refused(Turned::TooSlow, Bytes::new(), body));
            }
        };
        if !more {
            let turn = tokio::select! {
                turn = timeout(self.wait, self.turns.take(&origin)) => turn.ok(),
                () = arrival.lost() => None,
            };
            let Some(turn) = turn else { return Err(refused(Turned::Busy, read, body)) };
            return Ok((Admission::new(self, origin, Held::Turn { _turn: turn }), Body::from(read)));
        }
        let place = tokio::select! {
            place = self.uploads.wait(origin, self.wait) => place,
            () = arrival.lost() => None,
        };
        let Some(place) = place else {
            drop(arrival);
            return Err(refused(Turned::Busy, read, body));
        };
        drop(arrival);
        let place = Arc::new(place);
        let admission = Admission::new(self, origin, Held::Upload { _place: Arc::clone(&place) });
        let rest = place.keep(body, Arc::clone(&admission.rest));
        Ok((admission, Body::from_stream(stream::once(ready(Ok(read))).chain(rest))))
    }
}

/// What a post holds until it is answered: a turn, or the slot of an upload.
#[derive(Clone)]
pub struct Admission {
    limits: Arc<Limits>,
    origin: Origin,
    held: Arc<Mutex<Held>>,
    rest: Arc<Mutex<Option<Paced>>>,
}

enum Held {
    /// Between two holdings, and after a wait that was in vain.
    Nothing,
    Turn {
        _turn: Turn,
    },
    Upload {
        _place: Arc<Place>,
    },
}

impl Admission {
    fn new(limits: &Arc<Limits>, origin: Origin, held: Held) -> Self {
        Self { limits: Arc::clone(limits), origin, held: Arc::new(Mutex::new(held)), rest: Arc::default() }
    }

    /// Counts a submission of about this length for its network. Dropped before [`Counted::stored`], it no longer counts.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::NoRoomForFiles`] if the share of the network is used up.
    pub fn may_store(&self, store: &Store, length: u64) -> Result<Counted, StoreError> {
        self.limits.volume.begin(&self.origin, length, store.fill())?;
        Ok(Counted { limits: Arc::clone(&self.limits), origin: self.origin, begun: length, stored: 0 })
    }

    /// A post with files takes the slot of an upload, however small it is: cleaning and sealing files is work. Waits for
    /// one if need be; false if none came free in time.
    pub async fn takes_files(&self) -> bool {
        let had = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            match &*held {
                Held::Upload { .. } => return true,
                // Others that are small need not wait for it.
                _ => std::mem::replace(&mut *held, Held::Nothing),
            }
        };
        drop(had);
        let Some(place) = self.limits.uploads.wait(self.origin, self.limits.wait).await else { return false };
        place.answering();
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Held::Upload { _place: Arc::new(place) };
        true
    }

    /// What was not read of the body.
    fn take_rest(&self) -> Option<Paced> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A submission that counts for what its network may store.
pub struct Counted {
    limits: Arc<Limits>,
    origin: Origin,
    begun: u64,
    stored: u64,
}

impl Counted {
    /// It was stored with this length in bytes.
    pub fn stored(mut self, length: u64) {
        self.stored = length;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.limits.volume.end(&self.origin, self.begun, self.stored);
    }
}

/// Why a post is not answered.
enum Turned {
    TooSlow,
    Busy,
    Greedy,
}

impl Turned {
    fn status(&self) -> StatusCode {
        match self {
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Greedy => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// A post that is turned away.
struct Refused {
    turned: Turned,
    /// What was read of its body.
    read: Bytes,
    rest: Paced,
}

/// A post, as far as its refusal needs it.
struct Post {
    path: String,
    content_type: String,
}

impl Post {
    fn of(request: &Request) -> Self {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Self {
            path: request.uri().path().to_owned(),
            content_type: content_type.unwrap_or_default().to_owned(),
        }
    }

    fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }

    /// The fields of one of the forms, to be given back. Of a body with files only the beginning is there, which
    /// holds the fields.
    async fn held(&self, read: Bytes, is_whole: bool) -> Option<pages::Held> {
        let is_field: fn(&str) -> bool = match self.path.split('/').skip(2).collect::<Vec<_>>()[..] {
            ["report"] | ["report", "send"] => ReportForm::is_field,
            ["return"] | ["return", "send"] => ReplyForm::is_field,
            _ => return None,
        };
        let takes_files = self.path.ends_with("/send");
        if !is_whole && !takes_files {
            return None;
        }
        let fields = text_fields(&self.content_type, read).await.into_iter();
        let fields = fields
            .filter(|(name, value)| is_field(name) && !value.is_empty())
            .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()));
        Some(pages::Held { path: self.path.clone(), fields: fields.collect(), takes_files })
    }
}

/// Reads the beginning of a body that is turned away, as far as it may hold a form, and then what is left for a
/// moment. Returns the beginning, and whether that is all.
async fn beginning(read: Bytes, mut rest: Paced) -> (Bytes, bool) {
    let end = Instant::now() + LINGER;
    let mut read = Vec::from(read);
    while read.len() < SMALL {
        match timeout_at(end.min(Instant::now() + LINGER_SILENCE), rest.next()).await {
            Ok(Some(Ok(bytes))) => read.extend_from_slice(&bytes),
            Ok(None) => return (read.into(), true),
            Ok(Some(Err(_))) | Err(_) => return (read.into(), false),
        }
    }
    linger(rest).await;
    (read.into(), false)
}

/// Reads on for a moment, or a browser would show a broken connection and not our page.
async fn linger(mut rest: impl Stream<Item = Result<Bytes, PaceError>> + Unpin) {
    let end = Instant::now() + LINGER;
    while let Ok(Some(Ok(_))) = timeout_at(end.min(Instant::now() + LINGER_SILENCE), rest.next()).await {}
}

/// Bounds how many posts are under way. What only reads is not bounded here.
pub async fn bound_posts(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let post = Post::of(&request);
    let origin = app.limits.networks.origin(&request);
    let (mut parts, body) = request.into_parts();
    let (admission, body) = match app.limits.admit(origin, body).await {
        Ok(admitted) => admitted,
        // A script tries again by itself: reading on would hold memory for senders that stall.
        Err(Refused { turned, .. }) if post.is_api() => {
            return turned_away(&app, &post, turned.status(), None);
        }
        Err(Refused { turned, read, rest }) => {
            let (read, is_whole) = beginning(read, rest).await;
            let held = post.held(read, is_whole).await;
            return turned_away(&app, &post, turned.status(), held.as_ref());
        }
    };
    parts.extensions.insert(admission.clone());
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let rest = admission.take_rest();
    // The slot is free for others meanwhile.
    drop(admission);
    if let Some(rest) = rest.filter(|_| !response.status().is_success()) {
        linger(rest).await;
    }
    if !post.is_api() {
        // What was typed lies in the buffers of a connection until it is closed.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn turned_away(app: &App, post: &Post, status: StatusCode, held: Option<&pages::Held>) -> Response {
    app.counters.busy();
    if post.is_api() {
        return Problem::new(status, "busy: nothing was stored, try again later").into_response();
    }
    let page = match held.filter(|held| !held.fields.is_empty()) {
        Some(held) => held_page(&app.pages, app.locale(&post.path), ErrorKind::Busy, held),
        None => app.error_page(&post.path, ErrorKind::Busy),
    };
    let mut page = come_back_later(page);
    *page.status_mut() = status;
    page
}

/// Says when to try again.
pub(crate) fn come_back_later(mut page: Response) -> Response {
    page.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(problem::RETRY_AFTER));
    page
}
