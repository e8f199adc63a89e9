//! The listener of the onion service. Tor names the circuit of each visitor in a PROXY header
//! (`HiddenServiceExportCircuitID haproxy`), so that the intake distinguishes visitors of the onion
//! service without knowing them.

use std::{io, str::from_utf8, sync::Arc, time::Duration};

use axum::{Extension, middleware::AddExtension};
use axum_server::accept::Accept;
use futures_util::future::BoxFuture;
use ppp::v1::{Addresses, Header};
use tokio::{io::AsyncReadExt as _, net::TcpStream, time::timeout};
use tower::Layer as _;

use crate::admission::{
    AdmissionControl,
    connections::{ConnectionLimiter, LimitedConnection},
    rate_limit::OnionCircuit,
};

/// Maximum length of a header of version 1 in bytes, including its line end.
const MAX_HEADER_BYTES: usize = 107;
/// Timeout for the header. Tor sends it immediately.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(5);

/// Accepts connections that begin with a PROXY header of version 1, and closes others.
#[derive(Clone)]
pub struct OnionAcceptor {
    connections: ConnectionLimiter,
    admission: Arc<AdmissionControl>,
}

impl OnionAcceptor {
    /// Creates an acceptor with its own limit of connections, so that visitors of the onion service
    /// and of the proxy do not evict each other.
    pub fn new(connections: ConnectionLimiter, admission: Arc<AdmissionControl>) -> Self {
        Self { connections, admission }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for OnionAcceptor {
    type Stream = LimitedConnection<TcpStream>;
    type Service = AddExtension<S, OnionCircuit>;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, mut stream: TcpStream, service: S) -> Self::Future {
        let acceptor = self.clone();
        Box::pin(async move {
            let circuit = timeout(HEADER_READ_TIMEOUT, read_circuit(&mut stream)).await??;
            let connection = acceptor
                .connections
                .limit(stream, acceptor.admission.origin_resolver().origin_of_circuit(circuit.0))?;
            Ok((connection, Extension(circuit).layer(service)))
        })
    }
}

/// Reads the header, and no byte after it.
async fn read_circuit(stream: &mut TcpStream) -> io::Result<OnionCircuit> {
    let mut header = Vec::with_capacity(MAX_HEADER_BYTES);
    while !header.ends_with(b"\r\n") && header.len() < MAX_HEADER_BYTES {
        header.push(stream.read_u8().await?);
    }
    parse_proxy_header(&header).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn parse_proxy_header(header: &[u8]) -> Option<OnionCircuit> {
    match Header::try_from(from_utf8(header).ok()?).ok()?.addresses {
        Addresses::Tcp6(addresses) => Some(OnionCircuit(addresses.source_address)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_tor_names_a_circuit_and_anything_else_does_not() {
        let circuit =
            parse_proxy_header(b"PROXY TCP6 fc00:dead:beef:4dad::ffff:1234 ::1 65535 42\r\n");
        assert_eq!(circuit, Some(OnionCircuit("fc00:dead:beef:4dad::ffff:1234".parse().unwrap())));
        for other in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"PROXY UNKNOWN\r\n",
            b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n",
            b"PROXY TCP6 fc00::1 ::1 65535 42",
            b"PROXY TCP6 fc00::1 ::1 70000 42\r\n",
            b"PROXY TCP6 \xFF ::1 1 2\r\n",
            b"\r\n\r\n\0\r\nQUIT\n",
            b"",
        ] {
            assert_eq!(parse_proxy_header(other), None, "{}", other.escape_ascii());
        }
    }
}
