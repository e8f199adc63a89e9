//! The own copy: a file with the messages of the reporter, sealed to the reporter.
//!
//! No service stores it. It opens only with the file and the receipt together: a person who has the
//! receipt without the file reads no word of a report, and a person who has the file without the
//! receipt opens nothing.

use protocol::{
    Hash,
    encoding::padding::{TEXT_STEP, pad_text, unpad_text},
    keys::PublicKey,
    receipt::Receipt,
    submission::frame::{Frame, FrameContext, FrameDirection, FrameError, FrameKind},
};
use zeroize::Zeroizing;

use crate::Inbox;

const MAGIC: &[u8] = b"BKO1";
const LEN_PREFIX: usize = 4;
/// More than the header of an age file and the padding together.
const OVERHEAD: usize = 2 * TEXT_STEP;

/// A file with the signed frames of the reporter, from the report on.
pub struct OwnCopy {
    frames: Vec<Zeroizing<Vec<u8>>>,
    messages: Vec<Frame>,
}

/// Why a file is not shown as an own copy.
#[derive(Debug, thiserror::Error)]
pub enum OwnCopyError {
    /// It is longer than [`OwnCopy::MAX_LEN`].
    #[error("own copy longer than {} bytes", OwnCopy::MAX_LEN)]
    TooLong,
    /// It is sealed to another receipt, or damaged.
    #[error("failed to decrypt own copy: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// It opens, but is malformed.
    #[error("malformed own copy")]
    Malformed,
    /// A message is of another case, or the reporter did not sign it.
    #[error("invalid message in own copy: {0}")]
    Message(#[from] FrameError),
    /// The messages do not continue each other from the report on.
    #[error("the messages of the own copy do not continue each other")]
    Unchained,
    /// In the place of the newest message that was collected, it contains another one, and no more
    /// messages were collected than the reporter had sent with that one.
    #[error("the own copy contains another message than the one that was collected")]
    OtherMessage,
}

impl OwnCopy {
    /// The maximum length of the file in bytes. A reader refuses a longer one before it opens it.
    pub const MAX_LEN: usize = 192 * 1024;

    /// Seals signed frames to the reporter. The caller has signed them with this receipt.
    pub fn seal(receipt: &Receipt, frames: &[Zeroizing<Vec<u8>>]) -> Vec<u8> {
        let len = frames.iter().map(|frame| LEN_PREFIX + frame.len()).sum::<usize>();
        // Allocated once, so that no reallocation leaves plaintext behind in memory.
        let mut plain = Zeroizing::new(Vec::with_capacity(MAGIC.len() + len));
        plain.extend_from_slice(MAGIC);
        for frame in frames {
            let len = u32::try_from(frame.len()).expect("a frame is at most 256 KiB");
            plain.extend_from_slice(&len.to_be_bytes());
            plain.extend_from_slice(frame);
        }
        receipt.mailbox_identity().recipient().seal(&pad_text(&plain, TEXT_STEP))
    }

    /// Opens an own copy and compares it with the mailbox of the same receipt.
    ///
    /// A reporter who sends two messages from two pages before the first one is collected signs two
    /// with one number. The mailbox names one of them, and the own copy may contain the other. More
    /// submissions were then collected than the reply capsule counts.
    ///
    /// # Errors
    /// Unless it contains the first messages of this case, in their order and without a gap, each
    /// signed by the reporter. A message with the number of the newest one that was collected must
    /// be that message, unless more submissions were collected than the reply capsule counts.
    pub fn open(receipt: &Receipt, sealed: &[u8], inbox: &Inbox) -> Result<Self, OwnCopyError> {
        if sealed.len() > Self::MAX_LEN {
            return Err(OwnCopyError::TooLong);
        }
        let plain = receipt.mailbox_identity().open(sealed)?;
        let plain = unpad_text(&plain, TEXT_STEP).map_err(|_| OwnCopyError::Malformed)?;
        let frames = split_frames(plain)?;
        let signer = PublicKey::from(&receipt.signing_key());
        let mut messages: Vec<Frame> = Vec::with_capacity(frames.len());
        for bytes in &frames {
            // The reporter seals to the key of the case of that time. The signature covers it.
            let header = Frame::decode_unverified(bytes)?;
            let expected = FrameContext {
                case: inbox.case,
                generation: header.generation,
                direction: FrameDirection::In,
                recipient: header.recipient,
                signer: &signer,
            };
            let message = Frame::verify(bytes, &expected)?;
            let previous: Option<Hash> = messages.last().map(|last| last.hash);
            let is_next = message.header.seq as usize == messages.len()
                && message.header.prev == previous
                && (message.header.kind == FrameKind::Report) == messages.is_empty();
            if !is_next {
                return Err(OwnCopyError::Unchained);
            }
            let is_other =
                message.header.seq == inbox.collected.seq && message.hash != inbox.collected.hash;
            if is_other && !inbox.has_surplus_submissions() {
                return Err(OwnCopyError::OtherMessage);
            }
            messages.push(message);
        }
        Ok(Self { frames, messages })
    }

    /// Returns the messages, the report first.
    pub fn messages(&self) -> &[Frame] {
        &self.messages
    }

    /// Lets the next message continue the newest one of the own copy, if it follows the newest one
    /// that the inbox knows. Otherwise a message that is sent before the one before it was
    /// collected would have the same number as that one.
    pub fn continue_in(&self, inbox: &mut Inbox) {
        if let Some(newest) = self.messages.last()
            && newest.header.seq > inbox.last_sent.seq
            && self.contains_newest(inbox)
        {
            inbox.last_sent = newest.reference();
        }
    }

    /// Returns whether it contains the newest message that the inbox knows.
    pub fn contains_newest(&self, inbox: &Inbox) -> bool {
        self.messages.iter().any(|message| message.reference() == inbox.last_sent)
    }

    /// Adds a message that the caller has signed. Returns `None` if it does not continue the last
    /// message, or if the own copy would be too long.
    pub fn extended(mut self, frame: Zeroizing<Vec<u8>>) -> Option<Self> {
        let message = Frame::parse_unverified(&frame).ok()?;
        let last = self.messages.last()?;
        let is_next =
            message.header.seq == last.header.seq + 1 && message.header.prev == Some(last.hash);
        let len: usize = self.frames.iter().map(|frame| LEN_PREFIX + frame.len()).sum();
        if !is_next || len + LEN_PREFIX + frame.len() > Self::MAX_LEN - OVERHEAD {
            return None;
        }
        self.frames.push(frame);
        self.messages.push(message);
        Some(self)
    }

    /// Seals the own copy again.
    pub fn seal_again(&self, receipt: &Receipt) -> Vec<u8> {
        Self::seal(receipt, &self.frames)
    }
}

fn split_frames(plain: &[u8]) -> Result<Vec<Zeroizing<Vec<u8>>>, OwnCopyError> {
    let mut rest = plain.strip_prefix(MAGIC).ok_or(OwnCopyError::Malformed)?;
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let (len, after) = rest.split_first_chunk::<LEN_PREFIX>().ok_or(OwnCopyError::Malformed)?;
        let (frame, after) = after
            .split_at_checked(u32::from_be_bytes(*len) as usize)
            .ok_or(OwnCopyError::Malformed)?;
        frames.push(Zeroizing::new(frame.to_vec()));
        rest = after;
    }
    if frames.is_empty() { Err(OwnCopyError::Malformed) } else { Ok(frames) }
}
