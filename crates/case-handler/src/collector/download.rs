//! Submissions on their way in: read from the intake and opened ahead of being filed, in bounded
//! memory.

use std::{sync::Arc, thread};

use bytes::Bytes;
use protocol::{
    encoding::size_classes,
    keys::TransportIdentity,
    submission::envelope::{self, OpenedSubmission, SubmissionOpenError},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::{JoinError, JoinHandle, spawn_blocking},
};
use uuid::Uuid;

use crate::collector::relay_client::{RelayError, SubmissionStream};

/// Submissions that are filed together, at most.
const MAX_BATCH_SIZE: usize = 128;
/// Bytes of submissions that are under way at once, in units of [`PERMIT_BYTES`]: as many as the
/// largest one has.
#[expect(clippy::cast_possible_truncation, reason = "2,048")]
const MEMORY_PERMITS: u32 = (size_classes::MAX_SUBMISSION_LEN / PERMIT_BYTES) as u32;
/// The smallest submission.
const PERMIT_BYTES: u64 = size_classes::SIZE_CLASSES[0];

/// What opening gives, once it is through; it fails if it panicked.
pub(crate) type OpenTask = JoinHandle<Result<OpenedSubmission, SubmissionOpenError>>;

/// A submission that has come whole.
pub(crate) struct DownloadedSubmission {
    /// Its id at the intake.
    pub(crate) id: Uuid,
    /// As collected.
    pub(crate) bytes: Bytes,
    open_task: OpenTask,
    _permit: OwnedSemaphorePermit,
}

impl DownloadedSubmission {
    /// What is in its outer seal.
    pub(crate) async fn join_open_task(
        &mut self,
    ) -> Result<Result<OpenedSubmission, SubmissionOpenError>, JoinError> {
        (&mut self.open_task).await
    }
}

/// Submissions as they arrive.
pub(crate) struct SubmissionDownload {
    receiver: mpsc::Receiver<DownloadedSubmission>,
    download_task: JoinHandle<Result<(), RelayError>>,
}

impl SubmissionDownload {
    /// Begins to read them, and to open them with the transport keys, the newest first.
    pub(crate) fn spawn(pulled: SubmissionStream, transport: Arc<Vec<TransportIdentity>>) -> Self {
        let (sender, coming) = mpsc::channel(MAX_BATCH_SIZE);
        Self { receiver: coming, download_task: tokio::spawn(download(pulled, transport, sender)) }
    }

    /// What has come since, at least one; none when no more will come.
    pub(crate) async fn next_batch(&mut self) -> Vec<DownloadedSubmission> {
        let mut group = Vec::with_capacity(MAX_BATCH_SIZE);
        self.receiver.recv_many(&mut group, MAX_BATCH_SIZE).await;
        group
    }

    /// Why no more came.
    pub(crate) async fn join(self) -> Result<Result<(), RelayError>, JoinError> {
        let Self { receiver: coming, download_task: reading } = self;
        drop(coming);
        reading.await
    }

    /// Reads no further.
    pub(crate) fn abort(self) {
        self.download_task.abort();
    }
}

async fn download(
    mut pulled: SubmissionStream,
    transport: Arc<Vec<TransportIdentity>>,
    sender: mpsc::Sender<DownloadedSubmission>,
) -> Result<(), RelayError> {
    let room = Arc::new(Semaphore::new(MEMORY_PERMITS as usize));
    let openers = Arc::new(Semaphore::new(thread::available_parallelism().map_or(1, usize::from)));
    while let Some((id, bytes)) = pulled.next_submission().await? {
        let units = u32::try_from(bytes.len() as u64 / PERMIT_BYTES)
            .unwrap_or(MEMORY_PERMITS)
            .clamp(1, MEMORY_PERMITS);
        let room = Arc::clone(&room).acquire_many_owned(units).await.expect("never closed");
        let opener = Arc::clone(&openers).acquire_owned().await.expect("never closed");
        let opening = spawn_open(Arc::clone(&transport), bytes.clone(), opener);
        let arrival = DownloadedSubmission { id, bytes, open_task: opening, _permit: room };
        if sender.send(arrival).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Tries each transport key, where it may take time. Holds `until_done` meanwhile.
pub(crate) fn spawn_open(
    transport: Arc<Vec<TransportIdentity>>,
    bytes: Bytes,
    until_done: impl Send + 'static,
) -> OpenTask {
    spawn_blocking(move || {
        let _held = until_done;
        let mut result = envelope::open(&transport[0], &bytes[..]);
        for older in &transport[1..] {
            if !matches!(result, Err(SubmissionOpenError::Unopenable(_))) {
                break;
            }
            result = envelope::open(older, &bytes[..]);
        }
        result
    })
}
