//! The mailbox: 32 KiB that the case handler publishes for every reporter in every collection
//! cycle. It is sealed again each time, so that a new reply cannot be distinguished from no reply.

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
    rotation::ConfirmedRotation,
    submission::frame::MAX_GENERATION,
};

/// The length of every mailbox in bytes, real or decoy.
pub const MAILBOX_LEN: usize = 32 * 1024;
const MAGIC: &str = "BKM1";
const MAX_HEADER_LEN: usize = 1024;

/// The status in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxHeader {
    /// Format version: 1.
    pub v: u8,
    /// The ISO week of the sealing.
    pub week: String,
    /// The stage of the case.
    pub stage: Stage,
    /// Whether the case was released to the oversight body.
    pub released_to_oversight: bool,
    /// Whether the reporter asked for the oversight body, and no member of it has keys yet.
    pub oversight_asked: bool,
    /// Whether the case was closed as unreadable.
    pub unreadable: bool,
    /// The date by which the reporter hears something next.
    #[serde(with = "iso_date::option")]
    pub next_update: Option<Date>,
    /// The number of the reporter's submissions that were ingested, including the report.
    pub received: u32,
}

/// The content of one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The status of the case.
    pub header: MailboxHeader,
    /// `age(M, capsule)`: the newest reply capsule that the reporter sent.
    pub capsule: Vec<u8>,
    /// `C` of the current generation.
    pub case_recipient: CaseRecipient,
    /// The rotations after the newest reply capsule, the oldest first.
    pub rotations: Vec<ConfirmedRotation>,
    /// The log record, if there is one: the proofs that the log contains the reporter's
    /// submissions. The crate `transparency-log` defines its content.
    pub log: Option<Vec<u8>>,
    /// The replies, `age(M, frame)` each, the oldest first.
    pub replies: Vec<Vec<u8>>,
}

/// Why a mailbox cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// It is not sealed to this receipt, or it is damaged ([`age_hybrid::OpenError::is_damage`]).
    /// Without damage, no report of this receipt was ingested yet.
    #[error("failed to decrypt mailbox: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// It opens, but is malformed.
    #[error("malformed mailbox: {0}")]
    Wire(#[from] FramingError),
    /// A record is missing, surplus or in the wrong position.
    #[error("unexpected record sequence in mailbox")]
    UnexpectedRecords,
    /// The week of the header is not an ISO week.
    #[error("invalid week in mailbox header")]
    InvalidWeek,
    /// A version that this build does not support.
    #[error("unsupported mailbox version {0}")]
    UnsupportedVersion(u8),
}

impl Mailbox {
    /// Seals the mailbox to exactly [`MAILBOX_LEN`] bytes. If not all replies fit, it contains the
    /// newest ones, the oldest of them first.
    pub fn seal(&self, to: &MailboxRecipient) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(MAILBOX_LEN);
        self.seal_append(to, &mut sealed);
        sealed
    }

    /// Seals the mailbox like [`Self::seal`] and appends the bytes to `sealed`.
    pub fn seal_append(&self, to: &MailboxRecipient, sealed: &mut Vec<u8>) {
        let mut stream =
            age_hybrid::sealed_writer(to.as_recipient(), sealed).expect("writing to memory");
        let header_len = stream.header_len() as u64;
        let target =
            size_classes::plaintext_len_for(MAILBOX_LEN as u64, header_len).expect("one chunk");
        let target = usize::try_from(target).expect("less than 32 KiB");
        // The buffer is not zeroized. Its secrets are sealed already, and the caller keeps the
        // rest.
        let mut plain = self.encode(target);
        plain.resize(target, 0);
        stream
            .write_all(&plain)
            .and_then(|()| stream.finish().map(drop))
            .expect("writing to memory");
    }

    /// Returns how many of the newest replies a mailbox with this content can contain.
    pub fn fitting_reply_count(&self, to: &MailboxRecipient) -> usize {
        let stream =
            age_hybrid::sealed_writer(to.as_recipient(), Vec::new()).expect("writing to memory");
        let target =
            size_classes::plaintext_len_for(MAILBOX_LEN as u64, stream.header_len() as u64);
        let target = target.and_then(|target| usize::try_from(target).ok()).expect("one chunk");
        self.count_newest_fitting(target.saturating_sub(self.encode_fixed_part().len()))
    }

    /// Returns the header and the records before the replies.
    fn encode_fixed_part(&self) -> Vec<u8> {
        let mut plain = framing::encode_header(MAGIC, &self.header);
        let mut put = |kind, bytes: &[u8]| {
            plain.extend_from_slice(&framing::encode_record_header(kind, bytes.len()));
            plain.extend_from_slice(bytes);
        };
        put(RecordType::Capsule, &self.capsule);
        put(RecordType::CaseRecipient, self.case_recipient.as_bytes());
        for rotation in &self.rotations {
            put(RecordType::Rotation, &rotation.to_bytes());
        }
        if let Some(log) = &self.log {
            put(RecordType::Log, log);
        }
        plain
    }

    /// Returns how many of the newest replies fit into `capacity` bytes together with the end
    /// record.
    fn count_newest_fitting(&self, capacity: usize) -> usize {
        let mut left = capacity.saturating_sub(RECORD_OVERHEAD);
        let fits = |reply: &&Vec<u8>| {
            let rest = left.checked_sub(RECORD_OVERHEAD + reply.len());
            left = rest.unwrap_or(0);
            rest.is_some()
        };
        self.replies.iter().rev().take_while(fits).count()
    }

    fn encode(&self, target: usize) -> Vec<u8> {
        let mut plain = self.encode_fixed_part();
        let included = self.count_newest_fitting(target.saturating_sub(plain.len()));
        for reply in &self.replies[self.replies.len() - included..] {
            plain.extend_from_slice(&framing::encode_record_header(RecordType::Reply, reply.len()));
            plain.extend_from_slice(reply);
        }
        plain.extend_from_slice(&framing::encode_record_header(RecordType::End, 0));
        plain
    }

    /// Opens a mailbox with the identity of the receipt.
    ///
    /// # Errors
    /// If it is not sealed to this identity, or malformed.
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
        let (mut rotations, mut log, mut replies) = (Vec::new(), None, Vec::new());
        loop {
            match framing::read_record(&mut input)? {
                (RecordType::Rotation, record)
                    if log.is_none()
                        && replies.is_empty()
                        && rotations.len() < MAX_GENERATION as usize =>
                {
                    let rotation = ConfirmedRotation::from_bytes(&record);
                    rotations.push(rotation.ok_or(MailboxError::UnexpectedRecords)?);
                }
                (RecordType::Log, record) if log.is_none() && replies.is_empty() => {
                    log = Some(record);
                }
                (RecordType::Reply, reply) => replies.push(reply),
                (RecordType::End, rest) if rest.is_empty() => break,
                _ => return Err(MailboxError::UnexpectedRecords),
            }
        }
        Ok(Self { header, capsule, case_recipient, rotations, log, replies })
    }
}

/// Generates answers for mailboxes that do not exist. The same id returns the same bytes until the
/// next collection cycle, as a real mailbox does.
pub struct DecoyMailboxes {
    secret: Zeroizing<[u8; 32]>,
    generator: age_hybrid::DecoyGenerator,
}

impl DecoyMailboxes {
    /// Creates a generator of decoys. The state of `rng` must be secret, and the same in all
    /// processes that must return the same decoys.
    pub fn new(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *secret);
        Self { secret, generator: age_hybrid::DecoyGenerator::new(rng) }
    }

    /// Returns the decoy for a mailbox id during one collection cycle: bytes that look like a
    /// mailbox and that no key opens.
    pub fn decoy_for(&self, id: &Hash, cycle: u64) -> Vec<u8> {
        let seed =
            Hash::of(&[b"burkindi/decoy/v1", &*self.secret, id.as_bytes(), &cycle.to_be_bytes()]);
        self.generator.generate_decoy(&mut ChaCha20Rng::from_seed(seed.0), MAILBOX_LEN)
    }
}
