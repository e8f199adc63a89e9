//! A small installation in memory: a directory, members, and functions that submit reports.
#![expect(dead_code, reason = "each test file uses a part")]
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

pub(crate) mod peer;

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use investigator::{OpenCase, RotationProposal, SealedFrame, Thread};
use protocol::{
    Hash, Priority,
    api::workbench::GenerationGrant,
    directory::{Desk, Directory, LogSettings, Member, SignedDirectory, TrustRoots},
    keys::{InvestigatorIdentity, PublicKey, TransportIdentity},
    receipt::Receipt,
    rotation::ConfirmedRotation,
    submission::{
        commitment::submission_digest,
        envelope::{self, OpenedSubmission},
        frame::FrameDirection,
        key_grant::{SealedGrant, grant_tag},
        reply_capsule::ReplyCapsule,
        report_body::{ReportAnswer, ReportBody},
    },
};
use rand::{SeedableRng, rngs::StdRng};
use reporter::{ReportDraft, ReportSealer, ReportSecrets};
use time::{Date, macros::date};
use uuid::Uuid;

pub(crate) const TODAY: Date = date!(2026 - 11 - 23);

pub(crate) struct ReportFixture {
    pub(crate) rng: StdRng,
    pub(crate) transport: TransportIdentity,
    pub(crate) people: BTreeMap<&'static str, InvestigatorIdentity>,
    pub(crate) devices: BTreeMap<&'static str, SigningKey>,
    pub(crate) directory: Directory,
    pub(crate) signed: SignedDirectory,
    pub(crate) trust: TrustRoots,
    pub(crate) roots: Vec<SigningKey>,
}

pub(crate) fn random_signing_key(rng: &mut StdRng) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::generate(rng)
}

pub(crate) fn fixture() -> ReportFixture {
    let mut rng = StdRng::seed_from_u64(1);
    let transport = TransportIdentity::generate(&mut rng);
    let handles = ["awa", "bila", "coumba", "dao", "eva", "fofana"];
    let people: BTreeMap<_, _> = handles
        .into_iter()
        .map(|handle| (handle, InvestigatorIdentity::generate(&mut rng)))
        .collect();
    let devices: BTreeMap<_, _> =
        handles.into_iter().map(|handle| (handle, random_signing_key(&mut rng))).collect();
    let members = people
        .iter()
        .map(|(handle, identity)| Member {
            handle: (*handle).to_owned(),
            recipient: identity.recipient(),
            device: PublicKey::from(&devices[handle]),
            units: if *handle == "bila" { vec!["regional".to_owned()] } else { Vec::new() },
            languages: vec!["fr".to_owned()],
        })
        .collect();
    let desk = |id: &str, categories: &[&str], members: &[&str]| Desk {
        id: id.to_owned(),
        labels: BTreeMap::new(),
        categories: categories.iter().map(|c| (*c).to_owned()).collect(),
        audiences: Vec::new(),
        members: members.iter().map(|m| (*m).to_owned()).collect(),
        units: Vec::new(),
    };
    let roots: Vec<_> = (0..3).map(|_| random_signing_key(&mut rng)).collect();
    let instance = Uuid::from_u128(7);
    let directory = Directory {
        v: 1,
        instance,
        epoch: 1,
        previous: None,
        issued: TODAY,
        expires: date!(2026 - 12 - 23),
        transport: vec![transport.recipient()],
        handler_key: PublicKey::from(&random_signing_key(&mut rng)),
        log: LogSettings::default(),
        members,
        desks: vec![
            desk("internal_affairs", &["FAC", "EXT"], &["awa", "bila", "coumba"]),
            desk("hr_integrity", &["NEP"], &["coumba", "dao"]),
            desk("external", &[], &["eva", "fofana"]),
        ],
        oversight: "external".to_owned(),
        programs: Vec::new(),
    };
    let trust =
        TrustRoots { instance, threshold: 2, roots: roots.iter().map(PublicKey::from).collect() };
    let signed = SignedDirectory::sign(&directory, &roots[..2]).unwrap();
    ReportFixture { rng, transport, people, devices, directory, signed, trust, roots }
}

impl ReportFixture {
    /// Signs a directory without this member.
    pub(crate) fn remove_member(&mut self, handle: &str) {
        self.directory.members.retain(|member| member.handle != handle);
        for desk in &mut self.directory.desks {
            desk.members.retain(|member| member != handle);
        }
        self.signed = SignedDirectory::sign(&self.directory, &self.roots[..2]).unwrap();
    }
}

pub(crate) fn draft(story: &str, excluded: &[&str]) -> ReportDraft {
    let excluded: Vec<String> = excluded.iter().map(|e| (*e).to_owned()).collect();
    let mut answers = BTreeMap::new();
    answers.insert("frequency".to_owned(), ReportAnswer::One("always".to_owned()));
    answers.insert("handlers_involved".to_owned(), ReportAnswer::Many(excluded.clone()));
    ReportDraft {
        body: ReportBody {
            category: "FAC".to_owned(),
            audience: "trader".to_owned(),
            answers,
            story: story.to_owned(),
        },
        lang: "fr".to_owned(),
        priority: Priority::P3,
        excluded,
        week: "2026-W48".to_owned(),
    }
}

/// Submits a report. Returns its secrets and the bytes of the submission.
pub(crate) fn submit_report(
    world: &mut ReportFixture,
    draft: ReportDraft,
    files: &[(&str, &[u8])],
) -> (ReportSecrets, Vec<u8>) {
    let secrets = ReportSecrets::generate(&mut world.rng);
    let bytes = resubmit_report(world, &secrets, draft, files);
    (secrets, bytes)
}

pub(crate) fn resubmit_report(
    world: &mut ReportFixture,
    secrets: &ReportSecrets,
    draft: ReportDraft,
    files: &[(&str, &[u8])],
) -> Vec<u8> {
    let hash = world.signed.hash();
    let mut sealer =
        ReportSealer::begin(&world.directory, hash, secrets, draft, Vec::new(), &mut world.rng)
            .unwrap();
    for (name, content) in files {
        sealer.attach(name, "application/octet-stream", &mut &content[..]).unwrap();
    }
    sealer.finish().unwrap()
}

pub(crate) fn open_submission(world: &ReportFixture, bytes: &[u8]) -> OpenedSubmission {
    envelope::open(&world.transport, bytes).unwrap()
}

/// Returns the grant for this member in a submission.
pub(crate) fn grant_of(
    world: &ReportFixture,
    opened: &OpenedSubmission,
    handle: &str,
) -> Option<SealedGrant> {
    let tag = grant_tag(opened.header.case.id, &world.people[handle].recipient());
    opened.grants.iter().find(|grant| grant.tag == tag).cloned()
}

pub(crate) fn open_case(
    world: &ReportFixture,
    opened: &OpenedSubmission,
    handle: &str,
) -> OpenCase {
    let grant = grant_of(world, opened, handle).expect("a grant");
    let grants = [GenerationGrant { generation: 0, grant }];
    OpenCase::open(opened.header.case.id, &grants, &world.people[handle]).unwrap()
}

/// Returns a rotation in effect that these members confirmed.
pub(crate) fn confirmed_by(
    world: &ReportFixture,
    proposal: &RotationProposal,
    by: &[&str],
) -> ConfirmedRotation {
    let statement = &proposal.rotation.statement;
    let confirmations = by.iter().map(|handle| statement.confirm(&world.devices[handle]));
    ConfirmedRotation {
        rotation: proposal.rotation.clone(),
        confirmations: confirmations.collect(),
    }
}

pub(crate) fn incoming(batch: u32, sealed: &[u8]) -> SealedFrame<'_> {
    SealedFrame { direction: FrameDirection::In, generation: 0, batch, sealed }
}

pub(crate) fn outgoing(batch: u32, sealed: &[u8]) -> SealedFrame<'_> {
    SealedFrame { direction: FrameDirection::Out, generation: 0, batch, sealed }
}

/// Opens the reply capsule of a submission as its reporter.
pub(crate) fn capsule_of(receipt: &Receipt, opened: &OpenedSubmission) -> ReplyCapsule {
    let signer = PublicKey::from(&receipt.signing_key());
    ReplyCapsule::open(&opened.capsule, &receipt.mailbox_identity(), &signer).unwrap()
}

/// Returns the submission digest of a submission as the case handler received it.
pub(crate) fn digest_of(opened: &OpenedSubmission) -> Hash {
    let sealed = [&opened.body].into_iter().chain(&opened.attachments);
    let parts: Vec<Hash> = sealed.map(|sealed| Hash::of(&[sealed])).collect();
    submission_digest(opened.header.case.generation, &parts)
}

pub(crate) fn report_story(thread: &Thread) -> String {
    thread.incoming[0].parse_report().unwrap().unwrap().story
}

pub(crate) fn hash(bytes: &[u8]) -> Hash {
    Hash::of(&[bytes])
}
