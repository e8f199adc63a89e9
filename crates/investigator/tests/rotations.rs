//! Rotations by two members: what the second member and every later reader check, and what each
//! party without the right key can do to a statement, a confirmation, a proposal and a grant.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{
    ReportFixture, draft, fixture, grant_of, open_case, open_submission, random_signing_key,
    submit_report,
};
use investigator::{CaseError, OpenCase, ProposedRotation, RotationFault, RotationProposal};
use protocol::{
    Hash,
    api::workbench::GenerationGrant,
    case::event::GrantRecord,
    keys::{CaseSecret, InvestigatorIdentity, InvestigatorRecipient, PublicKey},
    receipt::Receipt,
    rotation::{
        ConfirmedRotation, RotationConfirmation, RotationStatement, SignedStatement, StatementError,
    },
    submission::{
        envelope::OpenedSubmission,
        frame::{FrameRef, MAX_GENERATION},
        key_grant::{Grant, SealedGrant, grant_tag},
    },
};
use uuid::Uuid;

/// The members who read on. `awa` proposes, `bila` checks, and `coumba` is left out.
const STAY: [&str; 3] = ["awa", "bila", "eva"];
const NEWEST: Option<FrameRef> = Some(FrameRef { seq: 4, hash: Hash([4; 32]) });

struct Rotating {
    world: ReportFixture,
    opened: OpenedSubmission,
    awa: OpenCase,
    bila: OpenCase,
}

impl Rotating {
    fn new() -> Self {
        let mut world = fixture();
        let (_, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
        let opened = open_submission(&world, &bytes);
        let (awa, bila) = (open_case(&world, &opened, "awa"), open_case(&world, &opened, "bila"));
        Self { world, opened, awa, bila }
    }

    fn id(&self) -> Uuid {
        self.opened.header.case.id
    }

    fn recipient(&self, handle: &str) -> InvestigatorRecipient {
        self.world.people[handle].recipient()
    }

    fn propose(&self) -> RotationProposal {
        let stay = STAY.map(|handle| self.recipient(handle));
        let stay: Vec<_> = stay.iter().collect();
        self.awa.propose_rotation(&stay, None, NEWEST, &mut self.world.rng.clone()).unwrap()
    }

    /// Returns what the second member finds, who reads these records and own grants.
    fn check(
        &self,
        rotation: &SignedStatement,
        records: &[GrantRecord],
        own: &[GenerationGrant],
    ) -> Result<(), RotationFault> {
        let proposed = ProposedRotation { rotation, records, previous: None, newest_reply: NEWEST };
        self.check_among(&proposed, own, &STAY)
    }

    fn check_among(
        &self,
        proposed: &ProposedRotation<'_>,
        own: &[GenerationGrant],
        stay: &[&'static str],
    ) -> Result<(), RotationFault> {
        let recipients: Vec<_> =
            stay.iter().map(|handle| (*handle, self.recipient(handle))).collect();
        let readers: Vec<_> =
            recipients.iter().map(|(handle, recipient)| (*handle, recipient)).collect();
        self.bila.check_proposal(proposed, own, &self.world.people["bila"], &readers)
    }

    /// Returns the case secret of generation 0, which every reader has.
    fn secret(&self) -> CaseSecret {
        self.grant("coumba").secret
    }

    fn grant(&self, handle: &str) -> Grant {
        let sealed = grant_of(&self.world, &self.opened, handle).unwrap();
        Grant::open(&sealed, &self.world.people[handle], self.id(), 0).unwrap()
    }
}

fn records(grants: &[GenerationGrant]) -> Vec<GrantRecord> {
    grants.iter().map(GenerationGrant::to_record).collect()
}

/// Returns the grant of a handle in a proposal to [`STAY`].
fn own_of(proposal: &RotationProposal, handle: &str) -> Vec<GenerationGrant> {
    let at = STAY.iter().position(|stay| *stay == handle).unwrap();
    vec![proposal.grants[at].clone()]
}

#[test]
fn a_second_member_accepts_an_honest_proposal_and_all_readers_confirm_it() {
    let case = Rotating::new();
    let proposal = case.propose();
    case.check(&proposal.rotation, &records(&proposal.grants), &own_of(&proposal, "bila")).unwrap();
    let statement = &proposal.rotation.statement;
    assert_eq!(
        (statement.generation, statement.case_recipient),
        (1, proposal.case_recipient.hash())
    );
    assert_eq!(case.awa.newest_generation(), 0, "a proposal is not in effect");
    let first = GenerationGrant {
        generation: 0,
        grant: grant_of(&case.world, &case.opened, "eva").unwrap(),
    };
    let grants = [vec![first.clone()], own_of(&proposal, "eva")].concat();
    let eva = OpenCase::open(case.id(), &grants, &case.world.people["eva"]).unwrap();
    eva.check_statement(&proposal.rotation).unwrap();
    // A reader without the new grant, or with another one, does not confirm.
    let only_old = OpenCase::open(case.id(), &[first], &case.world.people["eva"]).unwrap();
    let fault = only_old.check_statement(&proposal.rotation).unwrap_err();
    assert!(matches!(fault, RotationFault::OwnGrant(CaseError::UnknownGeneration(1))), "{fault}");
    let mut other = case.world.rng.clone();
    random_signing_key(&mut other);
    let (awa, eva_key) = (case.recipient("awa"), case.recipient("eva"));
    let second = case.awa.propose_rotation(&[&awa, &eva_key], None, NEWEST, &mut other).unwrap();
    let fault = eva.check_statement(&second.rotation).unwrap_err();
    assert!(matches!(fault, RotationFault::OtherKeys), "{fault}");
}

#[test]
fn no_party_without_the_replies_key_makes_or_changes_a_statement() {
    let case = Rotating::new();
    let honest = case.propose().rotation;
    let current = PublicKey::from(&case.secret().replies_key());
    honest.verify(&current).unwrap();
    // The case handler and an excluded member have public keys and keys of their own. A reporter
    // has the receipt. A member has a device key.
    let outsider = random_signing_key(&mut case.world.rng.clone());
    let reporter = Receipt::from_bytes([3; 16]).signing_key();
    let later = CaseSecret::from_bytes([9; 32]).replies_key();
    for key in [&outsider, &reporter, &later] {
        let made = honest.statement.clone().sign(key);
        assert_eq!(made.verify(&current), Err(StatementError::Forged));
    }
    let statement = honest.statement.clone();
    for (what, changed) in [
        ("version", RotationStatement { v: 1, ..statement.clone() }),
        ("case", RotationStatement { case: Uuid::from_u128(9), ..statement.clone() }),
        ("generation", RotationStatement { generation: 2, ..statement.clone() }),
        ("C", RotationStatement { case_recipient: Hash::default(), ..statement.clone() }),
        ("K_c", RotationStatement { replies_key: (&outsider).into(), ..statement.clone() }),
        ("newest reply", RotationStatement { newest_reply: None, ..statement.clone() }),
        ("previous", RotationStatement { previous: Some(Hash::default()), ..statement.clone() }),
    ] {
        let signature = honest.signature.clone();
        let forged = SignedStatement { statement: changed, signature };
        assert_eq!(forged.verify(&current), Err(StatementError::Forged), "{what}");
    }
    for signature in [vec![], honest.signature[1..].to_vec(), vec![0; 64]] {
        let forged = SignedStatement { statement: statement.clone(), signature };
        assert_eq!(forged.verify(&current), Err(StatementError::Forged));
    }
}

#[test]
fn a_statement_is_bound_to_its_case_and_its_position() {
    let case = Rotating::new();
    let (id, statement) = (case.id(), case.propose().rotation.statement);
    assert_eq!(statement.check_follows(id, 0, None), Ok(()));
    let other = statement.check_follows(Uuid::from_u128(9), 0, None);
    assert_eq!(other, Err(StatementError::WrongCase), "replayed in another case");
    for generation in [1, 2] {
        let replayed = statement.check_follows(id, generation, None);
        assert_eq!(replayed, Err(StatementError::WrongGeneration), "replayed or reordered");
    }
    let dropped = statement.check_follows(id, 0, Some(Hash::default()));
    assert_eq!(dropped, Err(StatementError::WrongPrevious), "the one before was dropped");
    let last = RotationStatement { generation: MAX_GENERATION + 1, ..statement.clone() };
    let beyond = last.check_follows(id, MAX_GENERATION, None);
    assert_eq!(beyond, Err(StatementError::WrongGeneration));
    let old = RotationStatement { v: 1, ..statement };
    assert_eq!(old.check_follows(id, 0, None), Err(StatementError::UnsupportedVersion));
}

#[test]
fn only_two_device_keys_of_the_directory_confirm_a_statement() {
    let case = Rotating::new();
    let mut rng = case.world.rng.clone();
    let devices = [(); 3].map(|()| random_signing_key(&mut rng));
    let directory = [0, 1].map(|at| PublicKey::from(&devices[at]));
    let rotation = case.propose().rotation;
    let statement = rotation.statement.clone();
    let confirmed = |confirmations: &[RotationConfirmation]| {
        let confirmations = confirmations.to_vec();
        ConfirmedRotation { rotation: rotation.clone(), confirmations }.is_confirmed_by(&directory)
    };
    let [awa, bila, former] = [0, 1, 2].map(|at| statement.confirm(&devices[at]));
    assert!(confirmed(&[awa.clone(), bila.clone()]));
    assert!(confirmed(&[former.clone(), bila.clone(), awa.clone()]), "in any order");
    assert!(!confirmed(&[]), "dropped");
    assert!(!confirmed(std::slice::from_ref(&awa)), "one dropped");
    assert!(!confirmed(&[awa.clone(), awa.clone()]), "one member twice");
    assert!(!confirmed(&[awa.clone(), former.clone()]), "a former member");
    // A former member or the case handler claims the key of bila, or changes the signature.
    let claimed = RotationConfirmation { device: directory[1], ..former };
    assert!(!confirmed(&[awa.clone(), claimed]));
    let swapped = RotationConfirmation { device: directory[1], ..awa.clone() };
    assert!(!confirmed(&[awa.clone(), swapped]));
    for signature in [vec![], bila.signature[1..].to_vec(), vec![0; 64]] {
        assert!(!confirmed(&[awa.clone(), RotationConfirmation { signature, ..bila.clone() }]));
    }
    // A confirmation of another statement of the same case.
    let other = RotationStatement { generation: 2, ..statement };
    assert!(!confirmed(&[awa.clone(), other.confirm(&devices[1])]), "replayed");
    // The signature of the statement is no confirmation, and a confirmation no statement.
    let made = rotation.statement.clone().sign(&devices[1]);
    let as_confirmation = RotationConfirmation { device: directory[1], signature: made.signature };
    assert!(!confirmed(&[awa, as_confirmation]));
    let as_statement = SignedStatement { statement: rotation.statement, signature: bila.signature };
    assert_eq!(as_statement.verify(&directory[1]), Err(StatementError::Forged));
}

#[test]
fn the_second_member_notices_every_statement_that_is_not_the_proposers() {
    let case = Rotating::new();
    let proposal = case.propose();
    let (records, own) = (records(&proposal.grants), own_of(&proposal, "bila"));
    let key = case.secret().replies_key();
    let honest = proposal.rotation.statement.clone();
    // Another reader, or a former one, signs with the same `K_c`, and the case handler serves it.
    let other = CaseSecret::from_bytes([9; 32]);
    let moved = RotationStatement {
        case_recipient: other.identity().recipient().hash(),
        replies_key: (&other.replies_key()).into(),
        ..honest.clone()
    };
    let fault = case.check(&moved.sign(&key), &records, &own).unwrap_err();
    assert!(matches!(fault, RotationFault::OtherKeys), "{fault}");
    let half = RotationStatement { replies_key: (&other.replies_key()).into(), ..honest.clone() };
    let fault = case.check(&half.sign(&key), &records, &own).unwrap_err();
    assert!(matches!(fault, RotationFault::OtherKeys), "{fault}");
    // A reply was sent after the proposal, or is left out of it.
    let later = RotationStatement { newest_reply: None, ..honest.clone() };
    let fault = case.check(&later.sign(&key), &records, &own).unwrap_err();
    assert!(matches!(fault, RotationFault::OtherNewestReply), "{fault}");
    for statement in [
        RotationStatement { case: Uuid::from_u128(9), ..honest.clone() },
        RotationStatement { generation: 2, ..honest.clone() },
        RotationStatement { previous: Some(Hash::default()), ..honest.clone() },
    ] {
        let fault = case.check(&statement.sign(&key), &records, &own).unwrap_err();
        assert!(matches!(fault, RotationFault::Statement(_)), "{fault}");
    }
    let forged = honest.sign(&other.replies_key());
    let fault = case.check(&forged, &records, &own).unwrap_err();
    assert!(matches!(fault, RotationFault::Statement(StatementError::Forged)), "{fault}");
}

#[test]
fn the_second_member_notices_every_grant_that_is_dropped_replayed_or_changed() {
    let case = Rotating::new();
    let proposal = case.propose();
    let (honest, own) = (proposal.grants.clone(), own_of(&proposal, "bila"));
    let rotation = &proposal.rotation;
    let id = case.id();
    let mut reordered = records(&honest);
    reordered.reverse();
    case.check(rotation, &reordered, &own).unwrap();

    // A reader is left out: the oversight body too.
    for (at, handle) in [(0, "awa"), (2, "eva")] {
        let mut dropped = records(&honest);
        dropped.remove(at);
        let fault = case.check(rotation, &dropped, &own).unwrap_err();
        assert!(matches!(&fault, RotationFault::WrongReaders(who) if who == &[handle]), "{fault}");
    }
    let repeated = [records(&honest), records(&honest[2..])].concat();
    let fault = case.check(rotation, &repeated, &own).unwrap_err();
    assert!(matches!(fault, RotationFault::WrongReaders(_)), "{fault}");
    // A member stays whom the approver was not shown, or a key is in no directory.
    let proposed =
        |records| ProposedRotation { rotation, records, previous: None, newest_reply: NEWEST };
    let all = records(&honest);
    let fault = case.check_among(&proposed(&all), &own, &["awa", "bila"]).unwrap_err();
    assert!(matches!(fault, RotationFault::UnknownReader), "{fault}");

    // The proposer has the new secret. Each grant of another member is made again and compared.
    let new = Grant::open(&own[0].grant, &case.world.people["bila"], id, 1).unwrap();
    let eva = case.recipient("eva");
    let tag = grant_tag(id, &eva);
    let outsider = InvestigatorIdentity::from_seed(&[3; 32]).recipient();
    let plain = case.world.people["eva"].open(&honest[2].grant.sealed).unwrap();
    for (what, sealed) in [
        ("bytes that do not open", vec![0; 2000]),
        ("nothing", vec![]),
        ("sealed with random bytes", eva.seal(&plain)),
        ("sealed to another key", new.seal(&outsider).sealed),
        (
            "another secret",
            Grant { secret: CaseSecret::from_bytes([9; 32]), ..new.clone() }.seal(&eva).sealed,
        ),
        (
            "another mailbox",
            Grant { mailbox_recipient: Hash::default(), ..new.clone() }.seal(&eva).sealed,
        ),
        ("a grant of generation 0", grant_of(&case.world, &case.opened, "eva").unwrap().sealed),
    ] {
        let mut changed = honest.clone();
        changed[2].grant = SealedGrant { tag, sealed };
        let fault = case.check(rotation, &records(&changed), &own).unwrap_err();
        assert!(
            matches!(&fault, RotationFault::GrantsDiffer(who) if who == &["eva"]),
            "{what}: {fault}"
        );
    }
    // A grant of an older generation for a key that changed since.
    let older = |secret: CaseSecret| {
        let grant = Grant { secret, ..case.grant("coumba") }.seal(&eva);
        [honest.clone(), vec![GenerationGrant { generation: 0, grant }]].concat()
    };
    case.check(rotation, &records(&older(case.secret())), &own).unwrap();
    let wrong = older(CaseSecret::from_bytes([9; 32]));
    let fault = case.check(rotation, &records(&wrong), &own).unwrap_err();
    assert!(matches!(&fault, RotationFault::GrantsDiffer(who) if who == &["eva"]), "{fault}");
}

#[test]
fn the_second_member_notices_every_own_grant_that_the_case_handler_changes() {
    let case = Rotating::new();
    let proposal = case.propose();
    let (records_of_all, own) = (records(&proposal.grants), own_of(&proposal, "bila"));
    let (rotation, id) = (&proposal.rotation, case.id());
    let fault = case.check(rotation, &records_of_all, &[]).unwrap_err();
    assert!(matches!(fault, RotationFault::NoOwnGrant), "{fault}");
    let twice = [own.clone(), own.clone()].concat();
    let fault = case.check(rotation, &records_of_all, &twice).unwrap_err();
    assert!(matches!(fault, RotationFault::NoOwnGrant), "{fault}");
    let of_another = own_of(&proposal, "eva");
    let fault = case.check(rotation, &records_of_all, &of_another).unwrap_err();
    assert!(matches!(fault, RotationFault::OwnGrant(_)), "{fault}");
    // The case handler makes a grant with a secret of its own, which no event records.
    let bila = case.recipient("bila");
    let made =
        Grant { secret: CaseSecret::from_bytes([9; 32]), generation: 1, ..case.grant("bila") };
    let made = vec![GenerationGrant { generation: 1, grant: made.seal(&bila) }];
    let fault = case.check(rotation, &records_of_all, &made).unwrap_err();
    assert!(matches!(fault, RotationFault::OwnGrantUnrecorded), "{fault}");
    // The proposer records a grant for the second member that binds another reporter.
    let new = Grant::open(&own[0].grant, &case.world.people["bila"], id, 1).unwrap();
    let other = Grant { reporter_key: (&Receipt::from_bytes([3; 16]).signing_key()).into(), ..new };
    let mut changed = proposal.grants.clone();
    changed[1].grant = other.seal(&bila);
    let fault = case.check(rotation, &records(&changed), &changed[1..2]).unwrap_err();
    assert!(matches!(fault, RotationFault::OwnGrant(CaseError::ReporterMismatch)), "{fault}");
}

#[test]
fn a_mailbox_record_has_one_spelling() {
    let case = Rotating::new();
    let rotation = case.propose().rotation;
    let device = random_signing_key(&mut case.world.rng.clone());
    let confirmations = vec![rotation.statement.confirm(&device); 2];
    let record = ConfirmedRotation { rotation, confirmations };
    let bytes = record.to_bytes();
    assert_eq!(ConfirmedRotation::from_bytes(&bytes).unwrap(), record);
    let text = String::from_utf8(bytes).unwrap();
    for other in [
        format!(" {text}"),
        text.replace(",\"", ", \""),
        text.replace("\"v\":2", "\"v\":2.0"),
        text.replace("\"generation\":1", "\"generation\":1,\"more\":0"),
        text.replace("\"newest_reply\":{\"seq\":4,", "\"newest_reply\":{\"seq\":04,"),
        text.replace("\"previous\":null", "\"previous\":\"\""),
        text[..text.len() - 1].to_owned(),
    ] {
        assert_ne!(other, text);
        assert!(ConfirmedRotation::from_bytes(other.as_bytes()).is_none(), "{other}");
    }
}
