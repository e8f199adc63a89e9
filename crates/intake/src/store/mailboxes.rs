//! Mailboxes: reporters look them up one at a time, and the case handler replaces all of them at
//! once.

use std::mem;

use protocol::{Hash, mailbox::MAILBOX_LEN};
use rand::{CryptoRng, RngCore, SeedableRng, rngs::StdRng};
use sea_orm::{
    ActiveValue::Set,
    DatabaseTransaction, DbErr, QueryOrder, QuerySelect, QueryTrait,
    prelude::*,
    sea_query::{Expr, ExprTrait as _, OnConflict, SelectStatement},
};

use super::{Store, StoreError, group_commit::Durability, mailbox, random_key, state};

/// Number of mailboxes that one transaction writes: 256 KiB.
const INSERT_BATCH: usize = 8;
/// Number of mailboxes that one transaction of `SQLite` deletes: 2 MiB.
const DELETE_BATCH: u64 = 64;
/// An id after every real id, so that each lookup finds a row to read.
const SENTINEL_ID: [u8; 32] = [0xff; 32];

/// A new snapshot of all mailboxes. It is not served before [`MailboxSnapshot::publish`], and
/// dropping it changes nothing. A later snapshot cancels it, even one at another replica.
pub struct MailboxSnapshot {
    store: Store,
    generation: i64,
    batch: Vec<mailbox::ActiveModel>,
    rng: StdRng,
}

impl Store {
    /// Returns the mailbox with this id, if it exists, and the number of the snapshot.
    ///
    /// In both cases the query reads one row of the same size: the first at or after the id.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn find_mailbox(&self, id: &Hash) -> Result<(Option<Vec<u8>>, u64), StoreError> {
        // One statement sees one state of the database: never the number of one snapshot and the
        // row of another.
        let nearest = mailbox::Entity::find()
            .filter(Expr::col(mailbox::Column::Generation).eq(current_generation()))
            .filter(mailbox::Column::Id.gte(id.as_bytes().to_vec()))
            .order_by_asc(mailbox::Column::Id)
            .one(&self.read_db)
            .await?;
        // The sentinel has a row from the first snapshot on.
        let Some(nearest) = nearest else { return Ok((None, 0)) };
        let generation = nearest.generation.unsigned_abs();
        Ok((Some(nearest).filter(|row| row.id == id.as_bytes()).map(|row| row.sealed), generation))
    }

    /// Begins to replace all mailboxes. Cancels any earlier replacement that is not published.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn begin_mailbox_snapshot(
        &self,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<MailboxSnapshot, StoreError> {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let rng = StdRng::from_seed(seed);
        let generation = self.writer.write(|txn| Box::pin(next_generation(txn))).await?;
        self.delete_stale_mailboxes(generation).await?;
        Ok(MailboxSnapshot { store: self.clone(), generation, batch: Vec::new(), rng })
    }

    /// Deletes all mailboxes of earlier snapshots, except those of the served one.
    async fn delete_stale_mailboxes(&self, before: i64) -> Result<(), StoreError> {
        if self.is_shared {
            let all = mailbox::Entity::delete_many().filter(stale_rows(before));
            return self
                .writer
                .write(|txn| Box::pin(async move { all.exec(txn).await.map(drop) }))
                .await;
        }
        // One batch at a time, so that reports do not wait.
        let batch = || {
            self.writer.write_with_durability(Durability::Deferred, move |txn| {
                Box::pin(delete_stale_batch(txn, before))
            })
        };
        while batch().await? {}
        Ok(())
    }
}

/// Returns the number of the served snapshot as a subquery.
fn current_generation() -> Expr {
    let select: SelectStatement = state::Entity::find()
        .select_only()
        .column(state::Column::ServedGeneration)
        .filter(state::Column::Id.eq(state::SINGLETON_ID))
        .into_query();
    Expr::SubQuery(None, Box::new(select.into()))
}

fn stale_rows(before: i64) -> Expr {
    mailbox::Column::Generation
        .lt(before)
        .and(Expr::col(mailbox::Column::Generation).ne(current_generation()))
}

impl MailboxSnapshot {
    /// Adds a mailbox of [`MAILBOX_LEN`] bytes. It replaces an earlier one with the same id.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn push(&mut self, id: &Hash, sealed: Vec<u8>) -> Result<(), StoreError> {
        debug_assert_eq!(sealed.len(), MAILBOX_LEN, "the relay reads whole records");
        let (key, id) = (Set(random_key(&mut self.rng)), Set(id.as_bytes().to_vec()));
        // One statement must not write the same row twice.
        self.batch.retain(|earlier| earlier.id != id);
        self.batch.push(mailbox::ActiveModel {
            key,
            generation: Set(self.generation),
            id,
            sealed: Set(sealed),
        });
        if self.batch.len() < INSERT_BATCH { Ok(()) } else { self.flush().await }
    }

    /// Makes this the served snapshot and deletes the previous one.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] if a later snapshot has begun; another error if the database
    /// fails.
    pub async fn publish(mut self) -> Result<(), StoreError> {
        self.push(&Hash(SENTINEL_ID), vec![0; MAILBOX_LEN]).await?;
        self.flush().await?;
        // In a task of its own, so that a closed connection does not stop it between the two steps.
        let finishing = tokio::spawn(self.activate_and_delete_stale());
        finishing.await.map_err(|_| StoreError::Unavailable)?
    }

    async fn activate_and_delete_stale(self) -> Result<(), StoreError> {
        let generation = self.generation;
        if !self
            .store
            .writer
            .write(move |txn| Box::pin(activate_if_latest(txn, generation)))
            .await?
        {
            return Err(StoreError::Duplicate);
        }
        self.store.delete_stale_mailboxes(generation).await
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let batch = mem::take(&mut self.batch);
        if batch.is_empty() {
            return Ok(());
        }
        let mut replace = OnConflict::columns([mailbox::Column::Generation, mailbox::Column::Id]);
        replace.update_column(mailbox::Column::Sealed);
        let insert = mailbox::Entity::insert_many(batch).on_conflict(replace);
        // These rows are not served before the transaction that activates them, which is durable.
        self.store
            .writer
            .write_with_durability(Durability::Deferred, |txn| {
                Box::pin(async move { insert.exec_without_returning(txn).await.map(drop) })
            })
            .await
    }
}

/// Returns the number of a new snapshot.
async fn next_generation(txn: &DatabaseTransaction) -> Result<i64, DbErr> {
    let next = state::Column::NewestGeneration.into_expr().add(1);
    state::Entity::update_many().col_expr(state::Column::NewestGeneration, next).exec(txn).await?;
    let state = state::Entity::find_by_id(state::SINGLETON_ID).one(txn).await?;
    state.map(|state| state.newest_generation).ok_or(DbErr::RecordNotFound("state".to_owned()))
}

/// Makes a snapshot the served one, unless a later one has begun. Returns whether it did.
async fn activate_if_latest(txn: &DatabaseTransaction, generation: i64) -> Result<bool, DbErr> {
    let updated = state::Entity::update_many()
        .col_expr(state::Column::ServedGeneration, Expr::value(generation))
        .filter(state::Column::NewestGeneration.eq(generation))
        .exec(txn)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Deletes one batch of stale mailboxes. Returns whether there was any.
async fn delete_stale_batch(txn: &DatabaseTransaction, before: i64) -> Result<bool, DbErr> {
    let old: Vec<i64> = mailbox::Entity::find()
        .select_only()
        .column(mailbox::Column::Key)
        .filter(stale_rows(before))
        .limit(DELETE_BATCH)
        .into_tuple()
        .all(txn)
        .await?;
    if old.is_empty() {
        return Ok(false);
    }
    mailbox::Entity::delete_many().filter(mailbox::Column::Key.is_in(old)).exec(txn).await?;
    Ok(true)
}
