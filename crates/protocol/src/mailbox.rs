//! The mailbox: 32 KiB laid out for a reporter at every tick, sealed afresh, so that a reply looks
//! like no reply.

use std::io::{Cursor, Write};

use rand::{CryptoRng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use time::Date;
use zeroize::Zeroizing;

use crate::{
    case::stage::Stage,
    encoding::{
        canonical::is_iso_week,
        framing::{self, FramingError, RECORD_OVERHEAD, RecordType},
        hash::Hash,
        iso_date, size_classes,
    },
    keys::{CaseRecipient, MailboxIdentity, MailboxRecipient},
};

/// The length of every mailbox in bytes, real or decoy.
pub const MAILBOX_LEN: usize = 32 * 1024;
const MAGIC: &str = "BKM1";
const MAX_HEADER_LEN: usize = 1024;

/// What a mailbox says besides its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxHeader {
    /// 1.
    pub v: u8,
    /// ISO week of sealing.
    pub week: String,
    /// Where the case stands.
    pub stage: Stage,
    /// Has the outside body been given the case?
    pub released_to_oversight: bool,
    /// When the reporter can expect something next.
    #[serde(with = "iso_date::option")]
    pub next_update: Option<Date>,
    /// How many of the reporter's submissions have been filed, the report included.
    pub received: u32,
}

/// The content of one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Status.
    pub header: MailboxHeader,
    /// `age(M, capsule)`, the newest that the reporter sent.
    pub capsule: Vec<u8>,
    /// `C` of the current generation.
    pub case_recipient: CaseRecipient,
    /// `age(M, frame)` each, oldest first.
    pub replies: Vec<Vec<u8>>,
}

/// Why a mailbox cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// Not of this receipt: nothing has been filed under it (or not yet), or it is damaged
    /// ([`age_hybrid::OpenError::is_damage`]).
    #[error("the mailbox does not open with this receipt: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// Opens, but is malformed.
    #[error("the mailbox is malformed: {0}")]
    Wire(#[from] FramingError),
    /// A record too many, too few or at the wrong place.
    #[error("the mailbox's records are not those of a mailbox")]
    UnexpectedRecords,
    /// The header names no ISO week.
    #[error("the mailbox's week has another shape")]
    InvalidWeek,
    /// A version of the protocol that this build does not know.
    #[error("mailbox version {0} is not known here")]
    UnsupportedVersion(u8),
}

impl Mailbox {
    /// Seals it to exactly [`MAILBOX_LEN`] bytes. Of the replies, the newest that fit are kept,
    /// oldest first.
    pub fn seal(&self, to: &MailboxRecipient) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(MAILBOX_LEN);
        self.seal_append(to, &mut sealed);
        sealed
    }

    /// The same, behind what is there already.
    pub fn seal_append(&self, to: &MailboxRecipient, sealed: &mut Vec<u8>) {
        let mut stream =
            age_hybrid::sealed_writer(to.as_recipient(), sealed).expect("writing to memory");
        let header_len = stream.header_len() as u64;
        let target =
            size_classes::plaintext_len_for(MAILBOX_LEN as u64, header_len).expect("one chunk");
        let target = usize::try_from(target).expect("less than 32 KiB");
        // Not wiped: what is secret in it is sealed already, and whoever seals it keeps the rest.
        let mut plain = self.encode(target);
        plain.resize(target, 0);
        stream
            .write_all(&plain)
            .and_then(|()| stream.finish().map(drop))
            .expect("writing to memory");
    }

    /// How many of the replies, the newest, a mailbox of this content holds.
    pub fn fitting_reply_count(&self, to: &MailboxRecipient) -> usize {
        let stream =
            age_hybrid::sealed_writer(to.as_recipient(), Vec::new()).expect("writing to memory");
        let target =
            size_classes::plaintext_len_for(MAILBOX_LEN as u64, stream.header_len() as u64);
        let target = target.and_then(|target| usize::try_from(target).ok()).expect("one chunk");
        self.count_newest_fitting(target.saturating_sub(self.encode_fixed_part().len()))
    }

    /// The records before the replies.
    fn encode_fixed_part(&self) -> Vec<u8> {
        let mut plain = framing::encode_header(MAGIC, &self.header);
        let mut put = |kind, bytes: &[u8]| {
            plain.extend_from_slice(&framing::encode_record_header(kind, bytes.len()));
            plain.extend_from_slice(bytes);
        };
        put(RecordType::Capsule, &self.capsule);
        put(RecordType::CaseRecipient, self.case_recipient.as_bytes());
        plain
    }

    /// Of so many bytes, the end record takes its own.
    fn count_newest_fitting(&self, room: usize) -> usize {
        let mut left = room.saturating_sub(RECORD_OVERHEAD);
        let fits = |reply: &&Vec<u8>| {
            let rest = left.checked_sub(RECORD_OVERHEAD + reply.len());
            left = rest.unwrap_or(0);
            rest.is_some()
        };
        self.replies.iter().rev().take_while(fits).count()
    }

    fn encode(&self, target: usize) -> Vec<u8> {
        let mut plain = self.encode_fixed_part();
        let kept = self.count_newest_fitting(target.saturating_sub(plain.len()));
        for reply in &self.replies[self.replies.len() - kept..] {
            plain.extend_from_slice(&framing::encode_record_header(RecordType::Reply, reply.len()));
            plain.extend_from_slice(reply);
        }
        plain.extend_from_slice(&framing::encode_record_header(RecordType::End, 0));
        plain
    }

    /// Opens a mailbox with the receipt's identity.
    pub fn open(sealed: &[u8], identity: &MailboxIdentity) -> Result<Self, MailboxError> {
        let plain = identity.open(sealed)?;
        let mut input = Cursor::new(&plain[..]);
        let header: MailboxHeader = framing::read_header(MAGIC, MAX_HEADER_LEN, &mut input)?;
        if header.v != 1 {
            return Err(MailboxError::UnsupportedVersion(header.v));
        }
        if !is_iso_week(&header.week) {
            return Err(MailboxError::InvalidWeek);
        }
        let (RecordType::Capsule, capsule) = framing::read_record(&mut input)? else {
            return Err(MailboxError::UnexpectedRecords);
        };
        let (RecordType::CaseRecipient, case) = framing::read_record(&mut input)? else {
            return Err(MailboxError::UnexpectedRecords);
        };
        let case_recipient =
            CaseRecipient::from_bytes(&case).map_err(|_| MailboxError::UnexpectedRecords)?;
        let mut replies = Vec::new();
        loop {
            match framing::read_record(&mut input)? {
                (RecordType::Reply, reply) => replies.push(reply),
                (RecordType::End, rest) if rest.is_empty() => break,
                _ => return Err(MailboxError::UnexpectedRecords),
            }
        }
        Ok(Self { header, capsule, case_recipient, replies })
    }
}

/// Answers for mailboxes that do not exist. The same id gives the same bytes until the next tick,
/// as a real one does.
pub struct DecoyMailboxes {
    secret: Zeroizing<[u8; 32]>,
    generator: age_hybrid::DecoyGenerator,
}

impl DecoyMailboxes {
    /// From a generator in a state that is secret, and the same wherever the same decoys are to be
    /// given.
    pub fn new(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *secret);
        Self { secret, generator: age_hybrid::DecoyGenerator::new(rng) }
    }

    /// What an absent mailbox answers while `tick` lasts: bytes formed like a mailbox that nobody
    /// can open.
    pub fn decoy_for(&self, id: &Hash, tick: u64) -> Vec<u8> {
        let seed =
            Hash::of(&[b"burkindi/decoy/v1", &*self.secret, id.as_bytes(), &tick.to_be_bytes()]);
        self.generator.generate_decoy(&mut ChaCha20Rng::from_seed(seed.0), MAILBOX_LEN)
    }
}
