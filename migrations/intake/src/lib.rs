//! The schema of the intake's spool, one file a migration. A merged migration is never edited.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::{MigrationTrait, async_trait};

mod m20261123_000001_spool;
mod m20261123_000002_laying_out;
mod m20261125_000003_rows;
mod m20261128_000004_answers;
mod m20261129_000005_generations;

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_spool::Migration),
            Box::new(m20261123_000002_laying_out::Migration),
            Box::new(m20261125_000003_rows::Migration),
            Box::new(m20261128_000004_answers::Migration),
            Box::new(m20261129_000005_generations::Migration),
        ]
    }
}
