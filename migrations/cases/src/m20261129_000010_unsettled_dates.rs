//! A date that moved ahead at a boot and has not settled: the date before the move, and if the
//! clock of the intake disputes the move.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own signature elides them")]

use sea_orm_migration::{
    prelude::*,
    schema::{boolean, date},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table(Alias::new("unsettled_dates")).col(date("previous").primary_key());
        table.col(boolean("disputed"));
        manager.create_table(table.take()).await
    }
}
