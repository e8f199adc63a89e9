//! One module for each file format that is scrubbed.

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
