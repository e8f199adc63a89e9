//! The public service: takes reports, gives back mailboxes.

pub mod answer_times;
pub mod app;
pub mod cleaning;
pub mod cli;
pub mod config;
pub mod connections;
pub mod counters;
pub mod directory_cache;
pub mod doctor;
pub mod figures;
pub mod form;
pub mod http_api;
pub mod i18n;
pub mod limits;
pub mod maintenance;
pub mod networks;
pub mod onion;
pub mod pace;
pub mod pages;
pub mod places;
pub mod problem;
pub mod process_hardening;
pub mod proxy_pages;
pub mod relay;
pub mod sealing;
pub mod store;
pub mod visit_store;

pub use app::run;
