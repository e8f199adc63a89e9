//! A reporter: signs frames and opens replies.

use protocol::{
    Hash,
    encoding::padding::{REPLY_STEP, unpad_text},
    keys::{CaseRecipient, CaseSecret, PublicKey},
    receipt::Receipt,
    submission::{
        frame::{
            Attachment, Frame, FrameContext, FrameDirection, FrameHeader, FrameKind, FrameRef,
            Routing,
        },
        related_report::RelatedReport,
    },
};
use uuid::Uuid;

/// The reporter of one case.
pub(crate) struct TestReporter {
    pub(crate) case: Uuid,
    pub(crate) receipt: Receipt,
    pub(crate) secret: CaseSecret,
    /// The routing that the report states.
    pub(crate) routing: Routing,
    /// The routing of the next message, if it differs.
    pub(crate) next_routing: Option<Routing>,
    /// The program that the next message names.
    pub(crate) next_program: Option<Hash>,
    pub(crate) last_sent: FrameRef,
    /// Related report that the next message refers to.
    pub(crate) related_report: Option<RelatedReport>,
    /// The newest reply that the reporter has read.
    pub(crate) last_seen_reply: Option<FrameRef>,
    pub(crate) lang: String,
    pub(crate) week: String,
}

impl TestReporter {
    pub(crate) fn recipient(&self) -> CaseRecipient {
        self.secret.identity().recipient()
    }

    /// Marks everything up to now as read.
    pub(crate) fn set_last_seen(&mut self, case: &workbench::case::VerifiedCase) {
        self.last_seen_reply = case.thread.newest_outgoing();
    }

    /// Returns the next signed and sealed frame.
    pub(crate) fn seal_frame(
        &mut self,
        kind: FrameKind,
        body: &[u8],
        attachments: Vec<Attachment>,
    ) -> Vec<u8> {
        let first = kind == FrameKind::Report;
        let key = self.receipt.signing_key();
        let header = FrameHeader {
            v: 2,
            case: self.case,
            generation: 0,
            direction: FrameDirection::In,
            seq: if first { 0 } else { self.last_sent.seq + 1 },
            prev: (!first).then_some(self.last_sent.hash),
            ack: self.last_seen_reply,
            recipient: self.recipient().hash(),
            kind,
            lang: self.lang.clone(),
            week: self.week.clone(),
            salt: Hash::of(&[b"salt"]),
            routing: Some(self.next_routing.take().unwrap_or_else(|| self.routing.clone())),
            program: self.next_program.take(),
            attachments,
            reporter_key: first.then(|| (&key).into()),
            related: self.related_report.take(),
        };
        let frame = Frame::sign(&header, body, &key);
        self.last_sent = FrameRef { seq: header.seq, hash: Frame::hash_of(&frame) };
        frame.to_vec()
    }

    /// Opens a reply and returns its text.
    pub(crate) fn decrypt_reply(&self, sealed: &[u8]) -> String {
        let plain = self.receipt.mailbox_identity().open(sealed).unwrap();
        let signer: PublicKey = (&self.secret.replies_key()).into();
        let expected = FrameContext {
            case: self.case,
            generation: 0,
            direction: FrameDirection::Out,
            recipient: self.receipt.mailbox_identity().recipient().hash(),
            signer: &signer,
        };
        let frame = Frame::verify(unpad_text(&plain, REPLY_STEP).unwrap(), &expected).unwrap();
        String::from_utf8(frame.body.to_vec()).unwrap()
    }
}
