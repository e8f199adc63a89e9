//! Encodings that every format of the protocol shares.

pub mod canonical;
pub(crate) mod framing;
pub mod hash;
pub mod iso_date;
pub mod size_classes;
