//! From the connection through the cleaner and the seal into the spool, with bounded channels between: constant memory, no
//! file.

use std::io::{self, BufWriter, Write};

use axum::body::Bytes;
use envelope::{submission::SealError, treatment::Treatment as Sealed};
use futures_util::{
    Stream, StreamExt as _,
    stream::{self, BoxStream},
};
use rand::rngs::OsRng;
use reporter::{FollowUpSealer, ReportSealer};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};
use traces::Format;

use super::{
    NotSent,
    multipart::{File, Form},
    treatment,
};
use crate::{
    app::App,
    cleaning::Cleaner,
    directory::InForce,
    pages::{SentFile, Treatment},
    store::{Deposit, StoreError},
};

/// Pieces between two steps. Each is at most what one read of a connection gives, or 64 KiB of seal.
const BETWEEN: usize = 2;
/// Sealed bytes handed on at once.
const SEALED_PIECE: usize = 64 * 1024;

/// Where sealed bytes go: to the task that stores them.
pub(super) type Out = BufWriter<Handing>;

/// What both kinds of submission have in common.
pub(super) trait Sealer {
    fn attach<T>(
        &mut self,
        name: &str,
        media_type: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<T, SealError>;
    /// Sets the name and the treatment of the attachment that was written last.
    fn describe_last(&mut self, name: &str, treatment: Sealed);
    fn finish(self) -> Result<Out, SealError>;
}

impl Sealer for ReportSealer<Out> {
    fn attach<T>(
        &mut self,
        name: &str,
        media_type: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<T, SealError> {
        self.attach_with(name, media_type, write)
    }

    fn describe_last(&mut self, name: &str, treatment: Sealed) {
        self.describe_last(name, treatment);
    }

    fn finish(self) -> Result<Out, SealError> {
        self.finish()
    }
}

impl Sealer for FollowUpSealer<Out> {
    fn attach<T>(
        &mut self,
        name: &str,
        media_type: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<T, SealError> {
        self.attach_with(name, media_type, write)
    }

    fn describe_last(&mut self, name: &str, treatment: Sealed) {
        self.describe_last(name, treatment);
    }

    fn finish(self) -> Result<Out, SealError> {
        self.finish()
    }
}

/// The files of a form, from the first on, and what is to be done with them.
pub(super) struct Files {
    pub(super) first: Option<File>,
    /// Are they to be kept exactly as they are?
    pub(super) keep: bool,
}

enum Piece {
    File { name: String, media_type: String },
    Bytes(Bytes),
    EndOfFile(SentFile),
    EndOfForm,
}

impl From<Bytes> for Piece {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

/// Seals to the directory in force, and files durably: what `begin` begins, and the files of the form from `first` on.
pub(super) async fn file<S: Sealer>(
    app: &App,
    form: &mut Form,
    files: Files,
    begin: impl FnOnce(&InForce, Out) -> Result<S, SealError> + Send + 'static,
) -> Result<Vec<SentFile>, NotSent> {
    if form.is_too_large() {
        return Err(NotSent::TooLarge);
    }
    let mut counted = None;
    if let Some(admission) = form.admission().cloned() {
        counted = Some(admission.may_store(&app.store, form.expected(files.first.is_some()))?);
        if files.first.is_some() && !admission.takes_files().await {
            return Err(NotSent::Busy);
        }
    }
    let in_force = app.directories.in_force(app.clock.today()).ok_or(NotSent::NoDirectory)?;
    let sealing = Sealing::start(app, move |out| begin(&in_force, out));
    let cleaner = (!files.keep).then_some(&*app.cleaner);
    let (sent, length) = sealing.file(form, files.first, cleaner).await?;
    if let Some(counted) = counted {
        counted.stored(length);
    }
    app.counters.filed();
    for _ in sent.iter().filter(|file| file.treatment == Treatment::Failed) {
        app.counters.uncleaned();
    }
    Ok(sent)
}

/// A submission that is being sealed. Dropped before [`Sealing::file`] is through, it leaves nothing behind.
struct Sealing {
    pieces: mpsc::Sender<Piece>,
    sealer: JoinHandle<Result<Vec<SentFile>, SealError>>,
    storer: JoinHandle<Result<Deposit, StoreError>>,
}

impl Sealing {
    /// Starts to seal. `begin` runs where it may take time.
    fn start<S: Sealer>(app: &App, begin: impl FnOnce(Out) -> Result<S, SealError> + Send + 'static) -> Self {
        let (pieces, incoming) = mpsc::channel(BETWEEN);
        let (handing, outgoing) = mpsc::channel(BETWEEN);
        let deposit = app.store.deposit(app.clock.iso_week(), &mut OsRng);
        let storer = tokio::spawn(store(deposit, outgoing));
        let out = BufWriter::with_capacity(SEALED_PIECE, Handing(handing));
        let sealer = spawn_blocking(move || seal(begin(out)?, incoming));
        Self { pieces, sealer, storer }
    }

    /// Seals the files of a form as they come, cleaned unless they are to be kept as they are, and stores the whole durably.
    /// Returns what became of them, and the length of the submission.
    async fn file(
        mut self,
        form: &mut Form,
        first: Option<File>,
        cleaner: Option<&Cleaner>,
    ) -> Result<(Vec<SentFile>, u64), NotSent> {
        let mut next = first;
        let mut number = 1;
        while let Some(file) = next {
            if self.feed(form, file, number, cleaner).await?.is_none() {
                return Err(self.reason().await);
            }
            number += 1;
            next = form.next_file().await?;
        }
        // Closed early means that it has failed, and the reason comes with the end.
        drop(self.pieces.send(Piece::EndOfForm).await);
        let (deposit, sent) = self.end().await?;
        let length = deposit.length();
        deposit.complete().await?;
        Ok((sent, length))
    }

    /// Hands one file on. `None` when the sealer has given up.
    async fn feed(
        &mut self,
        form: &mut Form,
        mut file: File,
        number: usize,
        cleaner: Option<&Cleaner>,
    ) -> Result<Option<()>, NotSent> {
        let (name, media_type) = (std::mem::take(&mut file.name), std::mem::take(&mut file.media_type));
        let mut content = content(form, file);
        let (format, head) = head(&mut content).await?;
        let mut content = stream::iter(head.into_iter().map(Ok)).chain(content);
        let name = if cleaner.is_some() { format.plain_name(number, &name) } else { name };
        if self.pieces.send(Piece::File { name, media_type }).await.is_err() {
            return Ok(None);
        }
        let treatment = match cleaner {
            None => {
                while let Some(bytes) = content.next().await {
                    if self.pieces.send(Piece::Bytes(bytes?)).await.is_err() {
                        return Ok(None);
                    }
                }
                Treatment::Kept
            }
            Some(cleaner) => match cleaner.clean(format, &mut content, &self.pieces).await? {
                Ok(washed) => Treatment::Cleaned(washed),
                Err(_) if self.pieces.is_closed() => return Ok(None),
                Err(_) => {
                    // The rest of it is not sent, and the files behind it are.
                    while let Some(bytes) = content.next().await {
                        bytes?;
                    }
                    Treatment::Failed
                }
            },
        };
        let end = Piece::EndOfFile(SentFile { format, treatment });
        Ok(self.pieces.send(end).await.ok())
    }

    async fn reason(self) -> NotSent {
        self.end().await.err().unwrap_or(NotSent::Broken)
    }

    /// What became of it: a deposit that lacks nothing but to be completed, and its files.
    async fn end(self) -> Result<(Deposit, Vec<SentFile>), NotSent> {
        let Self { pieces, sealer, storer } = self;
        drop(pieces);
        let sealed = sealer.await.map_err(|_| NotSent::Broken)?;
        // If the spool has failed, the sealer has merely noticed that nobody takes its bytes.
        let deposit = storer.await.map_err(|_| NotSent::Broken)??;
        Ok((deposit, sealed?))
    }
}

async fn store(mut deposit: Deposit, mut sealed: mpsc::Receiver<Vec<u8>>) -> Result<Deposit, StoreError> {
    while let Some(bytes) = sealed.recv().await {
        deposit.push(&bytes).await?;
    }
    Ok(deposit)
}

/// The content of a file as it comes. An item that was polled and not awaited to its end is not lost.
fn content(form: &mut Form, file: File) -> BoxStream<'_, Result<Bytes, NotSent>> {
    stream::unfold((form, file), |(form, mut file)| async move {
        let next = form.chunk(&mut file).await.transpose()?;
        Some((next, (form, file)))
    })
    .fuse()
    .boxed()
}

/// The first bytes of a file, and the format that they show.
async fn head(
    content: &mut (impl Stream<Item = Result<Bytes, NotSent>> + Unpin),
) -> Result<(Format, Vec<Bytes>), NotSent> {
    let mut head = Vec::new();
    let mut pieces = Vec::new();
    while head.len() < traces::HEAD {
        let Some(bytes) = content.next().await.transpose()? else { break };
        head.extend_from_slice(&bytes[..bytes.len().min(traces::HEAD - head.len())]);
        pieces.push(bytes);
    }
    Ok((Format::of(&head), pieces))
}

fn seal(mut sealer: impl Sealer, mut pieces: mpsc::Receiver<Piece>) -> Result<Vec<SentFile>, SealError> {
    let mut sent = Vec::new();
    loop {
        match pieces.blocking_recv() {
            Some(Piece::File { name, media_type }) => {
                let file = sealer.attach(&name, &media_type, |out| pass(&mut pieces, out))?;
                let name = if file.treatment == Treatment::Failed { incomplete(&name) } else { name };
                sealer.describe_last(&name, treatment::sealed(file.treatment));
                sent.push(file);
            }
            Some(Piece::EndOfForm) => break,
            Some(Piece::Bytes(_) | Piece::EndOfFile(_)) | None => return Err(cut_off().into()),
        }
    }
    sealer.finish()?.flush()?;
    Ok(sent)
}

/// Writes the content of one file.
fn pass(pieces: &mut mpsc::Receiver<Piece>, out: &mut dyn Write) -> io::Result<SentFile> {
    loop {
        match pieces.blocking_recv() {
            Some(Piece::Bytes(bytes)) => out.write_all(&bytes)?,
            Some(Piece::EndOfFile(file)) => return Ok(file),
            // The sender has gone: what is there must not pass for the whole file.
            _ => return Err(cut_off()),
        }
    }
}

/// The name by which investigators see that a file was cut where it could not be cleaned.
fn incomplete(name: &str) -> String {
    format!("incomplete-{name}")
}

fn cut_off() -> io::Error {
    io::Error::from(io::ErrorKind::UnexpectedEof)
}

/// Hands sealed bytes to the task that stores them, and waits for it.
pub(super) struct Handing(mpsc::Sender<Vec<u8>>);

impl Write for Handing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.blocking_send(bytes.to_vec()).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
