//! The relay between the case handler and the intake. Only the case handler makes requests. The
//! intake does not know its address. Bodies are binary streams. A record is a 16-byte id, a u32
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

/// `POST` with a [`ListRequest`]. Answers the JSON of a [`ListResponse`].
pub const LIST_PATH: &str = "/relay/v1/list";
/// `POST` with a [`PullRequest`]. Answers a stream of [`encode_submission_header`] ‖ bytes in
/// random order.
pub const PULL_PATH: &str = "/relay/v1/pull";
/// `POST` with an [`AckRequest`]. The intake deletes these submissions. Repeating the request has
/// no further effect.
pub const ACK_PATH: &str = "/relay/v1/ack";
/// `PUT` with a stream of mailbox id (32 bytes) ‖ [`MAILBOX_LEN`] bytes. Replaces all mailboxes at
/// once, or none.
pub const MAILBOXES_PATH: &str = "/relay/v1/mailboxes";
/// `PUT` with the JSON of a [`crate::directory::SignedDirectory`].
pub const DIRECTORY_PATH: &str = "/relay/v1/directory";
/// `PUT` with the JSON of a [`ReplySchedule`]. Repeating the request has no further effect.
pub const REPLY_SCHEDULE_PATH: &str = "/relay/v1/reply-schedule";
/// `GET`. Answers 200 when the intake is ready.
pub const HEALTH_PATH: &str = "/health";

/// Requests the ids of pending submissions. Ids are random, so their order does not reveal the
/// order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRequest {
    /// Only those with a greater id. `None` begins with the smallest.
    pub after: Option<Uuid>,
    /// The maximum number of submissions. The intake may return fewer. It returns none only if none
    /// is left.
    pub limit: u32,
}

/// A page of pending submissions in the order of their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListResponse {
    /// The page.
    pub waiting: Vec<ListedSubmission>,
}

/// A pending submission at the intake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedSubmission {
    /// Its id at the intake.
    pub id: Uuid,
    /// Its length in bytes.
    pub len: u64,
}

/// Requests submissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// The maximum number of submissions.
    pub limit: u32,
    /// Only these submissions. Those that are not pending any more are left out. If empty, any
    /// submissions.
    #[serde(default)]
    pub ids: Vec<Uuid>,
}

/// Confirms submissions that were ingested or quarantined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AckRequest {
    /// The ids of submissions from a pull.
    pub ids: Vec<Uuid>,
}

/// When the case handler answers reports. With it, the page of a receipt shows the same date as the
/// one at which the case handler escalates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplySchedule {
    /// The working days of the administration.
    pub calendar: Calendar,
    /// The maximum number of seconds between two collection cycles.
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

/// Returns `16-byte id ‖ u32 length`, which precedes each submission of a pull.
pub fn encode_submission_header(id: Uuid, len: u64) -> [u8; 20] {
    let mut head = [0; 20];
    head[..16].copy_from_slice(id.as_bytes());
    head[16..].copy_from_slice(
        &u32::try_from(len).expect("the largest size class is 256 MiB").to_be_bytes(),
    );
    head
}

/// Parses the result of [`encode_submission_header`].
///
/// # Errors
/// `InvalidData` for a length that is not a size class.
pub fn read_submission_header(head: [u8; 20]) -> io::Result<(Uuid, u64)> {
    let (id, len) = head.split_first_chunk::<16>().expect("20 bytes hold 16");
    let len = u64::from(u32::from_be_bytes(len.try_into().expect("4 bytes are left")));
    if !size_classes::is_size_class(len) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the length is not a size class"));
    }
    Ok((Uuid::from_bytes(*id), len))
}

/// The length of one mailbox in the stream: id ‖ bytes.
pub const MAILBOX_RECORD_LEN: usize = 32 + MAILBOX_LEN;

/// Reads one mailbox of the stream.
///
/// # Errors
/// If reading fails or the stream ends within the mailbox.
pub fn read_mailbox_record(record: &mut impl Read) -> io::Result<(Hash, Vec<u8>)> {
    let mut id = [0; 32];
    record.read_exact(&mut id)?;
    let mut sealed = vec![0; MAILBOX_LEN];
    record.read_exact(&mut sealed)?;
    Ok((Hash(id), sealed))
}
