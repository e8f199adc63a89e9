//! Previews of images from untrusted senders. Image decoders are a classic attack surface, so they
//! run in a sandboxed process without access to files, the network or other programs, and with
//! limited memory and time. The result is a new PNG made from the pixels; no other data of the file
//! remains.

#[cfg(target_os = "linux")]
mod worker;

#[cfg(target_os = "linux")]
pub use worker::run as run_child;

use std::{
    io::{Read, Write},
    path::Path,
    process::Child,
    sync::mpsc,
    thread,
    time::Duration,
};

use zeroize::Zeroizing;

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

/// Exit code of the child process.
pub(crate) const EXIT_NOT_AN_IMAGE: u8 = 3;

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
    if image.len() > MAX_INPUT_BYTES {
        return Err(PreviewError::Refused);
    }
    let mut child =
        sandbox::child_command(program, WORKER_ARG).spawn().map_err(PreviewError::Spawn)?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return reap(child, Err(PreviewError::Refused));
    };
    // A child that fails closes the pipe. Its exit code states the reason.
    thread::spawn(move || drop(stdin.write_all(&image)));
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut png = Zeroizing::new(Vec::new());
        let read = stdout.take(MAX_OUTPUT_BYTES + 1).read_to_end(&mut png);
        drop(sender.send(read.map(|_| png)));
    });
    let png = match receiver.recv_timeout(RENDER_TIMEOUT) {
        Ok(Ok(png)) if png.len() as u64 <= MAX_OUTPUT_BYTES => Ok(png),
        _ => Err(PreviewError::Refused),
    };
    reap(child, png)
}

/// Waits for the child. The output counts only if the child succeeded.
fn reap(
    mut child: Child,
    png: Result<Zeroizing<Vec<u8>>, PreviewError>,
) -> Result<Zeroizing<Vec<u8>>, PreviewError> {
    if png.is_err() {
        drop(child.kill());
    }
    let status = child.wait().map_err(PreviewError::Spawn)?;
    match (png, status.code()) {
        (Ok(png), Some(0)) => Ok(png),
        (_, Some(code)) if code == i32::from(EXIT_NOT_AN_IMAGE) => Err(PreviewError::NotAnImage),
        _ => Err(PreviewError::Refused),
    }
}
