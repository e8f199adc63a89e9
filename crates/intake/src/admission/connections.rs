//! A limit on open connections. At the limit, a new connection evicts a slow one.
//!
//! Without eviction, an attacker could fill the limit with idle sockets at no cost, and the system
//! would reject every new connection.

use std::{
    future::{Ready, ready},
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum_server::accept::Accept;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::admission::{
    rate_limit::ClientOrigin,
    slots::{Slot, SlotPool},
};

/// Assigns each connection a slot.
#[derive(Clone)]
pub struct ConnectionLimiter(SlotPool);

impl ConnectionLimiter {
    /// Limits the number of open connections to `capacity`.
    pub fn new(capacity: usize) -> Self {
        Self(SlotPool::new(capacity))
    }

    /// Assigns a slot to a connection of this origin.
    pub(crate) fn limit(
        &self,
        stream: TcpStream,
        origin: ClientOrigin,
    ) -> io::Result<LimitedConnection<TcpStream>> {
        let slot = self.0.acquire_or_evict(origin);
        let evicted = Box::pin(slot.evicted());
        // With Nagle's algorithm, the second part of a response waits until the client acknowledges
        // the first part: 40 ms, and more on a slow line.
        stream.set_nodelay(true)?;
        Ok(LimitedConnection { stream, slot, evicted })
    }
}

impl<S> Accept<TcpStream, S> for ConnectionLimiter {
    type Stream = LimitedConnection<TcpStream>;
    type Service = S;
    type Future = Ready<io::Result<(LimitedConnection<TcpStream>, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        // Behind a proxy all connections come from one address, so the origin is not known here.
        ready(self.limit(stream, ClientOrigin::LOCAL).map(|connection| (connection, service)))
    }
}

/// A connection that fails when its slot is evicted.
pub struct LimitedConnection<I> {
    stream: I,
    slot: Slot,
    evicted: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<I> LimitedConnection<I> {
    fn check_evicted(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.evicted.as_mut().poll(context) {
            Poll::Pending => Ok(()),
            Poll::Ready(()) => {
                self.evicted = Box::pin(ready(()));
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for LimitedConnection<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_evicted(context)?;
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.slot.record_progress(buffer.filled().len() - before);
        read
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for LimitedConnection<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check_evicted(context)?;
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = written {
            self.slot.record_progress(count);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_evicted(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_evicted(context)?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        if let Poll::Ready(Ok(count)) = written {
            self.slot.record_progress(count);
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
