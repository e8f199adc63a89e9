//! Reads the messages of a case: verifies every frame and lists everything that is wrong.

use std::collections::BTreeMap;

use protocol::{
    Hash,
    encoding::padding::{REPLY_STEP, TEXT_STEP, unpad_text},
    submission::{
        facts_body::{FactsBody, FactsError},
        frame::{
            Frame, FrameContext, FrameDirection, FrameError, FrameHeader, FrameKind, FrameRef,
        },
        report_body::ReportBody,
    },
};
use zeroize::Zeroizing;

use crate::{CaseError, OpenCase};

/// A sealed frame as the case handler serves it.
#[derive(Debug, Clone)]
pub struct SealedFrame<'a> {
    /// The direction that it should have.
    pub direction: FrameDirection,
    /// The generation that the case handler states.
    pub generation: u32,
    /// The number of the submission or event that it belongs to.
    pub batch: u32,
    /// `age(C, frame)`.
    pub sealed: &'a [u8],
}

/// One verified frame.
#[derive(Debug)]
pub struct VerifiedFrame {
    /// The number of the submission or event that it belongs to. Its attachments have the same
    /// number.
    pub batch: u32,
    /// The header.
    pub header: FrameHeader,
    /// Its position in its direction.
    pub reference: FrameRef,
    /// The text, or the JSON of a report or of facts.
    pub body: Zeroizing<Vec<u8>>,
    /// SHA-256 of `age(C, frame)`. The event of a reply refers to it.
    pub sealed_hash: Hash,
    /// The bytes of the frame, for sealing a reply again.
    pub(crate) frame: Zeroizing<Vec<u8>>,
}

impl VerifiedFrame {
    /// Returns the report in the frame, or `None` if the frame is of another kind.
    ///
    /// # Errors
    /// The inner result is an error if the body is not the JSON of a report.
    pub fn parse_report(&self) -> Option<Result<ReportBody, serde_json::Error>> {
        (self.header.kind == FrameKind::Report).then(|| ReportBody::from_bytes(&self.body))
    }

    /// Returns the facts in the frame, or `None` if the frame is of another kind.
    ///
    /// # Errors
    /// The inner result is an error if the body is not the JSON of facts.
    pub fn parse_facts(&self) -> Option<Result<FactsBody, FactsError>> {
        (self.header.kind == FrameKind::Facts).then(|| FactsBody::from_bytes(&self.body))
    }

    /// Returns the text of a message.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A fault of a case and the submission or event that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadIssue {
    /// The direction of the frame at fault. If a frame is missing, its direction.
    pub direction: FrameDirection,
    /// The number of the submission or event, if one frame is at fault. If a frame is missing, the
    /// number of the frame that refers to it.
    pub batch: Option<u32>,
    /// The fault.
    pub kind: ThreadIssueKind,
}

/// The kind of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThreadIssueKind {
    /// A frame does not open, or its signature or context is invalid. It is not shown.
    Rejected(String),
    /// The same frame occurs again. It is shown once.
    Replayed,
    /// Two frames have the same position: the reporter wrote twice before the first message was
    /// collected. Both are shown.
    Concurrent(u32),
    /// A frame refers to a frame that is missing. The case handler withholds it.
    Withheld(u32),
    /// The report is missing.
    NoReport,
    /// The member who signed the event of a reply sent the reporter something else than the team's
    /// copy.
    ReplyDiffers {
        /// The handle of the member.
        signer: String,
    },
}

/// The messages of a case, the oldest first within each direction.
#[derive(Debug, Default)]
pub struct Thread {
    /// The frames from the reporter.
    pub incoming: Vec<VerifiedFrame>,
    /// The frames to the reporter.
    pub outgoing: Vec<VerifiedFrame>,
    /// The faults. User interfaces show them prominently.
    pub issues: Vec<ThreadIssue>,
}

impl Thread {
    /// Returns the frame and the body of the report, if it is present and readable.
    pub fn report(&self) -> Option<(&VerifiedFrame, ReportBody)> {
        self.incoming.iter().find_map(|entry| Some((entry, entry.parse_report()?.ok()?)))
    }

    /// Returns the newest frame from the reporter.
    pub fn newest_incoming(&self) -> Option<FrameRef> {
        self.incoming.last().map(|entry| entry.reference)
    }

    /// Returns the newest frame to the reporter.
    pub fn newest_outgoing(&self) -> Option<FrameRef> {
        self.outgoing.last().map(|entry| entry.reference)
    }

    /// Returns the newest frame of the investigators that the reporter has acknowledged.
    pub fn last_acknowledged_by_reporter(&self) -> Option<FrameRef> {
        self.incoming.iter().filter_map(|entry| entry.header.ack).max_by_key(|head| head.seq)
    }
}

impl OpenCase {
    /// Opens and verifies frames in the order in which they were ingested.
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
            // The team's copy contains the frame as it was sealed to the reporter.
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
        let step = match sealed.direction {
            FrameDirection::In => TEXT_STEP,
            FrameDirection::Out => REPLY_STEP,
        };
        let plain = unpad_text(&plain, step).map_err(|error| error.to_string())?;
        let frame = Frame::verify(plain, &expected)
            .and_then(check_kind)
            .map_err(|error| error.to_string())?;
        Ok(VerifiedFrame {
            batch: sealed.batch,
            reference: frame.reference(),
            header: frame.header,
            body: frame.body,
            sealed_hash: Hash::of(&[sealed.sealed]),
            frame: Zeroizing::new(plain.to_vec()),
        })
    }
}

/// Frame 0 from the reporter must be a report, and no other frame may be one.
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
                let own = entry.header.direction;
                let before = entry
                    .header
                    .prev
                    .map(|hash| (own, hash, entry.reference.seq.saturating_sub(1)));
                let acked = entry.header.ack.map(|ack| (own.opposite(), ack.hash, ack.seq));
                for (direction, hash, seq) in before.into_iter().chain(acked) {
                    if known.get(&hash) != Some(&seq) {
                        let kind = ThreadIssueKind::Withheld(seq);
                        findings.push(ThreadIssue { direction, ..finding(kind) });
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
