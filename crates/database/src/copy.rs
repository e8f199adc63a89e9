//! Copying everything that one database holds into another, on whichever engines, and reading all
//! of it again on the other side.
//!
//! ```no_run
//! # use database::{Place, Table, CopyError};
//! # async fn example(tables: &[Table], from: &Place, to: &Place) -> Result<(), CopyError> {
//! for (name, copied) in database::copy::<migrations_intake::Migrator>(from, to, tables).await? {
//!     println!("{name}: {copied}");
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

/// Rows in one statement: fewer parameters than any engine's limit.
const BATCH_ROWS: usize = 64;
/// Bytes in one statement.
const BATCH_BYTES: usize = 1 << 20;
/// The table in which migrations note themselves; made anew, never copied.
const MIGRATIONS_TABLE: &str = "seaql_migrations";

/// A table that is copied: one for each entity of a service.
#[derive(Debug, Clone, Copy)]
pub struct TableCopier {
    name: &'static str,
    copy: for<'t> fn(
        &'t DatabaseTransaction,
        &'t DatabaseTransaction,
    ) -> BoxFuture<'t, Result<TableDigest, DbErr>>,
    digest: for<'t> fn(&'t DatabaseTransaction) -> BoxFuture<'t, Result<TableDigest, DbErr>>,
}

/// What a table holds: how many rows, and a digest of every value in every one. Two tables with the
/// same rows in any order have the same.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct TableDigest {
    rows: u64,
    digest: [u64; 4],
}

/// Why nothing was copied. The target is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the two could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// One of the two failed in between.
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
    /// Something would be mixed with what is copied.
    #[error("the target is not empty: its table {0} has rows. Name an empty database")]
    TargetNotEmpty(&'static str),
    /// What stands in the target is not what was read.
    #[error(
        "the copy of table {table} differs: {found} in place of {expected}. Nothing was kept of it; look at both disks"
    )]
    CopyMismatch {
        /// Its name.
        table: &'static str,
        /// In the source.
        expected: TableDigest,
        /// In the target.
        found: TableDigest,
    },
    /// The source is newer than this program, or something else.
    #[error("the source has a table that this program does not know: {0}")]
    UnknownSchema(String),
}

impl TableCopier {
    /// The table of an entity.
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

    /// Its name in the database.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// Copies all tables in one transaction of the target, which is made if need be and must be empty;
/// reads the copy again and compares, then commits. The source is read as it was at one moment, and
/// must have the schema of this program. Tables that others refer to come first.
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

/// A table that this program does not copy must not be left behind in silence.
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
    let mut tally = TableDigest::default();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    let mut rows = E::find().stream(from).await?;
    while let Some(row) = rows.try_next().await? {
        bytes += tally.add_row(&row)?;
        batch.push(row.into_active_model().reset_all());
        if batch.len() == BATCH_ROWS || bytes >= BATCH_BYTES {
            E::insert_many(mem::take(&mut batch)).exec_without_returning(to).await?;
            bytes = 0;
        }
    }
    if !batch.is_empty() {
        E::insert_many(batch).exec_without_returning(to).await?;
    }
    Ok(tally)
}

async fn digest_table<E: EntityTrait>(db: &DatabaseTransaction) -> Result<TableDigest, DbErr>
where
    E::Model: Send + Sync,
{
    let mut tally = TableDigest::default();
    let mut rows = E::find().stream(db).await?;
    while let Some(row) = rows.try_next().await? {
        tally.add_row(&row)?;
    }
    Ok(tally)
}

impl TableDigest {
    /// How many rows.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Counts a row and gives how large it is.
    fn add_row<M: ModelTrait>(&mut self, row: &M) -> Result<usize, DbErr> {
        let (mut hash, mut size) = (Sha256::new(), 0);
        for column in <M::Entity as EntityTrait>::Column::iter() {
            let value = value_bytes(row.get(column))?;
            // What is absent has no length.
            hash.update(value.as_ref().map_or(u64::MAX, |bytes| bytes.len() as u64).to_be_bytes());
            hash.update(value.as_deref().unwrap_or_default());
            size += value.map_or(0, |bytes| bytes.len());
        }
        // Digests of rows are added up, as no two engines give rows in the same order.
        let hash = hash.finalize();
        for (sum, word) in self.digest.iter_mut().zip(hash.chunks_exact(8)) {
            *sum = sum.wrapping_add(u64::from_be_bytes(word.try_into().expect("chunks of eight")));
        }
        self.rows += 1;
        Ok(size)
    }
}

/// One value, alike on all engines.
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
        _ => return Err(DbErr::Type("a column of a kind that is not copied".to_owned())),
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
