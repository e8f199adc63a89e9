//! The JSON of the two services' programming interfaces.

pub mod relay;
pub mod workbench;
