//! The public service: accepts reports and serves mailboxes.

pub mod admission;
pub mod audio;
pub mod audio_command;
pub mod cleaning;
pub mod cli;
pub mod config;
pub mod directory_cache;
pub mod doctor;
pub mod error;
pub mod form;
pub mod http_api;
pub mod i18n;
pub mod maintenance;
pub mod metrics;
mod middleware;
pub mod onion;
mod onion_location;
pub mod pages;
mod precompressed;
pub mod problem;
pub mod program_manifest;
pub mod proxy_pages;
pub mod relay;
pub mod reply_schedule;
pub mod sealing;
pub mod server;
pub mod state;
pub mod store;
pub mod upload_api;
pub mod visits;

pub use server::run;
