//! From the connection through the cleaner and the seal into the spool, with bounded channels
//! between: constant memory, no file.

use std::io::{self, BufWriter, Write};

use axum::body::Bytes;
use futures_util::{
    Stream, StreamExt as _,
    stream::{self, BoxStream},
};
use metadata_scrubber::FileFormat;
use protocol::submission::{envelope::SealError, treatment::AttachmentTreatment as Sealed};
use rand::rngs::OsRng;
use reporter::{FollowUpSealer, ReportSealer};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};

use super::{
    SubmitError, attachment_treatment,
    multipart::{MultipartForm, UploadedFile},
};
use crate::{
    cleaning::FileCleaner,
    directory_cache::VerifiedDirectory,
    pages::{FileOutcome, SentFile},
    state::AppState,
    store::{StoreError, SubmissionUpload},
};

/// Pieces between two steps. Each is at most what one read of a connection gives, or 64 KiB of
/// seal.
const CHANNEL_CAPACITY: usize = 2;
/// Sealed bytes handed on at once.
const SEALED_CHUNK_BYTES: usize = 64 * 1024;

/// Where sealed bytes go: to the task that stores them.
pub(super) type SealedOutput = BufWriter<ChannelWriter>;

/// What both kinds of submission have in common.
pub(super) trait AttachmentSealer {
    fn attach<T>(
        &mut self,
        name: &str,
        media_type: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<T, SealError>;
    /// Sets the name and the treatment of the attachment that was written last.
    fn describe_last(&mut self, name: &str, treatment: Sealed);
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

    fn describe_last(&mut self, name: &str, treatment: Sealed) {
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

    fn describe_last(&mut self, name: &str, treatment: Sealed) {
        self.describe_last_attachment(name, treatment);
    }

    fn finish(self) -> Result<SealedOutput, SealError> {
        self.finish()
    }
}

/// The files of a form, from the first on, and what is to be done with them.
pub(super) struct FormAttachments {
    pub(super) first_file: Option<UploadedFile>,
    /// Are they to be kept exactly as they are?
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

/// Seals to the directory in force, and files durably: what `begin` begins, and the files of the
/// form from `first` on.
pub(super) async fn seal_and_store<S: AttachmentSealer>(
    app: &AppState,
    form: &mut MultipartForm,
    files: FormAttachments,
    begin: impl FnOnce(&VerifiedDirectory, SealedOutput) -> Result<S, SealError> + Send + 'static,
) -> Result<Vec<SentFile>, SubmitError> {
    if form.is_too_large() {
        return Err(SubmitError::TooLarge);
    }
    let mut counted = None;
    if let Some(admission) = form.admission().cloned() {
        counted = Some(
            admission.reserve_storage(&app.store, form.expected_len(files.first_file.is_some()))?,
        );
        if files.first_file.is_some() && !admission.acquire_upload_slot().await {
            return Err(SubmitError::Busy);
        }
    }
    let in_force =
        app.directory_cache.current(app.clock.today()).ok_or(SubmitError::NoDirectory)?;
    let sealing = SealTask::start(app, move |out| begin(&in_force, out));
    let cleaner = (!files.keep_metadata).then_some(&*app.cleaner);
    let (sent, length) = sealing.seal_files(form, files.first_file, cleaner).await?;
    if let Some(counted) = counted {
        counted.commit(length);
    }
    app.counters.record_submitted();
    for _ in sent.iter().filter(|file| file.treatment == FileOutcome::Failed) {
        app.counters.record_uncleaned();
    }
    Ok(sent)
}

/// A submission that is being sealed. Dropped before [`SealTask::seal_files`] is through, it leaves
/// nothing behind.
struct SealTask {
    events: mpsc::Sender<UploadEvent>,
    seal_task: JoinHandle<Result<Vec<SentFile>, SealError>>,
    store_task: JoinHandle<Result<SubmissionUpload, StoreError>>,
}

impl SealTask {
    /// Starts to seal. `begin` runs where it may take time.
    fn start<S: AttachmentSealer>(
        app: &AppState,
        begin: impl FnOnce(SealedOutput) -> Result<S, SealError> + Send + 'static,
    ) -> Self {
        let (pieces, incoming) = mpsc::channel(CHANNEL_CAPACITY);
        let (handing, outgoing) = mpsc::channel(CHANNEL_CAPACITY);
        let deposit = app.store.begin_submission(app.clock.iso_week(), &mut OsRng);
        let storer = tokio::spawn(store_sealed(deposit, outgoing));
        let out = BufWriter::with_capacity(SEALED_CHUNK_BYTES, ChannelWriter(handing));
        let sealer = spawn_blocking(move || run_sealer(begin(out)?, incoming));
        Self { events: pieces, seal_task: sealer, store_task: storer }
    }

    /// Seals the files of a form as they come, cleaned unless they are to be kept as they are, and
    /// stores the whole durably. Returns what became of them, and the length of the submission.
    async fn seal_files(
        mut self,
        form: &mut MultipartForm,
        first: Option<UploadedFile>,
        cleaner: Option<&FileCleaner>,
    ) -> Result<(Vec<SentFile>, u64), SubmitError> {
        let mut next = first;
        let mut number = 1;
        while let Some(file) = next {
            if self.send_file(form, file, number, cleaner).await?.is_none() {
                return Err(self.failure().await);
            }
            number += 1;
            next = form.next_file().await?;
        }
        // Closed early means that it has failed, and the reason comes with the end.
        drop(self.events.send(UploadEvent::EndOfForm).await);
        let (deposit, sent) = self.join().await?;
        let length = deposit.length();
        deposit.commit().await?;
        Ok((sent, length))
    }

    /// Hands one file on. `None` when the sealer has given up.
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
                Ok(washed) => FileOutcome::Cleaned(washed),
                Err(_) if self.events.is_closed() => return Ok(None),
                Err(_) => {
                    // The rest of it is not sent, and the files behind it are.
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

    /// What became of it: a deposit that lacks nothing but to be completed, and its files.
    async fn join(self) -> Result<(SubmissionUpload, Vec<SentFile>), SubmitError> {
        let Self { events: pieces, seal_task: sealer, store_task: storer } = self;
        drop(pieces);
        let sealed = sealer.await.map_err(|_| SubmitError::Internal)?;
        // If the spool has failed, the sealer has merely noticed that nobody takes its bytes.
        let deposit = storer.await.map_err(|_| SubmitError::Internal)??;
        Ok((deposit, sealed?))
    }
}

async fn store_sealed(
    mut deposit: SubmissionUpload,
    mut sealed: mpsc::Receiver<Vec<u8>>,
) -> Result<SubmissionUpload, StoreError> {
    while let Some(bytes) = sealed.recv().await {
        deposit.write(&bytes).await?;
    }
    Ok(deposit)
}

/// The content of a file as it comes. An item that was polled and not awaited to its end is not
/// lost.
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

/// The first bytes of a file, and the format that they show.
async fn detect_format(
    content: &mut (impl Stream<Item = Result<Bytes, SubmitError>> + Unpin),
) -> Result<(FileFormat, Vec<Bytes>), SubmitError> {
    let mut head = Vec::new();
    let mut pieces = Vec::new();
    while head.len() < metadata_scrubber::SNIFF_LEN {
        let Some(bytes) = content.next().await.transpose()? else { break };
        head.extend_from_slice(
            &bytes[..bytes.len().min(metadata_scrubber::SNIFF_LEN - head.len())],
        );
        pieces.push(bytes);
    }
    Ok((FileFormat::detect(&head), pieces))
}

fn run_sealer(
    mut sealer: impl AttachmentSealer,
    mut pieces: mpsc::Receiver<UploadEvent>,
) -> Result<Vec<SentFile>, SealError> {
    let mut sent = Vec::new();
    loop {
        match pieces.blocking_recv() {
            Some(UploadEvent::File { name, media_type }) => {
                let file = sealer.attach(&name, &media_type, |out| copy_file(&mut pieces, out))?;
                let name = if file.treatment == FileOutcome::Failed {
                    incomplete_name(&name)
                } else {
                    name
                };
                sealer.describe_last(&name, attachment_treatment::frame_treatment(file.treatment));
                sent.push(file);
            }
            Some(UploadEvent::EndOfForm) => break,
            Some(UploadEvent::Bytes(_) | UploadEvent::EndOfFile(_)) | None => {
                return Err(unexpected_eof().into());
            }
        }
    }
    sealer.finish()?.flush()?;
    Ok(sent)
}

/// Writes the content of one file.
fn copy_file(
    pieces: &mut mpsc::Receiver<UploadEvent>,
    out: &mut dyn Write,
) -> io::Result<SentFile> {
    loop {
        match pieces.blocking_recv() {
            Some(UploadEvent::Bytes(bytes)) => out.write_all(&bytes)?,
            Some(UploadEvent::EndOfFile(file)) => return Ok(file),
            // The sender has gone: what is there must not pass for the whole file.
            _ => return Err(unexpected_eof()),
        }
    }
}

/// The name by which investigators see that a file was cut where it could not be cleaned.
fn incomplete_name(name: &str) -> String {
    format!("incomplete-{name}")
}

fn unexpected_eof() -> io::Error {
    io::Error::from(io::ErrorKind::UnexpectedEof)
}

/// Hands sealed bytes to the task that stores them, and waits for it.
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
