//! What was set aside says which case it waits for, so that a tick looks only at what can be filed
//! by now.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own signature elides them")]

use sea_orm_migration::{prelude::*, schema::uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::alter();
        table.table(Alias::new("set_aside")).add_column(uuid_null("case_id"));
        manager.alter_table(table.take()).await?;
        let mut index = Index::create();
        index.name("set_aside_by_case").table(Alias::new("set_aside"));
        manager.create_index(index.col(Alias::new("retry")).col(Alias::new("case_id")).take()).await
    }
}
