//! Renames the table `set_aside` to `quarantine`, with its indexes, and two columns.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own signature elides them")]

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (former, quarantine) = (Alias::new("set_aside"), Alias::new("quarantine"));
        for name in ["set_aside_to_retry", "set_aside_by_case", "set_aside_by_len"] {
            let mut index = Index::drop();
            manager.drop_index(index.name(name).table(former.clone()).to_owned()).await?;
        }
        manager.rename_table(Table::rename().table(former, quarantine.clone()).take()).await?;
        for (name, columns) in [
            ("quarantine_by_retry", &["retry"][..]),
            ("quarantine_by_case", &["retry", "case_id"]),
            ("quarantine_by_len", &["len"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(quarantine.clone());
            for column in columns {
                index.col(Alias::new(*column));
            }
            manager.create_index(index.take()).await?;
        }
        for (table, from, to) in
            [("events", "before", "previous_link"), ("openings", "ends", "crashes")]
        {
            let mut table = Table::alter().table(Alias::new(table)).take();
            table.rename_column(Alias::new(from), Alias::new(to));
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}
