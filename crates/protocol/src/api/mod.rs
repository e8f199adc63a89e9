//! The JSON of the interfaces of the two services.

pub mod case_integrity;
pub mod checkpoint;
pub mod relay;
pub mod workbench;
