//! Scrubs random files for some minutes. Fails if one file takes more than two seconds, or more
//! than 64 MiB of memory: `cargo run --release -p fuzz-targets --bin scrub-attachments -- MINUTES
//! [SEED]`.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed run")]

use std::{
    fs,
    io::{self, Write as _},
    time::{Duration, Instant},
};

use fuzz_targets::{Mutator, TARGETS};

const MAX_MEMORY_KIB: u64 = 64 * 1024;
const MAX_DURATION: Duration = Duration::from_secs(2);

/// Returns a field of `/proc/self/status` in KiB.
fn proc_status_kib(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().unwrap());
    let minutes = arguments.next().unwrap_or(30);
    let mut mutator = Mutator::new(arguments.next().unwrap_or(1));
    let targets: Vec<_> = TARGETS
        .into_iter()
        .filter(|target| ["attachment", "office-part"].contains(&target.name))
        .collect();
    let corpora: Vec<_> = targets.iter().map(|target| (target.seeds)()).collect();
    let began = Instant::now();
    let (mut files, mut longest, mut peak_kib) = (0u64, Duration::ZERO, 0);
    while began.elapsed() < Duration::from_secs(60 * minutes) {
        for (target, corpus) in targets.iter().zip(&corpora) {
            let input = mutator.next(corpus);
            // Resets the peak: building the samples took more memory than scrubbing does.
            fs::write("/proc/self/clear_refs", "5")?;
            let before = proc_status_kib("VmRSS:");
            let start = Instant::now();
            let outcome = std::panic::catch_unwind(|| (target.run)(&input));
            let duration = start.elapsed();
            longest = longest.max(duration);
            files += 1;
            let used = proc_status_kib("VmHWM:").saturating_sub(before);
            peak_kib = peak_kib.max(used);
            if outcome.is_err() || duration > MAX_DURATION || used > MAX_MEMORY_KIB {
                let saved = std::env::temp_dir().join(format!("{}-{files}", target.name));
                fs::write(&saved, &input)?;
                return Err(io::Error::other(format!(
                    "{duration:?}, {used} KiB: {}",
                    saved.display()
                )));
            }
        }
    }
    writeln!(
        io::stdout(),
        "{files} files, the longest in {longest:?}, at most {peak_kib} KiB of memory for one"
    )
}
