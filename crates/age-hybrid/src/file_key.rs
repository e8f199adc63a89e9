//! File keys: each age file has a random key of its own, and the file key opens that file only.

use std::{
    cell::{Cell, RefCell},
    io::{Cursor, Read},
    iter,
};

use age::{DecryptError, Decryptor, secrecy::ExposeSecret};
use age_core::format::{FileKey, Stanza};
use zeroize::Zeroizing;

use crate::{
    Identity, OpenError,
    recipient::STANZA_TAG,
    seal::{has_other_recipients, read_header},
};

/// Length of a file key in bytes (C2SP `age.md`, "File key").
pub const FILE_KEY_LEN: usize = 16;

/// Returns the file key of a file that is sealed to this identity and to no other recipient. With
/// it, [`open_with_file_key`] opens this file. It opens no other file, and reveals nothing about
/// the identity.
///
/// ```
/// use age_hybrid::{Identity, file_key_of, open_with_file_key, seal};
/// let identity = Identity::generate(&mut rand::rngs::OsRng);
/// let one = seal(&identity.to_recipient(), b"one");
/// let two = seal(&identity.to_recipient(), b"two");
/// let key = file_key_of(&identity, &one)?;
/// assert_eq!(&open_with_file_key(&key, &one)?[..], b"one");
/// assert!(open_with_file_key(&key, &two).is_err());
/// # Ok::<(), age_hybrid::OpenError>(())
/// ```
///
/// # Errors
///
/// Returns an error if the header is malformed or altered, or if the file is not sealed to this
/// identity alone. The payload is not read.
pub fn file_key_of(
    identity: &Identity,
    sealed: &[u8],
) -> Result<Zeroizing<[u8; FILE_KEY_LEN]>, OpenError> {
    let recorder = FileKeySource::new(|stanza| age::Identity::unwrap_stanza(identity, stanza));
    decrypt(sealed, &recorder)?;
    recorder.found.take().ok_or(OpenError::Age(DecryptError::NoMatchingKeys))
}

/// Opens a file with its file key instead of an identity. The MAC of the header binds the key, so
/// that no file opens with two keys.
///
/// # Errors
///
/// Returns an error, and no plaintext, if this is not the key of the file, or if the file is
/// damaged or has any recipient besides one hybrid recipient.
pub fn open_with_file_key(
    file_key: &[u8; FILE_KEY_LEN],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let given = FileKeySource::new(|_| Some(Ok(to_file_key(file_key))));
    // Allocated once, so that no reallocation leaves plaintext behind in memory.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    decrypt(sealed, &given)?.read_to_end(&mut plain).map_err(OpenError::Payload)?;
    Ok(plain)
}

fn decrypt<'a>(
    mut sealed: &'a [u8],
    source: &dyn StrictIdentity,
) -> Result<impl Read + use<'a>, OpenError> {
    let header = read_header(&mut sealed)?;
    let opened = Decryptor::new_buffered(Cursor::new(header).chain(sealed))?
        .decrypt(iter::once(source.as_identity()));
    if source.saw_other_recipient() { Err(OpenError::MixedRecipients) } else { Ok(opened?) }
}

fn to_file_key(bytes: &[u8; FILE_KEY_LEN]) -> FileKey {
    FileKey::init_with_mut(|key| key.copy_from_slice(bytes))
}

trait StrictIdentity {
    fn as_identity(&self) -> &dyn age::Identity;
    fn saw_other_recipient(&self) -> bool;
}

/// An identity of age that gets the file key from a function and records it.
struct FileKeySource<F> {
    unwrap: F,
    found: RefCell<Option<Zeroizing<[u8; FILE_KEY_LEN]>>>,
    saw_other_recipient: Cell<bool>,
}

impl<F: Fn(&Stanza) -> Option<Result<FileKey, DecryptError>>> FileKeySource<F> {
    fn new(unwrap: F) -> Self {
        Self { unwrap, found: RefCell::default(), saw_other_recipient: Cell::new(false) }
    }
}

impl<F: Fn(&Stanza) -> Option<Result<FileKey, DecryptError>>> StrictIdentity for FileKeySource<F> {
    fn as_identity(&self) -> &dyn age::Identity {
        self
    }

    fn saw_other_recipient(&self) -> bool {
        self.saw_other_recipient.get()
    }
}

impl<F: Fn(&Stanza) -> Option<Result<FileKey, DecryptError>>> age::Identity for FileKeySource<F> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        let unwrapped = (self.unwrap)(stanza)?;
        if let Ok(key) = &unwrapped {
            self.found.replace(Some(Zeroizing::new(*key.expose_secret())));
        }
        Some(unwrapped)
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        let mixed = has_other_recipients(stanzas);
        self.saw_other_recipient.set(mixed);
        if mixed {
            return None;
        }
        let mut hybrid = stanzas.iter().filter(|stanza| stanza.tag == STANZA_TAG);
        hybrid.find_map(|stanza| self.unwrap_stanza(stanza))
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::seal;

    #[test]
    fn a_file_key_opens_its_file_and_no_other() {
        let mut rng = StdRng::seed_from_u64(18);
        let identity = Identity::generate(&mut rng);
        let sealed: Vec<Vec<u8>> =
            (0..16_u8).map(|n| seal(&identity.to_recipient(), &vec![n; 70_000])).collect();
        let keys: Vec<_> =
            sealed.iter().map(|file| file_key_of(&identity, file).unwrap()).collect();
        for (number, file) in sealed.iter().enumerate() {
            for (other, key) in keys.iter().enumerate() {
                let opened = open_with_file_key(key, file);
                if number == other {
                    assert_eq!(opened.unwrap()[..], vec![u8::try_from(number).unwrap(); 70_000]);
                } else {
                    assert!(opened.unwrap_err().is_damage(), "key {other}, file {number}");
                }
            }
        }
        let unlisted = Identity::generate(&mut rng);
        assert!(matches!(
            file_key_of(&unlisted, &sealed[0]),
            Err(OpenError::Age(DecryptError::NoMatchingKeys))
        ));
    }

    #[test]
    fn no_changed_byte_of_a_file_opens_with_its_file_key() {
        let identity = Identity::generate(&mut StdRng::seed_from_u64(19));
        let sealed = seal(&identity.to_recipient(), b"the report");
        let key = file_key_of(&identity, &sealed).unwrap();
        assert_eq!(&open_with_file_key(&key, &sealed).unwrap()[..], b"the report");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open_with_file_key(&key, &changed).is_err(), "byte {at}");
        }
        for bit in 0..8 * FILE_KEY_LEN {
            let mut changed = *key;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open_with_file_key(&changed, &sealed).is_err(), "bit {bit}");
        }
        assert!(open_with_file_key(&key, &sealed[..sealed.len() - 1]).is_err());
    }

    #[test]
    fn a_file_with_two_recipients_has_no_file_key() {
        let mut rng = StdRng::seed_from_u64(20);
        let (one, two) = (Identity::generate(&mut rng), Identity::generate(&mut rng));
        let recipients = [one.to_recipient(), two.to_recipient()];
        let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let mut sealed = Vec::new();
        let writer =
            age::Encryptor::with_recipients(recipients).unwrap().wrap_output(&mut sealed).unwrap();
        writer.finish().unwrap();
        assert!(matches!(file_key_of(&one, &sealed), Err(OpenError::MixedRecipients)));
        assert!(matches!(open_with_file_key(&[0; 16], &sealed), Err(OpenError::MixedRecipients)));
    }
}
