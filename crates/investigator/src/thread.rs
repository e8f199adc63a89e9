//! Reading a case: every frame verified, and everything that is wrong said.

use std::collections::BTreeMap;

use envelope::{
    Hash,
    frame::{Direction, Expected, Frame, FrameError, FrameHeader, FrameKind, Head},
    report::ReportBody,
};
use zeroize::Zeroizing;

use crate::{CaseError, OpenCase};

/// A sealed frame as the handler gives it.
#[derive(Debug, Clone)]
pub struct SealedFrame<'a> {
    /// Which way it should have gone.
    pub direction: Direction,
    /// The generation that the handler filed it under.
    pub generation: u32,
    /// The submission, or the event, that it came with.
    pub batch: u32,
    /// `age(C, frame)`.
    pub sealed: &'a [u8],
}

/// One verified frame.
#[derive(Debug)]
pub struct Entry {
    /// The submission, or the event, that it came with: its attachments have the same number.
    pub batch: u32,
    /// What it says of itself.
    pub header: FrameHeader,
    /// Its place.
    pub head: Head,
    /// Text, or JSON for a report.
    pub body: Zeroizing<Vec<u8>>,
}

impl Entry {
    /// The report in it, if it is one.
    pub fn report(&self) -> Option<Result<ReportBody, serde_json::Error>> {
        (self.header.kind == FrameKind::Report).then(|| ReportBody::from_bytes(&self.body))
    }

    /// The text of a message.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Something wrong in a case, with the submission or event that it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which way.
    pub direction: Direction,
    /// With what it came, where one frame is at fault.
    pub batch: Option<u32>,
    /// What.
    pub kind: FindingKind,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindingKind {
    /// Does not open, or its signature or context does not hold. It is not shown.
    Refused(String),
    /// The same frame filed once more. Shown once.
    Replayed,
    /// Another frame took the same place: the reporter wrote twice before the first was collected. Both are shown.
    SentBeside(u32),
    /// A frame refers to one that is not here: the handler withholds it.
    Withheld(u32),
    /// The report itself is not here.
    NoReport,
}

/// What a case says, oldest first within each direction.
#[derive(Debug, Default)]
pub struct Thread {
    /// From the reporter.
    pub incoming: Vec<Entry>,
    /// To the reporter.
    pub outgoing: Vec<Entry>,
    /// What is wrong, to be said loudly.
    pub findings: Vec<Finding>,
}

impl Thread {
    /// The newest frame from the reporter.
    pub fn newest_incoming(&self) -> Option<Head> {
        self.incoming.last().map(|entry| entry.head)
    }

    /// The newest frame to the reporter.
    pub fn newest_outgoing(&self) -> Option<Head> {
        self.outgoing.last().map(|entry| entry.head)
    }

    /// The newest of our frames that the reporter says to have seen.
    pub fn seen_by_reporter(&self) -> Option<Head> {
        self.incoming.iter().filter_map(|entry| entry.header.ack).max_by_key(|head| head.seq)
    }
}

impl OpenCase {
    /// Opens and verifies frames, in the order in which they were filed.
    pub fn read<'a>(&self, frames: impl IntoIterator<Item = SealedFrame<'a>>) -> Thread {
        let mut thread = Thread::default();
        let mut known: BTreeMap<Hash, u32> = BTreeMap::new();
        for sealed in frames {
            let finding = |kind| Finding { direction: sealed.direction, batch: Some(sealed.batch), kind };
            match self.open_frame(&sealed) {
                Err(error) => thread.findings.push(finding(FindingKind::Refused(error))),
                Ok(entry) if known.insert(entry.head.hash, entry.head.seq).is_some() => {
                    thread.findings.push(finding(FindingKind::Replayed));
                }
                Ok(entry) => match sealed.direction {
                    Direction::In => thread.incoming.push(entry),
                    Direction::Out => thread.outgoing.push(entry),
                },
            }
        }
        thread.incoming.sort_by_key(|entry| entry.head.seq);
        thread.outgoing.sort_by_key(|entry| entry.head.seq);
        thread.check(&known);
        thread
    }

    fn open_frame(&self, sealed: &SealedFrame<'_>) -> Result<Entry, String> {
        let generation = self.generation(sealed.generation).map_err(|error| error.to_string())?;
        let plain =
            generation.identity.open(sealed.sealed).map_err(|error| CaseError::from(error).to_string())?;
        let (signer, recipient) = match sealed.direction {
            Direction::In => (*self.reporter_key(), generation.recipient.hash()),
            // The copy for the team carries the frame as sealed to the reporter.
            Direction::Out => ((&generation.secret.replies_key()).into(), self.mailbox_recipient()),
        };
        let expected = Expected {
            case: self.id(),
            generation: sealed.generation,
            direction: sealed.direction,
            recipient,
            signer: &signer,
        };
        let frame =
            Frame::verify(&plain, &expected).and_then(check_kind).map_err(|error| error.to_string())?;
        Ok(Entry { batch: sealed.batch, head: frame.head(), header: frame.header, body: frame.body })
    }
}

/// A report is frame 0 from the reporter and nothing else is.
fn check_kind(frame: Frame) -> Result<Frame, FrameError> {
    let first = frame.header.seq == 0 && frame.header.direction == Direction::In;
    if first == (frame.header.kind == FrameKind::Report) { Ok(frame) } else { Err(FrameError::Direction) }
}

impl Thread {
    fn check(&mut self, known: &BTreeMap<Hash, u32>) {
        let mut findings = Vec::new();
        if !self.incoming.iter().any(|entry| entry.header.kind == FrameKind::Report) {
            findings.push(Finding { direction: Direction::In, batch: None, kind: FindingKind::NoReport });
        }
        for entries in [&self.incoming, &self.outgoing] {
            for (at, entry) in entries.iter().enumerate() {
                let finding =
                    |kind| Finding { direction: entry.header.direction, batch: Some(entry.batch), kind };
                if at > 0 && entries[at - 1].head.seq == entry.head.seq {
                    findings.push(finding(FindingKind::SentBeside(entry.head.seq)));
                }
                let before = entry.header.prev.map(|hash| (hash, entry.head.seq.saturating_sub(1)));
                let acked = entry.header.ack.map(|ack| (ack.hash, ack.seq));
                for (hash, seq) in before.into_iter().chain(acked) {
                    if known.get(&hash) != Some(&seq) {
                        findings.push(finding(FindingKind::Withheld(seq)));
                    }
                }
                if entry.head.seq > 0 && entry.header.prev.is_none() {
                    findings.push(finding(FindingKind::Withheld(entry.head.seq - 1)));
                }
            }
        }
        self.findings.extend(findings);
    }
}
