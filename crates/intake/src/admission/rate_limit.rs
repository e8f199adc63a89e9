//! The origin of a request, as far as fair sharing between networks needs it. Origins are never
//! stored or logged.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::extract::ConnectInfo;
use http::{HeaderMap, Request};
use rand::{RngCore, rngs::OsRng};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use zeroize::Zeroizing;

/// Lifetime of a salt. The key of a network changes with the salt.
const SALT_ROTATION_INTERVAL: Duration = Duration::from_hours(1);

/// Identifies a network, an address or a circuit during the lifetime of one salt.
pub type NetworkKey = [u8; 16];

/// The onion circuit of a request, as Tor encodes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnionCircuit(pub Ipv6Addr);

/// The origin of a request. Requests with equal keys share limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientOrigin {
    /// What contains the network.
    pub class: OriginClass,
    /// The /24 (IPv6: /56), or the circuit of the onion service.
    pub network: NetworkKey,
    /// The address (IPv6: /64) within the network.
    pub host: NetworkKey,
}

/// The networks that contain a network. A class as a whole has one share of scarce storage, because
/// one sender can have many of its networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OriginClass {
    /// This machine, and an onion service that names no circuits.
    Local,
    /// All circuits of the onion service.
    Onion,
    /// A /16 (IPv6: /32) of the internet, and the /20 (IPv6: /48) in it.
    Internet {
        /// The /16 (IPv6: /32).
        outer: NetworkKey,
        /// The /20 (IPv6: /48).
        inner: NetworkKey,
    },
}

impl ClientOrigin {
    /// The origin of requests from this machine, and from an onion service that names no circuits.
    pub const LOCAL: Self = Self { class: OriginClass::Local, network: [0; 16], host: [0; 16] };

    /// Returns whether requests of this address count towards its rate. Requests from this machine,
    /// and from an onion service that names no circuits, do not count: all its visitors would share
    /// one count, which one of them could exhaust.
    pub fn is_counted(&self) -> bool {
        self.class != OriginClass::Local
    }
}

#[cfg(test)]
impl ClientOrigin {
    /// An address of the internet, in a /16 and /20 with the number of its network.
    pub(crate) const fn numbered(network: u8, host: u8) -> Self {
        let network = [network; 16];
        let class = OriginClass::Internet { outer: network, inner: network };
        Self { class, network, host: [host; 16] }
    }
}

/// Resolves the origin of requests.
pub struct OriginResolver {
    trusted_proxies: Vec<IpAddr>,
    salt: Mutex<RotatingSalt>,
}

struct RotatingSalt {
    bytes: Zeroizing<[u8; 32]>,
    created_at: Instant,
}

impl RotatingSalt {
    fn random() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(&mut *bytes);
        Self { bytes, created_at: Instant::now() }
    }
}

/// The address of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClientAddress {
    Local,
    Ip(IpAddr),
    /// A proxy named no valid address. All such clients share one count.
    Unknown,
}

impl OriginResolver {
    /// Creates a resolver that trusts the forwarding headers of these proxies.
    pub fn new(trusted_proxies: Vec<IpAddr>) -> Self {
        Self { trusted_proxies, salt: Mutex::new(RotatingSalt::random()) }
    }

    /// Returns the origin of a request. Requests without [`ConnectInfo`] count as local.
    pub fn resolve<T>(&self, request: &Request<T>) -> ClientOrigin {
        if let Some(OnionCircuit(circuit)) = request.extensions().get() {
            return self.origin_of_circuit(*circuit);
        }
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        match peer.map_or(ClientAddress::Local, |ConnectInfo(peer)| {
            self.client_address(peer.ip(), request.headers())
        }) {
            ClientAddress::Local => ClientOrigin::LOCAL,
            ClientAddress::Ip(address) => {
                let [outer, inner, network, host] = containing_prefixes(address);
                ClientOrigin {
                    class: OriginClass::Internet {
                        outer: self.keyed_hash(b"outer", outer),
                        inner: self.keyed_hash(b"inner", inner),
                    },
                    network: self.keyed_hash(b"network", network),
                    host: self.keyed_hash(b"host", host),
                }
            }
            ClientAddress::Unknown => {
                let key = self.keyed_hash(b"unknown", Ipv6Addr::UNSPECIFIED);
                let class = OriginClass::Internet { outer: key, inner: key };
                ClientOrigin { class, network: key, host: key }
            }
        }
    }

    /// Returns the origin of a circuit of the onion service.
    pub fn origin_of_circuit(&self, circuit: Ipv6Addr) -> ClientOrigin {
        let key = self.keyed_hash(b"circuit", circuit);
        ClientOrigin { class: OriginClass::Onion, network: key, host: key }
    }

    /// Returns when the present keys came into force.
    pub fn keys_since(&self) -> Instant {
        self.current_salt().created_at
    }

    fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let is_proxy = self.trusted_proxies.contains(&peer.to_canonical());
        let client = if is_proxy { last_forwarded_ip(headers) } else { Some(peer) };
        match client.map(|client| client.to_canonical()) {
            None => ClientAddress::Unknown,
            Some(client) if client.is_loopback() => ClientAddress::Local,
            Some(client) => ClientAddress::Ip(client),
        }
    }

    fn keyed_hash(&self, kind: &[u8], address: Ipv6Addr) -> NetworkKey {
        let hash = Sha256::new()
            .chain_update(*self.current_salt().bytes)
            .chain_update(kind)
            .chain_update(address.octets());
        *hash.finalize().first_chunk().expect("32 bytes hold 16")
    }

    fn current_salt(&self) -> MutexGuard<'_, RotatingSalt> {
        let mut salt = self.salt.lock().unwrap_or_else(PoisonError::into_inner);
        if salt.created_at.elapsed() > SALT_ROTATION_INTERVAL {
            *salt = RotatingSalt::random();
        }
        salt
    }
}

/// Returns the hop that our own proxy has added, with or without a port. Returns `None` if it is
/// not a valid address.
fn last_forwarded_ip(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    let hop = last.rsplit(',').next()?.trim();
    let without_port = || hop.parse().map(|address: SocketAddr| address.ip());
    let bracketed =
        || hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop).parse();
    hop.parse().or_else(|_| without_port()).or_else(|_| bracketed()).ok()
}

/// Returns the /16, the /20 and the /24 (IPv6: /32, /48 and /56) of an address, and the address
/// (IPv6: its /64).
fn containing_prefixes(address: IpAddr) -> [Ipv6Addr; 4] {
    match address {
        IpAddr::V4(v4) => [16, 20, 24, 32].map(|bits| {
            Ipv4Addr::from_bits(v4.to_bits() >> (32 - bits) << (32 - bits)).to_ipv6_mapped()
        }),
        IpAddr::V6(v6) => [32, 48, 56, 64]
            .map(|bits| Ipv6Addr::from_bits(v6.to_bits() >> (128 - bits) << (128 - bits))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve_from(
        resolver: &OriginResolver,
        peer: &str,
        forwarded: Option<&str>,
    ) -> ClientOrigin {
        let mut request =
            Request::post("/").extension(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        if let Some(value) = forwarded {
            request = request.header("x-forwarded-for", value);
        }
        resolver.resolve(&request.body(()).unwrap())
    }

    #[test]
    fn a_network_contains_hosts_and_this_machine_has_the_local_origin() {
        let resolver = OriginResolver::new(Vec::new());
        let of = |peer| resolve_from(&resolver, peer, None);
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_eq!(of("192.0.2.1").network, of("192.0.2.200").network);
        assert_ne!(of("192.0.2.1").host, of("192.0.2.200").host);
        assert_ne!(of("192.0.2.1").network, of("192.0.3.1").network);
        assert_eq!(of("2001:db8:1:ff::1"), of("2001:db8:1:ff:1::9"), "one /64");
        assert_eq!(of("2001:db8:1:ff::1").network, of("2001:db8:1:1::1").network, "one /56");
        assert_ne!(of("2001:db8:1:ff::1").host, of("2001:db8:1:1::1").host);
        assert_ne!(of("2001:db8:1:ff::1").network, of("2001:db8:1:100::1").network);
        let outer = |peer| match of(peer).class {
            OriginClass::Internet { outer, inner } => [outer, inner],
            other => panic!("{other:?}"),
        };
        assert_eq!(outer("192.0.16.1"), outer("192.0.31.1"), "one /20");
        assert_eq!(outer("192.0.16.1")[0], outer("192.0.2.1")[0], "one /16");
        assert_ne!(outer("192.0.16.1")[1], outer("192.0.2.1")[1]);
        assert_ne!(outer("192.1.2.1")[0], outer("192.0.2.1")[0]);
        assert_eq!(outer("2001:db8:1:ff::1"), outer("2001:db8:1:100::1"), "one /48");
        assert_eq!(outer("2001:db8:1::1")[0], outer("2001:db8:2::1")[0], "one /32");
        assert_ne!(outer("2001:db8:1::1")[1], outer("2001:db8:2::1")[1]);
        assert_ne!(outer("2001:db9:1::1")[0], outer("2001:db8:1::1")[0]);
        for local in ["127.0.0.1", "::ffff:127.0.0.1", "::1"] {
            assert_eq!(of(local), ClientOrigin::LOCAL);
        }
        let circuit = |text: &str| resolver.origin_of_circuit(text.parse().unwrap());
        let [one, two] = ["fc00:dead:beef:4dad::1", "fc00:dead:beef:4dad::2"].map(circuit);
        assert_ne!(one.network, two.network);
        assert_eq!([one.class, two.class], [OriginClass::Onion; 2]);
    }

    #[test]
    fn only_a_trusted_proxy_names_a_client_and_invalid_addresses_share_one_key() {
        let resolver = OriginResolver::new(vec!["10.0.0.1".parse().unwrap()]);
        let by_proxy = |value| resolve_from(&resolver, "10.0.0.1", Some(value));
        let direct = |peer| resolve_from(&resolver, peer, None);
        for spelling in [
            "41.203.10.99",
            "41.203.10.99:5123",
            " 192.0.2.9 , 41.203.10.99 ",
            "[::ffff:41.203.10.99]:1",
        ] {
            assert_eq!(by_proxy(spelling), direct("41.203.10.99"), "{spelling}");
        }
        for spelling in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443"] {
            assert_eq!(by_proxy(spelling), direct("2001:db8::1"), "{spelling}");
        }
        let unknown = resolve_from(&resolver, "10.0.0.1", None);
        assert!(unknown.is_counted());
        for spelling in ["", "unknown", "_hidden", "41.203.10", "41.203.10.99:", "192.0.2.1, ", "é"]
        {
            assert_eq!(by_proxy(spelling), unknown, "{spelling}");
        }
        assert_eq!(
            resolve_from(&resolver, "172.16.0.1", Some("203.0.113.77")),
            direct("172.16.0.1")
        );
    }
}
