//! Mailboxes: looked up one at a time by reporters, replaced all at once by the case handler.

use std::mem;

use envelope::{Hash, mailbox::MAILBOX_LEN};
use rand::{CryptoRng, RngCore, SeedableRng, rngs::StdRng};
use sea_orm::{
    ActiveValue::Set,
    DatabaseTransaction, DbErr, QueryOrder, QuerySelect, QueryTrait,
    prelude::*,
    sea_query::{Expr, ExprTrait as _, OnConflict, SelectStatement},
};

use super::{Store, StoreError, mailbox, random_key, state, writer::Lasting};

/// Mailboxes written in one transaction: 256 KiB.
const BATCH: usize = 8;
/// Mailboxes deleted in one transaction of `SQLite`: 2 MiB.
const SWEPT: u64 = 64;
/// Follows every real id, so that each lookup finds a row to read.
const LAST_ID: [u8; 32] = [0xff; 32];

/// A new laying-out of all mailboxes. Nobody sees it before [`LayingOut::finish`]; dropped, it changes nothing. One that began
/// later, perhaps at another replica, puts an end to it.
pub struct LayingOut {
    store: Store,
    tick: i64,
    batch: Vec<mailbox::ActiveModel>,
    rng: StdRng,
}

impl Store {
    /// The mailbox with this id if there is one, and the number of the laying-out.
    ///
    /// Present or not, one row of the same size is read: the first at or after the id.
    pub async fn mailbox(&self, id: &Hash) -> Result<(Option<Vec<u8>>, u64), StoreError> {
        // One statement sees one moment: never the number of one laying-out and the row of another.
        let nearest = mailbox::Entity::find()
            .filter(Expr::col(mailbox::Column::Tick).eq(served()))
            .filter(mailbox::Column::Id.gte(id.as_bytes().to_vec()))
            .order_by_asc(mailbox::Column::Id)
            .one(&self.reading)
            .await?;
        // The last id has a row from the first laying-out on.
        let Some(nearest) = nearest else { return Ok((None, 0)) };
        let tick = nearest.tick.unsigned_abs();
        Ok((Some(nearest).filter(|row| row.id == id.as_bytes()).map(|row| row.sealed), tick))
    }

    /// Begins to replace all mailboxes, in place of any replacement that is under way.
    pub async fn lay_out(&self, rng: &mut (impl RngCore + CryptoRng)) -> Result<LayingOut, StoreError> {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let rng = StdRng::from_seed(seed);
        let tick = self.writer.write(|txn| Box::pin(begin(txn))).await?;
        self.sweep_mailboxes(tick).await?;
        Ok(LayingOut { store: self.clone(), tick, batch: Vec::new(), rng })
    }

    /// Deletes every mailbox that was laid out before this one, but not those that are served.
    async fn sweep_mailboxes(&self, before: i64) -> Result<(), StoreError> {
        if self.is_shared {
            let all = mailbox::Entity::delete_many().filter(outdated(before));
            return self.writer.write(|txn| Box::pin(async move { all.exec(txn).await.map(drop) })).await;
        }
        // A batch at a time, so that reports need not wait.
        let batch =
            || self.writer.write_lasting(Lasting::Later, move |txn| Box::pin(sweep_batch(txn, before)));
        while batch().await? {}
        Ok(())
    }
}

/// The number of the laying-out that is served.
fn served() -> Expr {
    let select: SelectStatement = state::Entity::find()
        .select_only()
        .column(state::Column::Tick)
        .filter(state::Column::Id.eq(state::ONLY))
        .into_query();
    Expr::SubQuery(None, Box::new(select.into()))
}

fn outdated(before: i64) -> Expr {
    mailbox::Column::Tick.lt(before).and(Expr::col(mailbox::Column::Tick).ne(served()))
}

impl LayingOut {
    /// Adds one mailbox of [`MAILBOX_LEN`] bytes. A second one with the same id replaces the first.
    pub async fn push(&mut self, id: &Hash, sealed: Vec<u8>) -> Result<(), StoreError> {
        debug_assert_eq!(sealed.len(), MAILBOX_LEN, "the relay reads whole records");
        let (key, id) = (Set(random_key(&mut self.rng)), Set(id.as_bytes().to_vec()));
        // One statement must not write a row twice.
        self.batch.retain(|earlier| earlier.id != id);
        self.batch.push(mailbox::ActiveModel { key, tick: Set(self.tick), id, sealed: Set(sealed) });
        if self.batch.len() < BATCH { Ok(()) } else { self.flush().await }
    }

    /// Serves this laying-out from now on, and forgets the one before.
    pub async fn finish(mut self) -> Result<(), StoreError> {
        self.push(&Hash(LAST_ID), vec![0; MAILBOX_LEN]).await?;
        self.flush().await?;
        // On its own: must not stop between commit and notice because a connection closes.
        let finishing = tokio::spawn(self.serve());
        finishing.await.map_err(|_| StoreError::Unavailable)?
    }

    async fn serve(self) -> Result<(), StoreError> {
        let tick = self.tick;
        if !self.store.writer.write(move |txn| Box::pin(swap(txn, tick))).await? {
            return Err(StoreError::Twice);
        }
        self.store.sweep_mailboxes(tick).await
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
            .write_lasting(Lasting::Later, |txn| {
                Box::pin(async move { insert.exec_without_returning(txn).await.map(drop) })
            })
            .await
    }
}

/// Numbers a laying-out.
async fn begin(txn: &DatabaseTransaction) -> Result<i64, DbErr> {
    let next = state::Column::LayingOut.into_expr().add(1);
    state::Entity::update_many().col_expr(state::Column::LayingOut, next).exec(txn).await?;
    let state = state::Entity::find_by_id(state::ONLY).one(txn).await?;
    state.map(|state| state.laying_out).ok_or(DbErr::RecordNotFound("state".to_owned()))
}

/// Serves a laying-out if none has begun since.
async fn swap(txn: &DatabaseTransaction, tick: i64) -> Result<bool, DbErr> {
    let swapped = state::Entity::update_many()
        .col_expr(state::Column::Tick, Expr::value(tick))
        .filter(state::Column::LayingOut.eq(tick))
        .exec(txn)
        .await?;
    Ok(swapped.rows_affected == 1)
}

/// Were there any?
async fn sweep_batch(txn: &DatabaseTransaction, before: i64) -> Result<bool, DbErr> {
    let old: Vec<i64> = mailbox::Entity::find()
        .select_only()
        .column(mailbox::Column::Key)
        .filter(outdated(before))
        .limit(SWEPT)
        .into_tuple()
        .all(txn)
        .await?;
    if old.is_empty() {
        return Ok(false);
    }
    mailbox::Entity::delete_many().filter(mailbox::Column::Key.is_in(old)).exec(txn).await?;
    Ok(true)
}
