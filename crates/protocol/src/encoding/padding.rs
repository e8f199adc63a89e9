//! Padding inside a seal: the case handler stores sealed messages, notes and files, and learns only
//! the size class of each.

use zeroize::Zeroizing;

/// Messages of the reporter and notes of the team are padded to a multiple of this length in bytes.
pub const TEXT_STEP: usize = 4096;
/// Replies to the reporter are padded to a multiple of this length in bytes. It is shorter than
/// [`TEXT_STEP`], because a mailbox has room for few replies.
pub const REPLY_STEP: usize = 2048;
/// The maximum length in bytes of a padded reply. Two replies of this length fit into a mailbox.
pub const MAX_PADDED_REPLY: usize = 5 * REPLY_STEP;
/// The maximum length in bytes of a padded note.
pub const MAX_PADDED_NOTE: usize = 3 * TEXT_STEP;
/// The smallest size class of a file in bytes.
const MIN_FILE_LEN: u64 = 4096;
/// There are eight size classes of files between two powers of two, so that padding adds at most an
/// eighth.
const CLASSES_PER_DOUBLING: u32 = 3;
/// The length in bytes of the length before a padded text.
pub const LEN_PREFIX: usize = 4;

/// The padding is not the one that a correct sender writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid padding")]
pub struct PaddingError;

/// Returns `u32 length ‖ text ‖ zeros`, up to a multiple of `step` bytes.
///
/// # Panics
/// If the text is longer than 4 GiB. Records are far shorter.
pub fn pad_text(text: &[u8], step: usize) -> Zeroizing<Vec<u8>> {
    let len = u32::try_from(text.len()).expect("records are far under 4 GiB");
    let padded = (LEN_PREFIX + text.len()).next_multiple_of(step);
    // Allocated once, so that no reallocation leaves plaintext behind in memory.
    let mut plain = Zeroizing::new(Vec::with_capacity(padded));
    plain.extend_from_slice(&len.to_be_bytes());
    plain.extend_from_slice(text);
    plain.resize(padded, 0);
    plain
}

/// Returns the text in what [`pad_text`] returned for the same `step`.
///
/// # Errors
/// If the length is another one, or the padding contains other bytes than zeros.
pub fn unpad_text(plain: &[u8], step: usize) -> Result<&[u8], PaddingError> {
    let (len, rest) = plain.split_first_chunk::<LEN_PREFIX>().ok_or(PaddingError)?;
    let len = u32::from_be_bytes(*len) as usize;
    let padded = LEN_PREFIX.checked_add(len).and_then(|len| len.checked_next_multiple_of(step));
    if padded != Some(plain.len()) {
        return Err(PaddingError);
    }
    let (text, padding) = rest.split_at(len);
    if padding.iter().all(|byte| *byte == 0) { Ok(text) } else { Err(PaddingError) }
}

/// Returns the size class of a file of `len` bytes: the length of `file ‖ zeros`.
pub fn padded_file_len(len: u64) -> u64 {
    let step =
        MIN_FILE_LEN.max(len.checked_ilog2().map_or(0, |log| 1 << log) >> CLASSES_PER_DOUBLING);
    len.max(1).checked_next_multiple_of(step).unwrap_or(u64::MAX)
}

/// Returns the file of `len` bytes in its padded form.
///
/// # Errors
/// If the padded form has another length, or the padding contains other bytes than zeros.
pub fn unpad_file(plain: &[u8], len: u64) -> Result<&[u8], PaddingError> {
    if plain.len() as u64 != padded_file_len(len) {
        return Err(PaddingError);
    }
    let (file, padding) = plain.split_at(usize::try_from(len).map_err(|_| PaddingError)?);
    if padding.iter().all(|byte| *byte == 0) { Ok(file) } else { Err(PaddingError) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{encoding::size_classes::MAX_SUBMISSION_LEN, submission::frame::MAX_ATTACHMENTS};

    #[test]
    fn a_text_returns_from_its_padded_form() {
        for len in [0, 1, 4091, 4092, 4093, 8188, 8189, 100_000] {
            let text = vec![7; len];
            let padded = pad_text(&text, TEXT_STEP);
            assert_eq!(padded.len() % TEXT_STEP, 0);
            assert!(padded.len() - len < TEXT_STEP + LEN_PREFIX);
            assert_eq!(unpad_text(&padded, TEXT_STEP), Ok(&text[..]));
        }
    }

    #[test]
    fn other_forms_of_the_padding_are_refused() {
        let padded = pad_text(b"text", TEXT_STEP);
        let mut ends = padded.to_vec();
        *ends.last_mut().unwrap() = 1;
        let mut hidden = padded.to_vec();
        hidden[8] = 1;
        let longer = [&padded[..], &[0; TEXT_STEP]].concat();
        let mut overflow = padded.to_vec();
        overflow[..4].fill(0xff);
        for plain in [&padded[..TEXT_STEP - 1], &ends, &hidden, &longer, &overflow, &[], &[0; 3]] {
            assert_eq!(unpad_text(plain, TEXT_STEP), Err(PaddingError));
        }
        assert_eq!(unpad_text(&padded, REPLY_STEP), Err(PaddingError), "another step");
        assert_eq!(unpad_file(&[7; 4096], 4095), Err(PaddingError));
        assert_eq!(unpad_file(&[0; 8192], 4096), Err(PaddingError));
        assert_eq!(unpad_file(&[0; 4096], u64::MAX), Err(PaddingError));
    }

    #[test]
    fn size_classes_of_files_are_few_and_add_at_most_an_eighth() {
        let lengths = (0..28).flat_map(|log| [0, 1, 3, 1000].map(|more| (1_u64 << log) + more));
        for len in lengths {
            let padded = padded_file_len(len);
            assert!(padded >= len && padded >= MIN_FILE_LEN, "{len}: {padded}");
            assert!(len < 32_768 || (padded - len) * 8 <= len, "{len}: {padded}");
            assert_eq!(padded_file_len(padded), padded, "a class pads to itself");
        }
        let classes: BTreeSet<u64> = (0..=65_536).map(|kib| padded_file_len(kib * 4096)).collect();
        assert_eq!(classes.len(), 112, "up to 256 MiB");
        assert_eq!(unpad_file(&[0; 4096], 0), Ok(&[][..]));
    }

    #[test]
    fn files_of_230_mb_in_all_fit_into_the_largest_submission() {
        // The limit that the pages state. Each file gains an eighth, or up to 4 KiB.
        let files = 230_000_000_u64;
        let padded = files + files / 8 + MAX_ATTACHMENTS as u64 * MIN_FILE_LEN;
        // Each of the two seals adds 16 bytes to each chunk of 64 KiB. Headers of files, grants,
        // capsule and body together are shorter than a MiB.
        let sealed = padded + 2 * padded.div_ceil(4096) + 1024 * 1024;
        assert!(sealed < MAX_SUBMISSION_LEN, "{sealed}");
        // Some larger selections do not fit.
        assert!(padded_file_len(241 << 20) + 1024 > MAX_SUBMISSION_LEN);
    }
}
