//! Removal of metadata from the files of visitors, in one child process for each file.
//!
//! Bytes stream in and out with backpressure, in constant memory and without a file on disk. The
//! [`sandbox`] allows the child only to compute. A child that crashes, hangs or exceeds a limit
//! affects only its own file.

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

/// Maximum time until a child accepts or returns some bytes.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum time until a child ends after it has received the whole file.
const FINISH_TIMEOUT: Duration = Duration::from_mins(1);
/// Capacity of a pipe inside this process, in bytes.
const PIPE_BUFFER_BYTES: usize = 64 * 1024;

/// Where files are cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileCleaner {
    /// In child processes of this program.
    ChildProcess(PathBuf),
    /// On threads of this process: on systems without a sandbox, and in tests.
    InProcess,
}

/// Why a file could not be cleaned. The bytes that were returned before are clean.
#[derive(Debug, thiserror::Error)]
pub enum CleanError {
    /// The child process could not be started.
    #[error("failed to start the cleaning process: {0}")]
    SpawnFailed(io::Error),
    /// The child ended before the end of the file: it crashed or exceeded a limit.
    #[error("the cleaning process ended early")]
    ChildExited,
    /// The child made no progress for [`STALL_TIMEOUT`], or did not end within [`FINISH_TIMEOUT`].
    #[error("the cleaning process timed out")]
    TimedOut,
}

impl FileCleaner {
    /// Returns a cleaner that uses child processes of `program`, after a test with one. If the
    /// system cannot sandbox a child, logs a warning and returns a cleaner inside this process.
    pub async fn isolated(program: PathBuf) -> Self {
        let cleaner = Self::ChildProcess(program);
        let probe = futures_util::stream::iter([Ok::<_, ()>(Bytes::from_static(b"probe"))]);
        let (output, mut returned) = mpsc::channel::<Bytes>(4);
        match cleaner.clean(FileFormat::Text, probe, &output).await {
            Ok(Ok(_)) if returned.try_recv().is_ok_and(|bytes| bytes == "probe") => cleaner,
            outcome => {
                let reason = match outcome {
                    Ok(Err(error)) => error.to_string(),
                    _ => {
                        "the cleaning process returned different bytes than it received".to_owned()
                    }
                };
                tracing::warn!(
                    reason,
                    "failed to sandbox a child process on this system; files of visitors are cleaned \
                     inside the service, where a fault in that code can stop it"
                );
                Self::InProcess
            }
        }
    }

    /// Cleans a file of this format from `input` to `output`. Dropping the future kills the child.
    ///
    /// # Errors
    /// The outer error is one of `input`. The inner error says that the file could not be cleaned,
    /// in which case the rest of `input` is unread, or, as [`CleanError::ChildExited`], that
    /// `output` is closed.
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

/// A process or thread that reads a file and writes [`wire`] records.
struct CleanWorker {
    /// Closed at the end of the file.
    input: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    output: Box<dyn AsyncRead + Send + Unpin>,
    _child: Option<KillOnDrop>,
}

/// Kills the child process when it is dropped.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        // `kill` fails only if the child has ended. `wait` then returns immediately and leaves no
        // zombie.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// An event of the worker.
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
            // The reader detects a failure by the missing trailer.
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
            // The timeout applies while the intake waits for the child, not for the visitor.
            let waits_for_child = self.input.is_none() || !pending.is_empty();
            let deadline = finished.map_or(stalled, |end| stalled.min(end));
            let event = tokio::select! {
                next = input.next(), if !waits_for_child => WorkerEvent::Input(next),
                accepted = write_input(self.input.as_mut(), &pending), if !pending.is_empty() => WorkerEvent::Accepted(accepted),
                read = self.output.read_buf(records.buffer()) => WorkerEvent::Output(read),
                () = sleep_until(deadline), if waits_for_child => WorkerEvent::TimedOut,
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
                            // The trailer is valid only after the end of the file.
                            Ok(OutputRecord::Trailer(report)) if self.input.is_none() => {
                                return Ok(Ok(report));
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

/// The blocking end of a pipe inside this process.
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
