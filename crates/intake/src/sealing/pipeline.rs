//! From the connection through the seal into the spool, with bounded channels between: constant memory, no file.

use std::io::{self, BufWriter, Cursor, Read, Write};

use axum::body::Bytes;
use envelope::submission::SealError;
use rand::rngs::OsRng;
use reporter::{FollowUpSealer, ReportSealer};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};
use traces::Format;
use zeroize::Zeroizing;

use super::{
    NotSent,
    multipart::{File, Form},
};
use crate::{
    app::App,
    directory::InForce,
    pages::SentFile,
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
    EndOfFile,
    EndOfForm,
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
    let in_force = app.directories.in_force(app.clock.today()).ok_or(NotSent::NoDirectory)?;
    let sealing = Sealing::start(app, files.keep, move |out| begin(&in_force, out));
    let sent = sealing.file(form, files.first).await?;
    app.counters.filed();
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
    fn start<S: Sealer>(
        app: &App,
        keep: bool,
        begin: impl FnOnce(Out) -> Result<S, SealError> + Send + 'static,
    ) -> Self {
        let (pieces, incoming) = mpsc::channel(BETWEEN);
        let (handing, outgoing) = mpsc::channel(BETWEEN);
        let deposit = app.store.deposit(app.clock.iso_week(), &mut OsRng);
        let storer = tokio::spawn(store(deposit, outgoing));
        let out = BufWriter::with_capacity(SEALED_PIECE, Handing(handing));
        let sealer = spawn_blocking(move || seal(begin(out)?, keep, incoming));
        Self { pieces, sealer, storer }
    }

    /// Seals the files of a form as they come, and files the whole durably.
    async fn file(mut self, form: &mut Form, first: Option<File>) -> Result<Vec<SentFile>, NotSent> {
        let mut next = first;
        while let Some(file) = next {
            if self.feed(file).await?.is_break() {
                return Err(self.reason().await);
            }
            next = form.next_file().await?;
        }
        // Closed early means that it has failed, and the reason comes with the end.
        drop(self.pieces.send(Piece::EndOfForm).await);
        let (deposit, sent) = self.end().await?;
        deposit.complete().await?;
        Ok(sent)
    }

    /// Breaks when the sealer has given up.
    async fn feed(&mut self, mut file: File) -> Result<std::ops::ControlFlow<()>, NotSent> {
        let (name, media_type) = (std::mem::take(&mut file.name), std::mem::take(&mut file.media_type));
        let mut open = self.pieces.send(Piece::File { name, media_type }).await.is_ok();
        while let Some(bytes) = file.chunk().await?.filter(|_| open) {
            open = self.pieces.send(Piece::Bytes(bytes)).await.is_ok();
        }
        open = open && self.pieces.send(Piece::EndOfFile).await.is_ok();
        Ok(if open { std::ops::ControlFlow::Continue(()) } else { std::ops::ControlFlow::Break(()) })
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

fn seal(
    mut sealer: impl Sealer,
    keep: bool,
    mut pieces: mpsc::Receiver<Piece>,
) -> Result<Vec<SentFile>, SealError> {
    let mut sent = Vec::new();
    loop {
        match pieces.blocking_recv() {
            Some(Piece::File { name, media_type }) => {
                let mut content = Content { pieces: &mut pieces, bytes: Bytes::new(), ended: false };
                let head = content.head()?;
                let format = Format::of(head.get_ref());
                let mut whole = head.chain(content);
                let washed = if keep {
                    sealer.attach(&name, &media_type, |out| io::copy(&mut whole, out))?;
                    None
                } else {
                    let name = format.plain_name(sent.len() + 1, &name);
                    Some(sealer.attach(&name, &media_type, |out| traces::wash(&mut whole, out))?)
                };
                sent.push(SentFile { format, washed });
            }
            Some(Piece::EndOfForm) => break,
            Some(Piece::Bytes(_) | Piece::EndOfFile) | None => return Err(cut_off().into()),
        }
    }
    sealer.finish()?.flush()?;
    Ok(sent)
}

/// A file's content, as it comes from the connection.
struct Content<'a> {
    pieces: &'a mut mpsc::Receiver<Piece>,
    bytes: Bytes,
    ended: bool,
}

impl Content<'_> {
    /// The first bytes, which say what the file is.
    fn head(&mut self) -> io::Result<Cursor<Zeroizing<Vec<u8>>>> {
        let mut head = Zeroizing::new(Vec::with_capacity(traces::HEAD));
        self.by_ref().take(traces::HEAD as u64).read_to_end(&mut head)?;
        Ok(Cursor::new(head))
    }
}

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.bytes.is_empty() && !self.ended {
            match self.pieces.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.bytes = bytes,
                Some(Piece::EndOfFile) => self.ended = true,
                // The sender has gone: what is there must not pass for the whole file.
                _ => return Err(cut_off()),
            }
        }
        let n = buffer.len().min(self.bytes.len());
        buffer[..n].copy_from_slice(&self.bytes.split_to(n));
        Ok(n)
    }
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
