//! Seals a report to the readers that a sample directory names, writes the sealed bytes to a file,
//! and prints the receipt: `cargo run -p investigator --example seal_a_report [FILE]`. The example
//! `open_a_case` opens the file. Neither uses a network.

mod sample;

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    io::{self, Write as _},
};

use ed25519_dalek::SigningKey;
use protocol::{
    Priority,
    directory::{Desk, Directory, LogSettings, Member, SignedDirectory, TrustRoots},
    keys::PublicKey,
    submission::report_body::ReportBody,
};
use rand::rngs::OsRng;
use reporter::{ReportDraft, ReportSealer, ReportSecrets};
use sample::{HANDLES, member_key, sealed_file, transport_key};
use time::{Date, macros::date};
use uuid::Uuid;

const TODAY: Date = date!(2026 - 11 - 23);

/// Returns a directory that two of three root keys have signed, and the root keys to trust.
fn sample_directory() -> Result<(SignedDirectory, TrustRoots), Box<dyn Error>> {
    let members = HANDLES
        .into_iter()
        .zip(0..)
        .map(|(handle, number)| Member {
            handle: handle.to_owned(),
            recipient: member_key(number).recipient(),
            device: PublicKey::from(&SigningKey::generate(&mut OsRng)),
            units: Vec::new(),
            languages: vec!["en".to_owned()],
        })
        .collect();
    let desk = |id: &str, categories: &[&str], members: &[&str]| Desk {
        id: id.to_owned(),
        labels: BTreeMap::new(),
        categories: categories.iter().map(ToString::to_string).collect(),
        audiences: Vec::new(),
        members: members.iter().map(ToString::to_string).collect(),
        units: Vec::new(),
    };
    let directory = Directory {
        v: 1,
        instance: Uuid::from_u128(7),
        epoch: 1,
        previous: None,
        issued: TODAY,
        expires: date!(2026 - 12 - 23),
        transport: vec![transport_key().recipient()],
        handler_key: PublicKey::from(&SigningKey::generate(&mut OsRng)),
        log: LogSettings::default(),
        members,
        desks: vec![
            desk("internal_affairs", &["FAC"], &["awa", "bila"]),
            desk("external", &[], &["eva", "fofana"]),
        ],
        oversight: "external".to_owned(),
        programs: Vec::new(),
    };
    let roots: Vec<_> = (0..3).map(|_| SigningKey::generate(&mut OsRng)).collect();
    let trust = TrustRoots {
        instance: directory.instance,
        threshold: 2,
        roots: roots.iter().map(PublicKey::from).collect(),
    };
    Ok((SignedDirectory::sign(&directory, &roots[..2])?, trust))
}

fn main() -> Result<(), Box<dyn Error>> {
    let (signed, trust) = sample_directory()?;
    // A reporter seals only to the members of a verified directory.
    let directory = signed.verify(&trust, TODAY, None)?;
    let secrets = ReportSecrets::generate(&mut OsRng);
    let draft = ReportDraft {
        body: ReportBody {
            category: "FAC".to_owned(),
            audience: "trader".to_owned(),
            answers: BTreeMap::new(),
            story: "An officer asks for 5,000 francs for each stamp.".to_owned(),
        },
        lang: "en".to_owned(),
        priority: Priority::P3,
        excluded: Vec::new(),
        week: "2026-W48".to_owned(),
    };
    let mut sealer =
        ReportSealer::begin(&directory, signed.hash(), &secrets, draft, Vec::new(), &mut OsRng)?;
    sealer.attach("stamp.txt", "text/plain", &mut &b"a picture would be here"[..])?;
    let submission = sealer.finish()?;
    let file = sealed_file();
    fs::write(&file, &submission)?;
    let mut out = io::stdout();
    writeln!(out, "wrote {} sealed bytes to {}", submission.len(), file.display())?;
    writeln!(out, "receipt: {}", secrets.receipt().code())?;
    writeln!(out, "receipt in words: {}", secrets.receipt().words("en"))?;
    Ok(())
}
