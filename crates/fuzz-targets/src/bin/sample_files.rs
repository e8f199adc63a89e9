//! Writes the sample files with metadata into a folder: `cargo run -p fuzz-targets --bin
//! sample-files -- FOLDER`. The tests in the browser send them.

use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    for (name, bytes) in fuzz_targets::sample_files() {
        fs::write(Path::new(&folder).join(name), bytes)?;
    }
    Ok(())
}
