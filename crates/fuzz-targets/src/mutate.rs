//! Random mutations of bytes, without coverage feedback.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

/// Values that often trigger errors in parsers.
const EDGE_VALUES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, b'"', b'\n', b'='];
/// Maximum number of mutations of one input.
const MAX_CHANGES: u32 = 8;

/// Mutates inputs. The same seed gives the same mutations.
#[derive(Debug)]
pub struct Mutator {
    rng: StdRng,
}

impl Mutator {
    /// Creates a mutator with this seed.
    pub fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed) }
    }

    /// Returns one of the inputs with some mutations.
    pub fn next(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = corpus.choose(&mut self.rng).cloned().unwrap_or_default();
        for _ in 0..self.rng.gen_range(1..=MAX_CHANGES) {
            self.mutate(&mut bytes, corpus);
        }
        bytes
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let rng = &mut self.rng;
        let at = rng.gen_range(0..=bytes.len());
        let len = rng.gen_range(0..=(bytes.len() - at).min(64));
        match rng.gen_range(0..8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..at + len)),
            2 => {
                let piece = bytes[at..at + len].to_vec();
                bytes.splice(at..at, piece);
            }
            3 => bytes.insert(at, EDGE_VALUES[rng.gen_range(0..EDGE_VALUES.len())]),
            4 => {
                // Splices the end of another input at the same offset, such as the body of another
                // kind after a header.
                if let Some(other) = corpus.choose(rng).filter(|other| other.len() > at) {
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[at..]);
                }
            }
            5 => {
                let number: u32 =
                    *[0, 1, 0xff, 0xffff, u32::MAX, rng.r#gen()].choose(rng).expect("six");
                for (byte, new) in bytes[at..].iter_mut().zip(number.to_be_bytes()) {
                    *byte = new;
                }
            }
            6 => bytes[at..at + len].iter_mut().for_each(|byte| *byte = rng.r#gen()),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.gen_range(0..8);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutations_are_varied_and_reproducible() {
        let corpus = [b"a certain input".to_vec(), b"another one, which is longer".to_vec()];
        let all = |seed| {
            let mut mutator = Mutator::new(seed);
            (0..500).map(|_| mutator.next(&corpus)).collect::<Vec<_>>()
        };
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
        let different: std::collections::BTreeSet<_> = all(1).into_iter().collect();
        assert!(different.len() > 300, "{}", different.len());
    }
}
