//! Looking at an image that somebody unknown has sent. Decoders are the classic way into a machine, so they run in a process of
//! their own that can do nothing but compute: no file, no network, no other program, little memory and time. What comes back is
//! a plain PNG made from the pixels; nothing else of the file survives.

#[cfg(target_os = "linux")]
mod child;

#[cfg(target_os = "linux")]
pub use child::run as run_child;

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
pub const CHILD: &str = "preview-child";
/// The largest file that is tried, in bytes.
pub const MOST_IN: usize = 64 * 1024 * 1024;
/// The longer side of a preview, in pixels.
pub const SIDE: u32 = 1600;
/// More than a PNG of `SIDE` by `SIDE` pixels of noise can take, in bytes.
const MOST_OUT: u64 = 16 * 1024 * 1024;
/// By the clock; the process has a limit of its own for computing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no preview. The file can still be saved.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// Not an image of a kind that is shown: JPEG, PNG, GIF or WebP.
    #[error("this is no image of a kind that can be shown")]
    NoImage,
    /// Damaged, too large, or made to do harm: the process that looked at it gave up or was stopped.
    #[error("the image cannot be shown: it is damaged, too large, or made to do harm")]
    Refused,
    /// This system cannot confine a process in the way that is needed.
    #[error("images can only be shown on Linux; save the file and open it with a viewer that is confined")]
    NotHere,
    /// The process could not be started.
    #[error("the process that looks at images does not start: {0}")]
    Start(std::io::Error),
}

/// Exit codes of the child.
pub(crate) const NO_IMAGE: u8 = 3;

/// A PNG of at most `SIDE` by `SIDE` pixels. `program` is this program itself. Blocks, for [`PATIENCE`] at most.
///
/// # Errors
/// See [`PreviewError`]; nothing that a file contains can make it more than an error.
pub fn render(program: &Path, image: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, PreviewError> {
    if !cfg!(target_os = "linux") {
        return Err(PreviewError::NotHere);
    }
    if image.len() > MOST_IN {
        return Err(PreviewError::Refused);
    }
    let mut child = confined::command(program, CHILD).spawn().map_err(PreviewError::Start)?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return end(child, Err(PreviewError::Refused));
    };
    // A child that gives up closes the pipe; its exit code says why.
    thread::spawn(move || drop(stdin.write_all(&image)));
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut png = Zeroizing::new(Vec::new());
        let read = stdout.take(MOST_OUT + 1).read_to_end(&mut png);
        drop(sender.send(read.map(|_| png)));
    });
    let png = match receiver.recv_timeout(PATIENCE) {
        Ok(Ok(png)) if png.len() as u64 <= MOST_OUT => Ok(png),
        _ => Err(PreviewError::Refused),
    };
    end(child, png)
}

/// What was read counts only if the child ended well.
fn end(
    mut child: Child,
    png: Result<Zeroizing<Vec<u8>>, PreviewError>,
) -> Result<Zeroizing<Vec<u8>>, PreviewError> {
    if png.is_err() {
        drop(child.kill());
    }
    let status = child.wait().map_err(PreviewError::Start)?;
    match (png, status.code()) {
        (Ok(png), Some(0)) => Ok(png),
        (_, Some(code)) if code == i32::from(NO_IMAGE) => Err(PreviewError::NoImage),
        _ => Err(PreviewError::Refused),
    }
}
