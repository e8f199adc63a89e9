//! Stored submissions do not reveal whether a browser or the form of the intake sealed them.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::collections::BTreeSet;

use common::{
    ReportFixture, draft, fixture, open_submission,
    peer::{BrowserPeer, base64, files_json},
    submit_report,
};
use protocol::{
    Priority,
    encoding::size_classes,
    submission::envelope::{CaseRef, EnvelopeHeader, SubmissionKind, SubmissionWriter},
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::json;
use uuid::Uuid;

/// Submissions of each implementation.
const SAMPLES_PER_CLASS: usize = 400;
const FOLDS: usize = 5;
/// The accuracy of guessing is one half. With 800 guesses, chance exceeds this value less than once
/// in a million runs.
const NEAR_CHANCE: f64 = 0.59;

#[test]
fn both_implementations_use_the_same_size_classes() {
    let mut world = fixture();
    let mut peer = BrowserPeer::start(&world);
    for (n, len) in [0, 1, 20_000, 60_000, 150_000, 500_000, 1_500_000].into_iter().enumerate() {
        let content = vec![7; len];
        let attached = if n == 0 { Vec::new() } else { vec![("photo.jpg", &content[..])] };
        let draft = draft(&"récit ".repeat(n * 100), &[]);
        let (browser_bytes, _) = peer.seal(&json!({
            "do": "report",
            "seed": base64(&[5; 32]),
            "draft": {"body": draft.body, "lang": draft.lang, "priority": draft.priority, "week": draft.week},
            "files": files_json(&attached),
        }));
        let (_, form_bytes) = submit_report(&mut world, draft, &attached);
        assert!(size_classes::is_size_class(form_bytes.len() as u64));
        assert_eq!(form_bytes.len(), browser_bytes.len(), "with a file of {len} bytes");
    }
}

#[test]
fn a_classifier_of_stored_submissions_is_no_better_than_guessing() {
    let world = fixture();
    let mut peer = BrowserPeer::start(&world);
    let (form_bytes, browser_bytes): (Vec<_>, Vec<_>) =
        (0..SAMPLES_PER_CLASS).map(|_| report_pair(&world, &mut peer)).unzip();
    let all = |sealed: &[Vec<u8>],
               class,
               see: fn(&[u8]) -> FeatureVector|
     -> Vec<(FeatureVector, bool)> {
        sealed.iter().map(|bytes| (see(bytes), class)).collect()
    };
    let rows = [all(&form_bytes, false, features), all(&browser_bytes, true, features)].concat();
    let mut rng = StdRng::seed_from_u64(3);
    for (name, accuracy) in accuracies(rows, &mut rng) {
        eprintln!("{name}: right {:.1} % of the time", 100.0 * accuracy);
        assert!(accuracy < NEAR_CHANCE, "{name} tells them apart: {accuracy}");
    }
    // The same classifiers detect at once a submission whose header lacks the grease stanza.
    let bare = [
        all(&form_bytes, false, features),
        all(&browser_bytes, true, |bytes| features(&without_grease(bytes))),
    ]
    .concat();
    for (name, accuracy) in accuracies(bare, &mut rng) {
        assert!(accuracy > 0.95, "{name} is blind: {accuracy}");
    }
}

/// All grants are sealed without grease. A grant of another form would be recognised as a decoy, or
/// would show which program made it.
#[test]
fn all_grants_have_one_form_and_length() {
    let mut world = fixture();
    let mut peer = BrowserPeer::start(&world);
    // Four readers and four decoys.
    let draft = draft("récit", &["regional"]);
    let (from_browser, _) = peer.seal(&json!({
        "do": "report",
        "seed": base64(&[5; 32]),
        "draft": {"body": draft.body, "lang": draft.lang, "priority": draft.priority, "week": draft.week},
        "files": files_json(&[]),
    }));
    let (_, from_form) = submit_report(&mut world, draft, &[]);
    let mut forms = BTreeSet::new();
    for bytes in [from_browser, from_form] {
        let opened = open_submission(&world, &bytes);
        assert_eq!(opened.grants.len(), 8);
        for grant in &opened.grants {
            let lines = header_stanzas(&grant.sealed);
            assert_eq!(lines.iter().filter(|line| line.starts_with("-> ")).count(), 1);
            let lengths: Vec<usize> = lines.iter().map(|line| line.len()).collect();
            forms.insert((grant.sealed.len(), lengths));
        }
    }
    assert_eq!(forms.len(), 1, "{forms:?}");
    assert!(peer.exits_successfully());
}

fn report_pair(world: &ReportFixture, peer: &mut BrowserPeer) -> (Vec<u8>, Vec<u8>) {
    let header = EnvelopeHeader {
        v: 1,
        kind: SubmissionKind::Report,
        desk: "internal_affairs".to_owned(),
        lang: "fr".to_owned(),
        priority: Priority::P3,
        mailbox: world.signed.hash(),
        case: CaseRef { id: Uuid::from_u128(1), generation: 0 },
        directory: world.signed.hash(),
        release_to_oversight: false,
        seq: 0,
    };
    let form_bytes = SubmissionWriter::begin(&world.transport.recipient(), &header, Vec::new())
        .unwrap()
        .pad_and_finish();
    (form_bytes.unwrap(), peer.seal(&json!({"do": "empty", "header": header})).0)
}

const FEATURE_COUNT: usize = 12;
type FeatureVector = [f64; FEATURE_COUNT];

/// Returns the lines of an age header without the last one, which authenticates them.
fn header_stanzas(sealed: &[u8]) -> Vec<&str> {
    let end = sealed.windows(4).position(|window| window == b"\n---").unwrap();
    std::str::from_utf8(&sealed[..end]).unwrap().split('\n').collect()
}

/// Returns the features of a submission: the stanzas of its header, their order, arguments and
/// lengths, and the total length.
fn features(sealed: &[u8]) -> FeatureVector {
    let lines = header_stanzas(sealed);
    let stanzas: Vec<usize> = (0..lines.len()).filter(|n| lines[*n].starts_with("-> ")).collect();
    let hybrid = lines.iter().position(|line| line.starts_with("-> mlkem768x25519 ")).unwrap();
    let grease = stanzas.iter().copied().find(|n| *n != hybrid).unwrap_or(lines.len());
    let words: Vec<&str> =
        lines.get(grease).map_or_else(Vec::new, |line| line.split(' ').skip(1).collect());
    let letters: Vec<u8> = words.concat().into_bytes();
    let body = &lines[(grease + 1).min(lines.len())..];
    let count = |n: usize| f64::from(u32::try_from(n).unwrap());
    [
        count(sealed.len()),
        count(lines.iter().map(|line| line.len() + 1).sum()),
        count(stanzas.len()),
        count(hybrid),
        count(lines[hybrid].len()),
        count(lines.get(hybrid + 1).map_or(0, |line| line.len())),
        count(words.first().map_or(0, |tag| tag.len())),
        count(words.len()),
        count(letters.len()),
        letters.iter().map(|letter| f64::from(*letter)).sum::<f64>() / count(letters.len().max(1)),
        count(body.len()),
        count(body.iter().map(|line| line.len()).sum()),
    ]
}

fn without_grease(sealed: &[u8]) -> Vec<u8> {
    let lines = header_stanzas(sealed);
    let grease = (1..lines.len()).find(|n| lines[*n].contains("-grease")).unwrap();
    let rest = &sealed[lines.join("\n").len()..];
    [lines[..grease].join("\n").as_bytes(), rest].concat()
}

type TrainFn = fn(&[(FeatureVector, bool)], &mut StdRng) -> LinearClassifier;

/// Returns the accuracy of each classifier for submissions that it was not trained on.
fn accuracies(mut rows: Vec<(FeatureVector, bool)>, rng: &mut StdRng) -> [(&'static str, f64); 2] {
    standardise(&mut rows);
    rows.shuffle(rng);
    let classifiers: [(&str, TrainFn); 2] =
        [("the best threshold", train_threshold), ("logistic regression", train_logistic)];
    classifiers.map(|(name, train)| {
        let mut right = 0;
        for fold in 0..FOLDS {
            let is_tested = |n: usize| n % FOLDS == fold;
            let pick = |tested| {
                let picked = rows.iter().enumerate().filter(move |(n, _)| is_tested(*n) == tested);
                picked.map(|(_, row)| *row).collect::<Vec<_>>()
            };
            let line = train(&pick(false), rng);
            right += pick(true)
                .iter()
                .filter(|(seen, class)| (line.score(seen) > 0.0) == *class)
                .count();
        }
        (
            name,
            f64::from(u32::try_from(right).unwrap())
                / f64::from(u32::try_from(rows.len()).unwrap()),
        )
    })
}

/// Scales each feature to mean 0 and deviation 1. A constant feature becomes 0.
fn standardise(rows: &mut [(FeatureVector, bool)]) {
    let count = f64::from(u32::try_from(rows.len()).unwrap());
    for n in 0..FEATURE_COUNT {
        let mean = rows.iter().map(|(seen, _)| seen[n]).sum::<f64>() / count;
        let variance = rows.iter().map(|(seen, _)| (seen[n] - mean).powi(2)).sum::<f64>() / count;
        let deviation = if variance > 1e-12 { variance.sqrt() } else { f64::INFINITY };
        for (seen, _) in rows.iter_mut() {
            seen[n] = (seen[n] - mean) / deviation;
        }
    }
}

/// A linear classifier.
struct LinearClassifier {
    weights: FeatureVector,
    bias: f64,
}

impl LinearClassifier {
    fn score(&self, seen: &FeatureVector) -> f64 {
        self.bias + self.weights.iter().zip(seen).map(|(weight, x)| weight * x).sum::<f64>()
    }
}

/// Returns the feature and threshold that separate the training rows best.
fn train_threshold(rows: &[(FeatureVector, bool)], rng: &mut StdRng) -> LinearClassifier {
    let mut best =
        (0, LinearClassifier { weights: [0.0; FEATURE_COUNT], bias: rng.gen_range(-1.0..1.0) });
    for n in 0..FEATURE_COUNT {
        let mut values: Vec<f64> = rows.iter().map(|(seen, _)| seen[n]).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        for between in values.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])) {
            for sign in [1.0, -1.0] {
                let mut weights = [0.0; FEATURE_COUNT];
                weights[n] = sign;
                let line = LinearClassifier { weights, bias: -sign * between };
                let right =
                    rows.iter().filter(|(seen, class)| (line.score(seen) > 0.0) == *class).count();
                if right > best.0 {
                    best = (right, line);
                }
            }
        }
    }
    best.1
}

/// Trains by gradient descent on the log-likelihood.
fn train_logistic(rows: &[(FeatureVector, bool)], _: &mut StdRng) -> LinearClassifier {
    let mut line = LinearClassifier { weights: [0.0; FEATURE_COUNT], bias: 0.0 };
    let rate = 0.5 / f64::from(u32::try_from(rows.len()).unwrap());
    for _ in 0..300 {
        let mut step = LinearClassifier { weights: [0.0; FEATURE_COUNT], bias: 0.0 };
        for (seen, class) in rows {
            let error = f64::from(u8::from(*class)) - 1.0 / (1.0 + (-line.score(seen)).exp());
            step.bias += error;
            step.weights.iter_mut().zip(seen).for_each(|(weight, x)| *weight += error * x);
        }
        line.bias += rate * step.bias;
        line.weights.iter_mut().zip(step.weights).for_each(|(weight, by)| *weight += rate * by);
    }
    line
}
