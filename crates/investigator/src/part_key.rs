//! The key of one sealed part of a case. With it, a person who has no key of the case can open this
//! part and no other: a recipient of an exported case compares the sealed bytes with the hash in
//! their signed event, and their content with what the export shows.

use std::fmt;

use age_hybrid::FILE_KEY_LEN;
use protocol::{
    encoding::padding::{REPLY_STEP, TEXT_STEP, unpad_text},
    keys::PublicKey,
    submission::frame::{Attachment, Frame, FrameContext, FrameDirection, FrameError, FrameKind},
};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    CaseError, Note,
    open_case::{check_attachment, parse_note},
};

/// The age file key of one sealed part. [`OpenCase::part_key`](crate::OpenCase::part_key) returns
/// it.
#[derive(Clone, PartialEq, Eq)]
pub struct PartKey(Zeroizing<[u8; FILE_KEY_LEN]>);

/// Why a part cannot be opened with its key, or contains something else than its event says.
#[derive(Debug, thiserror::Error)]
pub enum PartKeyError {
    /// It does not open with this key, or its padding or its content is invalid.
    #[error(transparent)]
    Part(#[from] CaseError),
    /// It contains a frame that its sender did not sign, or that belongs elsewhere.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The report names no key of the reporter.
    #[error("the report names no key of its sender")]
    NoReporterKey,
}

impl PartKey {
    pub(crate) fn new(file_key: Zeroizing<[u8; FILE_KEY_LEN]>) -> Self {
        Self(file_key)
    }

    /// Returns the key with these 16 bytes. Returns `None` for another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|key| Self(Zeroizing::new(key)))
    }

    /// Returns the raw 16 bytes.
    pub fn as_bytes(&self) -> &[u8; FILE_KEY_LEN] {
        &self.0
    }

    /// Opens the report of a case and verifies its signature with the reporter key that it names.
    /// Returns the frame and that key.
    ///
    /// # Errors
    /// If the part does not open, or is not a report of this case.
    pub fn open_report(
        &self,
        case: Uuid,
        sealed: &[u8],
    ) -> Result<(Frame, PublicKey), PartKeyError> {
        let plain = self.open(sealed)?;
        let bytes = unpad_text(&plain, TEXT_STEP).map_err(CaseError::from)?;
        let header = Frame::decode_unverified(bytes)?;
        let signer = header.reporter_key.ok_or(PartKeyError::NoReporterKey)?;
        let expected = FrameContext {
            case,
            generation: 0,
            direction: FrameDirection::In,
            recipient: header.recipient,
            signer: &signer,
        };
        Ok((check_is_report(Frame::verify(bytes, &expected)?, true)?, signer))
    }

    /// Opens a later message of the reporter and verifies its signature with the key that the
    /// report names.
    ///
    /// # Errors
    /// If the part does not open, or is not a message of this case and generation by this reporter.
    pub fn open_follow_up(
        &self,
        (case, generation): (Uuid, u32),
        reporter: &PublicKey,
        sealed: &[u8],
    ) -> Result<Frame, PartKeyError> {
        let plain = self.open(sealed)?;
        let bytes = unpad_text(&plain, TEXT_STEP).map_err(CaseError::from)?;
        let recipient = Frame::decode_unverified(bytes)?.recipient;
        let direction = FrameDirection::In;
        let expected = FrameContext { case, generation, direction, recipient, signer: reporter };
        check_is_report(Frame::verify(bytes, &expected)?, false)
    }

    /// Opens the copy of a reply. The signature inside is not verified, because its key is not in
    /// an export: the event of the member who sent the reply commits to the copy.
    ///
    /// # Errors
    /// If the part does not open, or is not a reply of this case.
    pub fn open_reply_copy(&self, case: Uuid, sealed: &[u8]) -> Result<Frame, PartKeyError> {
        let plain = self.open(sealed)?;
        let frame =
            Frame::parse_unverified(unpad_text(&plain, REPLY_STEP).map_err(CaseError::from)?)?;
        if frame.header.case != case {
            return Err(FrameError::WrongCase.into());
        }
        if frame.header.direction != FrameDirection::Out {
            return Err(FrameError::WrongDirection.into());
        }
        Ok(frame)
    }

    /// Opens an attached file and compares it with its description in the message.
    ///
    /// # Errors
    /// If the part does not open, or is not that file.
    pub fn open_attachment(
        &self,
        sealed: &[u8],
        named: &Attachment,
    ) -> Result<Zeroizing<Vec<u8>>, PartKeyError> {
        Ok(check_attachment(self.open(sealed)?, named)?)
    }

    /// Opens a note.
    ///
    /// # Errors
    /// If the part does not open, or is not a note.
    pub fn open_note(&self, sealed: &[u8]) -> Result<Note, PartKeyError> {
        Ok(parse_note(&self.open(sealed)?)?)
    }

    fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CaseError> {
        Ok(age_hybrid::open_with_file_key(&self.0, sealed)?)
    }
}

impl fmt::Debug for PartKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartKey(secret)")
    }
}

fn check_is_report(frame: Frame, expected: bool) -> Result<Frame, PartKeyError> {
    let is_report = frame.header.kind == FrameKind::Report && frame.header.seq == 0;
    let is_message = frame.header.kind != FrameKind::Report && frame.header.seq > 0;
    let is_sound = if expected { is_report } else { is_message };
    if is_sound { Ok(frame) } else { Err(FrameError::WrongDirection.into()) }
}
