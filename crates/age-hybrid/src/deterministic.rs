//! Deterministic sealing: any holder of the seed seals the same plaintext again and compares the
//! files.

use age_core::{format::Stanza, primitives::hkdf as hkdf_sha256};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, aead::Aead};
use hkdf::{
    Hkdf,
    hmac::{Hmac, Mac},
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    CHUNK_LEN, FILE_KEY_LEN, PlaintextTooLongError, Recipient,
    header_writer::{FOOTER, VERSION_LINE, push_mac, push_stanza},
    seal::NONCE_LEN,
    xwing::ENCAPSULATION_RANDOMNESS_LEN,
};

/// The HKDF salt of everything that is derived from a seed.
const SALT: &[u8] = b"burkindi/seal/v2";
/// The STREAM nonce of a chunk that is the first and the last: counter 0 in 11 bytes, and 1.
const ONLY_CHUNK_NONCE: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/// Seals at most [`CHUNK_LEN`] bytes to one recipient. The same recipient, plaintext and seed give
/// the same file, so that a party with the seed can check what another party sealed.
///
/// [`open`](crate::open) and every other implementation of age open the file. It is an age v1 file
/// (C2SP `age.md`) with one stanza, without a grease stanza, and with one chunk. Instead of random
/// bytes, it uses `HKDF-SHA256(ikm = seed, salt = "burkindi/seal/v2", info = purpose ‖
/// SHA-256(recipient ‖ plaintext))`:
///
/// | purpose | bytes | use |
/// | --- | --- | --- |
/// | `"file-key"` | 16 | file key |
/// | `"nonce"` | 16 | payload nonce |
/// | `"encapsulation"` | 64 | randomness of X-Wing: 32 bytes for ML-KEM-768, 32 for X25519 |
///
/// The hash in `info` gives each plaintext its own file key. Therefore, sealing two plaintexts with
/// one seed never encrypts them under one key. The file is as secret as the seed: the seed and the
/// plaintext of a file together give its file key.
///
/// ```
/// use age_hybrid::{Identity, open, seal_deterministic};
/// let identity = Identity::generate(&mut rand::rngs::OsRng);
/// let recipient = identity.to_recipient();
/// let sealed = seal_deterministic(&recipient, b"secret", &[7; 32])?;
/// assert_eq!(sealed, seal_deterministic(&recipient, b"secret", &[7; 32])?);
/// assert_eq!(&open(&identity, &sealed)?[..], b"secret");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Returns an error if the plaintext does not fit into one chunk.
pub fn seal_deterministic(
    recipient: &Recipient,
    plaintext: &[u8],
    seed: &[u8; 32],
) -> Result<Vec<u8>, PlaintextTooLongError> {
    if plaintext.len() as u64 > CHUNK_LEN {
        return Err(PlaintextTooLongError { len: plaintext.len() });
    }
    let derived = SeedExpansion::new(seed, recipient, plaintext);
    let file_key = derived.expand::<FILE_KEY_LEN>("file-key");
    let nonce = derived.expand::<NONCE_LEN>("nonce");
    let randomness = derived.expand::<ENCAPSULATION_RANDOMNESS_LEN>("encapsulation");

    let Stanza { tag, args, body } = recipient.stanza(&*file_key, &randomness);
    let mut header = String::from(VERSION_LINE);
    push_stanza(&mut header, &[&[tag][..], &args].concat(), &body);
    header.push_str(FOOTER);
    let mac_key = Zeroizing::new(hkdf_sha256(&[], b"header", &*file_key));
    let mac = <Hmac<Sha256> as Mac>::new_from_slice(&*mac_key)
        .expect("HMAC accepts keys of any length")
        .chain_update(&header)
        .finalize();
    push_mac(&mut header, &mac.into_bytes());

    let payload_key = Zeroizing::new(hkdf_sha256(&*nonce, b"payload", &*file_key));
    let chunk = ChaCha20Poly1305::new((&*payload_key).into())
        .encrypt(&ONLY_CHUNK_NONCE.into(), plaintext)
        .expect("a chunk is far below the cipher's limit");
    Ok([header.as_bytes(), &*nonce, &chunk].concat())
}

/// A seed, bound to one recipient and one plaintext.
struct SeedExpansion {
    hkdf: Hkdf<Sha256>,
    /// `SHA-256(recipient ‖ plaintext)`. A recipient has a fixed length.
    content: [u8; 32],
}

impl SeedExpansion {
    fn new(seed: &[u8; 32], recipient: &Recipient, plaintext: &[u8]) -> Self {
        let content = Sha256::new().chain_update(recipient.as_bytes()).chain_update(plaintext);
        Self { hkdf: Hkdf::new(Some(SALT), seed), content: content.finalize().into() }
    }

    fn expand<const LEN: usize>(&self, purpose: &str) -> Zeroizing<[u8; LEN]> {
        let mut out = Zeroizing::new([0; LEN]);
        self.hkdf
            .expand_multi_info(&[purpose.as_bytes(), &self.content], &mut *out)
            .expect("64 bytes are within HKDF's limit");
        out
    }
}
