//! A short run of every target on stable Rust: its seeds, its corpus, and random mutations of both.
//!
//! `FUZZ_TIMES=100 cargo nextest run -p fuzz-targets --release` repeats the run, each time with
//! other mutations.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{fs, path::Path};

use fuzz_targets::{FuzzTarget, Mutator, TARGETS};

/// Inputs that once failed or that reach deep code: `fuzz/corpus/TARGET/`.
fn corpus(target: &FuzzTarget) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target.name);
    let files = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap());
    (target.seeds)().into_iter().chain(files).collect()
}

fn run_target(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let corpus = corpus(target);
    assert!(!corpus.is_empty());
    for input in &corpus {
        (target.run)(input);
    }
    let times: u64 = std::env::var("FUZZ_TIMES").map_or(1, |times| times.parse().unwrap());
    for seed in 0..times {
        let mut mutator = Mutator::new(seed);
        for _ in 0..target.iterations {
            let input = mutator.next(&corpus);
            let outcome = std::panic::catch_unwind(|| (target.run)(&input));
            assert!(
                outcome.is_ok(),
                "target {name} panicked; add this input to the corpus: {}",
                hex(&input)
            );
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Declares one test for each target, so that they run in parallel. The last test finds a missing
/// one.
macro_rules! bounded_tests {
    ($($test:ident = $name:literal),* $(,)?) => {
        $(#[test] fn $test() { run_target($name) })*

        #[test]
        fn every_target_runs_here_and_in_the_fuzzer() {
            let here = [$($name),*];
            let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml");
            let manifest = fs::read_to_string(manifest).unwrap();
            for target in TARGETS {
                assert!(here.contains(&target.name), "{} is not run", target.name);
                assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{} has no binary", target.name);
            }
        }
    };
}

bounded_tests! {
    age_file = "age-file",
    attachment = "attachment",
    capsule = "capsule",
    certificate = "certificate",
    desk_api = "desk-api",
    directory = "directory",
    event = "event",
    form = "form",
    frame = "frame",
    grant = "grant",
    keys = "keys",
    languages = "languages",
    log_texts = "log-texts",
    mailbox = "mailbox",
    office_part = "office-part",
    receipt = "receipt",
    relay = "relay",
    submission = "submission",
}
