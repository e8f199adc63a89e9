//! Decoys: bytes in the form of a sealed file that no key opens.

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use rand::{
    CryptoRng, RngCore, SeedableRng,
    distributions::{Distribution, Uniform},
    rngs::StdRng,
};

use crate::{
    header_writer::{FOOTER, VERSION_LINE, push_mac, push_stanza},
    hpke::SEALED_FILE_KEY_LEN,
    recipient::STANZA_TAG,
    xwing::DiscardedKey,
};

/// Generates decoys: bytes in the form of sealed files that no key opens.
pub struct DecoyGenerator(DiscardedKey);

impl DecoyGenerator {
    /// Creates a generator. The same state of `rng` gives the same decoys.
    pub fn new(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self(DiscardedKey::generate(rng))
    }

    /// Returns exactly `total_len` bytes in the form of a file that [`crate::seal`] made for an
    /// unknown recipient.
    ///
    /// The same state of `rng` gives the same bytes. The encapsulation is a real one, to a key
    /// whose secret half was discarded. Ciphertexts of ML-KEM are not uniform, so random bytes in
    /// their place could be recognised. One key serves for all decoys: without the secret key,
    /// encapsulations to the same key and to different keys cannot be distinguished. The grease
    /// stanza has the same distribution as in the `age` crate. Everything else in a sealed file is
    /// pseudo-random.
    ///
    /// # Panics
    /// If `total_len` is below 4,096 bytes, because a header might not fit.
    pub fn generate_decoy(
        &self,
        rng: &mut (impl RngCore + CryptoRng),
        total_len: usize,
    ) -> Vec<u8> {
        assert!(total_len >= 4096, "a decoy has at least 4,096 bytes");
        let encapsulated = BASE64_STANDARD_NO_PAD.encode(self.0.fake_encapsulation(rng));
        let mut sealed_file_key = [0; SEALED_FILE_KEY_LEN];
        rng.fill_bytes(&mut sealed_file_key);
        let mut text = String::from(VERSION_LINE);
        push_stanza(&mut text, &[STANZA_TAG.to_owned(), encapsulated], &sealed_file_key);
        let (arguments, body) = grease_stanza(rng);
        push_stanza(&mut text, &arguments, &body);
        let mut mac = [0; 32];
        rng.fill_bytes(&mut mac);
        text.push_str(FOOTER);
        push_mac(&mut text, &mac);
        let mut bytes = text.into_bytes();
        let header_len = bytes.len();
        bytes.resize(total_len, 0);
        rng.fill_bytes(&mut bytes[header_len..]);
        bytes
    }
}

/// Returns a decoy for tests and benchmarks of programs that store files without opening them. The
/// same seed gives the same bytes.
///
/// # Panics
/// If `total_len` is below 4,096 bytes.
#[doc(hidden)]
pub fn decoy_file(total_len: usize, seed: u64) -> Vec<u8> {
    let mut rng = StdRng::seed_from_u64(seed);
    DecoyGenerator::new(&mut rng).generate_decoy(&mut rng, total_len)
}

/// Returns a stanza like `age_core::format::grease_the_joint`: a tag of 1 to 8 characters and a
/// suffix, 0 to 4 arguments of 1 to 8 characters, and a body of 0 to 99 bytes.
fn grease_stanza(rng: &mut impl RngCore) -> (Vec<String>, Vec<u8>) {
    let word = |rng: &mut dyn RngCore| -> String {
        let length = Uniform::from(1u32..9).sample(rng);
        (0..length).map(|_| char::from(Uniform::from(33u8..=126).sample(rng))).collect()
    };
    let mut arguments = vec![format!("{}-grease", word(rng))];
    let more = Uniform::from(0u32..5).sample(rng);
    arguments.extend((0..more).map(|_| word(rng)));
    let mut body = vec![0; Uniform::from(0u8..100).sample(rng).into()];
    rng.fill_bytes(&mut body);
    (arguments, body)
}
