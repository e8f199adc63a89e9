//! Runs every scenario on `PostgreSQL`.

#[path = "cut_uploads.rs"]
mod cut_uploads;
#[path = "excluded_desk.rs"]
mod excluded_desk;
#[path = "leaks.rs"]
mod leaks;
#[path = "report_round_trip.rs"]
mod report_round_trip;
#[path = "resource_bounds.rs"]
mod resource_bounds;
#[path = "restore.rs"]
mod restore;
#[path = "soak.rs"]
mod soak;
