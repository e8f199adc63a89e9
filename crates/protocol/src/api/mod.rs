//! The JSON of the two services' programming interfaces.

pub mod case_integrity;
pub mod relay;
pub mod workbench;
