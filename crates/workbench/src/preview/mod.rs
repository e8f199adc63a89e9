//! Looking at an image that somebody unknown has sent. Decoders are the classic way into a machine,
//! so they run in a process of their own that can do nothing but compute: no file, no network, no
//! other program, little memory and time. What comes back is a plain PNG made from the pixels;
//! nothing else of the file survives.

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

/// The one argument with which the program becomes the confined process.
pub const WORKER_ARG: &str = "preview-child";
/// The largest file that is tried, in bytes.
pub const MAX_INPUT_BYTES: usize = 64 * 1024 * 1024;
/// The longer side of a preview, in pixels.
pub const MAX_PREVIEW_SIDE: u32 = 1600;
/// More than a PNG of `MAX_PREVIEW_SIDE` by `MAX_PREVIEW_SIDE` pixels of noise can take, in bytes.
const MAX_OUTPUT_BYTES: u64 = 16 * 1024 * 1024;
/// By the clock; the process has a limit of its own for computing.
const RENDER_TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no preview. The file can still be saved.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// Not an image of a kind that is shown: JPEG, PNG, GIF or WebP.
    #[error("this is no image of a kind that can be shown")]
    NotAnImage,
    /// Damaged, too large, or made to do harm: the process that looked at it gave up or was
    /// stopped.
    #[error("the image cannot be shown: it is damaged, too large, or made to do harm")]
    Refused,
    /// This system cannot confine a process in the way that is needed.
    #[error(
        "images can only be shown on Linux; save the file and open it with a viewer that is confined"
    )]
    UnsupportedPlatform,
    /// The process could not be started.
    #[error("the process that looks at images does not start: {0}")]
    Spawn(std::io::Error),
}

/// Exit codes of the child.
pub(crate) const EXIT_NOT_AN_IMAGE: u8 = 3;

/// A PNG of at most `MAX_PREVIEW_SIDE` by `MAX_PREVIEW_SIDE` pixels. `program` is this program
/// itself. Blocks, for [`RENDER_TIMEOUT`] at most.
///
/// # Errors
/// See [`PreviewError`]; nothing that a file contains can make it more than an error.
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
    // A child that gives up closes the pipe; its exit code says why.
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

/// What was read counts only if the child ended well.
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
