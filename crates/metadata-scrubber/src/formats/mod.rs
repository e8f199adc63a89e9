//! The file formats: one module for each format that is scrubbed, and what several formats share.
//!
//! `zip` reads and writes the container of office files. `office` decides what happens to its
//! parts, and `xml` rewrites their XML.

pub(crate) mod audio;
pub(crate) mod exif;
pub(crate) mod gif;
pub(crate) mod isobmff;
pub(crate) mod jpeg;
pub(crate) mod office;
pub(crate) mod pdf;
pub(crate) mod png;
pub(crate) mod pseudonyms;
pub(crate) mod riff;
pub(crate) mod xml;
pub(crate) mod zip;
