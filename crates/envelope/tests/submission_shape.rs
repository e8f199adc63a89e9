//! Submissions that are damaged, cut, spliced or malformed are refused, each with its own error.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::io::Write;

use envelope::{
    Hash, RecordType, WireError,
    grant::{self, Grant, SealedGrant},
    keys::{CaseSecret, PublicKey, TransportIdentity},
    ladder,
    receipt::Receipt,
    submission::{
        self, CaseRef, EnvelopeHeader, OpenError, SealError, SubmissionKind, SubmissionWriter, Urgency,
    },
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use uuid::Uuid;

struct Parts {
    transport: TransportIdentity,
    header: EnvelopeHeader,
    secret: CaseSecret,
    receipt: Receipt,
    grants: Vec<SealedGrant>,
}

fn parts(kind: SubmissionKind) -> Parts {
    let mut rng = StdRng::seed_from_u64(5);
    let receipt = Receipt::generate(&mut rng);
    let secret = CaseSecret::generate(&mut rng);
    let case = Uuid::from_u128(9);
    let grant = Grant {
        case,
        generation: 0,
        secret: secret.clone(),
        reporter_key: PublicKey::from(&receipt.signing_key()),
        mailbox_recipient: Hash::default(),
    };
    Parts {
        transport: TransportIdentity::generate(&mut rng),
        header: EnvelopeHeader {
            v: 1,
            kind,
            desk: "intake".to_owned(),
            lang: "fr".to_owned(),
            urgency: Urgency::P3,
            mailbox: receipt.locator().mailbox_id(),
            case: CaseRef { id: case, generation: 0 },
            directory: Hash::default(),
            ask_oversight: false,
        },
        grants: grant::seal_all(&grant, &[], &mut rng),
        secret,
        receipt,
    }
}

/// What a test does differently from a sound report.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Wrong {
    Nothing,
    SevenGrants,
    NineGrants,
    TwoCapsules,
    NoKeys,
    NoBody,
    TwoBodies,
    UnfinishedAttachment,
    AttachmentAfterBody,
    ReplyRecord,
    KeyOfZeros,
    ShortTag,
}

fn write(parts: &Parts, wrong: Wrong) -> Vec<u8> {
    let mut writer =
        SubmissionWriter::begin(&parts.transport.recipient(), &parts.header, Vec::new()).unwrap();
    let case = parts.secret.identity().recipient();
    let count = match wrong {
        Wrong::SevenGrants => 7,
        Wrong::NineGrants => 9,
        _ => 8,
    };
    if parts.header.kind == SubmissionKind::Report {
        for grant in parts.grants.iter().cycle().take(count) {
            writer.grant(grant).unwrap();
        }
        if wrong != Wrong::NoKeys {
            let mailbox = parts.receipt.mailbox_identity().recipient();
            writer.whole(RecordType::MailboxRecipient, mailbox.as_bytes()).unwrap();
            let case = if wrong == Wrong::KeyOfZeros { [0; 1216] } else { *case.as_bytes() };
            writer.whole(RecordType::CaseRecipient, &case).unwrap();
        }
    }
    for _ in 0..if wrong == Wrong::TwoCapsules { 2 } else { 1 } {
        writer.whole(RecordType::Capsule, b"capsule").unwrap();
    }
    if wrong == Wrong::UnfinishedAttachment {
        writer.whole(RecordType::AttachmentChunk, b"piece").unwrap();
    } else {
        writer.attachment(&case, &mut &b"content"[..]).unwrap();
    }
    match wrong {
        Wrong::TwoBodies => writer.whole(RecordType::Body, b"body").unwrap(),
        Wrong::AttachmentAfterBody => {
            writer.whole(RecordType::Body, b"body").unwrap();
            writer.attachment(&case, &mut &b"late"[..]).unwrap();
        }
        Wrong::ReplyRecord => writer.whole(RecordType::Reply, b"reply").unwrap(),
        Wrong::ShortTag => writer.whole(RecordType::SendingTag, b"short").unwrap(),
        Wrong::NoBody => {
            writer.whole(RecordType::SendingTag, &[0; 32]).unwrap();
            return writer.pad().unwrap();
        }
        _ => {}
    }
    writer.finish(&case, b"frame", &Hash::default()).unwrap()
}

#[test]
fn a_sound_report_and_a_sound_follow_up_open() {
    for kind in [SubmissionKind::Report, SubmissionKind::FollowUp] {
        let parts = parts(kind);
        let bytes = write(&parts, Wrong::Nothing);
        assert_eq!(bytes.len() as u64, ladder::RUNGS[0]);
        let opened = submission::open(&parts.transport, &bytes[..]).unwrap();
        assert_eq!(opened.header, parts.header);
        assert_eq!(opened.keys.is_some(), kind == SubmissionKind::Report);
        assert_eq!(&parts.secret.identity().open(&opened.attachments[0]).unwrap()[..], b"content");
        assert_eq!(&parts.secret.identity().open(&opened.body).unwrap()[..], b"frame");
    }
}

#[test]
fn every_other_shape_is_refused() {
    let parts = parts(SubmissionKind::Report);
    for wrong in [
        Wrong::SevenGrants,
        Wrong::NineGrants,
        Wrong::TwoCapsules,
        Wrong::NoKeys,
        Wrong::NoBody,
        Wrong::TwoBodies,
        Wrong::UnfinishedAttachment,
        Wrong::AttachmentAfterBody,
        Wrong::ReplyRecord,
        Wrong::ShortTag,
    ] {
        let result = submission::open(&parts.transport, &write(&parts, wrong)[..]);
        assert!(matches!(result, Err(OpenError::Records(SubmissionKind::Report))), "{wrong:?}: {result:?}");
    }
    let result = submission::open(&parts.transport, &write(&parts, Wrong::KeyOfZeros)[..]);
    assert!(matches!(result, Err(OpenError::Key)), "{result:?}");
}

#[test]
fn another_transport_key_opens_nothing() {
    let parts = parts(SubmissionKind::Report);
    let stranger = TransportIdentity::generate(&mut StdRng::seed_from_u64(6));
    let result = submission::open(&stranger, &write(&parts, Wrong::Nothing)[..]);
    assert!(matches!(result, Err(OpenError::Unopenable(_))));
}

#[test]
fn what_is_in_the_padding_is_noticed() {
    let parts = parts(SubmissionKind::Report);
    let mut plain = Vec::new();
    let mut writer =
        age_hybrid::sealed_writer(parts.transport.recipient().as_recipient(), &mut plain).unwrap();
    let json = serde_json::to_vec(&parts.header).unwrap();
    writer.write_all(b"BKE1").unwrap();
    writer.write_all(&u32::try_from(json.len()).unwrap().to_be_bytes()).unwrap();
    writer.write_all(&json).unwrap();
    writer.write_all(&[0, 0, 0, 0, 0]).unwrap();
    writer.write_all(b"\0\0\0 hidden \0\0").unwrap();
    writer.finish().unwrap();
    let result = submission::open(&parts.transport, &plain[..]);
    assert!(matches!(result, Err(OpenError::Wire(WireError::Padding))), "{result:?}");
}

#[test]
fn a_file_over_the_top_of_the_ladder_is_refused_before_its_end() {
    struct Endless(u64);
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(1);
            self.0 += buffer.len() as u64;
            Ok(buffer.len())
        }
    }
    let parts = parts(SubmissionKind::FollowUp);
    let mut writer =
        SubmissionWriter::begin(&parts.transport.recipient(), &parts.header, std::io::sink()).unwrap();
    let mut endless = Endless(0);
    let result = writer.attachment(&parts.secret.identity().recipient(), &mut endless);
    assert!(matches!(result, Err(SealError::TooLarge)));
    assert!(endless.0 < ladder::TOP + 1024 * 1024, "read {} bytes", endless.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_flipped_bit_is_refused(at in 0usize..32 * 1024, bit in 0u8..8) {
        let parts = parts(SubmissionKind::FollowUp);
        let mut bytes = write(&parts, Wrong::Nothing);
        bytes[at] ^= 1 << bit;
        prop_assert!(submission::open(&parts.transport, &bytes[..]).is_err());
    }

    #[test]
    fn every_cut_is_refused(len in 0usize..32 * 1024) {
        let parts = parts(SubmissionKind::FollowUp);
        let bytes = write(&parts, Wrong::Nothing);
        prop_assert!(submission::open(&parts.transport, &bytes[..len]).is_err());
    }

    #[test]
    fn each_length_of_file_lands_exactly_on_a_rung(len in 0usize..400_000) {
        let parts = parts(SubmissionKind::FollowUp);
        let mut writer =
            SubmissionWriter::begin(&parts.transport.recipient(), &parts.header, Vec::new()).unwrap();
        let case = parts.secret.identity().recipient();
        writer.whole(RecordType::Capsule, b"capsule").unwrap();
        writer.attachment(&case, &mut &vec![7; len][..]).unwrap();
        let bytes = writer.finish(&case, b"frame", &Hash::default()).unwrap();
        prop_assert!(ladder::is_rung(bytes.len() as u64), "{} bytes", bytes.len());
        let opened = submission::open(&parts.transport, &bytes[..]).unwrap();
        prop_assert_eq!(parts.secret.identity().open(&opened.attachments[0]).unwrap().len(), len);
    }
}
