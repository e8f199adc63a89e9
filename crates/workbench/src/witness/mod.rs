//! A witness of transparency logs: it verifies that a log only grows, and cosigns its checkpoints
//! (C2SP tlog-witness). [`store`] contains the key and what the witness has cosigned, [`server`]
//! answers logs.

pub mod server;
pub mod store;
