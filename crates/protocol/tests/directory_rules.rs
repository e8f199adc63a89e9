//! Directories that are unsigned, expired, rolled back or unsafe are refused, each with its own
//! error.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use protocol::{
    directory::{
        Desk, Directory, DirectoryError, LastSeen, LogQuorum, LogSettings, LogWitness,
        MAX_DIRECTORY_LEN, Member, RootSignature, SignedDirectory, TrustRoots,
    },
    keys::{InvestigatorIdentity, PublicKey, TransportIdentity},
    submission::report_body::{
        EXCLUSION_QUESTION, OVERSIGHT_QUESTION, PREFERENCE_QUESTION, ReportAnswer, ReportBody,
    },
};
use rand::{SeedableRng, rngs::StdRng};
use time::{Date, macros::date};
use uuid::Uuid;

const TODAY: Date = date!(2026 - 11 - 23);

fn sample_directory() -> (Directory, TrustRoots, Vec<SigningKey>) {
    let mut rng = StdRng::seed_from_u64(11);
    let roots: Vec<_> = (0..3).map(|_| SigningKey::generate(&mut rng)).collect();
    let mut member = |handle: &str| Member {
        handle: handle.to_owned(),
        recipient: InvestigatorIdentity::generate(&mut rng).recipient(),
        device: PublicKey::from(&SigningKey::generate(&mut rng)),
        units: Vec::new(),
        languages: Vec::new(),
    };
    let members: Vec<_> =
        ["a", "b", "c", "d", "e", "f", "g", "o", "p", "q"].map(&mut member).into();
    let desk = |id: &str, members: &[&str]| Desk {
        id: id.to_owned(),
        labels: BTreeMap::new(),
        categories: vec!["FAC".to_owned()],
        audiences: vec!["trader".to_owned()],
        members: members.iter().map(|m| (*m).to_owned()).collect(),
        units: Vec::new(),
    };
    let directory = Directory {
        v: 1,
        instance: Uuid::from_u128(1),
        epoch: 4,
        previous: None,
        issued: TODAY,
        expires: date!(2026 - 12 - 23),
        transport: vec![TransportIdentity::generate(&mut rng).recipient()],
        handler_key: PublicKey::from(&SigningKey::generate(&mut rng)),
        log: LogSettings::default(),
        members,
        desks: vec![desk("one", &["a", "b"]), desk("external", &["o"])],
        oversight: "external".to_owned(),
        programs: Vec::new(),
    };
    let trust = TrustRoots {
        instance: directory.instance,
        threshold: 2,
        roots: roots.iter().map(PublicKey::from).collect(),
    };
    (directory, trust, roots)
}

fn verify(signed: &SignedDirectory, trust: &TrustRoots) -> Result<Directory, DirectoryError> {
    signed.verify(trust, TODAY, None)
}

#[test]
fn m_of_n_signatures_by_different_roots_are_needed() {
    let (directory, trust, roots) = sample_directory();
    let unsigned = |valid| Err(DirectoryError::ThresholdNotMet { valid, needed: 2 });
    assert_eq!(
        verify(&SignedDirectory::sign(&directory, &roots[1..]).unwrap(), &trust),
        Ok(directory.clone())
    );
    assert_eq!(
        verify(&SignedDirectory::sign(&directory, &roots[..1]).unwrap(), &trust),
        unsigned(1)
    );
    let twice = [roots[0].clone(), roots[0].clone()];
    assert_eq!(verify(&SignedDirectory::sign(&directory, &twice).unwrap(), &trust), unsigned(1));
    let with_unknown_key = [roots[0].clone(), SigningKey::from_bytes(&[1; 32])];
    assert_eq!(
        verify(&SignedDirectory::sign(&directory, &with_unknown_key).unwrap(), &trust),
        unsigned(1)
    );
    let mut changed = SignedDirectory::sign(&directory, &roots).unwrap();
    let at = changed.bytes.iter().position(|byte| *byte == b'4').unwrap();
    changed.bytes[at] = b'5';
    assert_eq!(verify(&changed, &trust), unsigned(0));
    let careless = TrustRoots { threshold: 0, ..trust };
    assert!(verify(&changed, &careless).is_err());
}

#[test]
fn a_directory_lists_at_most_four_different_programs() {
    let (directory, trust, roots) = sample_directory();
    let listing = |programs: Vec<u8>| {
        let programs = programs.into_iter().map(|at| protocol::Hash([at; 32])).collect();
        SignedDirectory::sign(&Directory { programs, ..directory.clone() }, &roots)
    };
    assert!(verify(&listing(vec![1, 2, 3, 4]).unwrap(), &trust).is_ok());
    for programs in [vec![1, 2, 3, 4, 5], vec![1, 1]] {
        assert!(matches!(listing(programs), Err(DirectoryError::RuleViolated(_))));
    }
}

#[test]
fn dates_and_epochs_are_checked() {
    let (directory, trust, roots) = sample_directory();
    let signed = SignedDirectory::sign(&directory, &roots).unwrap();
    let on = |day| signed.verify(&trust, day, None).map(drop);
    assert_eq!(on(date!(2026 - 12 - 23)), Ok(()));
    assert_eq!(on(date!(2026 - 12 - 24)), Err(DirectoryError::Expired(directory.expires)));
    assert_eq!(on(date!(2026 - 11 - 22)), Ok(()), "a phone whose clock is some hours late");
    assert_eq!(on(date!(2026 - 11 - 21)), Err(DirectoryError::NotYetValid(directory.issued)));
    let seen = |epoch, hash| signed.verify(&trust, TODAY, Some(LastSeen { epoch, hash })).map(drop);
    assert_eq!(seen(4, signed.hash()), Ok(()));
    assert_eq!(seen(3, protocol::Hash::default()), Ok(()));
    let rolled_back = |seen| Err(DirectoryError::RolledBack { found: 4, seen });
    assert_eq!(seen(5, protocol::Hash::default()), rolled_back(5));
    assert_eq!(seen(4, protocol::Hash::default()), rolled_back(4), "two directories of one epoch");
    let other = TrustRoots { instance: Uuid::from_u128(2), ..trust.clone() };
    assert_eq!(verify(&signed, &other), Err(DirectoryError::OtherInstance));
    assert!(signed.verify_ignoring_dates(&trust).is_ok());
}

fn witness(number: u8) -> LogWitness {
    LogWitness {
        name: format!("witness.example/{number}"),
        key: PublicKey::from(&SigningKey::from_bytes(&[number; 32])),
    }
}

#[test]
fn the_log_may_have_eight_witnesses_and_a_quorum_of_all_cosigners() {
    let (mut directory, trust, roots) = sample_directory();
    directory.log = LogSettings {
        epoch: u32::MAX,
        witnesses: (0..8).map(witness).collect(),
        quorum: LogQuorum { oversight: 1, witnesses: 8 },
    };
    let signed = SignedDirectory::sign(&directory, &roots).unwrap();
    assert_eq!(verify(&signed, &trust), Ok(directory));
}

#[test]
fn a_directory_that_endangers_reporters_is_not_signed() {
    type DirectoryChange = fn(&mut Directory);
    let unsafe_changes: [(&str, DirectoryChange); 23] = [
        ("no transport recipient", |d| d.transport.clear()),
        ("not valid for 0 to 30 days", |d| d.expires = date!(2027 - 01 - 23)),
        ("occurs twice", |d| d.members[1].handle = "a".to_owned()),
        ("shares a key", |d| d.members[1].recipient = d.members[0].recipient.clone()),
        ("shares a device key", |d| d.members[1].device = d.members[0].device),
        ("shares a device key", |d| d.members[3].device = d.handler_key),
        ("has a label with an invalid language", |d| {
            d.desks[0].labels.insert("1".to_owned(), "x".to_owned());
        }),
        ("is missing", |d| d.oversight = "nowhere".to_owned()),
        ("has more than 6 members", |d| {
            d.desks[0].members = ["a", "b", "c", "d", "e", "f", "g"].map(str::to_owned).into();
        }),
        ("has more than 2 members", |d| {
            d.desks[1].members = ["o", "p", "q"].map(str::to_owned).into();
        }),
        ("names unknown member", |d| d.desks[0].members.push("nobody".to_owned())),
        ("is also a member of desk", |d| d.desks[0].members.push("o".to_owned())),
        ("has no member", |d| d.desks[1].members.clear()),
        ("epoch of the log is 0", |d| d.log.epoch = 0),
        ("more than 8 witnesses", |d| d.log.witnesses = (0..9).map(witness).collect()),
        ("witness.example/1 occurs twice", |d| {
            d.log.witnesses = vec![witness(1), LogWitness { key: witness(2).key, ..witness(1) }];
        }),
        ("witness.example/2 shares a key", |d| {
            d.log.witnesses = vec![witness(1), LogWitness { key: witness(1).key, ..witness(2) }];
        }),
        ("witness.example/1 shares a key", |d| {
            d.log.witnesses = vec![LogWitness { key: d.handler_key, ..witness(1) }];
        }),
        ("witness.example/1 shares a key", |d| {
            d.log.witnesses = vec![LogWitness { key: d.members[7].device, ..witness(1) }];
        }),
        ("invalid name of a witness", |d| {
            let name = "burkindi/member/1/o".to_owned();
            d.log.witnesses = vec![LogWitness { name, ..witness(1) }];
        }),
        ("needs 2 members of the oversight body, which has 1", |d| d.log.quorum.oversight = 2),
        ("needs 1 witnesses, and the directory has 0", |d| d.log.quorum.witnesses = 1),
        ("the quorum of the log is empty", |d| d.log.quorum.oversight = 0),
    ];
    for (text, change) in unsafe_changes {
        let (mut directory, _, roots) = sample_directory();
        change(&mut directory);
        let refused = SignedDirectory::sign(&directory, &roots);
        assert!(
            matches!(&refused, Err(DirectoryError::RuleViolated(rule)) if rule.contains(text)),
            "{text}: {refused:?}"
        );
    }
}

#[test]
fn a_classic_recipient_or_an_unknown_field_is_refused() {
    let (directory, trust, roots) = sample_directory();
    let hybrid = directory.members[0].recipient.to_string();
    let classic = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let signed = SignedDirectory::sign(&directory, &roots).unwrap();
    let text = String::from_utf8(signed.bytes).unwrap();
    for changed in
        [text.replace(&hybrid, classic), text.replacen("\"v\":1", "\"v\":1,\"also\":2", 1)]
    {
        let mut signed = SignedDirectory { bytes: changed.into_bytes(), signatures: Vec::new() };
        for root in &roots {
            signed.add_signature(root);
        }
        assert!(matches!(verify(&signed, &trust), Err(DirectoryError::Malformed(_))));
    }
}

#[test]
fn a_category_without_a_desk_goes_to_the_oversight_body() {
    let (directory, ..) = sample_directory();
    let to = |category, audience| directory.recipients_for(category, audience, &[]).desk.id.clone();
    assert_eq!(to("FAC", "trader"), "one");
    assert_eq!(to("FAC", "officer"), "external");
    assert_eq!(to("XXX", "trader"), "external");
}

/// Id, categories, members and units of a desk.
type DeskVector = (String, Vec<String>, Vec<String>, Vec<String>);

/// The vectors of exclusions that exclude no member, which the browser's tests read too.
#[derive(serde::Deserialize)]
struct ExclusionVectors {
    /// Handle and units.
    members: Vec<(String, Vec<String>)>,
    desks: Vec<DeskVector>,
    oversight: Vec<String>,
    cases: Vec<ExclusionCase>,
}

#[derive(serde::Deserialize)]
struct ExclusionCase {
    category: String,
    excluded: Vec<String>,
    without_effect: Vec<String>,
}

#[test]
fn exclusions_that_exclude_no_member_of_the_desk_match_the_vectors() {
    let vectors: ExclusionVectors =
        serde_json::from_str(include_str!("../exclusions.json")).unwrap();
    let (mut directory, ..) = sample_directory();
    for (member, (handle, units)) in directory.members.iter_mut().zip(vectors.members) {
        (member.handle, member.units) = (handle, units);
    }
    let desk = |(id, categories, members, units)| Desk {
        id,
        labels: BTreeMap::new(),
        categories,
        audiences: Vec::new(),
        members,
        units,
    };
    let oversight = (directory.oversight.clone(), Vec::new(), vectors.oversight, Vec::new());
    directory.desks = vectors.desks.into_iter().chain([oversight]).map(desk).collect();
    assert!(!vectors.cases.is_empty());
    for ExclusionCase { category, excluded, without_effect } in vectors.cases {
        let found = directory.exclusions_without_effect(&category, "trader", &excluded);
        assert_eq!(found, without_effect, "{category} {excluded:?}");
        // Such exclusions change no reader.
        let readers = |excluded: &[String]| {
            let found = directory.recipients_for(&category, "trader", excluded);
            found.members.iter().map(|member| member.handle.clone()).collect::<Vec<_>>()
        };
        let others = excluded.iter().filter(|one| !without_effect.contains(one)).cloned();
        assert_eq!(readers(&excluded), readers(&others.collect::<Vec<_>>()), "{excluded:?}");
    }
}

#[test]
fn only_members_of_the_preferred_unit_get_a_report_if_there_are_two() {
    let (mut directory, ..) = sample_directory();
    directory.desks[0].members = ["a", "b", "c"].map(str::to_owned).into();
    let to = |directory: &Directory, preference: &str, excluded: &str| {
        let one = |answer: &str| ReportAnswer::One(answer.to_owned());
        let answers = [(PREFERENCE_QUESTION, preference), (EXCLUSION_QUESTION, excluded)];
        let report = ReportBody {
            category: "FAC".to_owned(),
            audience: "trader".to_owned(),
            answers: answers.map(|(question, answer)| (question.to_owned(), one(answer))).into(),
            story: String::new(),
        };
        let recipients = directory.recipients_of(&report).unwrap();
        let handles = recipients.members.iter().map(|member| member.handle.as_str());
        (handles.collect::<String>(), recipients.oversight.len())
    };
    assert_eq!(to(&directory, "woman", ""), ("abc".to_owned(), 1), "no member has the unit");
    for (member, units) in [(0, &["woman"][..]), (1, &["man", "north"]), (2, &["woman", "any"])] {
        directory.members[member].units = units.iter().map(|unit| (*unit).to_owned()).collect();
    }
    for (preference, excluded, readers) in [
        ("woman", "", "ac"),
        ("man", "", "abc"),
        // Neither an answer without a preference nor another unit is one.
        ("any", "", "abc"),
        ("north", "", "abc"),
        ("woman", "north", "ac"),
        ("man", "woman", "o"),
        ("woman", "one", "o"),
    ] {
        let (found, oversight) = to(&directory, preference, excluded);
        assert_eq!(found, readers, "{preference}, without {excluded}");
        assert_eq!(oversight, usize::from(readers != "o"));
    }
}

#[test]
fn a_refused_oversight_body_is_no_recipient() {
    let (directory, ..) = sample_directory();
    let to = |category: &str, answer: Option<&str>| {
        let answer = answer.map(|answer| ReportAnswer::One(answer.to_owned()));
        let report = ReportBody {
            category: category.to_owned(),
            audience: "trader".to_owned(),
            answers: answer
                .map(|answer| (OVERSIGHT_QUESTION.to_owned(), answer))
                .into_iter()
                .collect(),
            story: String::new(),
        };
        let recipients = directory.recipients_of(&report)?;
        let (now, later) = (recipients.members.len(), recipients.oversight.len());
        Some((recipients.desk.id.clone(), now, later))
    };
    let members = |desk: &str| directory.desk(desk).unwrap().members.len();
    let (desk, oversight) = (members("one"), members("external"));
    for answer in [None, Some("yes")] {
        assert_eq!(to("FAC", answer), Some(("one".to_owned(), desk, oversight)), "{answer:?}");
        assert_eq!(to("XXX", answer), Some(("external".to_owned(), oversight, 0)), "{answer:?}");
    }
    for answer in [Some("no"), Some("unknown"), Some("unsaid")] {
        assert_eq!(to("FAC", answer), Some(("one".to_owned(), desk, 0)), "{answer:?}");
        assert_eq!(to("XXX", answer), None, "no reader is left after {answer:?}");
    }
}

#[test]
fn surplus_and_repeated_signatures_are_refused_before_verification() {
    let (directory, trust, roots) = sample_directory();
    let signed = SignedDirectory::sign(&directory, &roots[..2]).unwrap();
    // The same root key twice: two valid signatures, and an invalid one beside a valid one.
    for signature in [signed.signatures[0].signature.clone(), vec![7; 64]] {
        let mut twice = signed.clone();
        twice.signatures.push(RootSignature { key: twice.signatures[0].key, signature });
        assert_eq!(verify(&twice, &trust), Err(DirectoryError::DuplicateOrTooManySignatures));
    }
    let mut many = signed.clone();
    let unknown_keys = (1..=15).map(|seed| PublicKey::from(&SigningKey::from_bytes(&[seed; 32])));
    many.signatures.extend(unknown_keys.map(|key| RootSignature { key, signature: vec![7; 64] }));
    assert_eq!(verify(&many, &trust), Err(DirectoryError::DuplicateOrTooManySignatures));
    // A transmitted list is not read to its end.
    let json = serde_json::to_vec(&many).unwrap();
    let refused = serde_json::from_slice::<SignedDirectory>(&json).unwrap_err();
    assert!(refused.to_string().contains("more than 16 signatures"), "{refused}");
    let fits = SignedDirectory { signatures: many.signatures[..16].to_vec(), ..many };
    assert_eq!(
        verify(&serde_json::from_slice(&serde_json::to_vec(&fits).unwrap()).unwrap(), &trust),
        Ok(directory)
    );
}

#[test]
fn a_directory_over_the_maximum_length_is_neither_signed_nor_accepted() {
    let (mut directory, trust, roots) = sample_directory();
    directory.desks[0].labels.insert("fr".to_owned(), "x".repeat(MAX_DIRECTORY_LEN));
    assert!(matches!(SignedDirectory::sign(&directory, &roots), Err(DirectoryError::TooLong(_))));
    let mut signed =
        SignedDirectory { bytes: serde_json::to_vec(&directory).unwrap(), signatures: Vec::new() };
    for root in &roots {
        signed.add_signature(root);
    }
    assert!(matches!(verify(&signed, &trust), Err(DirectoryError::TooLong(_))));
}

#[test]
fn a_second_signature_by_a_root_replaces_its_first() {
    let (directory, trust, roots) = sample_directory();
    let mut signed = SignedDirectory::sign(&directory, &roots[..2]).unwrap();
    signed.add_signature(&roots[0]);
    assert_eq!((signed.signatures.len(), verify(&signed, &trust).is_ok()), (2, true));
}
