//! Taking metadata out of visitors' files, in a child process for each file.
//!
//! Bytes stream in and out with backpressure, in constant memory and without a file on disk. The
//! child can do nothing but compute (see [`confined`]). One that dies, hangs or exceeds a limit
//! spoils the one file that it was given.

mod child;
mod wire;

use std::{io, path::PathBuf, process::Child, time::Duration};

use axum::body::Bytes;
use futures_util::{Stream, StreamExt as _};
use metadata_scrubber::{FileFormat, ScrubReport};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, duplex, simplex},
    net::unix::pipe,
    runtime::Handle,
    sync::mpsc,
    task::spawn_blocking,
    time::{Instant, sleep_until},
};

pub use child::{CHILD_ARGUMENT, run as run_child};
use wire::{OutputRecord, RecordReader};

/// Longest time that a child may take to accept or to return some bytes.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest time that a child may take once it has all of the file.
const FINISH_TIMEOUT: Duration = Duration::from_mins(1);
/// Bytes in a pipe of this process.
const PIPE_BUFFER_BYTES: usize = 64 * 1024;

/// Where files are cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileCleaner {
    /// In child processes of this program.
    ChildProcess(PathBuf),
    /// On threads of this process: where child processes cannot be confined, and in tests of other
    /// things.
    InProcess,
}

/// Why a file could not be cleaned. What has been returned of it so far is clean.
#[derive(Debug, thiserror::Error)]
pub enum CleanError {
    /// The child does not start.
    #[error("the child process does not start: {0}")]
    SpawnFailed(io::Error),
    /// The child ended before the file did: it crashed or exceeded a limit.
    #[error("the child process ended early")]
    ChildExited,
    /// The child did nothing for [`STALL_TIMEOUT`], or did not finish within [`FINISH_TIMEOUT`].
    #[error("the child process made no progress")]
    TimedOut,
}

impl FileCleaner {
    /// Cleans in child processes of `program`, after trying one. Falls back to this process where
    /// the system cannot confine a child, and logs it.
    pub async fn isolated(program: PathBuf) -> Self {
        let cleaner = Self::ChildProcess(program);
        let probe = futures_util::stream::iter([Ok::<_, ()>(Bytes::from_static(b"probe"))]);
        let (output, mut returned) = mpsc::channel::<Bytes>(4);
        match cleaner.clean(FileFormat::Text, probe, &output).await {
            Ok(Ok(_)) if returned.try_recv().is_ok_and(|bytes| bytes == "probe") => cleaner,
            outcome => {
                let reason = match outcome {
                    Ok(Err(error)) => error.to_string(),
                    _ => "the child process returned something else than it was given".to_owned(),
                };
                tracing::warn!(
                    reason,
                    "files of visitors are cleaned in the service's own process: this system does not confine a \
                     child process, so a fault in that code can stop the service"
                );
                Self::InProcess
            }
        }
    }

    /// Sends a file of this format through a cleaner. The inner error says that the file could not
    /// be cleaned; the rest of `input` is unread then. The outer error is one of `input`, or `Ok`
    /// with [`CleanError::ChildExited`] when nobody takes the output any more. Dropping the future
    /// kills the child.
    pub(crate) async fn clean<E, T: From<Bytes>>(
        &self,
        format: FileFormat,
        input: impl Stream<Item = Result<Bytes, E>> + Send,
        output: &mpsc::Sender<T>,
    ) -> Result<Result<ScrubReport, CleanError>, E> {
        match self.spawn_worker() {
            Ok(worker) => worker.run(format, input, output).await,
            Err(error) => Ok(Err(CleanError::SpawnFailed(error))),
        }
    }

    fn spawn_worker(&self) -> io::Result<CleanWorker> {
        let Self::ChildProcess(program) = self else { return Ok(CleanWorker::in_process()) };
        let mut child = KillOnDrop(sandbox::child_command(program, CHILD_ARGUMENT).spawn()?);
        let (Some(input), Some(output)) = (child.0.stdin.take(), child.0.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let input = pipe::Sender::from_owned_fd(input.into())?;
        let output = pipe::Receiver::from_owned_fd(output.into())?;
        Ok(CleanWorker {
            input: Some(Box::new(input)),
            output: Box::new(output),
            _child: Some(child),
        })
    }
}

/// Something that reads a file and writes [`wire`] records.
struct CleanWorker {
    /// Closed at the end of the file.
    input: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    output: Box<dyn AsyncRead + Send + Unpin>,
    _child: Option<KillOnDrop>,
}

/// A child that is killed when this is dropped.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        // Fails only if it has ended. Waiting takes no time then, and leaves no zombie.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// One thing that happened.
enum WorkerEvent<E> {
    Input(Option<Result<Bytes, E>>),
    Accepted(io::Result<usize>),
    Output(io::Result<usize>),
    TimedOut,
}

impl CleanWorker {
    fn in_process() -> Self {
        let (input, reading) = duplex(PIPE_BUFFER_BYTES);
        let (output, writing) = simplex(PIPE_BUFFER_BYTES);
        let handle = Handle::current();
        spawn_blocking(move || {
            let mut reading = BlockingPipe(handle.clone(), reading);
            let mut writing = BlockingPipe(handle, writing);
            // The other end notices that no record says how it ended.
            child::clean(&mut reading, &mut writing).ok();
        });
        Self { input: Some(Box::new(input)), output: Box::new(output), _child: None }
    }

    async fn run<E, T: From<Bytes>>(
        mut self,
        format: FileFormat,
        input: impl Stream<Item = Result<Bytes, E>> + Send,
        output: &mpsc::Sender<T>,
    ) -> Result<Result<ScrubReport, CleanError>, E> {
        let mut input = std::pin::pin!(input);
        let mut pending = Bytes::new();
        let mut records = RecordReader::new(format);
        let mut stalled = Instant::now() + STALL_TIMEOUT;
        let mut finished = None;
        loop {
            // The clock runs while the child is awaited, not while the visitor is.
            let awaited = self.input.is_none() || !pending.is_empty();
            let deadline = finished.map_or(stalled, |end| stalled.min(end));
            let event = tokio::select! {
                next = input.next(), if !awaited => WorkerEvent::Input(next),
                accepted = write_input(self.input.as_mut(), &pending), if !pending.is_empty() => WorkerEvent::Accepted(accepted),
                read = self.output.read_buf(records.buffer()) => WorkerEvent::Output(read),
                () = sleep_until(deadline), if awaited => WorkerEvent::TimedOut,
            };
            match event {
                WorkerEvent::Input(Some(Ok(bytes))) => pending = bytes,
                WorkerEvent::Input(Some(Err(error))) => return Err(error),
                WorkerEvent::Input(None) => {
                    self.input = None;
                    finished = Some(Instant::now() + FINISH_TIMEOUT);
                }
                WorkerEvent::Accepted(Ok(count)) if count > 0 => drop(pending.split_to(count)),
                WorkerEvent::Output(Ok(count)) if count > 0 => {
                    while let Some(record) = records.next_record() {
                        match record {
                            // What says how it ended counts only at the end of the file.
                            Ok(OutputRecord::Trailer(washed)) if self.input.is_none() => {
                                return Ok(Ok(washed));
                            }
                            Ok(OutputRecord::Bytes(bytes)) => {
                                if output.send(T::from(bytes)).await.is_err() {
                                    return Ok(Err(CleanError::ChildExited));
                                }
                            }
                            _ => return Ok(Err(CleanError::ChildExited)),
                        }
                    }
                }
                WorkerEvent::Accepted(_) | WorkerEvent::Output(_) => {
                    return Ok(Err(CleanError::ChildExited));
                }
                WorkerEvent::TimedOut => return Ok(Err(CleanError::TimedOut)),
            }
            stalled = Instant::now() + STALL_TIMEOUT;
        }
    }
}

async fn write_input(
    input: Option<&mut Box<dyn AsyncWrite + Send + Unpin>>,
    bytes: &Bytes,
) -> io::Result<usize> {
    match input {
        Some(input) => input.write(bytes).await,
        None => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

/// The end of an in-process pipe, on a thread that may block.
struct BlockingPipe<T>(Handle, T);

impl<T: AsyncRead + Unpin> io::Read for BlockingPipe<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.block_on(self.1.read(buffer))
    }
}

impl<T: AsyncWrite + Unpin> io::Write for BlockingPipe<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.block_on(self.1.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.block_on(self.1.flush())
    }
}
