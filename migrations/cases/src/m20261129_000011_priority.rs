//! Renames the column `urgency` of `cases` to `priority`, and the same key in the state.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own signature elides them")]

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut cases = Table::alter().table(Alias::new("cases")).take();
        cases.rename_column(Alias::new("urgency"), Alias::new("priority"));
        manager.alter_table(cases).await?;
        // A quotation mark inside a JSON string is escaped, so this replaces keys only.
        let rename_key = r#"UPDATE cases SET state = replace(state, '"urgency":', '"priority":')"#;
        manager.get_connection().execute_unprepared(rename_key).await?;
        Ok(())
    }
}
