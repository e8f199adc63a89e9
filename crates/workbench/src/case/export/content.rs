//! The content of an exported case, read from openings. The export and its verification build the
//! page from the same content.

use std::collections::{BTreeMap, BTreeSet};

use investigator::{PartKey, PartKeyError};
use protocol::{
    Hash,
    case::event::{Action, Event, SealedText},
    keys::PublicKey,
    submission::{
        commitment::{ReportCommitment, case_keys_hash},
        frame::{Attachment, Frame, FrameDirection, FrameKind},
        report_body::ReportBody,
        treatment::AttachmentTreatment,
    },
};
use zeroize::Zeroizing;

use crate::{
    case::{TeamNote, consistency_checks::reason_of},
    terminal_text,
};

/// The opened parts of a case.
#[derive(Default)]
pub(super) struct CaseContent {
    frames: Vec<OpenedFrame>,
    /// Notes in the order of their events.
    pub(super) notes: Vec<TeamNote>,
    /// Attached files in the order of their events.
    pub(super) files: Vec<ContentFile>,
    reporter: Option<PublicKey>,
    /// The files that the message of an event describes, with their numbers from 1.
    described: BTreeMap<u32, Vec<(usize, Attachment)>>,
    hashes: BTreeSet<Hash>,
}

/// A frame and the sequence number of its event.
pub(super) struct OpenedFrame {
    event: u32,
    pub(super) frame: Frame,
}

/// An attached file.
pub(super) struct ContentFile {
    /// Path in the folder.
    pub(super) name: String,
    /// Length in bytes.
    pub(super) len: u64,
    /// What the sender claims to have done to the file.
    pub(super) treatment: Option<AttachmentTreatment>,
}

/// What an opening contains.
pub(super) enum OpenedPart {
    /// A frame, with its hash.
    Frame(Hash),
    /// A note.
    Note,
    /// An attached file: its path in the folder and its content.
    File(String, Zeroizing<Vec<u8>>),
}

/// Why an opening is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpeningError {
    /// The part does not open, or is something else than its event says.
    #[error(transparent)]
    Part(#[from] PartKeyError),
    /// The report, or the message that describes the file, has no opening.
    #[error("the message that it belongs to is not in the export")]
    NoMessage,
    /// The message does not describe this file.
    #[error("its message does not describe it")]
    NotDescribed,
}

impl CaseContent {
    /// Opens one part with its key and adds it. `part` is its position among the parts of the
    /// event. Parts must be added in the order of the events.
    pub(super) fn add(
        &mut self,
        event: &Event,
        part: u32,
        key: &PartKey,
        sealed: &[u8],
    ) -> Result<OpenedPart, OpeningError> {
        match &event.action {
            Action::Received { .. } if part == 0 => {
                let (frame, reporter) = key.open_report(event.case, sealed)?;
                self.reporter = Some(reporter);
                Ok(self.add_frame(event, frame))
            }
            Action::FollowedUp(commitment) if part == 0 => {
                let reporter = self.reporter.ok_or(OpeningError::NoMessage)?;
                let of = (event.case, commitment.generation);
                let frame = key.open_follow_up(of, &reporter, sealed)?;
                Ok(self.add_frame(event, frame))
            }
            Action::Received { .. } | Action::FollowedUp(_) => {
                self.add_file(event, part, key, sealed)
            }
            action => match action.sealed_text() {
                SealedText::Note(_) => {
                    self.notes.push(TeamNote {
                        by: event.actor.clone(),
                        at: event.at,
                        reason_of: reason_of(event),
                        note: key.open_note(sealed)?,
                    });
                    Ok(OpenedPart::Note)
                }
                SealedText::Message { .. } => {
                    let frame = key.open_reply_copy(event.case, sealed)?;
                    Ok(self.add_frame(event, frame))
                }
                SealedText::None => Err(OpeningError::NotDescribed),
            },
        }
    }

    /// Removes the last frame, which is not shown.
    pub(super) fn drop_last_frame(&mut self) {
        if let Some(dropped) = self.frames.pop() {
            self.hashes.remove(&dropped.frame.hash);
            self.described.remove(&dropped.event);
        }
    }

    /// Returns whether the message of this event is among the opened ones.
    pub(super) fn has_message_of(&self, event: u32) -> bool {
        self.described.contains_key(&event)
    }

    /// Returns the report and its language, if it is readable.
    pub(super) fn report(&self) -> Option<(ReportBody, &str)> {
        let frames = self.frames.iter().map(|opened| &opened.frame);
        let mut reports = frames.filter(|frame| frame.header.kind == FrameKind::Report);
        reports.find_map(|frame| {
            Some((ReportBody::from_bytes(&frame.body).ok()?, &*frame.header.lang))
        })
    }

    /// Returns the messages of both sides without the report, in the order in which they were
    /// recorded, except that each side's own order of writing is preserved.
    pub(super) fn messages(&self) -> Vec<&Frame> {
        let of_side = |direction| {
            let mut side: Vec<&OpenedFrame> = self
                .frames
                .iter()
                .filter(|opened| opened.frame.header.direction == direction)
                .collect();
            side.sort_by_key(|opened| opened.frame.header.seq);
            side.into_iter().scan(0, |latest, opened| {
                *latest = opened.event.max(*latest);
                Some((*latest, &opened.frame))
            })
        };
        let mut all: Vec<(u32, &Frame)> =
            of_side(FrameDirection::In).chain(of_side(FrameDirection::Out)).collect();
        all.sort_by_key(|(event, _)| *event);
        let frames = all.into_iter().map(|(_, frame)| frame);
        frames.filter(|frame| frame.header.kind != FrameKind::Report).collect()
    }

    /// Returns whether the frames are sealed to the keys that the commitment to the report names.
    /// Without a report and a reply they do not show both keys, and the result is true.
    pub(super) fn has_keys_of(&self, commitment: &ReportCommitment) -> bool {
        let recipient_of = |found: fn(&Frame) -> bool| {
            let mut frames = self.frames.iter().map(|opened| &opened.frame);
            frames.find(|frame| found(frame)).map(|frame| frame.header.recipient)
        };
        let case = recipient_of(|frame| frame.header.kind == FrameKind::Report);
        let mailbox = recipient_of(|frame| frame.header.direction == FrameDirection::Out);
        match (mailbox, case) {
            (Some(mailbox), Some(case)) => case_keys_hash(&mailbox, &case) == commitment.keys,
            _ => true,
        }
    }

    /// Returns the hashes of the directories that the reporter's messages name.
    pub(super) fn named_directories(&self) -> impl Iterator<Item = Hash> {
        let routings = self.frames.iter().filter_map(|opened| opened.frame.header.routing.as_ref());
        routings.map(|routing| routing.directory)
    }

    fn add_frame(&mut self, event: &Event, frame: Frame) -> OpenedPart {
        let hash = frame.hash;
        let before: usize = self.described.values().map(Vec::len).sum();
        let described = (before + 1..).zip(frame.header.attachments.iter().cloned()).collect();
        // A message that was recorded twice is shown once.
        if self.hashes.insert(hash) {
            self.described.insert(event.seq, described);
            self.frames.push(OpenedFrame { event: event.seq, frame });
        }
        OpenedPart::Frame(hash)
    }

    fn add_file(
        &mut self,
        event: &Event,
        part: u32,
        key: &PartKey,
        sealed: &[u8],
    ) -> Result<OpenedPart, OpeningError> {
        let described = self.described.get(&event.seq).ok_or(OpeningError::NoMessage)?;
        let position = usize::try_from(part).ok().and_then(|part| part.checked_sub(1));
        let (number, attachment) = position
            .and_then(|position| described.get(position))
            .ok_or(OpeningError::NotDescribed)?;
        let content = key.open_attachment(sealed, attachment)?;
        let safe = terminal_text::safe_file_name(&attachment.name, *number);
        let name = format!("files/{number:02} {safe}");
        self.files.push(ContentFile {
            name: name.clone(),
            len: content.len() as u64,
            treatment: attachment.treatment.clone(),
        });
        Ok(OpenedPart::File(name, content))
    }
}
