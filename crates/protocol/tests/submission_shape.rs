//! Submissions that are damaged, truncated, spliced or malformed are refused, each with its own
//! error.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::io::Write;

use proptest::prelude::*;
use protocol::{
    FramingError, Hash, Priority, RecordType,
    encoding::padding::{TEXT_STEP, padded_file_len, unpad_file, unpad_text},
    encoding::size_classes,
    keys::{CaseSecret, PublicKey, TransportIdentity},
    receipt::Receipt,
    submission::{
        commitment::submission_digest,
        envelope::{
            self, CaseRef, EnvelopeHeader, SealError, SubmissionKind, SubmissionOpenError,
            SubmissionWriter,
        },
        key_grant::{self, Grant, SealedGrant},
    },
};
use rand::{SeedableRng, rngs::StdRng};
use uuid::Uuid;

struct SubmissionParts {
    transport: TransportIdentity,
    header: EnvelopeHeader,
    secret: CaseSecret,
    receipt: Receipt,
    grants: Vec<SealedGrant>,
}

fn submission_parts(kind: SubmissionKind) -> SubmissionParts {
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
    SubmissionParts {
        transport: TransportIdentity::generate(&mut rng),
        header: EnvelopeHeader {
            v: 1,
            kind,
            desk: "intake".to_owned(),
            lang: "fr".to_owned(),
            priority: Priority::P3,
            mailbox: receipt.locator().mailbox_id(),
            case: CaseRef { id: case, generation: 0 },
            directory: Hash::default(),
            release_to_oversight: false,
            seq: 0,
        },
        grants: key_grant::seal_grants(&grant, &[], &mut rng),
        secret,
        receipt,
    }
}

/// How a test's submission differs from a valid report.
#[derive(Clone, Copy, PartialEq, Debug)]
enum SubmissionDefect {
    Unchanged,
    SevenGrants,
    NineGrants,
    TwoCapsules,
    NoKeys,
    NoBody,
    TwoBodies,
    UnfinishedAttachment,
    AttachmentAfterBody,
    ReplyRecord,
    LogRecord,
    KeyOfZeros,
    ShortTag,
    NoTag,
}

fn write_submission(parts: &SubmissionParts, wrong: SubmissionDefect) -> Vec<u8> {
    let mut writer =
        SubmissionWriter::begin(&parts.transport.recipient(), &parts.header, Vec::new()).unwrap();
    let case = parts.secret.identity().recipient();
    let count = match wrong {
        SubmissionDefect::SevenGrants => 7,
        SubmissionDefect::NineGrants => 9,
        _ => 8,
    };
    if parts.header.kind == SubmissionKind::Report {
        for grant in parts.grants.iter().cycle().take(count) {
            writer.write_grant(grant).unwrap();
        }
        if wrong != SubmissionDefect::NoKeys {
            let mailbox = parts.receipt.mailbox_identity().recipient();
            writer.write_record(RecordType::MailboxRecipient, mailbox.as_bytes()).unwrap();
            let case =
                if wrong == SubmissionDefect::KeyOfZeros { [0; 1216] } else { *case.as_bytes() };
            writer.write_record(RecordType::CaseRecipient, &case).unwrap();
        }
    }
    for _ in 0..if wrong == SubmissionDefect::TwoCapsules { 2 } else { 1 } {
        writer.write_record(RecordType::Capsule, b"capsule").unwrap();
    }
    if wrong == SubmissionDefect::UnfinishedAttachment {
        writer.write_record(RecordType::AttachmentChunk, b"piece").unwrap();
    } else {
        writer.write_attachment(&case, &mut &b"content"[..]).unwrap();
    }
    match wrong {
        SubmissionDefect::TwoBodies => writer.write_record(RecordType::Body, b"body").unwrap(),
        SubmissionDefect::AttachmentAfterBody => {
            writer.write_record(RecordType::Body, b"body").unwrap();
            writer.write_attachment(&case, &mut &b"late"[..]).unwrap();
        }
        SubmissionDefect::ReplyRecord => writer.write_record(RecordType::Reply, b"reply").unwrap(),
        SubmissionDefect::LogRecord => writer.write_record(RecordType::Log, b"log").unwrap(),
        SubmissionDefect::ShortTag => {
            writer.write_record(RecordType::DeduplicationTag, b"short").unwrap();
        }
        SubmissionDefect::NoTag => {
            writer.write_record(RecordType::Body, b"body").unwrap();
            return writer.pad_and_finish().unwrap();
        }
        SubmissionDefect::NoBody => {
            writer.write_record(RecordType::DeduplicationTag, &[0; 32]).unwrap();
            return writer.pad_and_finish().unwrap();
        }
        _ => {}
    }
    let body = writer.seal_body(&case, 0, b"frame");
    writer.finish(&body, &Hash::default()).unwrap()
}

#[test]
fn a_valid_report_and_a_valid_follow_up_open() {
    for kind in [SubmissionKind::Report, SubmissionKind::FollowUp] {
        let parts = submission_parts(kind);
        let bytes = write_submission(&parts, SubmissionDefect::Unchanged);
        assert_eq!(bytes.len() as u64, size_classes::SIZE_CLASSES[0]);
        let opened = envelope::open(&parts.transport, &bytes[..]).unwrap();
        assert_eq!(opened.header, parts.header);
        assert_eq!(opened.keys.is_some(), kind == SubmissionKind::Report);
        let file = parts.secret.identity().open(&opened.attachments[0]).unwrap();
        assert_eq!(unpad_file(&file, 7), Ok(&b"content"[..]));
        let body = parts.secret.identity().open(&opened.body).unwrap();
        assert_eq!(unpad_text(&body, TEXT_STEP), Ok(&b"frame"[..]));
    }
}

#[test]
fn every_defect_is_refused() {
    let parts = submission_parts(SubmissionKind::Report);
    for wrong in [
        SubmissionDefect::SevenGrants,
        SubmissionDefect::NineGrants,
        SubmissionDefect::TwoCapsules,
        SubmissionDefect::NoKeys,
        SubmissionDefect::NoBody,
        SubmissionDefect::TwoBodies,
        SubmissionDefect::UnfinishedAttachment,
        SubmissionDefect::AttachmentAfterBody,
        SubmissionDefect::ReplyRecord,
        SubmissionDefect::LogRecord,
        SubmissionDefect::ShortTag,
        SubmissionDefect::NoTag,
    ] {
        let result = envelope::open(&parts.transport, &write_submission(&parts, wrong)[..]);
        assert!(
            matches!(result, Err(SubmissionOpenError::UnexpectedRecords(SubmissionKind::Report))),
            "{wrong:?}: {result:?}"
        );
    }
    let result = envelope::open(
        &parts.transport,
        &write_submission(&parts, SubmissionDefect::KeyOfZeros)[..],
    );
    assert!(matches!(result, Err(SubmissionOpenError::InvalidKey)), "{result:?}");
}

#[test]
fn another_transport_key_opens_no_submission() {
    let parts = submission_parts(SubmissionKind::Report);
    let other_identity = TransportIdentity::generate(&mut StdRng::seed_from_u64(6));
    let result =
        envelope::open(&other_identity, &write_submission(&parts, SubmissionDefect::Unchanged)[..]);
    assert!(matches!(result, Err(SubmissionOpenError::Unopenable(_))));
}

#[test]
fn data_in_the_padding_is_refused() {
    let parts = submission_parts(SubmissionKind::Report);
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
    let result = envelope::open(&parts.transport, &plain[..]);
    assert!(
        matches!(result, Err(SubmissionOpenError::Wire(FramingError::NonZeroPadding))),
        "{result:?}"
    );
}

#[test]
fn a_file_over_the_largest_size_class_is_refused_before_its_end() {
    struct EndlessReader(u64);
    impl std::io::Read for EndlessReader {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(1);
            self.0 += buffer.len() as u64;
            Ok(buffer.len())
        }
    }
    let parts = submission_parts(SubmissionKind::FollowUp);
    let mut writer =
        SubmissionWriter::begin(&parts.transport.recipient(), &parts.header, std::io::sink())
            .unwrap();
    let mut endless = EndlessReader(0);
    let result = writer.write_attachment(&parts.secret.identity().recipient(), &mut endless);
    assert!(matches!(result, Err(SealError::TooLarge)));
    assert!(endless.0 < size_classes::MAX_SUBMISSION_LEN + 1024 * 1024, "read {} bytes", endless.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_flipped_bit_is_refused(at in 0usize..32 * 1024, bit in 0u8..8) {
        let parts = submission_parts(SubmissionKind::FollowUp);
        let mut bytes = write_submission(&parts, SubmissionDefect::Unchanged);
        bytes[at] ^= 1 << bit;
        prop_assert!(envelope::open(&parts.transport, &bytes[..]).is_err());
    }

    #[test]
    fn every_truncation_is_refused(len in 0usize..32 * 1024) {
        let parts = submission_parts(SubmissionKind::FollowUp);
        let bytes = write_submission(&parts, SubmissionDefect::Unchanged);
        prop_assert!(envelope::open(&parts.transport, &bytes[..len]).is_err());
    }

    #[test]
    fn each_length_of_file_is_padded_to_a_size_class(len in 0usize..400_000) {
        let parts = submission_parts(SubmissionKind::FollowUp);
        let mut writer =
            SubmissionWriter::begin(&parts.transport.recipient(), &parts.header, Vec::new()).unwrap();
        let case = parts.secret.identity().recipient();
        writer.write_record(RecordType::Capsule, b"capsule").unwrap();
        writer.write_attachment(&case, &mut &vec![7; len][..]).unwrap();
        let body = writer.seal_body(&case, 0, b"frame");
        let digest = body.digest();
        let bytes = writer.finish(&body, &Hash::default()).unwrap();
        prop_assert!(size_classes::is_size_class(bytes.len() as u64), "{} bytes", bytes.len());
        let opened = envelope::open(&parts.transport, &bytes[..]).unwrap();
        let file = parts.secret.identity().open(&opened.attachments[0]).unwrap();
        prop_assert_eq!(file.len() as u64, padded_file_len(len as u64));
        prop_assert_eq!(unpad_file(&file, len as u64).map(<[u8]>::len), Ok(len));
        // The reporter's side and the case handler compute the same digest.
        let parts = [Hash::of(&[&opened.body]), Hash::of(&[&opened.attachments[0]])];
        prop_assert_eq!(digest, submission_digest(0, &parts));
        prop_assert_ne!(digest, submission_digest(1, &parts));
        prop_assert_ne!(digest, submission_digest(0, &parts[..1]));
    }
}
