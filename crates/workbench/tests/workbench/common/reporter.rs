//! A reporter: signs frames, opens what is laid out.

use envelope::{
    earlier::EarlierReport,
    frame::{Attachment, Direction, Expected, Frame, FrameHeader, FrameKind, Head},
    keys::{CaseRecipient, CaseSecret, PublicKey},
    receipt::Receipt,
};
use uuid::Uuid;

/// The reporter of one case.
pub(crate) struct Reporter {
    pub(crate) case: Uuid,
    pub(crate) receipt: Receipt,
    pub(crate) secret: CaseSecret,
    pub(crate) last: Head,
    /// What the next message names.
    pub(crate) names: Option<EarlierReport>,
    /// The newest answer that was read.
    pub(crate) seen: Option<Head>,
    pub(crate) lang: String,
    pub(crate) week: String,
}

impl Reporter {
    pub(crate) fn recipient(&self) -> CaseRecipient {
        self.secret.identity().recipient()
    }

    /// Has read everything up to here.
    pub(crate) fn last_seen(&mut self, case: &workbench::cases::Case) {
        self.seen = case.thread.newest_outgoing();
    }

    /// The next signed frame.
    pub(crate) fn frame(&mut self, kind: FrameKind, body: &[u8], attachments: Vec<Attachment>) -> Vec<u8> {
        let first = kind == FrameKind::Report;
        let key = self.receipt.signing_key();
        let header = FrameHeader {
            v: 1,
            case: self.case,
            generation: 0,
            direction: Direction::In,
            seq: if first { 0 } else { self.last.seq + 1 },
            prev: (!first).then_some(self.last.hash),
            ack: self.seen,
            recipient: self.recipient().hash(),
            kind,
            lang: self.lang.clone(),
            week: self.week.clone(),
            attachments,
            reporter_key: first.then(|| (&key).into()),
            earlier: self.names.take(),
        };
        let frame = Frame::sign(&header, body, &key);
        self.last = Head { seq: header.seq, hash: Frame::hash_of(&frame) };
        frame.to_vec()
    }

    /// Opens what was laid out for the reporter, and gives its text.
    pub(crate) fn open(&self, sealed: &[u8]) -> String {
        let plain = self.receipt.mailbox_identity().open(sealed).unwrap();
        let signer: PublicKey = (&self.secret.replies_key()).into();
        let expected = Expected {
            case: self.case,
            generation: 0,
            direction: Direction::Out,
            recipient: self.receipt.mailbox_identity().recipient().hash(),
            signer: &signer,
        };
        let frame = Frame::verify(&plain, &expected).unwrap();
        String::from_utf8(frame.body.to_vec()).unwrap()
    }
}
