//! Removes the metadata of one file and prints the report as JSON: `scrub FILE OUTPUT`.

use std::{
    fs,
    io::{self, Write as _},
};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(input), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("usage: scrub FILE OUTPUT"));
    };
    let mut out = Vec::new();
    let report = metadata_scrubber::scrub(&mut fs::File::open(&input)?, &mut out)?;
    fs::write(output, out)?;
    let name =
        std::path::Path::new(&input).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut json = serde_json::to_value(report)?;
    json["name"] = report.format.neutral_name(1, &name).into();
    writeln!(io::stdout(), "{json}")
}
