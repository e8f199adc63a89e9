//! The installation of the examples: two desks and four members. Its keys are in this file, so that
//! they protect nothing.

use std::path::PathBuf;

use protocol::keys::{InvestigatorIdentity, TransportIdentity};

/// The members, by handle. The seed of a member's key is the number of the member, 32 times.
pub(crate) const HANDLES: [&str; 4] = ["awa", "bila", "eva", "fofana"];

/// Returns the key that opens the outer seal. In an installation only the case handler has it.
pub(crate) fn transport_key() -> TransportIdentity {
    TransportIdentity::from_seed(&[100; 32])
}

/// Returns the key of a member. In an installation only the member has it.
pub(crate) fn member_key(number: u8) -> InvestigatorIdentity {
    InvestigatorIdentity::from_seed(&[number; 32])
}

/// Returns the file of the sealed report: the first argument, or a file in the folder for temporary
/// files.
pub(crate) fn sealed_file() -> PathBuf {
    std::env::args_os()
        .nth(1)
        .map_or_else(|| std::env::temp_dir().join("burkindi-sample-report.sealed"), PathBuf::from)
}
