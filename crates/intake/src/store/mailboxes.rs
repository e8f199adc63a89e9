//! Mailboxes: looked up one at a time by reporters, replaced all at once by the case handler.

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

/// Mailboxes written in one transaction: 256 KiB.
const INSERT_BATCH: usize = 8;
/// Mailboxes deleted in one transaction of `SQLite`: 2 MiB.
const DELETE_BATCH: u64 = 64;
/// Follows every real id, so that each lookup finds a row to read.
const SENTINEL_ID: [u8; 32] = [0xff; 32];

/// A new laying-out of all mailboxes. Nobody sees it before [`LayingOut::publish`]; dropped, it
/// changes nothing. One that began later, perhaps at another replica, puts an end to it.
pub struct MailboxSnapshot {
    store: Store,
    generation: i64,
    batch: Vec<mailbox::ActiveModel>,
    rng: StdRng,
}

impl Store {
    /// The mailbox with this id if there is one, and the number of the laying-out.
    ///
    /// Present or not, one row of the same size is read: the first at or after the id.
    pub async fn find_mailbox(&self, id: &Hash) -> Result<(Option<Vec<u8>>, u64), StoreError> {
        // One statement sees one moment: never the number of one laying-out and the row of another.
        let nearest = mailbox::Entity::find()
            .filter(Expr::col(mailbox::Column::Tick).eq(current_generation()))
            .filter(mailbox::Column::Id.gte(id.as_bytes().to_vec()))
            .order_by_asc(mailbox::Column::Id)
            .one(&self.read_db)
            .await?;
        // The last id has a row from the first laying-out on.
        let Some(nearest) = nearest else { return Ok((None, 0)) };
        let tick = nearest.tick.unsigned_abs();
        Ok((Some(nearest).filter(|row| row.id == id.as_bytes()).map(|row| row.sealed), tick))
    }

    /// Begins to replace all mailboxes, in place of any replacement that is under way.
    pub async fn begin_mailbox_snapshot(
        &self,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<MailboxSnapshot, StoreError> {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let rng = StdRng::from_seed(seed);
        let tick = self.writer.write(|txn| Box::pin(next_generation(txn))).await?;
        self.delete_stale_mailboxes(tick).await?;
        Ok(MailboxSnapshot { store: self.clone(), generation: tick, batch: Vec::new(), rng })
    }

    /// Deletes every mailbox that was laid out before this one, but not those that are served.
    async fn delete_stale_mailboxes(&self, before: i64) -> Result<(), StoreError> {
        if self.is_shared {
            let all = mailbox::Entity::delete_many().filter(stale_rows(before));
            return self
                .writer
                .write(|txn| Box::pin(async move { all.exec(txn).await.map(drop) }))
                .await;
        }
        // A batch at a time, so that reports need not wait.
        let batch = || {
            self.writer.write_with_durability(Durability::Deferred, move |txn| {
                Box::pin(delete_stale_batch(txn, before))
            })
        };
        while batch().await? {}
        Ok(())
    }
}

/// The number of the laying-out that is served.
fn current_generation() -> Expr {
    let select: SelectStatement = state::Entity::find()
        .select_only()
        .column(state::Column::Tick)
        .filter(state::Column::Id.eq(state::SINGLETON_ID))
        .into_query();
    Expr::SubQuery(None, Box::new(select.into()))
}

fn stale_rows(before: i64) -> Expr {
    mailbox::Column::Tick.lt(before).and(Expr::col(mailbox::Column::Tick).ne(current_generation()))
}

impl MailboxSnapshot {
    /// Adds one mailbox of [`MAILBOX_LEN`] bytes. A second one with the same id replaces the first.
    pub async fn push(&mut self, id: &Hash, sealed: Vec<u8>) -> Result<(), StoreError> {
        debug_assert_eq!(sealed.len(), MAILBOX_LEN, "the relay reads whole records");
        let (key, id) = (Set(random_key(&mut self.rng)), Set(id.as_bytes().to_vec()));
        // One statement must not write a row twice.
        self.batch.retain(|earlier| earlier.id != id);
        self.batch.push(mailbox::ActiveModel {
            key,
            tick: Set(self.generation),
            id,
            sealed: Set(sealed),
        });
        if self.batch.len() < INSERT_BATCH { Ok(()) } else { self.flush().await }
    }

    /// Serves this laying-out from now on, and forgets the one before.
    pub async fn publish(mut self) -> Result<(), StoreError> {
        self.push(&Hash(SENTINEL_ID), vec![0; MAILBOX_LEN]).await?;
        self.flush().await?;
        // On its own: must not stop between commit and notice because a connection closes.
        let finishing = tokio::spawn(self.activate_and_delete_stale());
        finishing.await.map_err(|_| StoreError::Unavailable)?
    }

    async fn activate_and_delete_stale(self) -> Result<(), StoreError> {
        let tick = self.generation;
        if !self.store.writer.write(move |txn| Box::pin(activate_if_latest(txn, tick))).await? {
            return Err(StoreError::Duplicate);
        }
        self.store.delete_stale_mailboxes(tick).await
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let batch = mem::take(&mut self.batch);
        if batch.is_empty() {
            return Ok(());
        }
        let mut replace = OnConflict::columns([mailbox::Column::Tick, mailbox::Column::Id]);
        replace.update_column(mailbox::Column::Sealed);
        let insert = mailbox::Entity::insert_many(batch).on_conflict(replace);
        // Nobody is served these before the transaction that swaps, and that one lasts.
        self.store
            .writer
            .write_with_durability(Durability::Deferred, |txn| {
                Box::pin(async move { insert.exec_without_returning(txn).await.map(drop) })
            })
            .await
    }
}

/// Numbers a laying-out.
async fn next_generation(txn: &DatabaseTransaction) -> Result<i64, DbErr> {
    let next = state::Column::LayingOut.into_expr().add(1);
    state::Entity::update_many().col_expr(state::Column::LayingOut, next).exec(txn).await?;
    let state = state::Entity::find_by_id(state::SINGLETON_ID).one(txn).await?;
    state.map(|state| state.laying_out).ok_or(DbErr::RecordNotFound("state".to_owned()))
}

/// Serves a laying-out if none has begun since.
async fn activate_if_latest(txn: &DatabaseTransaction, tick: i64) -> Result<bool, DbErr> {
    let swapped = state::Entity::update_many()
        .col_expr(state::Column::Tick, Expr::value(tick))
        .filter(state::Column::LayingOut.eq(tick))
        .exec(txn)
        .await?;
    Ok(swapped.rows_affected == 1)
}

/// Were there any?
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
