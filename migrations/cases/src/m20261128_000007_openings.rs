//! The journal of submissions that are being opened, so that one that ends the process is found at
//! the next start.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own signature elides them")]

use sea_orm_migration::{
    prelude::*,
    schema::{boolean, integer, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table(Alias::new("openings")).col(uuid("id").primary_key());
        table.col(boolean("active")).col(integer("ends"));
        manager.create_table(table.take()).await
    }
}
