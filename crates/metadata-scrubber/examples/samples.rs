//! Writes sample files with metadata into a folder. The tests in the browser send them.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "samples are small, and made in memory"
)]

#[expect(dead_code, reason = "each test uses a part")]
#[path = "../tests/samples/mod.rs"]
mod samples;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    for (name, bytes) in samples::all().into_iter().chain(samples::corpus::all()) {
        std::fs::write(std::path::Path::new(&folder).join(name), bytes)?;
    }
    Ok(())
}
