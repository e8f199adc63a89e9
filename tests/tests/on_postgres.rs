//! Runs every scenario on `PostgreSQL`.

#[path = "excluded_desk.rs"]
mod excluded_desk;
#[path = "leaks.rs"]
mod leaks;
#[path = "restore.rs"]
mod restore;
#[path = "soak.rs"]
mod soak;
#[path = "way_of_a_report.rs"]
mod way_of_a_report;
