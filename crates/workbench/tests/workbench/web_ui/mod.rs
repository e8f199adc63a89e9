//! The pages on 127.0.0.1.

mod access_control;
mod administration;
mod case_work;
mod hostile_content;
#[cfg(target_os = "linux")]
mod key_memory;
