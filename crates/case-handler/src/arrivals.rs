//! Submissions on their way in: read from the intake and opened ahead of being filed, in bounded memory.

use std::{sync::Arc, thread};

use bytes::Bytes;
use envelope::{
    keys::TransportIdentity,
    ladder,
    submission::{self, OpenError, Opened},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::{JoinError, JoinHandle, spawn_blocking},
};
use uuid::Uuid;

use crate::relay::{Pulled, RelayError};

/// Submissions that are filed together, at most.
const GROUP: usize = 128;
/// Bytes of submissions that are under way at once, in units of [`UNIT`]: as many as the largest one has.
#[expect(clippy::cast_possible_truncation, reason = "2,048")]
const ROOM: u32 = (ladder::TOP / UNIT) as u32;
/// The smallest submission.
const UNIT: u64 = ladder::RUNGS[0];

/// What opening gives, once it is through; it fails if it panicked.
pub(crate) type Opening = JoinHandle<Result<Opened, OpenError>>;

/// A submission that has come whole.
pub(crate) struct Arrival {
    /// Its id at the intake.
    pub(crate) id: Uuid,
    /// As collected.
    pub(crate) bytes: Bytes,
    opening: Opening,
    _room: OwnedSemaphorePermit,
}

impl Arrival {
    /// What is in its outer seal.
    pub(crate) async fn opened(&mut self) -> Result<Result<Opened, OpenError>, JoinError> {
        (&mut self.opening).await
    }
}

/// Submissions as they arrive.
pub(crate) struct Arrivals {
    coming: mpsc::Receiver<Arrival>,
    reading: JoinHandle<Result<(), RelayError>>,
}

impl Arrivals {
    /// Begins to read them, and to open them with the transport keys, the newest first.
    pub(crate) fn of(pulled: Pulled, transport: Arc<Vec<TransportIdentity>>) -> Self {
        let (sender, coming) = mpsc::channel(GROUP);
        Self { coming, reading: tokio::spawn(read(pulled, transport, sender)) }
    }

    /// What has come since, at least one; none when no more will come.
    pub(crate) async fn group(&mut self) -> Vec<Arrival> {
        let mut group = Vec::with_capacity(GROUP);
        self.coming.recv_many(&mut group, GROUP).await;
        group
    }

    /// Why no more came.
    pub(crate) async fn end(self) -> Result<Result<(), RelayError>, JoinError> {
        let Self { coming, reading } = self;
        drop(coming);
        reading.await
    }

    /// Reads no further.
    pub(crate) fn give_up(self) {
        self.reading.abort();
    }
}

async fn read(
    mut pulled: Pulled,
    transport: Arc<Vec<TransportIdentity>>,
    sender: mpsc::Sender<Arrival>,
) -> Result<(), RelayError> {
    let room = Arc::new(Semaphore::new(ROOM as usize));
    let openers = Arc::new(Semaphore::new(thread::available_parallelism().map_or(1, usize::from)));
    while let Some((id, bytes)) = pulled.next().await? {
        let units = u32::try_from(bytes.len() as u64 / UNIT).unwrap_or(ROOM).clamp(1, ROOM);
        let room = Arc::clone(&room).acquire_many_owned(units).await.expect("never closed");
        let opener = Arc::clone(&openers).acquire_owned().await.expect("never closed");
        let opening = open(Arc::clone(&transport), bytes.clone(), opener);
        let arrival = Arrival { id, bytes, opening, _room: room };
        if sender.send(arrival).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Tries each transport key, where it may take time. Holds `until_done` meanwhile.
pub(crate) fn open(
    transport: Arc<Vec<TransportIdentity>>,
    bytes: Bytes,
    until_done: impl Send + 'static,
) -> Opening {
    spawn_blocking(move || {
        let _held = until_done;
        let mut result = submission::open(&transport[0], &bytes[..]);
        for older in &transport[1..] {
            if !matches!(result, Err(OpenError::Unopenable(_))) {
                break;
            }
            result = submission::open(older, &bytes[..]);
        }
        result
    })
}
