//! Connections of workbenches: bounded in number, so that one machine of the private network cannot take them all.

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

/// Connections at once.
const MOST: usize = 512;
/// Connections of one address at once. A workbench opens a few.
const MOST_OF_ONE: usize = 64;
/// A refusal is logged at most this often.
const SAID_AGAIN: std::time::Duration = std::time::Duration::from_mins(1);

/// Accepts a connection only while there are few enough.
#[derive(Debug, Clone)]
pub struct Bounded<A> {
    inner: A,
    open: Arc<Open>,
}

/// Open connections by address.
#[derive(Debug, Default)]
struct Open {
    by_address: Mutex<HashMap<IpAddr, usize>>,
    said: Mutex<Option<Instant>>,
}

/// A connection that counts until it is dropped.
#[derive(Debug)]
struct Counted {
    open: Arc<Open>,
    address: IpAddr,
}

impl<A> Bounded<A> {
    /// Bounds what `inner` accepts.
    pub fn new(inner: A) -> Self {
        Self { inner, open: Arc::default() }
    }
}

impl Open {
    /// Counts one more connection; `None` if there are too many.
    fn count(self: &Arc<Self>, address: IpAddr) -> Option<Counted> {
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = by_address.values().sum();
        let of_one = by_address.entry(address).or_insert(0);
        if all >= MOST || *of_one >= MOST_OF_ONE {
            if *of_one == 0 {
                by_address.remove(&address);
            }
            return None;
        }
        *of_one += 1;
        Some(Counted { open: Arc::clone(self), address })
    }

    /// For the operator, and nothing of the address.
    fn say_refused(&self) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|said| said.elapsed() >= SAID_AGAIN) {
            *said = Some(Instant::now());
            tracing::warn!(
                "a connection to the API was refused: one address has {MOST_OF_ONE} open, or all have {MOST}. Find out which \
                 machine of the private network floods it"
            );
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut by_address = self.open.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_one) = by_address.get_mut(&self.address) {
            *of_one -= 1;
            if *of_one == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

impl<A, S> Accept<TcpStream, S> for Bounded<A>
where
    A: Accept<TcpStream, S>,
    A::Future: Send + 'static,
{
    type Stream = Held<A::Stream>;
    type Service = A::Service;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let counted = stream.peer_addr().map(|peer| self.open.count(peer.ip()));
        let counted = counted.and_then(|counted| {
            counted.ok_or_else(|| {
                self.open.say_refused();
                io::Error::other("too many connections")
            })
        });
        let accepting = counted.map(|counted| (counted, self.inner.accept(stream, service)));
        Box::pin(async move {
            let (counted, accepting) = accepting?;
            let (stream, service) = accepting.await?;
            Ok((Held { stream, _counted: counted }, service))
        })
    }
}

/// A stream that counts as long as it is there.
#[derive(Debug)]
pub struct Held<T> {
    stream: T,
    _counted: Counted,
}

impl<T: AsyncRead + Unpin> AsyncRead for Held<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Held<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
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
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_takes_its_share_and_all_take_no_more_than_there_is() {
        let open = Arc::new(Open::default());
        let address = |n: u8| IpAddr::from([10, 0, 0, n]);
        let one: Vec<_> = (0..1000).filter_map(|_| open.count(address(1))).collect();
        assert_eq!(one.len(), MOST_OF_ONE);
        assert!(open.count(address(2)).is_some(), "others are served");
        let many: Vec<_> = (2..=255)
            .flat_map(|n| (0..9).filter_map(|_| open.count(address(n))).collect::<Vec<_>>())
            .collect();
        assert_eq!(one.len() + many.len(), MOST);
        drop(one);
        assert!(open.count(address(1)).is_some(), "what ends makes room");
        drop(many);
        assert!(open.by_address.lock().unwrap().is_empty());
    }
}
