//! Takes the traces out of one file, and prints what was found as JSON: `wash FILE OUTPUT`.

use std::{
    fs,
    io::{self, Write as _},
};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("usage: wash FILE OUTPUT"));
    };
    let mut out = Vec::new();
    let washed = metadata_scrubber::scrub(&mut fs::File::open(&from)?, &mut out)?;
    fs::write(to, out)?;
    let name =
        std::path::Path::new(&from).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut told = serde_json::to_value(washed)?;
    told["name"] = washed.format.neutral_name(1, &name).into();
    writeln!(io::stdout(), "{told}")
}
