//! Random changes to bytes, as coverage-blind fuzzers make them.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

/// Values at which parsers go wrong.
const EDGE_VALUES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, b'"', b'\n', b'='];
/// Most changes at once.
const MAX_CHANGES: u32 = 8;

/// Makes changes, the same ones for the same seed.
#[derive(Debug)]
pub struct Mutator {
    rng: StdRng,
}

impl Mutator {
    /// A sequence of changes.
    pub fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed) }
    }

    /// One of the inputs, changed a little, or much.
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
                // From another one, at the same place: a header of one kind before a body of
                // another.
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
    fn changes_are_many_and_can_be_made_again() {
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
