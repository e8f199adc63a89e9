//! Submissions on their way to the case handler, mailboxes on their way back, and what the intake
//! knows of itself.
//!
//! No column holds a time finer than the ISO week or a size finer than the rung. Ids are random and
//! rows lie in the order of their ids where the database can do that, so that the file does not
//! tell what came before what.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Submissions {
    Table,
    Id,
    Digest,
    Week,
    Length,
    Complete,
}

#[derive(DeriveIden)]
enum Chunks {
    Table,
    Submission,
    Position,
    Bytes,
}

#[derive(DeriveIden)]
enum Mailboxes {
    Table,
    Tick,
    Id,
    Sealed,
}

#[derive(DeriveIden)]
enum State {
    Table,
    Id,
    Tick,
    DecoySeed,
    Directory,
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait is declared with elided ones, and they must match"
)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let create = |table| in_key_order(manager, table);
        manager
            .create_table(create(
                Table::create()
                    .table(Submissions::Table)
                    .col(ColumnDef::new(Submissions::Id).uuid().not_null().primary_key())
                    .col(ColumnDef::new(Submissions::Digest).binary().unique_key())
                    .col(ColumnDef::new(Submissions::Week).string().not_null())
                    .col(ColumnDef::new(Submissions::Length).big_integer().not_null())
                    .col(ColumnDef::new(Submissions::Complete).boolean().not_null())
                    .take(),
            ))
            .await?;
        manager
            .create_table(create(
                Table::create()
                    .table(Chunks::Table)
                    .col(ColumnDef::new(Chunks::Submission).uuid().not_null())
                    .col(ColumnDef::new(Chunks::Position).integer().not_null())
                    .col(ColumnDef::new(Chunks::Bytes).blob().not_null())
                    .primary_key(Index::create().col(Chunks::Submission).col(Chunks::Position))
                    .foreign_key(
                        ForeignKey::create()
                            .from(Chunks::Table, Chunks::Submission)
                            .to(Submissions::Table, Submissions::Id)
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            ))
            .await?;
        manager
            .create_table(create(
                Table::create()
                    .table(Mailboxes::Table)
                    .col(ColumnDef::new(Mailboxes::Tick).big_integer().not_null())
                    .col(ColumnDef::new(Mailboxes::Id).binary().not_null())
                    .col(ColumnDef::new(Mailboxes::Sealed).blob().not_null())
                    .primary_key(Index::create().col(Mailboxes::Tick).col(Mailboxes::Id))
                    .take(),
            ))
            .await?;
        manager
            .create_table(
                Table::create()
                    .table(State::Table)
                    .col(ColumnDef::new(State::Id).integer().not_null().primary_key())
                    .col(ColumnDef::new(State::Tick).big_integer().not_null())
                    .col(ColumnDef::new(State::DecoySeed).binary().not_null())
                    .col(ColumnDef::new(State::Directory).blob())
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Chunks::Table).take()).await?;
        manager.drop_table(Table::drop().table(Submissions::Table).take()).await?;
        manager.drop_table(Table::drop().table(Mailboxes::Table).take()).await?;
        manager.drop_table(Table::drop().table(State::Table).take()).await
    }
}

/// `SQLite` numbers rows as they come unless told otherwise.
fn in_key_order(
    manager: &SchemaManager<'_>,
    mut table: TableCreateStatement,
) -> TableCreateStatement {
    if manager.get_database_backend() == DbBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    table
}
