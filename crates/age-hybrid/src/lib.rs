//! The post-quantum hybrid recipient of age, `mlkem768x25519`, for the [`age`] crate.
//!
//! A file sealed to such a recipient stays secret unless both ML-KEM-768 (FIPS 203) and X25519 are
//! broken: a quantum computer of the future cannot open what is recorded today. The stanza is the
//! one of the age specification (C2SP `age.md`), so that this crate and other implementations open
//! each other's files.
//!
//! # One recipient, whole files
//! [`seal`] and [`open`] are for programs that send a message to exactly one key. [`open`] is
//! strict: it rejects a file that has any recipient besides one hybrid recipient.
//!
//! ```
//! use age_hybrid::{Identity, Recipient, open, seal};
//!
//! let identity = Identity::generate(&mut rand::rngs::OsRng);
//! // The public key:
//! let address: String = identity.to_recipient().to_string();
//! assert!(address.starts_with("age1pq1"));
//!
//! let recipient: Recipient = address.parse()?;
//! let sealed = seal(&recipient, b"hello");
//! assert_eq!(&open(&identity, &sealed)?[..], b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Together with age
//! [`Recipient`] and [`Identity`] implement the traits of age and follow the specification:
//!
//! ```
//! use age_hybrid::Identity;
//!
//! let identity = Identity::generate(&mut rand::rngs::OsRng);
//! let sealed = age::encrypt(&identity.to_recipient(), b"hello")?;
//! assert_eq!(age::decrypt(&identity, &sealed)?, b"hello");
//!
//! // age refuses to mix a post-quantum and a classic recipient in one file:
//! let classic = age::x25519::Identity::generate().to_public();
//! let recipients: [&dyn age::Recipient; 2] = [&identity.to_recipient(), &classic];
//! assert!(age::Encryptor::with_recipients(recipients.into_iter()).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Content that does not fit into memory
//! [`sealed_writer`] and [`open_reader`] stream. [`sealed_len`] returns the length of a sealed
//! file.
//!
//! # Files that a colleague can check
//! [`seal_deterministic`] seals a short message with a seed instead of random bytes. Each party
//! that has the seed and the plaintext can seal it again and compare the files.
//!
//! # Proving the content of one file
//! [`file_key_of`] returns the key of one file. A person who gets it can open that file with
//! [`open_with_file_key`], and no other file of the same recipient.
//!
//! # Zeroization
//! Seeds, expanded keys, shared secrets and file keys are zeroized on drop. The stream buffers
//! inside `age` are not. Programs where that matters use a zeroizing global allocator.

mod decoy;
mod deterministic;
mod error;
mod file_key;
mod header_check;
mod header_writer;
mod hpke;
mod identity;
mod recipient;
mod seal;
mod xwing;

pub use decoy::DecoyGenerator;
#[doc(hidden)]
pub use decoy::decoy_file;
pub use deterministic::seal_deterministic;
pub use error::{KeyParseError, OpenError, PlaintextTooLongError};
pub use file_key::{FILE_KEY_LEN, file_key_of, open_with_file_key};
pub use header_check::has_hybrid_header;
pub use identity::Identity;
pub use recipient::Recipient;
pub use seal::{
    CHUNK_LEN, MAX_HEADER_LEN, SealedReader, SealedWriter, open, open_reader, seal, sealed_len,
    sealed_writer,
};
pub use xwing::{ENCAPSULATED_LEN, PUBLIC_KEY_LEN, SEED_LEN};
