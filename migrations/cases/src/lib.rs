//! Schema of the case handler's database. Merged migrations are never edited; a change is a new
//! file.
//!
//! No column can hold who reported, what was reported, or when more precisely than the date.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m20261123_000001_cases;
mod m20261123_000002_set_aside_case;
mod m20261123_000003_queues;
mod m20261123_000004_objects;
mod m20261125_000005_purged;
mod m20261125_000006_days;
mod m20261128_000007_openings;
mod m20261128_000008_clock;
mod m20261129_000009_quarantine;
mod m20261129_000010_unsettled_dates;
mod m20261129_000011_priority;

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_cases::Migration),
            Box::new(m20261123_000002_set_aside_case::Migration),
            Box::new(m20261123_000003_queues::Migration),
            Box::new(m20261123_000004_objects::Migration),
            Box::new(m20261125_000005_purged::Migration),
            Box::new(m20261125_000006_days::Migration),
            Box::new(m20261128_000007_openings::Migration),
            Box::new(m20261128_000008_clock::Migration),
            Box::new(m20261129_000009_quarantine::Migration),
            Box::new(m20261129_000010_unsettled_dates::Migration),
            Box::new(m20261129_000011_priority::Migration),
        ]
    }
}
