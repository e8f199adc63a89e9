//! How much may happen at once, and how often one network may post. Nothing of it is stored or logged.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, future::ready, stream};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{CONNECTION, RETRY_AFTER},
};
use rand::{RngCore, rngs::OsRng};
use sha2::{Digest, Sha256};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Duration, Instant, timeout},
};
use zeroize::Zeroizing;

use crate::{
    app::App,
    config::Config,
    pace::beginning,
    pages::ErrorKind,
    problem::{self, Problem},
};

/// What is read of a post before it needs a place, in bytes: all of a form step, and of a report without files.
const SMALL: usize = 192 * 1024;
/// How long one salt keeps a network recognisable.
const SALT_LIFE: Duration = Duration::from_hours(1);

/// Stands for a network while one salt lasts.
type NetworkKey = [u8; 16];

/// Bounds on posts.
pub struct Limits {
    uploads: Arc<Semaphore>,
    lookups: Arc<Semaphore>,
    wait: Duration,
    trusted_proxies: Vec<IpAddr>,
    networks: DefaultKeyedRateLimiter<NetworkKey>,
    salt: Mutex<Salt>,
}

struct Salt {
    bytes: Zeroizing<[u8; 32]>,
    since: Instant,
}

impl Salt {
    fn draw() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(&mut *bytes);
        Self { bytes, since: Instant::now() }
    }
}

impl Limits {
    /// As configured.
    pub fn new(config: &Config) -> Self {
        let limits = &config.limits;
        let positive = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(positive(limits.network_per_minute))
            .allow_burst(positive(limits.network_burst));
        Self {
            uploads: Arc::new(Semaphore::new(limits.uploads)),
            lookups: Arc::new(Semaphore::new(limits.lookups)),
            wait: Duration::from_secs(limits.wait_seconds),
            trusted_proxies: config.public.trusted_proxies.clone(),
            networks: RateLimiter::keyed(quota),
            salt: Mutex::new(Salt::draw()),
        }
    }

    /// May this network post once more? Visitors without a network of their own always may.
    fn allows(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let Some(client) = self.client(peer, headers) else { return true };
        self.networks.check_key(&self.key(network(client))).is_ok()
    }

    /// Where the visitor is, if that tells visitors apart: the onion service and this machine do not.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let client =
            if self.trusted_proxies.contains(&peer.to_canonical()) { last_forwarded(headers)? } else { peer };
        let client = client.to_canonical();
        (!client.is_loopback()).then_some(client)
    }

    fn key(&self, network: Ipv6Addr) -> NetworkKey {
        let mut salt = self.salt.lock().unwrap_or_else(PoisonError::into_inner);
        if salt.since.elapsed() > SALT_LIFE {
            *salt = Salt::draw();
            self.networks.retain_recent();
        }
        let hash = Sha256::new().chain_update(*salt.bytes).chain_update(network.octets()).finalize();
        *hash.first_chunk().expect("32 bytes hold 16")
    }

    /// A place, after waiting for it; `None` when none came free.
    async fn place(&self, upload: bool) -> Option<OwnedSemaphorePermit> {
        let places = if upload { &self.uploads } else { &self.lookups };
        timeout(self.wait, places.clone().acquire_owned()).await.ok()?.ok()
    }
}

/// The hop that our own proxy has added.
fn last_forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

/// The /24 or /48 of an address, which is about one household, office or cell.
fn network(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            Ipv4Addr::new(a, b, c, 0).to_ipv6_mapped()
        }
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 80 << 80),
    }
}

/// Bounds posts: first by network, then by how many are under way. What only reads is not bounded here.
pub async fn bound_posts(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let path = request.uri().path();
    if !app.limits.allows(peer.ip(), request.headers()) {
        return turned_away(&app, path, StatusCode::TOO_MANY_REQUESTS);
    }
    // Whoever is slow with a small body holds no place: a few could keep everybody out.
    let path = path.to_owned();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(text: &str) -> Limits {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("intake.toml");
        let example = include_str!("../../../deploy/config/intake.toml");
        std::fs::write(
            &file,
            example.replace("trusted_proxies = []", text).replace("network_burst = 240", "network_burst = 3"),
        )
        .unwrap();
        Limits::new(&Config::load(&file).unwrap())
    }

    fn forwarded(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static("x-forwarded-for"), value.parse().unwrap())])
    }

    fn how_many(limits: &Limits, peer: &str, headers: &HeaderMap) -> usize {
        (0..50).take_while(|_| limits.allows(peer.parse().unwrap(), headers)).count()
    }

    #[tokio::test]
    async fn a_network_runs_out_alone_and_this_machine_never() {
        let limits = limits("trusted_proxies = [\"10.0.0.1\"]");
        let none = HeaderMap::new();
        assert_eq!(how_many(&limits, "192.0.2.1", &none), 3);
        assert_eq!(how_many(&limits, "192.0.2.200", &none), 0, "the same /24");
        assert_eq!(how_many(&limits, "192.0.3.1", &none), 3);
        assert_eq!(how_many(&limits, "2001:db8:1:ff::1", &none), 3);
        assert_eq!(how_many(&limits, "2001:db8:1::9", &none), 0, "the same /48");
        assert_eq!(how_many(&limits, "127.0.0.1", &none), 50);
        assert_eq!(how_many(&limits, "::ffff:127.0.0.1", &none), 50);
        assert_eq!(how_many(&limits, "::1", &none), 50);
    }

    #[tokio::test]
    async fn only_a_trusted_proxy_says_who_a_visitor_is() {
        let limits = limits("trusted_proxies = [\"10.0.0.1\"]");
        assert_eq!(how_many(&limits, "10.0.0.1", &forwarded("192.0.2.9, 198.51.100.7")), 3);
        assert_eq!(
            how_many(&limits, "10.0.0.1", &forwarded("203.0.113.1, 198.51.100.8")),
            0,
            "the last hop counts"
        );
        assert_eq!(how_many(&limits, "10.0.0.1", &HeaderMap::new()), 50, "nobody in particular");
        assert_eq!(how_many(&limits, "172.16.0.1", &forwarded("203.0.113.77")), 3);
        assert_eq!(
            how_many(&limits, "172.16.0.1", &forwarded("203.0.113.78")),
            0,
            "a stranger's header is ignored"
        );
    }
}
