//! The child process: it reads a file from standard input and writes records to standard output.

#[cfg(target_os = "linux")]
use std::{fs::File, os::fd::AsFd as _};
use std::{
    io::{self, BufWriter, Read, Write},
    process::ExitCode,
};

use super::wire::{MAX_RECORD_BYTES, RecordWriter};

/// The argument that starts the program as the child process.
pub const CHILD_ARGUMENT: &str = "clean-child";

#[cfg(target_os = "linux")]
const SANDBOX_LIMITS: sandbox::SandboxLimits = sandbox::SandboxLimits {
    address_space: 512 * 1024 * 1024,
    private_memory: 64 * 1024 * 1024,
    cpu_seconds: 20,
    may_read_stdin: true,
    low_priority: true,
};

/// Cleans the file on standard input. The process enters the sandbox before it reads the first
/// byte.
#[cfg(target_os = "linux")]
pub fn run() -> ExitCode {
    let Ok((input, output)) = leak_stdio_pipes() else { return ExitCode::FAILURE };
    if sandbox::enter_sandbox(&SANDBOX_LIMITS).is_ok() && clean(input, output).is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Returns standard input and output without buffers. They are leaked, because a sandboxed process
/// may not close files.
#[cfg(target_os = "linux")]
fn leak_stdio_pipes() -> io::Result<(&'static mut File, &'static mut File)> {
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    Ok((Box::leak(Box::new(input)), Box::leak(Box::new(output))))
}

/// Fails, because there is no sandbox on this system.
#[cfg(not(target_os = "linux"))]
pub fn run() -> ExitCode {
    ExitCode::FAILURE
}

/// Reads a file to its end, and writes the cleaned file as records.
///
/// # Errors
/// If the reader or the writer fails. The content of the file never causes an error.
pub(super) fn clean(input: &mut dyn Read, output: &mut dyn Write) -> io::Result<()> {
    let mut output = BufWriter::with_capacity(MAX_RECORD_BYTES, RecordWriter(output));
    let report = metadata_scrubber::scrub(input, &mut output)?;
    output.into_inner().map_err(io::IntoInnerError::into_error)?.write_trailer(&report)
}
