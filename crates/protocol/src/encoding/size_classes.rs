//! The size ladder: every submission has one of ten sizes, exact to the byte, so that a size says
//! next to nothing.

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The sizes of a whole submission in bytes, smallest first.
pub const SIZE_CLASSES: [u64; 10] =
    [32 * KIB, 128 * KIB, 512 * KIB, MIB, 2 * MIB, 4 * MIB, 8 * MIB, 16 * MIB, 32 * MIB, 64 * MIB];

/// The largest submission, in bytes.
pub const MAX_SUBMISSION_LEN: u64 = SIZE_CLASSES[SIZE_CLASSES.len() - 1];

/// Is this length one that a submission may have?
pub fn is_size_class(len: u64) -> bool {
    SIZE_CLASSES.contains(&len)
}

/// The smallest rung that holds `sealed_len` bytes; `None` above the top.
pub fn size_class_for(sealed_len: u64) -> Option<u64> {
    SIZE_CLASSES.into_iter().find(|rung| *rung >= sealed_len)
}

/// How many bytes of plaintext make an age file of exactly `target` bytes, its header being
/// `header_len` bytes long.
///
/// An age payload is a 16-byte nonce and chunks of 64 KiB with a 16-byte tag each. Some totals
/// cannot be met (a last chunk would be empty); `None` then. No rung is among them for headers
/// under 4 KiB, which a test asserts.
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
    fn each_size_class_can_be_met_by_each_header() {
        for rung in SIZE_CLASSES {
            for header in 200..4096 {
                let plain = plaintext_len_for(rung, header).expect("a rung that can be met");
                let header = usize::try_from(header).unwrap();
                assert_eq!(age_hybrid::sealed_len(header, plain), rung);
            }
        }
    }

    #[test]
    fn the_size_class_is_the_smallest_that_holds_it() {
        assert_eq!(size_class_for(1), Some(32 * KIB));
        assert_eq!(size_class_for(32 * KIB), Some(32 * KIB));
        assert_eq!(size_class_for(32 * KIB + 1), Some(128 * KIB));
        assert_eq!(size_class_for(MAX_SUBMISSION_LEN + 1), None);
    }
}
