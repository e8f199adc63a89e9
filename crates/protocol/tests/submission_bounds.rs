//! Submissions that are cheap to send and expensive to ingest are refused while they are read:
//! records that are surplus, too long, empty or repeated.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{
    io::{Cursor, Write},
    time::Instant,
};

use proptest::prelude::*;
use protocol::{
    Hash, Priority,
    keys::{CaseSecret, TransportIdentity},
    receipt::Receipt,
    submission::envelope::{self, CaseRef, EnvelopeHeader, SubmissionKind},
};
use uuid::Uuid;

/// Records as bytes: their type and content. [`SubmissionWriter`] would refuse most of them.
type RawRecord = (u8, Vec<u8>);

fn transport() -> TransportIdentity {
    TransportIdentity::from_seed(&[4; 32])
}

fn header(kind: SubmissionKind) -> EnvelopeHeader {
    EnvelopeHeader {
        v: 1,
        kind,
        desk: "intake".to_owned(),
        lang: "fr".to_owned(),
        priority: Priority::P3,
        mailbox: Hash::default(),
        case: CaseRef { id: Uuid::from_u128(9), generation: 0 },
        directory: Hash::default(),
        release_to_oversight: false,
        seq: 0,
    }
}

fn seal_records(header: &EnvelopeHeader, records: &[RawRecord]) -> Vec<u8> {
    let mut out = Vec::new();
    let to = transport().recipient();
    let mut writer = age_hybrid::sealed_writer(to.as_recipient(), &mut out).unwrap();
    let json = serde_json::to_vec(header).unwrap();
    writer.write_all(b"BKE1").unwrap();
    writer.write_all(&u32::try_from(json.len()).unwrap().to_be_bytes()).unwrap();
    writer.write_all(&json).unwrap();
    for (kind, bytes) in records {
        writer.write_all(&[*kind]).unwrap();
        writer.write_all(&u32::try_from(bytes.len()).unwrap().to_be_bytes()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.write_all(&[0; 5]).unwrap();
    writer.finish().unwrap();
    out
}

/// The records of a valid submission: grants and keys of a report, then attachments, capsule, body,
/// tag.
fn valid_records(kind: SubmissionKind, attachments: Vec<RawRecord>) -> Vec<RawRecord> {
    let mailbox = Receipt::from_bytes([1; 16]).mailbox_identity().recipient();
    let case = CaseSecret::from_bytes([2; 32]).identity().recipient();
    let mut records = Vec::new();
    if kind == SubmissionKind::Report {
        records.extend(vec![(1, vec![7; 2_000]); 8]);
        records.push((6, mailbox.as_bytes().to_vec()));
        records.push((7, case.as_bytes().to_vec()));
    }
    records.extend(attachments);
    records.extend([(2, vec![1; 2_000]), (5, vec![1; 2_000]), (8, vec![0; 32])]);
    records
}

fn opens(kind: SubmissionKind, records: &[RawRecord]) -> bool {
    envelope::open(&transport(), &seal_records(&header(kind), records)[..]).is_ok()
}

fn attachment_records(chunks: &[usize]) -> Vec<RawRecord> {
    chunks.iter().map(|len| (3, vec![9; *len])).chain([(4, Vec::new())]).collect()
}

const CHUNK_LEN: usize = 64 * 1024;

#[test]
fn submissions_are_accepted_up_to_every_limit() {
    for kind in [SubmissionKind::Report, SubmissionKind::FollowUp] {
        assert!(opens(kind, &valid_records(kind, Vec::new())));
        assert!(opens(kind, &valid_records(kind, attachment_records(&[CHUNK_LEN, CHUNK_LEN, 1]))));
        assert!(opens(kind, &valid_records(kind, attachment_records(&[CHUNK_LEN]))));
        assert!(opens(
            kind,
            &valid_records(kind, (0..32).flat_map(|_| attachment_records(&[1])).collect())
        ));
        let mut largest = valid_records(kind, Vec::new());
        for (record, bytes) in &mut largest {
            match record {
                1 => bytes.resize(4 * 1024, 7),
                2 => bytes.resize(8 * 1024, 1),
                5 => bytes.resize(256 * 1024, 1),
                _ => {}
            }
        }
        assert!(opens(kind, &largest));
    }
}

#[test]
fn surplus_overlong_and_empty_records_are_refused() {
    let report = SubmissionKind::Report;
    let attachments: [(&str, Vec<RawRecord>); 8] = [
        ("33 files", (0..33).flat_map(|_| attachment_records(&[1])).collect()),
        ("an empty chunk", attachment_records(&[0])),
        ("an empty chunk behind a full one", attachment_records(&[CHUNK_LEN, 0])),
        ("tiny chunks", attachment_records(&[1, 1])),
        ("a short chunk in the middle", attachment_records(&[CHUNK_LEN, 1, CHUNK_LEN])),
        ("a chunk too long", attachment_records(&[CHUNK_LEN + 1])),
        ("a file without a chunk", vec![(4, Vec::new())]),
        ("an end that carries bytes", vec![(3, vec![1]), (4, vec![1])]),
    ];
    for (what, attachments) in attachments {
        for kind in [report, SubmissionKind::FollowUp] {
            assert!(
                !opens(kind, &valid_records(kind, attachments.clone())),
                "{what} in a {kind:?}"
            );
        }
    }
    for record in [1u8, 2, 5, 6, 7, 8] {
        let mut twice = valid_records(report, Vec::new());
        let at = twice.iter().rposition(|(kind, _)| *kind == record).unwrap();
        twice.insert(at, twice[at].clone());
        assert!(!opens(report, &twice), "record {record} once more");
    }
    for (record, most) in
        [(1u8, 4 * 1024), (2, 8 * 1024), (5, 256 * 1024), (6, 1_216), (7, 1_216), (8, 32)]
    {
        let mut long = valid_records(report, Vec::new());
        let at = long.iter().rposition(|(kind, _)| *kind == record).unwrap();
        long[at].1.resize(most + 1, 1);
        assert!(!opens(report, &long), "record {record} of {} bytes", most + 1);
    }
    for record in [1u8, 6, 7, 9] {
        let mut follow_up = valid_records(SubmissionKind::FollowUp, Vec::new());
        follow_up.insert(0, (record, vec![7; 1_216]));
        assert!(!opens(SubmissionKind::FollowUp, &follow_up), "record {record} in a follow-up");
    }
    let long = EnvelopeHeader { desk: "d".repeat(5_000), ..header(report) };
    assert!(
        envelope::open(&transport(), &seal_records(&long, &valid_records(report, Vec::new()))[..])
            .is_err()
    );
}

#[test]
fn a_flood_of_records_is_refused_at_the_first_surplus_record() {
    // A submission of 4 MiB for each kind of record that costs five bytes. Only a small part of it
    // may be read.
    for record in [1u8, 2, 3, 5, 6, 7, 8] {
        let records = vec![(record, Vec::new()); 800_000];
        let flood = seal_records(&header(SubmissionKind::Report), &records);
        let mut input = Cursor::new(&flood[..]);
        let started = Instant::now();
        assert!(envelope::open(&transport(), &mut input).is_err(), "record {record}");
        let read = input.position();
        assert!(
            read <= 256 * 1024,
            "record {record}: {read} bytes were read in {:?}",
            started.elapsed()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn an_accepted_submission_is_within_the_limits(
        records in prop::collection::vec((1u8..10, 0usize..3_000), 0..60),
        report: bool,
    ) {
        let kind = if report { SubmissionKind::Report } else { SubmissionKind::FollowUp };
        let mut all = valid_records(kind, Vec::new());
        let at = all.len() - 3;
        let random = records.into_iter().map(|(kind, len)| (kind, vec![3; len]));
        all.splice(at..at, random.take(60));
        if let Ok(opened) = envelope::open(&transport(), &seal_records(&header(kind), &all)[..]) {
            prop_assert!(opened.attachments.len() <= 32);
            prop_assert!(opened.attachments.iter().all(|file| !file.is_empty()));
            prop_assert!(opened.capsule.len() <= 8 * 1024 && opened.body.len() <= 256 * 1024);
            prop_assert_eq!(opened.grants.len(), if report { 8 } else { 0 });
        }
    }
}
