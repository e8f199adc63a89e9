//! Decodes untrusted files in a sandboxed process: pictures and recordings. The process gets the
//! file and returns pixels or samples in a format of our own.

use std::{
    io::{self, Read as _, Write as _},
    path::Path,
    process::Child,
    sync::mpsc,
    thread,
    time::Duration,
};

use zeroize::Zeroizing;

/// Exit code of a process that does not support the format of the file.
pub(crate) const EXIT_UNSUPPORTED: u8 = 3;

/// How a kind of files is decoded.
pub(crate) struct SandboxedDecoder {
    /// The argument that starts this program as the process.
    pub(crate) argument: &'static str,
    /// Maximum length of a file, in bytes.
    pub(crate) max_input: usize,
    /// Maximum length of the result, in bytes.
    pub(crate) max_output: u64,
    /// Maximum duration in real time. The process has a separate limit of processor time.
    pub(crate) timeout: Duration,
}

/// Why a file was not decoded.
#[derive(Debug)]
pub(crate) enum DecodeError {
    /// The process does not support the format.
    Unsupported,
    /// The file is damaged, too large or malicious: the process failed or was killed.
    Refused,
    /// The process could not be started.
    Spawn(io::Error),
}

impl SandboxedDecoder {
    /// Returns the result of the process. `program` is the path of this program.
    pub(crate) fn decode(
        &self,
        program: &Path,
        file: Zeroizing<Vec<u8>>,
    ) -> Result<Zeroizing<Vec<u8>>, DecodeError> {
        if file.len() > self.max_input {
            return Err(DecodeError::Refused);
        }
        let mut child =
            sandbox::child_command(program, self.argument).spawn().map_err(DecodeError::Spawn)?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return reap(child, Err(DecodeError::Refused));
        };
        // A child that fails closes the pipe. Its exit code states the reason.
        thread::spawn(move || drop(stdin.write_all(&file)));
        let (sender, receiver) = mpsc::channel();
        let limit = self.max_output;
        thread::spawn(move || {
            let mut output = Zeroizing::new(Vec::new());
            let read = stdout.take(limit + 1).read_to_end(&mut output);
            drop(sender.send(read.map(|_| output)));
        });
        let output = match receiver.recv_timeout(self.timeout) {
            Ok(Ok(output)) if output.len() as u64 <= limit => Ok(output),
            _ => Err(DecodeError::Refused),
        };
        reap(child, output)
    }
}

/// Waits for the child. The output counts only if the child succeeded.
fn reap(
    mut child: Child,
    output: Result<Zeroizing<Vec<u8>>, DecodeError>,
) -> Result<Zeroizing<Vec<u8>>, DecodeError> {
    if output.is_err() {
        drop(child.kill());
    }
    let status = child.wait().map_err(DecodeError::Spawn)?;
    match (output, status.code()) {
        (Ok(output), Some(0)) => Ok(output),
        (_, Some(code)) if code == i32::from(EXIT_UNSUPPORTED) => Err(DecodeError::Unsupported),
        _ => Err(DecodeError::Refused),
    }
}
