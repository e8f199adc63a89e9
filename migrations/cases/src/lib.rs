//! Schema of the case handler's database.
//!
//! No column can hold who reported, what was reported, or when more precisely than the date.
//! Version 0.1 is not released. From its release on, a migration is never edited: a change is a new
//! file.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m20261129_000001_cases;

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20261129_000001_cases::Migration)]
    }
}
