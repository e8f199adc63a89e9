//! Reading a case: every frame verified, and everything that is wrong said.

use std::collections::BTreeMap;

use protocol::{
    Hash,
    submission::{
        frame::{
            Frame, FrameContext, FrameDirection, FrameError, FrameHeader, FrameKind, FrameRef,
        },
        report_body::ReportBody,
    },
};
use zeroize::Zeroizing;

use crate::{CaseError, OpenCase};

/// A sealed frame as the handler gives it.
#[derive(Debug, Clone)]
pub struct SealedFrame<'a> {
    /// Which way it should have gone.
    pub direction: FrameDirection,
    /// The generation that the handler filed it under.
    pub generation: u32,
    /// The submission, or the event, that it came with.
    pub batch: u32,
    /// `age(C, frame)`.
    pub sealed: &'a [u8],
}

/// One verified frame.
#[derive(Debug)]
pub struct VerifiedFrame {
    /// The submission, or the event, that it came with: its attachments have the same number.
    pub batch: u32,
    /// What it says of itself.
    pub header: FrameHeader,
    /// Its place.
    pub reference: FrameRef,
    /// Text, or JSON for a report.
    pub body: Zeroizing<Vec<u8>>,
}

impl VerifiedFrame {
    /// The report in it, if it is one.
    pub fn parse_report(&self) -> Option<Result<ReportBody, serde_json::Error>> {
        (self.header.kind == FrameKind::Report).then(|| ReportBody::from_bytes(&self.body))
    }

    /// The text of a message.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Something wrong in a case, with the submission or event that it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadIssue {
    /// Which way.
    pub direction: FrameDirection,
    /// With what it came, where one frame is at fault.
    pub batch: Option<u32>,
    /// What.
    pub kind: ThreadIssueKind,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThreadIssueKind {
    /// Does not open, or its signature or context does not hold. It is not shown.
    Rejected(String),
    /// The same frame filed once more. Shown once.
    Replayed,
    /// Another frame took the same place: the reporter wrote twice before the first was collected.
    /// Both are shown.
    Concurrent(u32),
    /// A frame refers to one that is not here: the handler withholds it.
    Withheld(u32),
    /// The report itself is not here.
    NoReport,
}

/// What a case says, oldest first within each direction.
#[derive(Debug, Default)]
pub struct Thread {
    /// From the reporter.
    pub incoming: Vec<VerifiedFrame>,
    /// To the reporter.
    pub outgoing: Vec<VerifiedFrame>,
    /// What is wrong, to be said loudly.
    pub issues: Vec<ThreadIssue>,
}

impl Thread {
    /// The newest frame from the reporter.
    pub fn newest_incoming(&self) -> Option<FrameRef> {
        self.incoming.last().map(|entry| entry.reference)
    }

    /// The newest frame to the reporter.
    pub fn newest_outgoing(&self) -> Option<FrameRef> {
        self.outgoing.last().map(|entry| entry.reference)
    }

    /// The newest of our frames that the reporter says to have seen.
    pub fn last_acknowledged_by_reporter(&self) -> Option<FrameRef> {
        self.incoming.iter().filter_map(|entry| entry.header.ack).max_by_key(|head| head.seq)
    }
}

impl OpenCase {
    /// Opens and verifies frames, in the order in which they were filed.
    pub fn read_thread<'a>(&self, frames: impl IntoIterator<Item = SealedFrame<'a>>) -> Thread {
        let mut thread = Thread::default();
        let mut known: BTreeMap<Hash, u32> = BTreeMap::new();
        for sealed in frames {
            let finding =
                |kind| ThreadIssue { direction: sealed.direction, batch: Some(sealed.batch), kind };
            match self.open_frame(&sealed) {
                Err(error) => thread.issues.push(finding(ThreadIssueKind::Rejected(error))),
                Ok(entry) if known.insert(entry.reference.hash, entry.reference.seq).is_some() => {
                    thread.issues.push(finding(ThreadIssueKind::Replayed));
                }
                Ok(entry) => match sealed.direction {
                    FrameDirection::In => thread.incoming.push(entry),
                    FrameDirection::Out => thread.outgoing.push(entry),
                },
            }
        }
        thread.incoming.sort_by_key(|entry| entry.reference.seq);
        thread.outgoing.sort_by_key(|entry| entry.reference.seq);
        thread.check_links(&known);
        thread
    }

    fn open_frame(&self, sealed: &SealedFrame<'_>) -> Result<VerifiedFrame, String> {
        let generation = self.generation(sealed.generation).map_err(|error| error.to_string())?;
        let plain = generation
            .identity
            .open(sealed.sealed)
            .map_err(|error| CaseError::from(error).to_string())?;
        let (signer, recipient) = match sealed.direction {
            FrameDirection::In => (*self.reporter_key(), generation.recipient.hash()),
            // The copy for the team carries the frame as sealed to the reporter.
            FrameDirection::Out => {
                ((&generation.secret.replies_key()).into(), self.mailbox_recipient())
            }
        };
        let expected = FrameContext {
            case: self.id(),
            generation: sealed.generation,
            direction: sealed.direction,
            recipient,
            signer: &signer,
        };
        let frame = Frame::verify(&plain, &expected)
            .and_then(check_kind)
            .map_err(|error| error.to_string())?;
        Ok(VerifiedFrame {
            batch: sealed.batch,
            reference: frame.reference(),
            header: frame.header,
            body: frame.body,
        })
    }
}

/// A report is frame 0 from the reporter and nothing else is.
fn check_kind(frame: Frame) -> Result<Frame, FrameError> {
    let first = frame.header.seq == 0 && frame.header.direction == FrameDirection::In;
    if first == (frame.header.kind == FrameKind::Report) {
        Ok(frame)
    } else {
        Err(FrameError::WrongDirection)
    }
}

impl Thread {
    fn check_links(&mut self, known: &BTreeMap<Hash, u32>) {
        let mut findings = Vec::new();
        if !self.incoming.iter().any(|entry| entry.header.kind == FrameKind::Report) {
            findings.push(ThreadIssue {
                direction: FrameDirection::In,
                batch: None,
                kind: ThreadIssueKind::NoReport,
            });
        }
        for entries in [&self.incoming, &self.outgoing] {
            for (at, entry) in entries.iter().enumerate() {
                let finding = |kind| ThreadIssue {
                    direction: entry.header.direction,
                    batch: Some(entry.batch),
                    kind,
                };
                if at > 0 && entries[at - 1].reference.seq == entry.reference.seq {
                    findings.push(finding(ThreadIssueKind::Concurrent(entry.reference.seq)));
                }
                let before =
                    entry.header.prev.map(|hash| (hash, entry.reference.seq.saturating_sub(1)));
                let acked = entry.header.ack.map(|ack| (ack.hash, ack.seq));
                for (hash, seq) in before.into_iter().chain(acked) {
                    if known.get(&hash) != Some(&seq) {
                        findings.push(finding(ThreadIssueKind::Withheld(seq)));
                    }
                }
                if entry.reference.seq > 0 && entry.header.prev.is_none() {
                    findings.push(finding(ThreadIssueKind::Withheld(entry.reference.seq - 1)));
                }
            }
        }
        self.issues.extend(findings);
    }
}
