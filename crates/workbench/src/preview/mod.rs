//! Previews of images from untrusted senders. Image decoders are a classic attack surface, so they
//! run in a sandboxed process without access to files, the network or other programs, and with
//! limited memory and time. The result is a new PNG made from the pixels; no other data of the file
//! remains.

#[cfg(target_os = "linux")]
mod worker;

#[cfg(target_os = "linux")]
pub use worker::run as run_child;

use std::{path::Path, time::Duration};

use zeroize::Zeroizing;

use crate::sandboxed_decoder::{DecodeError, SandboxedDecoder};

/// The argument that starts this program as the sandboxed process.
pub const WORKER_ARG: &str = "preview-child";
/// Maximum length of an image file, in bytes.
pub const MAX_INPUT_BYTES: usize = 64 * 1024 * 1024;
/// Longer side of a preview, in pixels.
pub const MAX_PREVIEW_SIDE: u32 = 1600;
/// Maximum length of the PNG, in bytes. A PNG of `MAX_PREVIEW_SIDE` by `MAX_PREVIEW_SIDE` pixels of
/// noise is smaller.
const MAX_OUTPUT_BYTES: u64 = 16 * 1024 * 1024;
/// Maximum duration in real time; the process has a separate limit of CPU time.
const RENDER_TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no preview. The file can still be saved.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The format is not supported: only JPEG, PNG, GIF and WebP are.
    #[error("unsupported image format")]
    NotAnImage,
    /// The image is damaged, too large or malicious: the sandboxed process failed or was killed.
    #[error("image rejected by the sandboxed decoder (damaged, too large or malicious)")]
    Refused,
    /// This system cannot sandbox a process as required.
    #[error(
        "previews are supported only on Linux; save the file and open it in a sandboxed viewer"
    )]
    UnsupportedPlatform,
    /// The process could not be started.
    #[error("failed to start the image sandbox: {0}")]
    Spawn(std::io::Error),
}

const DECODER: SandboxedDecoder = SandboxedDecoder {
    argument: WORKER_ARG,
    max_input: MAX_INPUT_BYTES,
    max_output: MAX_OUTPUT_BYTES,
    timeout: RENDER_TIMEOUT,
};

/// Returns a PNG of at most `MAX_PREVIEW_SIDE` by `MAX_PREVIEW_SIDE` pixels. `program` is the path
/// of this program. Blocks for at most [`RENDER_TIMEOUT`].
///
/// # Errors
/// See [`PreviewError`]. No content of a file can cause more than an error.
pub fn render_sandboxed(
    program: &Path,
    image: Zeroizing<Vec<u8>>,
) -> Result<Zeroizing<Vec<u8>>, PreviewError> {
    if !cfg!(target_os = "linux") {
        return Err(PreviewError::UnsupportedPlatform);
    }
    DECODER.decode(program, image).map_err(|error| match error {
        DecodeError::Unsupported => PreviewError::NotAnImage,
        DecodeError::Refused => PreviewError::Refused,
        DecodeError::Spawn(error) => PreviewError::Spawn(error),
    })
}
