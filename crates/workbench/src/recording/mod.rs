//! Recordings from untrusted senders. Like pictures, they are decoded in a sandboxed process. The
//! result is a new WAV file made from the samples; no other data of the file remains.

#[cfg(target_os = "linux")]
mod worker;

#[cfg(target_os = "linux")]
pub use worker::run as run_child;

use std::{path::Path, time::Duration};

use zeroize::Zeroizing;

use crate::sandboxed_decoder::{DecodeError, SandboxedDecoder};

/// The argument that starts this program as the sandboxed process.
pub const WORKER_ARG: &str = "recording-child";
/// Maximum length of an audio file, in bytes.
pub const MAX_INPUT_BYTES: usize = 64 * 1024 * 1024;
/// Maximum duration that is decoded. The rest of a longer file is left out.
pub const MAX_DURATION: Duration = Duration::from_mins(15);
/// Maximum number of samples per second of the result.
const MAX_SAMPLE_RATE: u32 = 24_000;
/// Bytes of the header of a WAV file.
const HEADER_LEN: u32 = 44;
/// Maximum length of the result, in bytes: two for each sample.
const MAX_OUTPUT_BYTES: u64 =
    HEADER_LEN as u64 + 2 * MAX_SAMPLE_RATE as u64 * MAX_DURATION.as_secs();

const DECODER: SandboxedDecoder = SandboxedDecoder {
    argument: WORKER_ARG,
    max_input: MAX_INPUT_BYTES,
    max_output: MAX_OUTPUT_BYTES,
    timeout: Duration::from_mins(1),
};

/// Why a recording cannot be played. The file can still be saved.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The format is not supported: only WAV, MP3 and AAC in MP4 are.
    #[error("unsupported audio format: only WAV, MP3 and M4A are supported")]
    NotARecording,
    /// The recording is damaged, too large or malicious: the sandboxed process failed or was
    /// killed.
    #[error("recording rejected by the sandboxed decoder (damaged, too large or malicious)")]
    Refused,
    /// This system cannot sandbox a process as required.
    #[error("recordings are played only on Linux; save the file and open it in a sandboxed player")]
    UnsupportedPlatform,
    /// The process could not be started.
    #[error("failed to start the audio sandbox: {0}")]
    Spawn(std::io::Error),
}

/// Returns a WAV file with one channel of 16 bits. `program` is the path of this program. Blocks
/// for at most a minute.
///
/// # Errors
/// See [`RecordingError`]. No content of a file can cause more than an error.
pub fn decode_sandboxed(
    program: &Path,
    recording: Zeroizing<Vec<u8>>,
) -> Result<Zeroizing<Vec<u8>>, RecordingError> {
    if !cfg!(target_os = "linux") {
        return Err(RecordingError::UnsupportedPlatform);
    }
    DECODER.decode(program, recording).map_err(|error| match error {
        DecodeError::Unsupported => RecordingError::NotARecording,
        DecodeError::Refused => RecordingError::Refused,
        DecodeError::Spawn(error) => RecordingError::Spawn(error),
    })
}
