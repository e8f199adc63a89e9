//! The newest day that the handler has seen, so that a clock that leaps is noticed; and until when
//! members are away.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own signature elides them")]

use sea_orm_migration::{
    prelude::*,
    schema::{date, string},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, key, value) in [("days", "name", "day"), ("absences", "member", "until")] {
            let mut table = Table::create();
            table.table(Alias::new(name)).col(string(key).primary_key()).col(date(value));
            manager.create_table(table.take()).await?;
        }
        Ok(())
    }
}
