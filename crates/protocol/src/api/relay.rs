//! What the case handler and the intake say to each other over the relay. The handler always asks;
//! the intake knows no address of it. Bodies are binary and stream: a record is a 16-byte id, a u32
//! length and the bytes.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    case::calendar::Calendar,
    encoding::{hash::Hash, size_classes},
    mailbox::MAILBOX_LEN,
};

/// `POST` with a [`ListRequest`]; answers the JSON of a [`ListResponse`].
pub const LIST_PATH: &str = "/relay/v1/list";
/// `POST` with a [`PullRequest`]; answers a stream of [`encode_submission_header`] ‖ bytes, in
/// shuffled order.
pub const PULL_PATH: &str = "/relay/v1/pull";
/// `POST` with an [`AckRequest`]: the intake deletes these. Repeating it does no harm.
pub const ACK_PATH: &str = "/relay/v1/ack";
/// `PUT` with a stream of mailbox id (32 bytes) ‖ [`MAILBOX_LEN`] bytes: replaces all mailboxes at
/// once, or none.
pub const MAILBOXES_PATH: &str = "/relay/v1/mailboxes";
/// `PUT` with the JSON of a [`crate::directory::SignedDirectory`].
pub const DIRECTORY_PATH: &str = "/relay/v1/directory";
/// `PUT` with the JSON of [`ReplySchedule`]. Repeating it does no harm.
pub const REPLY_SCHEDULE_PATH: &str = "/relay/v1/answers";
/// `GET`: 200 when the intake is ready.
pub const HEALTH_PATH: &str = "/health";

/// Asks which submissions wait. Ids are random, so their order says nothing about the order of
/// arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRequest {
    /// Only those whose id is greater; `None` begins with the smallest.
    pub after: Option<Uuid>,
    /// The page length. The intake may return fewer; it returns none only when none is left.
    pub limit: u32,
}

/// A page of the submissions that wait, in the order of their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListResponse {
    /// The page.
    pub waiting: Vec<ListedSubmission>,
}

/// A submission that waits at the intake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedSubmission {
    /// Its id at the intake.
    pub id: Uuid,
    /// Its length in bytes.
    pub len: u64,
}

/// Asks for submissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// At most so many.
    pub limit: u32,
    /// Only these; those that do not wait any more are left out. Empty asks for any.
    #[serde(default)]
    pub ids: Vec<Uuid>,
}

/// Says what has been filed or set aside for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AckRequest {
    /// Ids that a pull gave.
    pub ids: Vec<Uuid>,
}

/// By when the case handler answers reports, so that a receipt gives the day by which the case
/// handler escalates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplySchedule {
    /// The working days of the administration.
    pub calendar: Calendar,
    /// The case handler collects at least once in so many seconds.
    pub poll_interval_seconds: u32,
}

impl ReplySchedule {
    /// Returns the last day for the first answer to a report that arrives now. The period runs from
    /// the day on which the case handler collects the report, which for the last reports of a day
    /// can be the next one.
    pub fn first_reply_date(&self, now: OffsetDateTime) -> Date {
        let collected =
            now.checked_add(Duration::seconds(self.poll_interval_seconds.into())).unwrap_or(now);
        self.calendar.first_reply_due(collected.date())
    }
}

/// `16-byte id ‖ u32 length`, what stands before each submission of a pull.
pub fn encode_submission_header(id: Uuid, len: u64) -> [u8; 20] {
    let mut head = [0; 20];
    head[..16].copy_from_slice(id.as_bytes());
    head[16..]
        .copy_from_slice(&u32::try_from(len).expect("the ladder's top is 64 MiB").to_be_bytes());
    head
}

/// Reads a [`encode_submission_header`]; a length off the ladder is `InvalidData`.
pub fn read_submission_header(head: [u8; 20]) -> io::Result<(Uuid, u64)> {
    let (id, len) = head.split_first_chunk::<16>().expect("20 bytes hold 16");
    let len = u64::from(u32::from_be_bytes(len.try_into().expect("4 bytes are left")));
    if !size_classes::is_size_class(len) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a length that is on no rung"));
    }
    Ok((Uuid::from_bytes(*id), len))
}

/// One mailbox as it is put: id ‖ bytes.
pub const MAILBOX_RECORD_LEN: usize = 32 + MAILBOX_LEN;

/// Splits one mailbox record.
pub fn read_mailbox_record(record: &mut impl Read) -> io::Result<(Hash, Vec<u8>)> {
    let mut id = [0; 32];
    record.read_exact(&mut id)?;
    let mut sealed = vec![0; MAILBOX_LEN];
    record.read_exact(&mut sealed)?;
    Ok((Hash(id), sealed))
}
