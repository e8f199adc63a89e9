//! The public service: takes reports, gives back mailboxes.

pub mod answers;
pub mod api;
pub mod app;
pub mod cleaning;
pub mod config;
pub mod connections;
pub mod counters;
pub mod directory;
pub mod examination;
pub mod figures;
pub mod form;
pub mod hardening;
pub mod i18n;
pub mod limits;
pub mod networks;
pub mod onion;
pub mod pace;
pub mod pages;
pub mod places;
pub mod problem;
pub mod program;
pub mod proxy_pages;
pub mod relay;
pub mod sealing;
pub mod store;
pub mod upkeep;
pub mod visits;

pub use app::run;
