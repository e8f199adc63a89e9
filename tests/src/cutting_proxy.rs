//! A TCP proxy that cuts connections, as a bad mobile network does.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinHandle,
};

/// Bytes that are forwarded at once.
const BUFFER_LEN: usize = 16 * 1024;

/// A running proxy. It ends when it is dropped.
#[derive(Debug)]
pub struct CuttingProxy {
    /// Where clients connect.
    pub address: SocketAddr,
    cuts: Arc<Mutex<Cuts>>,
    task: JoinHandle<()>,
}

/// The cuts that are left.
#[derive(Debug)]
struct Cuts {
    /// Bytes of clients that were forwarded, over all connections.
    forwarded: u64,
    /// Numbers of forwarded bytes after which the connection is cut, in ascending order.
    left: VecDeque<u64>,
}

impl Cuts {
    /// Returns how many of `len` bytes are forwarded, and whether the connection is cut then.
    fn take(&mut self, len: usize) -> (usize, bool) {
        let until_cut = self.left.front().map(|cut| cut.saturating_sub(self.forwarded));
        let taken = until_cut.filter(|until_cut| *until_cut <= len as u64);
        if taken.is_some() {
            self.left.pop_front();
        }
        let forwarded = taken.and_then(|taken| usize::try_from(taken).ok()).unwrap_or(len);
        self.forwarded += forwarded as u64;
        (forwarded, taken.is_some())
    }
}

impl CuttingProxy {
    /// Starts a proxy to a service. It cuts a connection each time that clients have sent one of
    /// these numbers of bytes in total.
    ///
    /// # Errors
    /// If no port is free.
    pub async fn start(to: &str, mut cuts: Vec<u64>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        cuts.sort_unstable();
        let cuts = Arc::new(Mutex::new(Cuts { forwarded: 0, left: cuts.into() }));
        let task = tokio::spawn(accept(listener, to.to_owned(), Arc::clone(&cuts)));
        Ok(Self { address, cuts, task })
    }

    /// Returns the number of cuts that have not happened yet.
    pub fn cuts_left(&self) -> usize {
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner).left.len()
    }
}

impl Drop for CuttingProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, to: String, cuts: Arc<Mutex<Cuts>>) {
    while let Ok((client, _)) = listener.accept().await {
        let (to, cuts) = (to.clone(), Arc::clone(&cuts));
        tokio::spawn(async move {
            let Ok(service) = TcpStream::connect(&to).await else { return };
            let ((from_client, mut to_client), (mut from_service, to_service)) =
                (client.into_split(), service.into_split());
            // A cut ends both directions. The end of what a client sends does not.
            tokio::select! {
                () = forward_until_cut(from_client, to_service, &cuts) => {}
                _ = copy(&mut from_service, &mut to_client) => {}
            }
        });
    }
}

/// Forwards the bytes of a client. Returns when its connection is cut.
async fn forward_until_cut(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, cuts: &Mutex<Cuts>) {
    let mut buffer = vec![0; BUFFER_LEN];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let (forwarded, is_cut) = cuts.lock().unwrap_or_else(PoisonError::into_inner).take(read);
        if to.write_all(&buffer[..forwarded]).await.is_err() || is_cut {
            return;
        }
    }
    to.shutdown().await.ok();
    std::future::pending::<()>().await;
}
