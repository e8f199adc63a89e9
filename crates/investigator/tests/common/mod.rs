//! A small installation in memory: a directory, people, one report filed.
#![expect(dead_code, reason = "each test file uses a part")]
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

pub(crate) mod peer;

use std::collections::BTreeMap;

use envelope::{
    Hash,
    desk_api::GenerationGrant,
    directory::{Desk, Directory, Member, SignedDirectory, Trust},
    frame::Direction,
    grant::{SealedGrant, slot_tag},
    keys::{InvestigatorIdentity, PublicKey, TransportIdentity},
    report::{Answer, ReportBody},
    submission::{self, Opened, Urgency},
};
use investigator::{OpenCase, SealedFrame, Thread};
use rand::{SeedableRng, rngs::StdRng};
use reporter::{Draft, Filing, ReportSealer};
use time::{Date, macros::date};
use uuid::Uuid;

pub(crate) const TODAY: Date = date!(2026 - 11 - 23);

pub(crate) struct World {
    pub(crate) rng: StdRng,
    pub(crate) transport: TransportIdentity,
    pub(crate) people: BTreeMap<&'static str, InvestigatorIdentity>,
    pub(crate) directory: Directory,
    pub(crate) signed: SignedDirectory,
    pub(crate) trust: Trust,
}

pub(crate) fn key(rng: &mut StdRng) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::generate(rng)
}

pub(crate) fn world() -> World {
    let mut rng = StdRng::seed_from_u64(1);
    let transport = TransportIdentity::generate(&mut rng);
    let handles = ["awa", "bila", "coumba", "dao", "eva", "fofana"];
    let people: BTreeMap<_, _> =
        handles.into_iter().map(|handle| (handle, InvestigatorIdentity::generate(&mut rng))).collect();
    let members = people
        .iter()
        .map(|(handle, identity)| Member {
            handle: (*handle).to_owned(),
            recipient: identity.recipient(),
            device: PublicKey::from(&key(&mut rng)),
            covers: if *handle == "bila" { vec!["regional".to_owned()] } else { Vec::new() },
            languages: vec!["fr".to_owned()],
        })
        .collect();
    let desk = |id: &str, categories: &[&str], members: &[&str]| Desk {
        id: id.to_owned(),
        labels: BTreeMap::new(),
        categories: categories.iter().map(|c| (*c).to_owned()).collect(),
        audiences: Vec::new(),
        members: members.iter().map(|m| (*m).to_owned()).collect(),
        covers: Vec::new(),
    };
    let roots: Vec<_> = (0..3).map(|_| key(&mut rng)).collect();
    let instance = Uuid::from_u128(7);
    let directory = Directory {
        v: 1,
        instance,
        epoch: 1,
        previous: None,
        issued: TODAY,
        expires: date!(2026 - 12 - 23),
        transport: vec![transport.recipient()],
        handler_key: PublicKey::from(&key(&mut rng)),
        members,
        desks: vec![
            desk("internal_affairs", &["FAC", "EXT"], &["awa", "bila", "coumba"]),
            desk("hr_integrity", &["NEP"], &["coumba", "dao"]),
            desk("external", &[], &["eva", "fofana"]),
        ],
        oversight: "external".to_owned(),
    };
    let trust = Trust { instance, threshold: 2, roots: roots.iter().map(PublicKey::from).collect() };
    let signed = SignedDirectory::sign(&directory, &roots[..2]).unwrap();
    World { rng, transport, people, directory, signed, trust }
}

pub(crate) fn draft(story: &str, excluded: &[&str]) -> Draft {
    let excluded: Vec<String> = excluded.iter().map(|e| (*e).to_owned()).collect();
    let mut answers = BTreeMap::new();
    answers.insert("frequency".to_owned(), Answer::One("always".to_owned()));
    answers.insert("handlers_involved".to_owned(), Answer::Many(excluded.clone()));
    Draft {
        body: ReportBody {
            category: "FAC".to_owned(),
            audience: "trader".to_owned(),
            answers,
            story: story.to_owned(),
        },
        lang: "fr".to_owned(),
        urgency: Urgency::P3,
        excluded,
        week: "2026-W48".to_owned(),
    }
}

/// Files a report and gives its secrets and the bytes of the submission.
pub(crate) fn file(world: &mut World, draft: Draft, files: &[(&str, &[u8])]) -> (Filing, Vec<u8>) {
    let filing = Filing::generate(&mut world.rng);
    let bytes = file_again(world, &filing, draft, files);
    (filing, bytes)
}

pub(crate) fn file_again(
    world: &mut World,
    filing: &Filing,
    draft: Draft,
    files: &[(&str, &[u8])],
) -> Vec<u8> {
    let hash = world.signed.hash();
    let mut sealer =
        ReportSealer::begin(&world.directory, hash, filing, draft, Vec::new(), &mut world.rng).unwrap();
    for (name, content) in files {
        sealer.attach(name, "application/octet-stream", &mut &content[..]).unwrap();
    }
    sealer.finish().unwrap()
}

pub(crate) fn collect(world: &World, bytes: &[u8]) -> Opened {
    submission::open(&world.transport, bytes).unwrap()
}

/// The grant in a submission that has this person's tag.
pub(crate) fn grant_of(world: &World, opened: &Opened, handle: &str) -> Option<SealedGrant> {
    let tag = slot_tag(opened.header.case.id, &world.people[handle].recipient());
    opened.grants.iter().find(|grant| grant.tag == tag).cloned()
}

pub(crate) fn open_case(world: &World, opened: &Opened, handle: &str) -> OpenCase {
    let grant = grant_of(world, opened, handle).expect("a grant");
    let grants = [GenerationGrant { generation: 0, grant }];
    OpenCase::open(opened.header.case.id, &grants, &world.people[handle]).unwrap()
}

pub(crate) fn incoming(batch: u32, sealed: &[u8]) -> SealedFrame<'_> {
    SealedFrame { direction: Direction::In, generation: 0, batch, sealed }
}

pub(crate) fn outgoing(batch: u32, sealed: &[u8]) -> SealedFrame<'_> {
    SealedFrame { direction: Direction::Out, generation: 0, batch, sealed }
}

pub(crate) fn story(thread: &Thread) -> String {
    thread.incoming[0].report().unwrap().unwrap().story
}

pub(crate) fn hash(bytes: &[u8]) -> Hash {
    Hash::of(&[bytes])
}
