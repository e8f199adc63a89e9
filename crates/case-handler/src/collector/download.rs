//! Downloads submissions from the intake and opens them before they are ingested, in bounded
//! memory.

use std::{sync::Arc, thread};

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

use crate::{
    collector::relay_client::{RelayError, SubmissionStream},
    sealed_bytes::{CollectedAttachments, SealedBytes, SealedSource as _},
};

/// Maximum number of submissions that are ingested together.
const MAX_BATCH_SIZE: usize = 128;
/// Total size of the submissions in progress, in units of [`PERMIT_BYTES`]: 64 MiB, or one larger
/// submission. Submissions of more than a MiB are in files.
const MAX_UNITS_IN_PROGRESS: u32 = 2048;
/// Size of the smallest submission.
const PERMIT_BYTES: u64 = size_classes::SIZE_CLASSES[0];

/// A submission whose attachments are stored as its bytes are.
pub(crate) type CollectedSubmission = OpenedSubmission<SealedBytes>;

/// A task that opens a submission. Joining it fails if opening panicked.
pub(crate) type OpenTask = JoinHandle<Result<CollectedSubmission, SubmissionOpenError>>;

/// A submission that was downloaded completely.
pub(crate) struct DownloadedSubmission {
    /// Its id at the intake.
    pub(crate) id: Uuid,
    /// The sealed bytes, as downloaded.
    pub(crate) bytes: SealedBytes,
    open_task: OpenTask,
    _permit: OwnedSemaphorePermit,
}

impl DownloadedSubmission {
    /// Returns the content of the outer seal.
    pub(crate) async fn join_open_task(
        &mut self,
    ) -> Result<Result<CollectedSubmission, SubmissionOpenError>, JoinError> {
        (&mut self.open_task).await
    }
}

/// A running download.
pub(crate) struct SubmissionDownload {
    receiver: mpsc::Receiver<DownloadedSubmission>,
    download_task: JoinHandle<Result<(), RelayError>>,
}

impl SubmissionDownload {
    /// Starts to download submissions and to open them with the transport keys, newest first.
    pub(crate) fn spawn(stream: SubmissionStream, transport: Arc<Vec<TransportIdentity>>) -> Self {
        let (sender, receiver) = mpsc::channel(MAX_BATCH_SIZE);
        Self { receiver, download_task: tokio::spawn(download(stream, transport, sender)) }
    }

    /// Returns the submissions that have arrived since, at least one. An empty result means that
    /// the download ended.
    pub(crate) async fn next_batch(&mut self) -> Vec<DownloadedSubmission> {
        let mut batch = Vec::with_capacity(MAX_BATCH_SIZE);
        self.receiver.recv_many(&mut batch, MAX_BATCH_SIZE).await;
        batch
    }

    /// Waits for the end of the download, and returns why it ended.
    pub(crate) async fn join(self) -> Result<Result<(), RelayError>, JoinError> {
        let Self { receiver, download_task } = self;
        drop(receiver);
        download_task.await
    }

    /// Stops the download.
    pub(crate) fn abort(self) {
        self.download_task.abort();
    }
}

async fn download(
    mut stream: SubmissionStream,
    transport: Arc<Vec<TransportIdentity>>,
    sender: mpsc::Sender<DownloadedSubmission>,
) -> Result<(), RelayError> {
    let memory = Arc::new(Semaphore::new(MAX_UNITS_IN_PROGRESS as usize));
    let openers = Arc::new(Semaphore::new(thread::available_parallelism().map_or(1, usize::from)));
    while let Some((id, len)) = stream.next_header().await? {
        let units = u32::try_from(len / PERMIT_BYTES)
            .unwrap_or(MAX_UNITS_IN_PROGRESS)
            .clamp(1, MAX_UNITS_IN_PROGRESS);
        let memory = Arc::clone(&memory).acquire_many_owned(units).await.expect("never closed");
        let bytes = stream.read_body(len).await?;
        let opener = Arc::clone(&openers).acquire_owned().await.expect("never closed");
        let open_task = spawn_open(Arc::clone(&transport), bytes.clone(), opener);
        let submission = DownloadedSubmission { id, bytes, open_task, _permit: memory };
        if sender.send(submission).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Tries each transport key on a blocking thread, and drops `guard` afterwards.
pub(crate) fn spawn_open(
    transport: Arc<Vec<TransportIdentity>>,
    bytes: SealedBytes,
    guard: impl Send + 'static,
) -> OpenTask {
    spawn_blocking(move || {
        let _guard = guard;
        let open = |identity| {
            let attachments = CollectedAttachments::for_submission(bytes.byte_len())
                .map_err(SubmissionOpenError::Storage)?;
            envelope::open_into(identity, bytes.reader(), attachments)
        };
        let mut result = open(&transport[0]);
        for older in &transport[1..] {
            if !matches!(result, Err(SubmissionOpenError::Unopenable(_))) {
                break;
            }
            result = open(older);
        }
        result
    })
}
