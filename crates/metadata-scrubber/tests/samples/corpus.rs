//! Small files of every format that were once scrubbed incompletely or damaged. The expected
//! results are in `tests/corpus.json`, with which the browser's script is tested too. `cargo run -p
//! fuzz-targets --bin sample-files -- FOLDER` writes the files.

/// The author in every sample that has one.
pub(crate) const AUTHOR: &str = "Canary Author";
/// The date in every sample that has one.
pub(crate) const TIMESTAMP: &str = "2026-03-12T10:15:00Z";

/// Returns every sample with a file name as a reporter could send it.
pub(crate) fn all() -> Vec<(&'static str, Vec<u8>)> {
    let (office, drawings) = (super::office::all(), super::drawings::all());
    [office, drawings, super::media::all(), super::pdf_samples::all()].concat()
}
