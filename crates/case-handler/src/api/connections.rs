//! Limits the connections of workbenches, so that one machine of the private network cannot use all
//! of them.

use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum_server::accept::Accept;
use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};

/// Maximum number of connections.
const MAX_CONNECTIONS: usize = 512;
/// Maximum number of connections of one address. A workbench opens a few.
const MAX_CONNECTIONS_PER_ADDRESS: usize = 64;
/// Minimum time between two log lines about rejected connections.
const LOG_INTERVAL: std::time::Duration = std::time::Duration::from_mins(1);

/// An acceptor that rejects connections above the limits.
#[derive(Debug, Clone)]
pub struct LimitedAcceptor<A> {
    inner: A,
    connections: Arc<ConnectionCounts>,
}

/// Open connections by address.
#[derive(Debug, Default)]
struct ConnectionCounts {
    by_address: Mutex<HashMap<IpAddr, usize>>,
    last_logged: Mutex<Option<Instant>>,
}

/// Counts a connection until it is dropped.
#[derive(Debug)]
struct ConnectionGuard {
    connections: Arc<ConnectionCounts>,
    address: IpAddr,
}

impl<A> LimitedAcceptor<A> {
    /// Wraps `inner` with the limits.
    pub fn new(inner: A) -> Self {
        Self { inner, connections: Arc::default() }
    }
}

impl ConnectionCounts {
    /// Counts one more connection. Returns `None` above the limits.
    fn try_acquire(self: &Arc<Self>, address: IpAddr) -> Option<ConnectionGuard> {
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = by_address.values().sum();
        let count = by_address.entry(address).or_insert(0);
        if total >= MAX_CONNECTIONS || *count >= MAX_CONNECTIONS_PER_ADDRESS {
            if *count == 0 {
                by_address.remove(&address);
            }
            return None;
        }
        *count += 1;
        Some(ConnectionGuard { connections: Arc::clone(self), address })
    }

    /// Logs the rejection for the operator, without the address.
    fn log_rejected(&self) {
        let mut last_logged = self.last_logged.lock().unwrap_or_else(PoisonError::into_inner);
        if last_logged.is_none_or(|last_logged| last_logged.elapsed() >= LOG_INTERVAL) {
            *last_logged = Some(Instant::now());
            tracing::warn!(
                "a connection to the API was refused: the limit of {MAX_CONNECTIONS_PER_ADDRESS} per address or {MAX_CONNECTIONS} in total is reached. Find out which \
                 machine of the private network opens so many"
            );
        }
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        let mut by_address =
            self.connections.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

impl<A, S> Accept<TcpStream, S> for LimitedAcceptor<A>
where
    A: Accept<TcpStream, S>,
    A::Future: Send + 'static,
{
    type Stream = GuardedStream<A::Stream>;
    type Service = A::Service;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let guard = stream.peer_addr().map(|peer| self.connections.try_acquire(peer.ip()));
        let guard = guard.and_then(|guard| {
            guard.ok_or_else(|| {
                self.connections.log_rejected();
                io::Error::other("too many connections")
            })
        });
        let accepting = guard.map(|guard| (guard, self.inner.accept(stream, service)));
        Box::pin(async move {
            let (guard, accepting) = accepting?;
            let (stream, service) = accepting.await?;
            Ok((GuardedStream { stream, _guard: guard }, service))
        })
    }
}

/// A stream that counts as a connection until it is dropped.
#[derive(Debug)]
pub struct GuardedStream<T> {
    stream: T,
    _guard: ConnectionGuard,
}

impl<T: AsyncRead + Unpin> AsyncRead for GuardedStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for GuardedStream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_limited_per_address_and_in_total() {
        let open = Arc::new(ConnectionCounts::default());
        let address = |n: u8| IpAddr::from([10, 0, 0, n]);
        let one: Vec<_> = (0..1000).filter_map(|_| open.try_acquire(address(1))).collect();
        assert_eq!(one.len(), MAX_CONNECTIONS_PER_ADDRESS);
        assert!(open.try_acquire(address(2)).is_some(), "other addresses are served");
        let many: Vec<_> = (2..=255)
            .flat_map(|n| (0..9).filter_map(|_| open.try_acquire(address(n))).collect::<Vec<_>>())
            .collect();
        assert_eq!(one.len() + many.len(), MAX_CONNECTIONS);
        drop(one);
        assert!(open.try_acquire(address(1)).is_some(), "a closed connection frees a slot");
        drop(many);
        assert!(open.by_address.lock().unwrap().is_empty());
    }
}
