//! Hand-made submissions.

use protocol::{
    Hash, Priority, RecordType,
    keys::{CaseSecret, PublicKey, TransportRecipient},
    receipt::Receipt,
    submission::{
        envelope::{CaseRef, EnvelopeHeader, OpenedSubmission, SubmissionKind, SubmissionWriter},
        key_grant::{self, Grant},
    },
};
use uuid::Uuid;

use super::HandlerFixture;

impl HandlerFixture {
    /// Returns an opened report for these readers.
    pub(crate) fn new_report(&mut self, readers: &[&str]) -> (OpenedSubmission, Receipt) {
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
        let grants =
            key_grant::seal_grants(&grant, &recipients.iter().collect::<Vec<_>>(), &mut self.rng);
        let case_recipient = secret.identity().recipient();
        let opened = OpenedSubmission {
            header: EnvelopeHeader {
                v: 1,
                kind: SubmissionKind::Report,
                desk: "audit".into(),
                lang: "fr".into(),
                priority: Priority::P2,
                mailbox: receipt.locator().mailbox_id(),
                case: CaseRef { id: case, generation: 0 },
                directory: self.directories.latest().unwrap().hash,
                release_to_oversight: false,
                seq: 0,
            },
            grants,
            capsule: b"capsule".to_vec(),
            keys: Some((receipt.mailbox_identity().recipient(), case_recipient)),
            attachments: vec![vec![1; 300_000]],
            body: b"sealed body".to_vec(),
            deduplication_tag: Hash::of(&[case.as_bytes()]),
        };
        (opened, receipt)
    }
}

/// Returns a follow-up to a report.
pub(crate) fn follow_up(report: &OpenedSubmission, text: &str) -> OpenedSubmission {
    let header = EnvelopeHeader {
        kind: SubmissionKind::FollowUp,
        desk: String::new(),
        seq: 1,
        ..report.header.clone()
    };
    OpenedSubmission {
        header,
        grants: Vec::new(),
        capsule: text.as_bytes().to_vec(),
        keys: None,
        attachments: Vec::new(),
        body: text.as_bytes().to_vec(),
        deduplication_tag: Hash::of(&[text.as_bytes()]),
    }
}

/// Seals a submission for transport. Bodies and files are sealed here; follow-ups go to the case of
/// their report.
pub(crate) fn seal_submission(
    opened: &OpenedSubmission,
    report: &OpenedSubmission,
    to: &TransportRecipient,
) -> Vec<u8> {
    let (mailbox, case) = report.keys.as_ref().unwrap();
    let mut writer = SubmissionWriter::begin(to, &opened.header, Vec::new()).unwrap();
    for grant in &opened.grants {
        writer.write_grant(grant).unwrap();
    }
    if opened.keys.is_some() {
        writer.write_record(RecordType::MailboxRecipient, mailbox.as_bytes()).unwrap();
        writer.write_record(RecordType::CaseRecipient, case.as_bytes()).unwrap();
    }
    writer.write_record(RecordType::Capsule, &opened.capsule).unwrap();
    for file in &opened.attachments {
        writer.write_attachment(case, &mut &file[..]).unwrap();
    }
    let body = writer.seal_body(case, opened.header.case.generation, &opened.body);
    writer.finish(&body, &opened.deduplication_tag).unwrap()
}
