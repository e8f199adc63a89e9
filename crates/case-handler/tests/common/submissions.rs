//! Submissions made by hand.

use envelope::{
    Hash, RecordType,
    grant::{self, Grant},
    keys::{CaseSecret, PublicKey, TransportRecipient},
    receipt::Receipt,
    submission::{CaseRef, EnvelopeHeader, Opened, SubmissionKind, SubmissionWriter, Urgency},
};
use uuid::Uuid;

use super::World;

impl World {
    /// A report as it comes out of its outer seal, for these readers.
    pub(crate) fn report(&mut self, readers: &[&str]) -> (Opened, Receipt) {
        let receipt = Receipt::generate(&mut self.rng);
        let secret = CaseSecret::generate(&mut self.rng);
        let case = Uuid::new_v4();
        let grant = Grant {
            case,
            generation: 0,
            secret: secret.clone(),
            reporter_key: PublicKey::from(&receipt.signing_key()),
            mailbox_recipient: Hash::default(),
        };
        let recipients: Vec<_> = readers.iter().map(|handle| self.recipient(handle)).collect();
        let grants = grant::seal_all(&grant, &recipients.iter().collect::<Vec<_>>(), &mut self.rng);
        let case_recipient = secret.identity().recipient();
        let opened = Opened {
            header: EnvelopeHeader {
                v: 1,
                kind: SubmissionKind::Report,
                desk: "audit".into(),
                lang: "fr".into(),
                urgency: Urgency::P2,
                mailbox: receipt.locator().mailbox_id(),
                case: CaseRef { id: case, generation: 0 },
                directory: self.current.get().unwrap().hash,
                ask_oversight: false,
            },
            grants,
            capsule: b"capsule".to_vec(),
            keys: Some((receipt.mailbox_identity().recipient(), case_recipient)),
            attachments: vec![vec![1; 300_000]],
            body: b"sealed body".to_vec(),
            sending_tag: Hash::of(&[case.as_bytes()]),
        };
        (opened, receipt)
    }
}

/// A follow-up of a report.
pub(crate) fn follow_up(report: &Opened, text: &str) -> Opened {
    let header =
        EnvelopeHeader { kind: SubmissionKind::FollowUp, desk: String::new(), ..report.header.clone() };
    Opened {
        header,
        grants: Vec::new(),
        capsule: text.as_bytes().to_vec(),
        keys: None,
        attachments: Vec::new(),
        body: text.as_bytes().to_vec(),
        sending_tag: Hash::of(&[text.as_bytes()]),
    }
}

/// A submission as it arrives. Bodies and files are sealed here; follow-ups go to the case of their report.
pub(crate) fn seal(opened: &Opened, report: &Opened, to: &TransportRecipient) -> Vec<u8> {
    let (mailbox, case) = report.keys.as_ref().unwrap();
    let mut writer = SubmissionWriter::begin(to, &opened.header, Vec::new()).unwrap();
    for grant in &opened.grants {
        writer.grant(grant).unwrap();
    }
    if opened.keys.is_some() {
        writer.whole(RecordType::MailboxRecipient, mailbox.as_bytes()).unwrap();
        writer.whole(RecordType::CaseRecipient, case.as_bytes()).unwrap();
    }
    writer.whole(RecordType::Capsule, &opened.capsule).unwrap();
    for file in &opened.attachments {
        writer.attachment(case, &mut &file[..]).unwrap();
    }
    writer.finish(case, &opened.body, &opened.sending_tag).unwrap()
}
