//! Admission control: limits on concurrent requests, on request rates of one address, and on the
//! storage of one network. None of this data is stored or logged.

pub mod body_timeout;
pub mod connections;
mod fair_semaphore;
pub mod rate_limit;
pub mod slots;
mod storage_quota;

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use futures_util::{StreamExt, future::ready, stream};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::StatusCode;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Duration, timeout},
};

use crate::{
    admission::{
        body_timeout::{BodyReadError, TimedBody, with_min_rate},
        rate_limit::{ClientOrigin, NetworkKey, OriginResolver},
        slots::{Slot, SlotPool},
    },
    config::Config,
    store::{Store, StoreError},
};
use fair_semaphore::{FairPermit, FairSemaphore};
use storage_quota::{CountedBytes, SpaceKind, StorageQuota};

/// Bytes of a POST body that are read before the request needs an upload slot: all of a form step,
/// and of a report without files.
pub(crate) const SMALL_BODY_BYTES: usize = 192 * 1024;

/// Maximum number of rejected forms of more than [`SMALL_BODY_BYTES`] that are read concurrently.
const MAX_LONG_REJECTED_FORMS: usize = 32;

/// Limits on POST requests.
pub struct AdmissionControl {
    origin_resolver: OriginResolver,
    reading: SlotPool,
    uploads: SlotPool,
    small_requests: FairSemaphore,
    storage_quota: StorageQuota,
    long_rejected_forms: Arc<Semaphore>,
    queue_timeout: Duration,
    post_rate: DefaultKeyedRateLimiter<NetworkKey>,
}

impl AdmissionControl {
    /// Creates the limits that `[limits]` of the configuration sets.
    pub fn new(config: &Config) -> Self {
        let limits = &config.limits;
        let period = Duration::from_mins(1) / limits.per_network_per_minute.max(1);
        let quota = Quota::with_period(period).expect("the period is not zero");
        let burst = limits.per_network_burst.try_into().expect("the burst is not zero");
        Self {
            origin_resolver: OriginResolver::new(config.public.trusted_proxies.clone()),
            reading: SlotPool::new(limits.concurrent_reads),
            uploads: SlotPool::new(limits.concurrent_uploads),
            small_requests: FairSemaphore::new(limits.concurrent_small_requests),
            storage_quota: StorageQuota::new(),
            long_rejected_forms: Arc::new(Semaphore::new(MAX_LONG_REJECTED_FORMS)),
            queue_timeout: Duration::from_secs(limits.queue_timeout_seconds),
            post_rate: RateLimiter::keyed(quota.allow_burst(burst)),
        }
    }

    /// Returns the resolver of client origins.
    pub fn origin_resolver(&self) -> &OriginResolver {
        &self.origin_resolver
    }

    /// Returns a permit to read a rejected form of more than [`SMALL_BODY_BYTES`] into memory, or
    /// `None` if too many are being read.
    pub(crate) fn admit_long_rejected_form(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.long_rejected_forms).try_acquire_owned().ok()
    }

    /// Removes the counts of addresses and networks without recent requests.
    pub fn evict_idle_keys(&self) {
        self.post_rate.retain_recent();
        self.small_requests.remove_idle_networks();
    }

    /// Returns whether this address exceeds its request rate while slots are scarce. The rate is
    /// not enforced otherwise, because many people share one address of their mobile operator.
    fn exceeds_rate(&self, origin: &ClientOrigin) -> bool {
        let is_over = origin.is_counted() && self.post_rate.check_key(&origin.host).is_err();
        is_over
            && (self.reading.is_scarce()
                || self.uploads.is_scarce()
                || self.small_requests.is_scarce())
    }

    /// Admits a request: returns its permit, and the body that the handler may read.
    ///
    /// # Errors
    /// If the client is too slow, or the limits are reached. The error contains the part of the
    /// body that was read, and the rest.
    pub(crate) async fn admit(
        self: &Arc<Self>,
        origin: ClientOrigin,
        body: Body,
    ) -> Result<(AdmissionPermit, Body), RejectedPost> {
        let reject = |reason, prefix, unread_body| RejectedPost {
            reason,
            prefix,
            unread_body: Some(unread_body),
        };
        let mut body = with_min_rate(body);
        if self.exceeds_rate(&origin) {
            return Err(reject(RejectionReason::RateLimited, Bytes::new(), body));
        }
        let read_slot = Arc::new(self.reading.acquire_or_evict(origin));
        // A client that sends a small body slowly must not hold a permit of the small requests.
        let (prefix, read) = read_slot.read_prefix(&mut body, SMALL_BODY_BYTES).await;
        let has_more = match read {
            Ok(has_more) => has_more,
            // The client still sends the rest.
            Err(BodyReadError::Evicted) => {
                return Err(reject(RejectionReason::Overloaded, prefix, body));
            }
            Err(BodyReadError::TooSlow | BodyReadError::ConnectionReset) => {
                let reason = RejectionReason::SlowClient;
                return Err(RejectedPost { reason, prefix, unread_body: None });
            }
        };
        if !has_more {
            let permit = tokio::select! {
                permit = timeout(self.queue_timeout, self.small_requests.acquire(&origin)) => {
                    permit.ok()
                }
                () = read_slot.evicted() => None,
            };
            let Some(permit) = permit else {
                return Err(reject(RejectionReason::Overloaded, prefix, body));
            };
            let held = HeldPermit::SmallRequest { _permit: permit };
            return Ok((AdmissionPermit::new(self, origin, held), Body::from(prefix)));
        }
        let upload_slot = tokio::select! {
            slot = self.uploads.acquire_timeout(origin, self.queue_timeout) => slot,
            () = read_slot.evicted() => None,
        };
        drop(read_slot);
        let Some(upload_slot) = upload_slot.map(Arc::new) else {
            return Err(reject(RejectionReason::Overloaded, prefix, body));
        };
        let held = HeldPermit::Upload { _slot: Arc::clone(&upload_slot) };
        let permit = AdmissionPermit::new(self, origin, held);
        let rest = upload_slot.into_stream(body, Arc::clone(&permit.unread_body));
        Ok((permit, Body::from_stream(stream::once(ready(Ok(prefix))).chain(rest))))
    }
}

/// The permit that a POST request holds until it is answered: one of the small requests, or an
/// upload slot.
#[derive(Clone)]
pub struct AdmissionPermit {
    control: Arc<AdmissionControl>,
    origin: ClientOrigin,
    permit: Arc<Mutex<HeldPermit>>,
    unread_body: Arc<Mutex<Option<TimedBody>>>,
}

enum HeldPermit {
    /// No permit: between two permits, and after a wait that timed out.
    Released,
    SmallRequest {
        _permit: FairPermit,
    },
    Upload {
        _slot: Arc<Slot>,
    },
}

impl AdmissionPermit {
    fn new(control: &Arc<AdmissionControl>, origin: ClientOrigin, held: HeldPermit) -> Self {
        Self {
            control: Arc::clone(control),
            origin,
            permit: Arc::new(Mutex::new(held)),
            unread_body: Arc::default(),
        }
    }

    /// Reserves `length` bytes of the storage quota of the client's network. The reservation is
    /// released if it is dropped before [`StorageReservation::commit`].
    ///
    /// # Errors
    /// [`StoreError::ShareUsedUp`] or [`StoreError::FullForFiles`] if the share of the network, or
    /// of a larger one that contains it, is used up. [`StoreError::Full`] if the spool is full.
    pub fn reserve_storage(
        &self,
        store: &Store,
        length: u64,
    ) -> Result<StorageReservation, StoreError> {
        store.check_space(length)?;
        self.reserve(store, (SpaceKind::of_submission(length), length), store.usage())
    }

    /// Reserves `length` bytes of the space for unfinished uploads, which the store has reserved
    /// already. The end of the request releases what was not recorded.
    ///
    /// # Errors
    /// [`StoreError::FullForUploads`].
    pub fn reserve_unfinished(
        &self,
        store: &Store,
        length: u64,
    ) -> Result<StorageReservation, StoreError> {
        let (used, limit) = store.unfinished_usage();
        let usage = (used.saturating_sub(length), limit);
        self.reserve(store, (SpaceKind::Unfinished, length), usage)
    }

    fn reserve(
        &self,
        store: &Store,
        space: (SpaceKind, u64),
        usage: (u64, u64),
    ) -> Result<StorageReservation, StoreError> {
        let keys_since = self.control.origin_resolver.keys_since();
        let quota = &self.control.storage_quota;
        let counted = quota.reserve(&self.origin, space, usage, keys_since)?;
        Ok(StorageReservation {
            control: Arc::clone(&self.control),
            store: store.clone(),
            origin: self.origin,
            counted,
            stored: 0,
        })
    }

    /// Exchanges the permit for an upload slot, because cleaning and sealing files costs time and
    /// memory even if the request is small. Waits up to the queue timeout; returns false after it.
    pub async fn acquire_upload_slot(&self) -> bool {
        let previous = {
            let mut held = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
            match &*held {
                HeldPermit::Upload { .. } => return true,
                // Releases the permit, so that other small requests do not wait for this one.
                _ => std::mem::replace(&mut *held, HeldPermit::Released),
            }
        };
        drop(previous);
        let Some(slot) =
            self.control.uploads.acquire_timeout(self.origin, self.control.queue_timeout).await
        else {
            return false;
        };
        slot.mark_answering();
        *self.permit.lock().unwrap_or_else(PoisonError::into_inner) =
            HeldPermit::Upload { _slot: Arc::new(slot) };
        true
    }

    /// Returns the part of the body that the handler has not read.
    pub(crate) fn take_unread_body(&self) -> Option<TimedBody> {
        self.unread_body.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Bytes that are reserved in the storage quota of a network.
pub struct StorageReservation {
    control: Arc<AdmissionControl>,
    store: Store,
    origin: ClientOrigin,
    counted: CountedBytes,
    stored: u64,
}

impl StorageReservation {
    /// Counts the next bytes before they are stored, if space has become scarce since the
    /// reservation.
    ///
    /// # Errors
    /// As [`AdmissionPermit::reserve_storage`].
    pub fn admit(&mut self, bytes: u64) -> Result<(), StoreError> {
        let keys_since = self.control.origin_resolver.keys_since();
        let usage = self.store.usage();
        let quota = &self.control.storage_quota;
        quota.extend(&self.origin, &mut self.counted, bytes, usage, keys_since)
    }

    /// Ends the count of an unfinished upload that has finished. Requests before this one have
    /// counted `earlier` bytes of it.
    pub fn finish(mut self, earlier: u64) {
        self.counted.add_earlier(earlier);
        self.stored = 0;
    }

    /// Counts bytes that were stored, which the end of the reservation does not release.
    pub fn record(&mut self, bytes: u64) {
        self.stored += bytes;
    }

    /// Replaces the reservation with the stored length, in bytes.
    pub fn commit(mut self, length: u64) {
        self.stored = length;
    }
}

impl Drop for StorageReservation {
    fn drop(&mut self) {
        self.control.storage_quota.settle(&self.origin, &self.counted, self.stored);
    }
}

/// Why a POST request was rejected.
pub(crate) enum RejectionReason {
    SlowClient,
    Overloaded,
    RateLimited,
}

impl RejectionReason {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::SlowClient => StatusCode::REQUEST_TIMEOUT,
            Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// A rejected POST request.
pub(crate) struct RejectedPost {
    pub(crate) reason: RejectionReason,
    /// The part of the body that was read.
    pub(crate) prefix: Bytes,
    /// The rest of the body; `None` if it failed.
    pub(crate) unread_body: Option<TimedBody>,
}
