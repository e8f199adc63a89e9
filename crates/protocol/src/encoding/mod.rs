//! Encodings that all formats of the protocol share.

pub mod base64_bytes;
pub mod canonical;
pub(crate) mod framing;
pub(crate) mod hash;
pub mod iso_date;
pub mod padding;
pub mod size_classes;
