//! Measures the processor time of sealing a report of 2 kB with eight grants on one core, and of
//! each part of it.
//!
//! `cargo xtask bench` runs it. It prints one JSON object:
//! `{"rows": [{"name", "value", "unit", "ceiling", "ratio"}]}`. The ceiling of the total is
//! the sum of its parts in the same run, and its ratio is ceiling ÷ value. A second row compares
//! the total with the target. The ceiling of a part is the total, and its ratio is the share of the
//! total.

use std::{collections::BTreeMap, hint::black_box};

use age_hybrid::Identity;
use bench_support::{BenchRow, median_seconds, print_rows};
use ed25519_dalek::SigningKey;
use protocol::{
    Hash, Priority,
    directory::{Desk, Directory, LogSettings, Member},
    keys::{InvestigatorIdentity, PublicKey, TransportIdentity, sign},
    submission::report_body::ReportBody,
};
use rand::{RngCore, rngs::OsRng};
use reporter::{ReportDraft, ReportSealer, ReportSecrets};
use time::macros::date;
use uuid::Uuid;

/// The target for the total, in milliseconds.
const TARGET_MS: f64 = 3.0;

fn sample_directory() -> Directory {
    let members: Vec<_> = ["a", "b", "c", "d", "e", "f", "o", "p"]
        .map(|handle| Member {
            handle: handle.to_owned(),
            recipient: InvestigatorIdentity::generate(&mut OsRng).recipient(),
            device: PublicKey::from(&SigningKey::generate(&mut OsRng)),
            units: vec![],
            languages: vec![],
        })
        .into();
    let desk = |id: &str, categories: &[&str], members: &[&str]| Desk {
        id: id.to_owned(),
        labels: BTreeMap::new(),
        categories: categories.iter().map(|c| (*c).to_owned()).collect(),
        audiences: vec![],
        members: members.iter().map(|m| (*m).to_owned()).collect(),
        units: vec![],
    };
    Directory {
        v: 1,
        instance: Uuid::new_v4(),
        epoch: 1,
        previous: None,
        issued: date!(2026 - 11 - 23),
        expires: date!(2026 - 12 - 23),
        transport: vec![TransportIdentity::generate(&mut OsRng).recipient()],
        handler_key: (&SigningKey::generate(&mut OsRng)).into(),
        log: LogSettings::default(),
        desks: vec![
            desk("one", &["FAC"], &["a", "b", "c", "d", "e", "f"]),
            desk("external", &[], &["o", "p"]),
        ],
        members,
        oversight: "external".to_owned(),
        programs: Vec::new(),
    }
}

fn sample_draft() -> ReportDraft {
    let body = ReportBody {
        category: "FAC".to_owned(),
        audience: "trader".to_owned(),
        answers: BTreeMap::new(),
        story: "é".repeat(1024),
    };
    ReportDraft {
        body,
        lang: "fr".to_owned(),
        priority: Priority::P3,
        excluded: vec![],
        week: "2026-W48".to_owned(),
    }
}

fn main() {
    let directory = sample_directory();
    let draft = sample_draft();
    let whole = median_seconds(|| {
        let secrets = ReportSecrets::generate(&mut OsRng);
        let out = Vec::with_capacity(32 * 1024);
        let sealer = ReportSealer::begin(
            &directory,
            Hash::default(),
            &secrets,
            draft.clone(),
            out,
            &mut OsRng,
        );
        black_box(sealer.and_then(ReportSealer::finish).expect("a report of 2 kB fits").len());
    });
    let identity = Identity::generate(&mut OsRng);
    let recipient = identity.to_recipient();
    let mut text = vec![0; 2048];
    OsRng.fill_bytes(&mut text);
    let key = SigningKey::generate(&mut OsRng);
    let grant = median_seconds(|| drop(black_box(age_hybrid::seal(&recipient, &[7; 128]))));
    let capsule = median_seconds(|| drop(black_box(age_hybrid::seal(&recipient, &text[..400]))));
    let body = median_seconds(|| drop(black_box(age_hybrid::seal(&recipient, &text))));
    let outer =
        median_seconds(|| drop(black_box(age_hybrid::seal(&recipient, &vec![1; 31 * 1024]))));
    let keys = median_seconds(|| drop(black_box(Identity::generate(&mut OsRng))));
    let signature = median_seconds(|| _ = black_box(sign(&key, b"label", &text)));
    // Eight grants, the keys M and C, each derived from its seed, one signature, and the two public
    // keys that it needs.
    let parts = [
        ("sealed report: 8 grants", 8.0 * grant),
        ("sealed report: keys M and C", 2.0 * keys),
        ("sealed report: capsule", capsule),
        ("sealed report: body of 2 kB", body),
        ("sealed report: outer seal with padding", outer),
        ("sealed report: signature", signature),
    ];
    let sum: f64 = parts.iter().map(|(_, seconds)| seconds).sum();
    let mut rows = vec![
        BenchRow::lower_is_better(
            "sealed report of 2 kB, 8 grants, one core",
            "ms",
            whole * 1e3,
            sum * 1e3,
        ),
        BenchRow::lower_is_better("sealed report of 2 kB, target", "ms", whole * 1e3, TARGET_MS),
    ];
    rows.extend(
        parts.map(|(name, seconds)| {
            BenchRow::higher_is_better(name, "ms", seconds * 1e3, whole * 1e3)
        }),
    );
    print_rows(&rows);
}
