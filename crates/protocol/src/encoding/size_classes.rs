//! The size classes: every submission has exactly one of twelve lengths, so that its length reveals
//! almost nothing.

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The lengths of a complete submission in bytes, the smallest first.
pub const SIZE_CLASSES: [u64; 12] = [
    32 * KIB,
    128 * KIB,
    512 * KIB,
    MIB,
    2 * MIB,
    4 * MIB,
    8 * MIB,
    16 * MIB,
    32 * MIB,
    64 * MIB,
    128 * MIB,
    256 * MIB,
];

/// The largest submission, in bytes.
pub const MAX_SUBMISSION_LEN: u64 = SIZE_CLASSES[SIZE_CLASSES.len() - 1];

/// Returns whether a submission can have this length.
pub fn is_size_class(len: u64) -> bool {
    SIZE_CLASSES.contains(&len)
}

/// Returns the smallest size class of at least `sealed_len` bytes, or `None` if that is more than
/// the largest.
pub fn size_class_for(sealed_len: u64) -> Option<u64> {
    SIZE_CLASSES.into_iter().find(|size| *size >= sealed_len)
}

/// Returns the length of the plaintext that makes an age file of exactly `target` bytes with a
/// header of `header_len` bytes.
///
/// An age payload is a 16-byte nonce and chunks of 64 KiB with a 16-byte tag each. Returns `None`
/// for totals that no plaintext reaches, because the last chunk would be empty. No size class is
/// among them for headers under 4 KiB, which a test asserts.
pub fn plaintext_len_for(target: u64, header_len: u64) -> Option<u64> {
    const CHUNK: u64 = 64 * KIB;
    const TAG: u64 = 16;
    let payload = target.checked_sub(header_len + 16)?;
    let (full, rest) = (payload / (CHUNK + TAG), payload % (CHUNK + TAG));
    match rest {
        0 => Some(full * CHUNK),
        1..=TAG => None,
        _ => Some(full * CHUNK + rest - TAG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_class_is_reachable_with_each_header_length() {
        for size in SIZE_CLASSES {
            for header in 200..4096 {
                let plain =
                    plaintext_len_for(size, header).expect("a size class that can be reached");
                let header = usize::try_from(header).unwrap();
                assert_eq!(age_hybrid::sealed_len(header, plain), size);
            }
        }
    }

    #[test]
    fn the_smallest_sufficient_size_class_is_chosen() {
        assert_eq!(size_class_for(1), Some(32 * KIB));
        assert_eq!(size_class_for(32 * KIB), Some(32 * KIB));
        assert_eq!(size_class_for(32 * KIB + 1), Some(128 * KIB));
        assert_eq!(size_class_for(MAX_SUBMISSION_LEN + 1), None);
    }
}
