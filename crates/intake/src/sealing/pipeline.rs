//! The pipeline from the connection through cleaning and sealing into the spool. Bounded channels
//! connect the steps, so that memory use is constant and no file is written.

use protocol::encoding::{canonical::iso_week, size_classes};
use std::io::{self, BufWriter, Write};

use axum::body::Bytes;
use futures_util::{
    Stream, StreamExt as _,
    stream::{self, BoxStream},
};
use metadata_scrubber::FileFormat;
use protocol::submission::{envelope::SealError, treatment::AttachmentTreatment};
use rand::rngs::OsRng;
use reporter::{FollowUpSealer, ReportSealer};
use service_kit::directory::VerifiedDirectory;
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};

use super::{
    SubmitError, attachment_treatment,
    multipart::{MultipartForm, UploadedFile},
};
use crate::{
    admission::{AdmissionPermit, StorageReservation},
    cleaning::FileCleaner,
    pages::{FileOutcome, SentFile},
    state::AppState,
    store::{StoreError, SubmissionUpload},
};

/// Capacity of a channel between two steps, in chunks. A chunk is at most one read of a connection,
/// or 64 KiB of sealed bytes.
const CHANNEL_CAPACITY: usize = 2;
/// Size of a chunk of sealed bytes.
const SEALED_CHUNK_BYTES: usize = 64 * 1024;

/// The writer of sealed bytes: a channel to the task that stores them.
pub(super) type SealedOutput = BufWriter<ChannelWriter>;

/// The operations that reports and follow-ups share.
pub(super) trait AttachmentSealer {
    fn attach<T>(
        &mut self,
        name: &str,
        media_type: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<T, SealError>;
    /// Sets the name and the treatment of the attachment that was written last.
    fn describe_last(&mut self, name: &str, treatment: AttachmentTreatment);
    fn finish(self) -> Result<SealedOutput, SealError>;
}

impl AttachmentSealer for ReportSealer<SealedOutput> {
    fn attach<T>(
        &mut self,
        name: &str,
        media_type: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<T, SealError> {
        self.attach_with(name, media_type, write)
    }

    fn describe_last(&mut self, name: &str, treatment: AttachmentTreatment) {
        self.describe_last_attachment(name, treatment);
    }

    fn finish(self) -> Result<SealedOutput, SealError> {
        self.finish()
    }
}

impl AttachmentSealer for FollowUpSealer<SealedOutput> {
    fn attach<T>(
        &mut self,
        name: &str,
        media_type: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<T, SealError> {
        self.attach_with(name, media_type, write)
    }

    fn describe_last(&mut self, name: &str, treatment: AttachmentTreatment) {
        self.describe_last_attachment(name, treatment);
    }

    fn finish(self) -> Result<SealedOutput, SealError> {
        self.finish()
    }
}

/// The files of a form, and whether to clean them.
pub(super) struct FormAttachments {
    pub(super) first_file: Option<UploadedFile>,
    /// Whether the files are sent unchanged.
    pub(super) keep_metadata: bool,
}

enum UploadEvent {
    File { name: String, media_type: String },
    Bytes(Bytes),
    EndOfFile(SentFile),
    EndOfForm,
}

impl From<Bytes> for UploadEvent {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

/// Seals a submission and its files to the current directory, and stores them durably. `begin`
/// creates the sealing thread. Returns the files and their treatment.
///
/// # Errors
/// If the form is malformed or too large, no directory is valid, the limits are reached, or the
/// spool fails. Nothing is stored then.
pub(super) async fn seal_and_store<S: AttachmentSealer>(
    app: &AppState,
    form: &mut MultipartForm,
    files: FormAttachments,
    begin: impl FnOnce(&VerifiedDirectory, SealedOutput) -> Result<S, SealError> + Send + 'static,
) -> Result<Vec<SentFile>, SubmitError> {
    if form.is_too_large() {
        return Err(SubmitError::TooLarge);
    }
    let mut reservation = None;
    if let Some(admission) = form.admission().cloned() {
        reservation = Some(
            admission.reserve_storage(&app.store, form.expected_len(files.first_file.is_some()))?,
        );
        if files.first_file.is_some() && !admission.acquire_upload_slot().await {
            return Err(SubmitError::Busy);
        }
    }
    let directory =
        app.directory_cache.current(app.clock.today()).ok_or(SubmitError::NoDirectory)?;
    let sealing = SealTask::start(app, reservation, move |out| begin(&directory, out));
    let cleaner = (!files.keep_metadata).then_some(&*app.cleaner);
    let sent = sealing.seal_files(form, files.first_file, cleaner).await?;
    app.counters.record_submitted();
    for _ in sent.iter().filter(|file| file.treatment == FileOutcome::Failed) {
        app.counters.record_uncleaned();
    }
    Ok(sent)
}

/// Seals a submission without files to the current directory, and stores it durably.
///
/// # Errors
/// If no directory is valid, the limits are reached, or the spool fails. Nothing is stored then.
pub(super) async fn seal_and_store_text<S: AttachmentSealer>(
    app: &AppState,
    admission: Option<&AdmissionPermit>,
    begin: impl FnOnce(&VerifiedDirectory, SealedOutput) -> Result<S, SealError> + Send + 'static,
) -> Result<(), SubmitError> {
    let shortest = size_classes::SIZE_CLASSES[0];
    let reserve = |admission: &AdmissionPermit| admission.reserve_storage(&app.store, shortest);
    let reservation = admission.map(reserve).transpose()?;
    let directory =
        app.directory_cache.current(app.clock.today()).ok_or(SubmitError::NoDirectory)?;
    SealTask::start(app, reservation, move |out| begin(&directory, out)).finish().await?;
    app.counters.record_submitted();
    Ok(())
}

/// A submission that is being sealed. Dropping it before [`SealTask::seal_files`] completes deletes
/// what was stored.
struct SealTask {
    events: mpsc::Sender<UploadEvent>,
    worker: JoinHandle<Result<Vec<SentFile>, SealError>>,
    store_task: JoinHandle<Result<StoredBytes, StoreError>>,
}

/// The sealed bytes of a submission, which are stored and not committed, and their reservation.
struct StoredBytes {
    upload: SubmissionUpload,
    reservation: Option<StorageReservation>,
}

impl StoredBytes {
    /// Stores the sealed bytes as they arrive.
    async fn receive(mut self, mut sealed: mpsc::Receiver<Vec<u8>>) -> Result<Self, StoreError> {
        while let Some(bytes) = sealed.recv().await {
            if let Some(reservation) = &mut self.reservation {
                reservation.admit(bytes.len() as u64)?;
            }
            self.upload.write(&bytes).await?;
        }
        Ok(self)
    }

    async fn commit(self) -> Result<(), StoreError> {
        let length = self.upload.length();
        self.upload.commit().await?;
        if let Some(reservation) = self.reservation {
            reservation.commit(length);
        }
        Ok(())
    }
}

impl SealTask {
    /// Starts the tasks. `begin` runs on a thread that may block.
    fn start<S: AttachmentSealer>(
        app: &AppState,
        reservation: Option<StorageReservation>,
        begin: impl FnOnce(SealedOutput) -> Result<S, SealError> + Send + 'static,
    ) -> Self {
        let (events, incoming) = mpsc::channel(CHANNEL_CAPACITY);
        let (sealed, outgoing) = mpsc::channel(CHANNEL_CAPACITY);
        let upload = app.store.begin_submission(iso_week(app.clock.today()), &mut OsRng);
        let store_task = tokio::spawn(StoredBytes { upload, reservation }.receive(outgoing));
        let out = BufWriter::with_capacity(SEALED_CHUNK_BYTES, ChannelWriter(sealed));
        let worker = spawn_blocking(move || run_sealer(begin(out)?, incoming));
        Self { events, worker, store_task }
    }

    /// Seals the files of a form while they arrive, and stores the submission durably. Cleans the
    /// files if there is a cleaner. Returns the files and their treatment.
    async fn seal_files(
        mut self,
        form: &mut MultipartForm,
        first: Option<UploadedFile>,
        cleaner: Option<&FileCleaner>,
    ) -> Result<Vec<SentFile>, SubmitError> {
        let mut next = first;
        let mut number = 1;
        while let Some(file) = next {
            if self.send_file(form, file, number, cleaner).await?.is_none() {
                return Err(self.failure().await);
            }
            number += 1;
            next = form.next_file().await?;
        }
        self.finish().await
    }

    /// Stores the submission durably. Returns the files and their treatment.
    async fn finish(self) -> Result<Vec<SentFile>, SubmitError> {
        // A closed channel means that sealing has failed; `join` returns the reason.
        drop(self.events.send(UploadEvent::EndOfForm).await);
        let (stored, sent) = self.join().await?;
        stored.commit().await?;
        Ok(sent)
    }

    /// Sends one file to the worker. Returns `None` if the worker has failed.
    async fn send_file(
        &mut self,
        form: &mut MultipartForm,
        mut file: UploadedFile,
        number: usize,
        cleaner: Option<&FileCleaner>,
    ) -> Result<Option<()>, SubmitError> {
        let (name, media_type) =
            (std::mem::take(&mut file.name), std::mem::take(&mut file.media_type));
        let mut content = file_stream(form, file);
        let (format, head) = detect_format(&mut content).await?;
        let mut content = stream::iter(head.into_iter().map(Ok)).chain(content);
        let name = if cleaner.is_some() { format.neutral_name(number, &name) } else { name };
        if self.events.send(UploadEvent::File { name, media_type }).await.is_err() {
            return Ok(None);
        }
        let treatment = match cleaner {
            None => {
                while let Some(bytes) = content.next().await {
                    if self.events.send(UploadEvent::Bytes(bytes?)).await.is_err() {
                        return Ok(None);
                    }
                }
                FileOutcome::Unchanged
            }
            Some(cleaner) => match cleaner.clean(format, &mut content, &self.events).await? {
                Ok(report) => FileOutcome::Cleaned(report),
                Err(_) if self.events.is_closed() => return Ok(None),
                Err(_) => {
                    // The rest of this file is discarded. The files after it are sent.
                    while let Some(bytes) = content.next().await {
                        bytes?;
                    }
                    FileOutcome::Failed
                }
            },
        };
        let end = UploadEvent::EndOfFile(SentFile { format, treatment });
        Ok(self.events.send(end).await.ok())
    }

    async fn failure(self) -> SubmitError {
        self.join().await.err().unwrap_or(SubmitError::Internal)
    }

    /// Waits for both tasks. Returns bytes that only need to be committed, and the files.
    async fn join(self) -> Result<(StoredBytes, Vec<SentFile>), SubmitError> {
        let Self { events, worker, store_task } = self;
        drop(events);
        let sealed = worker.await.map_err(|_| SubmitError::Internal)?;
        // If the spool has failed, the error of the worker is only a closed channel.
        let stored = store_task.await.map_err(|_| SubmitError::Internal)??;
        Ok((stored, sealed?))
    }
}

/// Returns the content of a file as a stream. Cancel safe: a chunk is not lost if its future is
/// dropped.
fn file_stream(
    form: &mut MultipartForm,
    file: UploadedFile,
) -> BoxStream<'_, Result<Bytes, SubmitError>> {
    stream::unfold((form, file), |(form, mut file)| async move {
        let next = form.next_chunk(&mut file).await.transpose()?;
        Some((next, (form, file)))
    })
    .fuse()
    .boxed()
}

/// Reads the first bytes of a file. Returns the detected format and these bytes.
async fn detect_format(
    content: &mut (impl Stream<Item = Result<Bytes, SubmitError>> + Unpin),
) -> Result<(FileFormat, Vec<Bytes>), SubmitError> {
    let mut head = Vec::new();
    let mut chunks = Vec::new();
    while head.len() < metadata_scrubber::SNIFF_LEN {
        let Some(bytes) = content.next().await.transpose()? else { break };
        head.extend_from_slice(
            &bytes[..bytes.len().min(metadata_scrubber::SNIFF_LEN - head.len())],
        );
        chunks.push(bytes);
    }
    Ok((FileFormat::detect(&head), chunks))
}

fn run_sealer(
    mut worker: impl AttachmentSealer,
    mut events: mpsc::Receiver<UploadEvent>,
) -> Result<Vec<SentFile>, SealError> {
    let mut sent = Vec::new();
    loop {
        match events.blocking_recv() {
            Some(UploadEvent::File { name, media_type }) => {
                let file = worker.attach(&name, &media_type, |out| copy_file(&mut events, out))?;
                let name = if file.treatment == FileOutcome::Failed {
                    incomplete_name(&name)
                } else {
                    name
                };
                worker.describe_last(&name, attachment_treatment::frame_treatment(file.treatment));
                sent.push(file);
            }
            Some(UploadEvent::EndOfForm) => break,
            Some(UploadEvent::Bytes(_) | UploadEvent::EndOfFile(_)) | None => {
                return Err(unexpected_eof().into());
            }
        }
    }
    worker.finish()?.flush()?;
    Ok(sent)
}

/// Writes the content of one file.
fn copy_file(
    events: &mut mpsc::Receiver<UploadEvent>,
    out: &mut dyn Write,
) -> io::Result<SentFile> {
    loop {
        match events.blocking_recv() {
            Some(UploadEvent::Bytes(bytes)) => out.write_all(&bytes)?,
            Some(UploadEvent::EndOfFile(file)) => return Ok(file),
            // The client has disconnected: the part that arrived must not pass as the whole file.
            _ => return Err(unexpected_eof()),
        }
    }
}

/// Returns the name that shows investigators that a file was cut off where cleaning failed.
fn incomplete_name(name: &str) -> String {
    format!("incomplete-{name}")
}

fn unexpected_eof() -> io::Error {
    io::Error::from(io::ErrorKind::UnexpectedEof)
}

/// Sends sealed bytes to the task that stores them, with backpressure.
pub(super) struct ChannelWriter(mpsc::Sender<Vec<u8>>);

impl Write for ChannelWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .blocking_send(bytes.to_vec())
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
