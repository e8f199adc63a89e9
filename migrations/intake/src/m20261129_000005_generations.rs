//! Renames the columns that number mailbox snapshots: `tick` and `laying_out`.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own signature elides them")]

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// A table, the former name of a column and its new name.
const RENAMED: [(&str, &str, &str); 3] = [
    ("state", "tick", "served_generation"),
    ("state", "laying_out", "newest_generation"),
    ("mailboxes", "tick", "generation"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Two programs that start at the same time must not see half of the names.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rename(manager, RENAMED).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rename(manager, RENAMED.map(|(table, from, to)| (table, to, from))).await
    }
}

async fn rename(
    manager: &SchemaManager<'_>,
    columns: [(&str, &str, &str); 3],
) -> Result<(), DbErr> {
    for (table, from, to) in columns {
        let mut table = Table::alter().table(Alias::new(table)).take();
        manager.alter_table(table.rename_column(Alias::new(from), Alias::new(to)).take()).await?;
    }
    Ok(())
}
