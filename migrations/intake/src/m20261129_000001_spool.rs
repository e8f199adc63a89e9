//! The schema of version 0.1: submissions on their way to the case handler, mailboxes on their way
//! back, and the state of the intake.
//!
//! No column holds a time finer than the ISO week or a size finer than the size class, except the
//! last day of an upload that has not ended. Ids and keys are random, and `SQLite` stores rows in
//! the order of the key, so that the file does not show which row arrived first.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own signature elides them")]

use sea_orm_migration::{
    async_trait,
    prelude::*,
    schema::{big_integer, binary, blob, boolean, integer, string, uuid},
    sea_orm::DbBackend,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn table(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new(name));
    for mut column in columns {
        table.col(&mut column);
    }
    table.take()
}

/// Creates a table of large rows that are found by two columns, with the random column `key`.
///
/// `SQLite` stores the rows in the order of `key`. In the order of the two columns it would compare
/// whole rows: to find one of 256 KiB it would read several. `PostgreSQL` stores rows in no order,
/// and its index holds no content.
async fn create_large_rows(
    manager: &SchemaManager<'_>,
    mut table: TableCreateStatement,
    (name, columns): (&'static str, [&'static str; 2]),
) -> Result<(), DbErr> {
    let mut index = Index::create();
    for column in columns {
        index.col(Alias::new(column));
    }
    if manager.get_database_backend() == DbBackend::Sqlite {
        table.col(integer("key").primary_key());
        manager.create_table(table).await?;
        index.name(format!("{name}_by_name")).table(Alias::new(name)).unique();
        return manager.create_index(index).await;
    }
    table.col(big_integer("key")).primary_key(&mut index);
    manager.create_table(table).await
}

fn submissions(engine: DbBackend) -> TableCreateStatement {
    let mut digest = ColumnDef::new(Alias::new("digest"));
    let mut submissions = table(
        "submissions",
        vec![
            uuid("id").primary_key().take(),
            // The same bytes are stored once. NULL while the submission is incomplete.
            digest.binary().unique_key().take(),
            string("week"),
            big_integer("length"),
            boolean("complete"),
        ],
    );
    if engine == DbBackend::Sqlite {
        submissions.extra("WITHOUT ROWID");
    }
    submissions
}

fn chunks() -> TableCreateStatement {
    let mut chunks = table("chunks", vec![uuid("submission"), integer("position"), blob("bytes")]);
    let mut submission = ForeignKey::create();
    submission
        .from(Alias::new("chunks"), Alias::new("submission"))
        .to(Alias::new("submissions"), Alias::new("id"))
        .on_delete(ForeignKeyAction::Cascade);
    chunks.foreign_key(&mut submission).take()
}

/// Returns the table of the uploads that can be continued after a cut.
fn uploads(engine: DbBackend) -> TableCreateStatement {
    let mut uploads = table(
        "uploads",
        vec![
            binary("id").primary_key().take(),
            uuid("submission"),
            // NULL after the end of the upload.
            ColumnDef::new(Alias::new("last_day")).string().take(),
        ],
    );
    let mut submission = ForeignKey::create();
    submission
        .from(Alias::new("uploads"), Alias::new("submission"))
        .to(Alias::new("submissions"), Alias::new("id"))
        .on_delete(ForeignKeyAction::Cascade);
    uploads.foreign_key(&mut submission);
    if engine == DbBackend::Sqlite {
        uploads.extra("WITHOUT ROWID");
    }
    uploads
}

fn mailboxes() -> TableCreateStatement {
    table("mailboxes", vec![big_integer("generation"), binary("id"), blob("sealed")])
}

/// Returns the table of the single row of state.
fn state() -> TableCreateStatement {
    let nullable_blob = |name: &'static str| ColumnDef::new(Alias::new(name)).blob().take();
    table(
        "state",
        vec![
            integer("id").primary_key().take(),
            big_integer("served_generation"),
            big_integer("newest_generation").default(0).take(),
            binary("decoy_seed"),
            nullable_blob("directory"),
            nullable_blob("reply_schedule"),
        ],
    )
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(submissions(manager.get_database_backend())).await?;
        create_large_rows(manager, chunks(), ("chunks", ["submission", "position"])).await?;
        manager.create_table(uploads(manager.get_database_backend())).await?;
        create_large_rows(manager, mailboxes(), ("mailboxes", ["generation", "id"])).await?;
        manager.create_table(state()).await
    }
}
