//! How often one network may post: the key by which tower-governor counts. Nothing of it is stored or logged.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{body::Body, extract::ConnectInfo, response::Response};
use governor::middleware::NoOpMiddleware;
use http::{HeaderMap, Method, Request, StatusCode};
use rand::{RngCore, rngs::OsRng};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tower_governor::{
    GovernorError, GovernorLayer,
    governor::{GovernorConfig, GovernorConfigBuilder},
    key_extractor::KeyExtractor,
};
use zeroize::Zeroizing;

use crate::config::Config;

/// How long one salt keeps a network recognisable.
const SALT_LIFE: Duration = Duration::from_hours(1);

/// Stands for a network while one salt lasts.
pub type NetworkKey = [u8; 16];

/// Counts posts by network.
pub type PostsByNetwork = GovernorConfig<Networks, NoOpMiddleware>;

/// Tells which network a post comes from.
#[derive(Clone)]
pub struct Networks(Arc<Inner>);

struct Inner {
    trusted_proxies: Vec<IpAddr>,
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

impl Networks {
    /// Believes the configured proxies.
    pub fn new(config: &Config) -> Self {
        let trusted_proxies = config.public.trusted_proxies.clone();
        Self(Arc::new(Inner { trusted_proxies, salt: Mutex::new(Salt::draw()) }))
    }

    /// Counts as configured.
    pub fn count(self, config: &Config) -> PostsByNetwork {
        let each = Duration::from_mins(1) / config.limits.network_per_minute.max(1);
        GovernorConfigBuilder::default()
            .period(each)
            .burst_size(config.limits.network_burst.max(1))
            .methods(vec![Method::POST])
            .key_extractor(self)
            .finish()
            .expect("neither the period nor the burst is zero")
    }

    /// Which network a request comes from, if that tells visitors apart.
    pub fn of<T>(&self, request: &Request<T>) -> Option<NetworkKey> {
        let client = self.client(peer(request)?, request.headers())?;
        Some(self.salted(network(client)))
    }

    fn key<T>(&self, request: &Request<T>) -> NetworkKey {
        if let Some(key) = self.of(request) {
            return key;
        }
        // Visitors who cannot be told apart would share one count, which one of them could use up. Each post of theirs has a
        // count of its own; how many are under way at once bounds them.
        let mut alone = NetworkKey::default();
        OsRng.fill_bytes(&mut alone);
        alone
    }

    /// Where the visitor is, if that tells visitors apart: the onion service and this machine do not.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let proxied = self.0.trusted_proxies.contains(&peer.to_canonical());
        let client = if proxied { last_forwarded(headers)? } else { peer };
        let client = client.to_canonical();
        (!client.is_loopback()).then_some(client)
    }

    fn salted(&self, network: Ipv6Addr) -> NetworkKey {
        let mut salt = self.0.salt.lock().unwrap_or_else(PoisonError::into_inner);
        if salt.since.elapsed() > SALT_LIFE {
            *salt = Salt::draw();
        }
        let hash = Sha256::new().chain_update(*salt.bytes).chain_update(network.octets()).finalize();
        *hash.first_chunk().expect("32 bytes hold 16")
    }
}

impl KeyExtractor for Networks {
    type Key = NetworkKey;

    fn extract<T>(&self, request: &Request<T>) -> Result<NetworkKey, GovernorError> {
        peer(request).map(|_| self.key(request)).ok_or(GovernorError::UnableToExtractKey)
    }
}

fn peer<T>(request: &Request<T>) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}

/// The layer that counts. Who is turned away gets a bare 429, which the caller's layer makes a page of.
pub fn layer(posts: &Arc<PostsByNetwork>) -> GovernorLayer<Networks, NoOpMiddleware, Body> {
    GovernorLayer::new(Arc::clone(posts)).error_handler(|error| {
        let status = match error {
            GovernorError::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        response
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn posts(text: &str) -> (Networks, PostsByNetwork) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("intake.toml");
        let example = include_str!("../../../deploy/config/intake.toml");
        std::fs::write(
            &file,
            example.replace("trusted_proxies = []", text).replace("network_burst = 240", "network_burst = 3"),
        )
        .unwrap();
        let config = Config::load(&file).unwrap();
        let networks = Networks::new(&config);
        (networks.clone(), networks.count(&config))
    }

    fn forwarded(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static("x-forwarded-for"), value.parse().unwrap())])
    }

    fn how_many((networks, posts): &(Networks, PostsByNetwork), peer: &str, headers: &HeaderMap) -> usize {
        let mut request =
            Request::post("/").extension(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        *request.headers_mut().unwrap() = headers.clone();
        let request = request.body(()).unwrap();
        let allowed = |_: &i32| posts.limiter().check_key(&networks.extract(&request).unwrap()).is_ok();
        (0..50).take_while(allowed).count()
    }

    #[tokio::test]
    async fn a_network_runs_out_alone_and_this_machine_never() {
        let posts = posts("trusted_proxies = [\"10.0.0.1\"]");
        let none = HeaderMap::new();
        assert_eq!(how_many(&posts, "192.0.2.1", &none), 3);
        assert_eq!(how_many(&posts, "192.0.2.200", &none), 0, "the same /24");
        assert_eq!(how_many(&posts, "192.0.3.1", &none), 3);
        assert_eq!(how_many(&posts, "2001:db8:1:ff::1", &none), 3);
        assert_eq!(how_many(&posts, "2001:db8:1::9", &none), 0, "the same /48");
        assert_eq!(how_many(&posts, "127.0.0.1", &none), 50);
        assert_eq!(how_many(&posts, "::ffff:127.0.0.1", &none), 50);
        assert_eq!(how_many(&posts, "::1", &none), 50);
    }

    #[tokio::test]
    async fn only_a_trusted_proxy_says_who_a_visitor_is() {
        let posts = posts("trusted_proxies = [\"10.0.0.1\"]");
        assert_eq!(how_many(&posts, "10.0.0.1", &forwarded("192.0.2.9, 198.51.100.7")), 3);
        assert_eq!(
            how_many(&posts, "10.0.0.1", &forwarded("203.0.113.1, 198.51.100.8")),
            0,
            "the last hop counts"
        );
        assert_eq!(how_many(&posts, "10.0.0.1", &HeaderMap::new()), 50, "nobody in particular");
        assert_eq!(how_many(&posts, "172.16.0.1", &forwarded("203.0.113.77")), 3);
        assert_eq!(
            how_many(&posts, "172.16.0.1", &forwarded("203.0.113.78")),
            0,
            "a stranger's header is ignored"
        );
    }
}
