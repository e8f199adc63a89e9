//! The transparency log: evidence that the case handler has logged an event, and that it shows the
//! same log to everyone.
//!
//! This crate has no clock, no I/O, and no source of randomness of its own. The specification is
//! the section "Log" of `docs/PROTOCOL.md`, which names the public specifications that it follows:
//!
//! - [`merkle`]: tree hashes and proofs (RFC 6962, section 2.1)
//! - [`leaf`] and [`batch`]: what the case handler logs in each collection cycle
//! - [`compact_range`]: the state from which an auditor continues a tree
//! - [`note`]: signed texts and their keys (C2SP signed-note)
//! - [`checkpoint`]: size and root of the tree, its signature and cosignatures (C2SP
//!   tlog-checkpoint, tlog-cosignature)
//! - [`proof`]: the text form of an inclusion proof (C2SP tlog-proof)
//! - [`policy`]: what a proof shows to a reader
//! - [`mailbox_record`]: the proofs that a reporter gets
//! - [`witness`]: the rules by which a witness cosigns (C2SP tlog-witness)

pub mod batch;
pub mod checkpoint;
pub mod compact_range;
mod decimal;
pub mod leaf;
pub mod mailbox_record;
pub mod merkle;
pub mod note;
pub mod policy;
pub mod proof;
pub mod witness;
