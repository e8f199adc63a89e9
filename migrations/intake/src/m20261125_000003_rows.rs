//! Large rows lie in the order of a random number of their own.
//!
//! In the order of their ids they lay in trees of `SQLite` that compare whole rows: to find one of
//! 256 KiB it read several.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// A table and the columns that name a row to us.
const TABLES: [(&str, [&str; 2], &str); 2] =
    [("chunks", ["submission", "position"], "bytes"), ("mailboxes", ["tick", "id"], "sealed")];

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait is declared with elided ones, and they must match"
)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All or nothing, on either engine.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for (table, [one, other], content) in TABLES {
            if manager.get_database_backend() != DbBackend::Sqlite {
                // There rows lie as they come, and the index of the names holds no content.
                let fill = "CAST(random() * 4611686018427387904 AS bigint)";
                db.execute_unprepared(&format!("ALTER TABLE {table} ADD COLUMN key bigint"))
                    .await?;
                db.execute_unprepared(&format!("UPDATE {table} SET key = {fill}")).await?;
                db.execute_unprepared(&format!(
                    "ALTER TABLE {table} ALTER COLUMN key SET NOT NULL"
                ))
                .await?;
                continue;
            }
            let names = match table {
                "chunks" => {
                    "submission uuid_text NOT NULL REFERENCES submissions (id) ON DELETE CASCADE, position integer NOT NULL"
                }
                _ => "tick bigint NOT NULL, id blob NOT NULL",
            };
            for sql in [
                format!(
                    "CREATE TABLE new_{table} (key integer NOT NULL PRIMARY KEY, {names}, {content} blob NOT NULL)"
                ),
                format!(
                    "INSERT INTO new_{table} SELECT random() & 4611686018427387903, {one}, {other}, {content} FROM {table}"
                ),
                format!("DROP TABLE {table}"),
                format!("ALTER TABLE new_{table} RENAME TO {table}"),
                format!("CREATE UNIQUE INDEX {table}_by_name ON {table} ({one}, {other})"),
            ] {
                db.execute_unprepared(&sql).await?;
            }
        }
        Ok(())
    }
}
