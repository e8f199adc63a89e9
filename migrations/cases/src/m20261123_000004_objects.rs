//! Large parts may be kept outside of the database; a row names the object.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own signature elides them")]

use sea_orm_migration::{prelude::*, schema::uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let parts = Alias::new("parts");
        manager
            .alter_table(Table::alter().table(parts.clone()).add_column(uuid_null("object")).take())
            .await?;
        let mut index = Index::create();
        index.name("parts_by_object").table(parts);
        manager.create_index(index.col(Alias::new("object")).unique().take()).await
    }
}
