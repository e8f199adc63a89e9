//! One file for each table.

pub(crate) mod absence;
pub(crate) mod case;
pub(crate) mod case_recipient;
pub(crate) mod clock_anchor;
pub(crate) mod day;
pub(crate) mod directory;
pub(crate) mod event;
pub(crate) mod grant;
pub(crate) mod log_checkpoint;
pub(crate) mod log_leaf;
pub(crate) mod log_node;
pub(crate) mod log_pause;
pub(crate) mod log_secret;
pub(crate) mod log_witness;
pub(crate) mod opening;
pub(crate) mod part;
pub(crate) mod part_chunk;
pub(crate) mod pending_rotation;
pub(crate) mod quarantine;
pub(crate) mod quarantine_chunk;
pub(crate) mod queue;
pub(crate) mod reply;
pub(crate) mod rotation;
pub(crate) mod submission;
pub(crate) mod unsettled_date;
