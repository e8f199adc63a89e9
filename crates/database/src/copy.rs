//! Copies all tables of one database into another of any kind, reads the copy again and compares.
//!
//! ```no_run
//! # use database::{CopyError, DatabaseUrl, TableCopier};
//! # async fn example(
//! #     tables: &[TableCopier],
//! #     from: &DatabaseUrl,
//! #     to: &DatabaseUrl,
//! # ) -> Result<(), CopyError> {
//! for (name, digest) in database::copy::<migrations_intake::Migrator>(from, to, tables).await? {
//!     println!("{name}: {digest}");
//! }
//! # Ok(()) }
//! ```

use std::{collections::BTreeSet, fmt, mem};

use futures_util::{TryStreamExt as _, future::BoxFuture};
use sea_orm::{
    AccessMode, ActiveModelTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr,
    EntityTrait, IntoActiveModel, IsolationLevel, Iterable, ModelTrait, Statement,
    TransactionOptions, TransactionTrait as _, Value,
};
use sea_orm_migration::MigratorTrait;
use sha2::{Digest, Sha256};

use crate::{DatabaseUrl, OpenError, PoolOptions};

/// Rows in one statement. The number of parameters stays below every database's limit.
const BATCH_ROWS: usize = 64;
/// Bytes in one statement.
const BATCH_BYTES: usize = 1 << 20;
/// The table in which migrations record themselves. It is created in the target, never copied.
const MIGRATIONS_TABLE: &str = "seaql_migrations";

/// A table to copy. There is one for each entity of a service.
#[derive(Debug, Clone, Copy)]
pub struct TableCopier {
    name: &'static str,
    copy: for<'t> fn(
        &'t DatabaseTransaction,
        &'t DatabaseTransaction,
    ) -> BoxFuture<'t, Result<TableDigest, DbErr>>,
    digest: for<'t> fn(&'t DatabaseTransaction) -> BoxFuture<'t, Result<TableDigest, DbErr>>,
}

/// The content of a table: the number of rows, and a digest of every value. Two tables with the
/// same rows in any order have the same digest.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct TableDigest {
    rows: u64,
    digest: [u64; 4],
}

/// Why nothing was copied. The target is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A database failed during the copy.
    #[error("database error: {0}")]
    Database(#[from] DbErr),
    /// The target has rows, which would be mixed with the copied ones.
    #[error("target database is not empty (table {0} has rows)")]
    TargetNotEmpty(&'static str),
    /// The rows in the target differ from those that were read.
    #[error(
        "copy verification failed for table {table}: expected {expected}, found {found}; rolled back. Check both disks"
    )]
    CopyMismatch {
        /// Name of the table.
        table: &'static str,
        /// Digest in the source.
        expected: TableDigest,
        /// Digest in the target.
        found: TableDigest,
    },
    /// The source is newer than this program, or another database.
    #[error("unknown table in source database: {0}")]
    UnknownSchema(String),
}

impl TableCopier {
    /// Returns the copier for the table of an entity.
    pub fn for_entity<E>() -> Self
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel> + Send + Sync,
        E::ActiveModel: Send,
    {
        Self {
            name: E::default().table_name(),
            copy: |from, to| Box::pin(copy_rows::<E>(from, to)),
            digest: |db| Box::pin(digest_table::<E>(db)),
        }
    }

    /// Returns the name of the table.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// Copies all tables in one transaction of the target, reads the copy again, compares, and then
/// commits. Creates the schema of the target, which must be empty. The source is read as one
/// snapshot and must have the schema of this program. Tables that others refer to come first.
///
/// # Errors
/// Fails if a database cannot be opened, if the target has rows, if the source has an unknown
/// table, or if the copy differs. The target is then unchanged.
pub async fn copy<M: MigratorTrait>(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    tables: &[TableCopier],
) -> Result<Vec<(&'static str, TableDigest)>, CopyError> {
    let source = from.connect(PoolOptions::with_connections(1)).await?;
    check_all_tables_known(&source, tables).await?;
    to.migrate::<M>().await?;
    let target = to.connect(PoolOptions::with_connections(1)).await?;
    let snapshot = source.begin_with_options(snapshot_transaction()).await?;
    let txn = target.begin().await?;
    if to.is_shared() {
        let names: Vec<_> = tables.iter().map(TableCopier::name).collect();
        txn.execute_unprepared(&format!("LOCK TABLE {} IN EXCLUSIVE MODE", names.join(", ")))
            .await?;
    }
    for table in tables {
        if (table.digest)(&txn).await? != TableDigest::default() {
            return Err(CopyError::TargetNotEmpty(table.name));
        }
    }
    let mut copied = Vec::with_capacity(tables.len());
    for table in tables {
        copied.push((table.name, (table.copy)(&snapshot, &txn).await?));
    }
    for (table, (_, expected)) in tables.iter().zip(&copied) {
        let found = (table.digest)(&txn).await?;
        if found != *expected {
            return Err(CopyError::CopyMismatch { table: table.name, expected: *expected, found });
        }
    }
    txn.commit().await?;
    target.close().await?;
    Ok(copied)
}

fn snapshot_transaction() -> TransactionOptions {
    TransactionOptions {
        isolation_level: Some(IsolationLevel::RepeatableRead),
        access_mode: Some(AccessMode::ReadOnly),
        ..TransactionOptions::default()
    }
}

/// Refuses a source with a table that this program would not copy.
async fn check_all_tables_known(
    source: &DatabaseConnection,
    tables: &[TableCopier],
) -> Result<(), CopyError> {
    let sql = match source.get_database_backend() {
        sea_orm::DbBackend::Postgres => {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()"
        }
        _ => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        }
    };
    let known: BTreeSet<&str> =
        tables.iter().map(TableCopier::name).chain([MIGRATIONS_TABLE]).collect();
    for row in
        source.query_all_raw(Statement::from_string(source.get_database_backend(), sql)).await?
    {
        let name: String = row.try_get_by_index(0)?;
        if !known.contains(name.as_str()) {
            return Err(CopyError::UnknownSchema(name));
        }
    }
    Ok(())
}

async fn copy_rows<E>(
    from: &DatabaseTransaction,
    to: &DatabaseTransaction,
) -> Result<TableDigest, DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + Send + Sync,
    E::ActiveModel: Send,
{
    let mut digest = TableDigest::default();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    let mut rows = E::find().stream(from).await?;
    while let Some(row) = rows.try_next().await? {
        bytes += digest.add_row(&row)?;
        batch.push(row.into_active_model().reset_all());
        if batch.len() == BATCH_ROWS || bytes >= BATCH_BYTES {
            E::insert_many(mem::take(&mut batch)).exec_without_returning(to).await?;
            bytes = 0;
        }
    }
    if !batch.is_empty() {
        E::insert_many(batch).exec_without_returning(to).await?;
    }
    Ok(digest)
}

async fn digest_table<E: EntityTrait>(db: &DatabaseTransaction) -> Result<TableDigest, DbErr>
where
    E::Model: Send + Sync,
{
    let mut digest = TableDigest::default();
    let mut rows = E::find().stream(db).await?;
    while let Some(row) = rows.try_next().await? {
        digest.add_row(&row)?;
    }
    Ok(digest)
}

impl TableDigest {
    /// Returns the number of rows.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds a row to the digest, and returns its size in bytes.
    fn add_row<M: ModelTrait>(&mut self, row: &M) -> Result<usize, DbErr> {
        let (mut hash, mut size) = (Sha256::new(), 0);
        for column in <M::Entity as EntityTrait>::Column::iter() {
            let value = value_bytes(row.get(column))?;
            // A missing value has no length.
            hash.update(value.as_ref().map_or(u64::MAX, |bytes| bytes.len() as u64).to_be_bytes());
            hash.update(value.as_deref().unwrap_or_default());
            size += value.map_or(0, |bytes| bytes.len());
        }
        // The digests of rows are added, because databases return rows in different orders.
        let hash = hash.finalize();
        for (sum, word) in self.digest.iter_mut().zip(hash.chunks_exact(8)) {
            *sum = sum.wrapping_add(u64::from_be_bytes(word.try_into().expect("chunks of eight")));
        }
        self.rows += 1;
        Ok(size)
    }
}

/// Returns the bytes of one value, equal for all databases.
fn value_bytes(value: Value) -> Result<Option<Vec<u8>>, DbErr> {
    Ok(match value {
        Value::Bool(value) => value.map(|value| vec![u8::from(value)]),
        Value::SmallInt(value) => value.map(|value| value.to_be_bytes().to_vec()),
        Value::Int(value) => value.map(|value| value.to_be_bytes().to_vec()),
        Value::BigInt(value) => value.map(|value| value.to_be_bytes().to_vec()),
        Value::String(value) => value.map(String::into_bytes),
        Value::Bytes(value) => value,
        Value::TimeDate(value) => value.map(|value| value.to_julian_day().to_be_bytes().to_vec()),
        Value::Uuid(value) => value.map(|value| value.into_bytes().to_vec()),
        _ => return Err(DbErr::Type("unsupported column type".to_owned())),
    })
}

impl fmt::Display for TableDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows ", self.rows)?;
        self.digest.iter().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

impl fmt::Debug for TableDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
