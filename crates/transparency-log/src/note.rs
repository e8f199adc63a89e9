//! Signed notes of C2SP signed-note v1: a text, and lines that each carry one signature of it.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    keys::{PublicKey, sign},
};

/// Maximum length of a note in bytes. It suffices for the 16 signatures that the specification
/// requires a reader to accept, post-quantum ones of 5 kB included.
pub const MAX_NOTE_LEN: usize = 128 * 1024;
/// Maximum number of signature lines in a note.
pub const MAX_SIGNATURES: usize = 64;

const LINE_START: &str = "— ";
const KEY_ID_LEN: usize = 4;
const SIGNATURE_LEN: usize = 64;

/// Why a note or a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`MAX_NOTE_LEN`].
    #[error("note too long: {0} bytes (at most {MAX_NOTE_LEN})")]
    TooLong(usize),
    /// More than [`MAX_SIGNATURES`].
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// Not a text with signature lines after its last empty line.
    #[error("malformed note: {0}")]
    Malformed(&'static str),
    /// Empty, or with a space, a plus sign or a control character.
    #[error(
        "invalid key name {0:?}: it must not be empty nor contain spaces, plus signs or control characters"
    )]
    InvalidName(String),
    /// Not `NAME+KEY ID+KEY` of a type that this program supports.
    #[error("malformed verifier key: {0}")]
    MalformedKey(&'static str),
    /// A line has the name and id of a known key, and its signature is invalid.
    #[error("the signature of {0} is invalid")]
    BadSignature(KeyName),
}

/// The name of a key in signature lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = NoteError;

    fn from_str(name: &str) -> Result<Self, NoteError> {
        let forbidden = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.contains(forbidden) {
            return Err(NoteError::InvalidName(name.to_owned()));
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The algorithm of a signature line, with the byte that signed-note assigns to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureType {
    /// Ed25519 over the text of the note.
    Ed25519 = 1,
    /// Ed25519 over a time and a checkpoint: cosignature/v1 of C2SP tlog-cosignature.
    CosignatureV1 = 4,
}

/// A public key with its name and algorithm. Its text form is the verifier key of signed-note:
/// `NAME+KEY ID+KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    /// The name in signature lines.
    pub name: KeyName,
    /// The algorithm.
    pub signature_type: SignatureType,
    /// The public key.
    pub key: PublicKey,
}

impl VerifierKey {
    /// Returns the id in signature lines: the first 4 bytes of a hash of name, algorithm and key.
    pub fn id(&self) -> [u8; KEY_ID_LEN] {
        let hash = Hash::of(&[self.name.as_str().as_bytes(), b"\n", &self.encoded_key()]);
        *hash.as_bytes().first_chunk().expect("a hash has at least 4 bytes")
    }

    fn encoded_key(&self) -> Vec<u8> {
        [&[self.signature_type as u8], self.key.as_bytes().as_slice()].concat()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id());
        write!(f, "{}+{id:08x}+{}", self.name, BASE64_STANDARD.encode(self.encoded_key()))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::MalformedKey;
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(encoded)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("it does not have the form NAME+KEY ID+KEY"));
        };
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| malformed("invalid base64"))?;
        let (signature_type, key) = match bytes.split_first() {
            Some((1, key)) => (SignatureType::Ed25519, key),
            Some((4, key)) => (SignatureType::CosignatureV1, key),
            _ => return Err(malformed("neither an Ed25519 key nor a cosignature/v1 key")),
        };
        let key = key
            .try_into()
            .ok()
            .and_then(PublicKey::from_bytes)
            .ok_or(malformed("invalid Ed25519 public key"))?;
        let parsed = Self { name: name.parse()?, signature_type, key };
        // The only spelling of this key, with the id that follows from name and key.
        if parsed.to_string() != text {
            return Err(malformed("the key id does not belong to this name and key"));
        }
        Ok(parsed)
    }
}

/// One signature line of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: KeyName,
    key_id: [u8; KEY_ID_LEN],
    bytes: Vec<u8>,
}

impl NoteSignature {
    /// Returns the line of the bytes that a key of this name and algorithm has signed with.
    pub(crate) fn new(by: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self { name: by.name.clone(), key_id: by.id(), bytes }
    }

    fn is_by(&self, key: &VerifierKey) -> bool {
        self.name == key.name && self.key_id == key.id()
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = BASE64_STANDARD.encode([self.key_id.as_slice(), &self.bytes].concat());
        writeln!(f, "{LINE_START}{} {encoded}", self.name)
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    /// Parses a line without its line break.
    fn from_str(line: &str) -> Result<Self, NoteError> {
        let (name, encoded) =
            line.strip_prefix(LINE_START)
                .and_then(|rest| rest.split_once(' '))
                .ok_or(NoteError::Malformed("a signature line is not \"— NAME SIGNATURE\""))?;
        let bytes = BASE64_STANDARD
            .decode(encoded)
            .map_err(|_| NoteError::Malformed("a signature is not base64"))?;
        match bytes.split_first_chunk() {
            Some((key_id, bytes)) if !bytes.is_empty() => {
                Ok(Self { name: name.parse()?, key_id: *key_id, bytes: bytes.to_vec() })
            }
            _ => Err(NoteError::Malformed("a signature is too short")),
        }
    }
}

/// A note as read. [`Self::verify`] returns whether a key has signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl SignedNote {
    /// Signs a text, which ends with a line break.
    ///
    /// # Errors
    /// If the text is not the text of a note.
    pub(crate) fn sign(text: String, name: KeyName, key: &SigningKey) -> Result<Self, NoteError> {
        check_text(&text)?;
        let signer = VerifierKey { name, signature_type: SignatureType::Ed25519, key: key.into() };
        let signature = sign(key, &[], text.as_bytes()).to_vec();
        Ok(Self { signatures: vec![NoteSignature::new(&signer, signature)], text })
    }

    /// Parses a note. Verifies no signature.
    ///
    /// # Errors
    /// If it is too long, has too many signatures, or is not a note.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_LEN {
            return Err(NoteError::TooLong(note.len()));
        }
        let end = note.rfind("\n\n").ok_or(NoteError::Malformed("no signatures"))?;
        let (text, lines) = (&note[..=end], &note[end + 2..]);
        check_text(text)?;
        let lines = lines
            .strip_suffix('\n')
            .ok_or(NoteError::Malformed("it does not end with a signature line"))?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let signatures = lines.split('\n').map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Returns the text with its final line break. A reader that has not verified the note ignores
    /// it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether an Ed25519 key has signed the text.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] if a line has the name and id of this key, and its signature is
    /// invalid. The reader then refuses the whole note.
    pub fn verify(&self, key: &VerifierKey) -> Result<bool, NoteError> {
        let bad = || NoteError::BadSignature(key.name.clone());
        let mut signed = false;
        for signature in self.signatures_of(key) {
            let signature: &[u8; SIGNATURE_LEN] = signature.try_into().map_err(|_| bad())?;
            key.key.verify(&[], self.text.as_bytes(), signature).map_err(|_| bad())?;
            signed = true;
        }
        Ok(signed)
    }

    /// Returns the bytes of the signatures with the name and id of a key.
    pub(crate) fn signatures_of(&self, key: &VerifierKey) -> impl Iterator<Item = &[u8]> {
        let by_key = self.signatures.iter().filter(move |signature| signature.is_by(key));
        by_key.map(|signature| signature.bytes.as_slice())
    }

    /// Returns the note with the signatures of these keys only.
    pub(crate) fn with_signatures_of(&self, keys: &[&VerifierKey]) -> Self {
        let by_these = |signature: &&NoteSignature| keys.iter().any(|key| signature.is_by(key));
        let signatures = self.signatures.iter().filter(by_these).cloned().collect();
        Self { text: self.text.clone(), signatures }
    }

    /// Adds a signature line.
    ///
    /// # Errors
    /// [`NoteError::TooManySignatures`] if the note has the maximum number already.
    pub fn add_signature(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        self.signatures.push(signature);
        Ok(())
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') {
        return Err(NoteError::Malformed("the text does not end with a line break"));
    }
    if text.contains(|c: char| c.is_ascii_control() && c != '\n') {
        return Err(NoteError::Malformed("the text contains a control character"));
    }
    Ok(())
}
