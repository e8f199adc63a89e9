//! How much may happen at once, and how often one address may post while that is scarce. Nothing of
//! it is stored or logged.

pub mod body_timeout;
pub mod connections;
mod fair_semaphore;
pub mod rate_limit;
pub mod slots;
mod storage_quota;

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
    admission::{
        body_timeout::{BodyReadError, TimedBody, with_min_rate},
        rate_limit::{ClientOrigin, NetworkKey, OriginResolver},
        slots::{Slot, SlotPool},
    },
    config::Config,
    form::{ReplyForm, ReportForm},
    pages::{self, ErrorKind, rejected_form_page},
    problem::{self, Problem},
    sealing::text_fields,
    server::AppState,
    store::{Store, StoreError},
};
use fair_semaphore::{FairPermit, FairSemaphore};
use storage_quota::StorageQuota;

/// What is read of a post before it needs an upload slot, in bytes: all of a form step, and of a
/// report without files.
const SMALL_BODY_BYTES: usize = 192 * 1024;
/// How long the rest is read of a post that is turned away.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest silence meanwhile.
const DRAIN_IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// Bounds on posts.
pub struct AdmissionControl {
    origin_resolver: OriginResolver,
    reading: SlotPool,
    uploads: SlotPool,
    small_requests: FairSemaphore,
    storage_quota: StorageQuota,
    queue_timeout: Duration,
    post_rate: DefaultKeyedRateLimiter<NetworkKey>,
}

impl AdmissionControl {
    /// As configured.
    pub fn new(config: &Config) -> Self {
        let limits = &config.limits;
        let each = Duration::from_mins(1) / limits.per_network_per_minute.max(1);
        let quota = Quota::with_period(each).expect("the period is not zero");
        let burst = limits.per_network_burst.try_into().expect("the burst is not zero");
        Self {
            origin_resolver: OriginResolver::new(config.public.trusted_proxies.clone()),
            reading: SlotPool::new(limits.concurrent_reads),
            uploads: SlotPool::new(limits.concurrent_uploads),
            small_requests: FairSemaphore::new(limits.concurrent_small_requests),
            storage_quota: StorageQuota::new(),
            queue_timeout: Duration::from_secs(limits.queue_timeout_seconds),
            post_rate: RateLimiter::keyed(quota.allow_burst(burst)),
        }
    }

    /// Finds the origin of posts.
    pub fn origin_resolver(&self) -> &OriginResolver {
        &self.origin_resolver
    }

    /// Forgets who has not posted lately.
    pub fn evict_idle_keys(&self) {
        self.post_rate.retain_recent();
        self.small_requests.remove_idle_networks();
    }

    /// Has this address posted more than its share? It counts only while there is not enough for
    /// everybody: many people share one address of their operator.
    fn exceeds_rate(&self, origin: &ClientOrigin) -> bool {
        let is_over = origin.is_counted && self.post_rate.check_key(&origin.host).is_err();
        is_over
            && (self.reading.is_scarce()
                || self.uploads.is_scarce()
                || self.small_requests.is_scarce())
    }

    /// What of a body a handler may read, and what it holds meanwhile. What was read of a post that
    /// is turned away, and the rest of it, come with the reason.
    async fn admit(
        self: &Arc<Self>,
        origin: ClientOrigin,
        body: Body,
    ) -> Result<(AdmissionPermit, Body), RejectedPost> {
        let refused =
            |turned, read, rest| RejectedPost { reason: turned, prefix: read, unread_body: rest };
        let mut body = with_min_rate(body);
        if self.exceeds_rate(&origin) {
            return Err(refused(RejectionReason::RateLimited, Bytes::new(), body));
        }
        let arrival = Arc::new(self.reading.acquire_or_evict(origin));
        // A sender that is slow with a small body holds no slot among those that are answered.
        let (read, more) = match arrival.read_prefix(&mut body, SMALL_BODY_BYTES).await {
            Ok(beginning) => beginning,
            Err(BodyReadError::Evicted) => {
                return Err(refused(RejectionReason::Overloaded, Bytes::new(), body));
            }
            Err(BodyReadError::TooSlow | BodyReadError::ConnectionReset) => {
                return Err(refused(RejectionReason::SlowClient, Bytes::new(), body));
            }
        };
        if !more {
            let turn = tokio::select! {
                turn = timeout(self.queue_timeout, self.small_requests.acquire(&origin)) => turn.ok(),
                () = arrival.evicted() => None,
            };
            let Some(turn) = turn else {
                return Err(refused(RejectionReason::Overloaded, read, body));
            };
            return Ok((
                AdmissionPermit::new(self, origin, HeldPermit::SmallRequest { _permit: turn }),
                Body::from(read),
            ));
        }
        let place = tokio::select! {
            place = self.uploads.acquire_timeout(origin, self.queue_timeout) => place,
            () = arrival.evicted() => None,
        };
        let Some(place) = place else {
            drop(arrival);
            return Err(refused(RejectionReason::Overloaded, read, body));
        };
        drop(arrival);
        let place = Arc::new(place);
        let admission =
            AdmissionPermit::new(self, origin, HeldPermit::Upload { _slot: Arc::clone(&place) });
        let rest = place.into_stream(body, Arc::clone(&admission.unread_body));
        Ok((admission, Body::from_stream(stream::once(ready(Ok(read))).chain(rest))))
    }
}

/// What a post holds until it is answered: a turn, or the slot of an upload.
#[derive(Clone)]
pub struct AdmissionPermit {
    control: Arc<AdmissionControl>,
    origin: ClientOrigin,
    permit: Arc<Mutex<HeldPermit>>,
    unread_body: Arc<Mutex<Option<TimedBody>>>,
}

enum HeldPermit {
    /// Between two holdings, and after a wait that was in vain.
    Released,
    SmallRequest {
        _permit: FairPermit,
    },
    Upload {
        _slot: Arc<Slot>,
    },
}

impl AdmissionPermit {
    fn new(limits: &Arc<AdmissionControl>, origin: ClientOrigin, held: HeldPermit) -> Self {
        Self {
            control: Arc::clone(limits),
            origin,
            permit: Arc::new(Mutex::new(held)),
            unread_body: Arc::default(),
        }
    }

    /// Counts a submission of about this length for its network. Dropped before
    /// [`StorageReservation::commit`], it no longer counts.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::FullForFiles`] if the share of the network is used up.
    pub fn reserve_storage(
        &self,
        store: &Store,
        length: u64,
    ) -> Result<StorageReservation, StoreError> {
        self.control.storage_quota.reserve(&self.origin, length, store.usage())?;
        Ok(StorageReservation {
            control: Arc::clone(&self.control),
            origin: self.origin,
            reserved: length,
            stored: 0,
        })
    }

    /// A post with files takes the slot of an upload, however small it is: cleaning and sealing
    /// files is work. Waits for one if need be; false if none came free in time.
    pub async fn acquire_upload_slot(&self) -> bool {
        let had = {
            let mut held = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
            match &*held {
                HeldPermit::Upload { .. } => return true,
                // Others that are small need not wait for it.
                _ => std::mem::replace(&mut *held, HeldPermit::Released),
            }
        };
        drop(had);
        let Some(place) =
            self.control.uploads.acquire_timeout(self.origin, self.control.queue_timeout).await
        else {
            return false;
        };
        place.mark_answering();
        *self.permit.lock().unwrap_or_else(PoisonError::into_inner) =
            HeldPermit::Upload { _slot: Arc::new(place) };
        true
    }

    /// What was not read of the body.
    fn take_unread_body(&self) -> Option<TimedBody> {
        self.unread_body.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A submission that counts for what its network may store.
pub struct StorageReservation {
    control: Arc<AdmissionControl>,
    origin: ClientOrigin,
    reserved: u64,
    stored: u64,
}

impl StorageReservation {
    /// It was stored with this length in bytes.
    pub fn commit(mut self, length: u64) {
        self.stored = length;
    }
}

impl Drop for StorageReservation {
    fn drop(&mut self) {
        self.control.storage_quota.settle(&self.origin, self.reserved, self.stored);
    }
}

/// Why a post is not answered.
enum RejectionReason {
    SlowClient,
    Overloaded,
    RateLimited,
}

impl RejectionReason {
    fn status(&self) -> StatusCode {
        match self {
            Self::SlowClient => StatusCode::REQUEST_TIMEOUT,
            Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// A post that is turned away.
struct RejectedPost {
    reason: RejectionReason,
    /// What was read of its body.
    prefix: Bytes,
    unread_body: TimedBody,
}

/// A post, as far as its refusal needs it.
struct PostContext {
    path: String,
    content_type: String,
}

impl PostContext {
    fn from_request(request: &Request) -> Self {
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Self {
            path: request.uri().path().to_owned(),
            content_type: content_type.unwrap_or_default().to_owned(),
        }
    }

    fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }

    /// The fields of one of the forms, to be given back. Of a body with files only the beginning is
    /// there, which holds the fields.
    async fn rejected_form(&self, read: Bytes, is_whole: bool) -> Option<pages::RejectedForm> {
        let is_field: fn(&str) -> bool = match self.path.split('/').skip(2).collect::<Vec<_>>()[..]
        {
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
        Some(pages::RejectedForm {
            path: self.path.clone(),
            fields: fields.collect(),
            accepts_files: takes_files,
        })
    }
}

/// Reads the beginning of a body that is turned away, as far as it may hold a form, and then what
/// is left for a moment. Returns the beginning, and whether that is all.
async fn read_form_prefix(read: Bytes, mut rest: TimedBody) -> (Bytes, bool) {
    let end = Instant::now() + DRAIN_TIMEOUT;
    let mut read = Vec::from(read);
    while read.len() < SMALL_BODY_BYTES {
        match timeout_at(end.min(Instant::now() + DRAIN_IDLE_TIMEOUT), rest.next()).await {
            Ok(Some(Ok(bytes))) => read.extend_from_slice(&bytes),
            Ok(None) => return (read.into(), true),
            Ok(Some(Err(_))) | Err(_) => return (read.into(), false),
        }
    }
    drain(rest).await;
    (read.into(), false)
}

/// Reads on for a moment, or a browser would show a broken connection and not our page.
async fn drain(mut rest: impl Stream<Item = Result<Bytes, BodyReadError>> + Unpin) {
    let end = Instant::now() + DRAIN_TIMEOUT;
    while let Ok(Some(Ok(_))) =
        timeout_at(end.min(Instant::now() + DRAIN_IDLE_TIMEOUT), rest.next()).await
    {}
}

/// Bounds how many posts are under way. What only reads is not bounded here.
pub async fn admission_middleware(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let post = PostContext::from_request(&request);
    let origin = app.admission.origin_resolver.resolve(&request);
    let (mut parts, body) = request.into_parts();
    let (admission, body) = match app.admission.admit(origin, body).await {
        Ok(admitted) => admitted,
        // A script tries again by itself: reading on would hold memory for senders that stall.
        Err(RejectedPost { reason: turned, .. }) if post.is_api() => {
            return rejection_response(&app, &post, turned.status(), None);
        }
        Err(RejectedPost { reason: turned, prefix: read, unread_body: rest }) => {
            let (read, is_whole) = read_form_prefix(read, rest).await;
            let held = post.rejected_form(read, is_whole).await;
            return rejection_response(&app, &post, turned.status(), held.as_ref());
        }
    };
    parts.extensions.insert(admission.clone());
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let rest = admission.take_unread_body();
    // The slot is free for others meanwhile.
    drop(admission);
    if let Some(rest) = rest.filter(|_| !response.status().is_success()) {
        drain(rest).await;
    }
    if !post.is_api() {
        // What was typed lies in the buffers of a connection until it is closed.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn rejection_response(
    app: &AppState,
    post: &PostContext,
    status: StatusCode,
    held: Option<&pages::RejectedForm>,
) -> Response {
    app.counters.record_rejected();
    if post.is_api() {
        return Problem::new(status, "busy: nothing was stored, try again later").into_response();
    }
    let page = match held.filter(|held| !held.fields.is_empty()) {
        Some(held) => {
            rejected_form_page(&app.pages, app.locale_of_path(&post.path), ErrorKind::Busy, held)
        }
        None => app.error_page(&post.path, ErrorKind::Busy),
    };
    let mut page = with_retry_after(page);
    *page.status_mut() = status;
    page
}

/// Says when to try again.
pub(crate) fn with_retry_after(mut page: Response) -> Response {
    page.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(problem::RETRY_AFTER_SECONDS));
    page
}
