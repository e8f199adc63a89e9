//! The child: a file comes in on standard input, records go out on standard output.

#[cfg(target_os = "linux")]
use std::{fs::File, os::fd::AsFd as _};
use std::{
    io::{self, BufWriter, Read, Write},
    process::ExitCode,
};

use super::wire::{MAX_RECORD_BYTES, RecordWriter};

/// The one argument with which the program becomes the child.
pub const CHILD_ARGUMENT: &str = "clean-child";

#[cfg(target_os = "linux")]
const SANDBOX_LIMITS: sandbox::SandboxLimits = sandbox::SandboxLimits {
    address_space: 512 * 1024 * 1024,
    private_memory: 64 * 1024 * 1024,
    cpu_seconds: 20,
    may_read_stdin: true,
    low_priority: true,
};

/// Cleans the file on standard input. It is confined before it reads the first byte.
#[cfg(target_os = "linux")]
pub fn run() -> ExitCode {
    let Ok((input, output)) = leak_stdio_pipes() else { return ExitCode::FAILURE };
    if sandbox::enter_sandbox(&SANDBOX_LIMITS).is_ok() && clean(input, output).is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Standard input and output without buffers. They are leaked, since a confined process may close
/// nothing.
#[cfg(target_os = "linux")]
fn leak_stdio_pipes() -> io::Result<(&'static mut File, &'static mut File)> {
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    Ok((Box::leak(Box::new(input)), Box::leak(Box::new(output))))
}

/// Fails: a child cannot be confined here.
#[cfg(not(target_os = "linux"))]
pub fn run() -> ExitCode {
    ExitCode::FAILURE
}

/// Reads a file to its end, and writes it cleaned, as records.
///
/// # Errors
/// Returns an error of the reader or the writer, never one of the file.
pub(super) fn clean(input: &mut dyn Read, output: &mut dyn Write) -> io::Result<()> {
    let mut output = BufWriter::with_capacity(MAX_RECORD_BYTES, RecordWriter(output));
    let washed = metadata_scrubber::scrub(input, &mut output)?;
    output.into_inner().map_err(io::IntoInnerError::into_error)?.write_trailer(&washed)
}
