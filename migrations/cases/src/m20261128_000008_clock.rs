//! When the clock was last believed, measured against the time since the machine booted, so that a
//! day takes a day.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own signature elides them")]

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, string},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table(Alias::new("clock_anchors")).col(string("boot").primary_key());
        table.col(big_integer("uptime")).col(big_integer("clock"));
        manager.create_table(table.take()).await
    }
}
