//! Mailboxes: looked up one at a time by reporters, replaced all at once by the case handler.

use std::{mem, sync::atomic::Ordering};

use envelope::{Hash, mailbox::MAILBOX_LEN};
use sea_orm::{
    ActiveValue::Set, DatabaseTransaction, DbErr, QueryOrder, QuerySelect, prelude::*, sea_query::OnConflict,
};
use tokio::sync::OwnedMutexGuard;

use super::{Store, StoreError, mailbox, state};

/// Mailboxes written in one transaction: 256 KiB.
const BATCH: usize = 8;
/// Mailboxes deleted in one transaction: 2 MiB.
const SWEPT: u64 = 64;
/// Follows every real id, so that each lookup finds a row to read.
const LAST_ID: [u8; 32] = [0xff; 32];

/// A new laying-out of all mailboxes. Nobody sees it before [`LayingOut::finish`]; dropped, it changes nothing.
pub struct LayingOut {
    store: Store,
    tick: i64,
    batch: Vec<mailbox::ActiveModel>,
    _alone: OwnedMutexGuard<()>,
}

impl Store {
    /// The mailbox with this id if there is one, and the number of the laying-out.
    ///
    /// Present or not, one row of the same size is read: the first at or after the id.
    pub async fn mailbox(&self, id: &Hash) -> Result<(Option<Vec<u8>>, u64), StoreError> {
        loop {
            let tick = self.tick.load(Ordering::SeqCst);
            let nearest = mailbox::Entity::find()
                .filter(mailbox::Column::Tick.eq(tick))
                .filter(mailbox::Column::Id.gte(id.as_bytes().to_vec()))
                .order_by_asc(mailbox::Column::Id)
                .one(&self.reading)
                .await?;
            // Replaced while it was read: the old rows may be gone already.
            if tick == self.tick.load(Ordering::SeqCst) {
                let found = nearest.filter(|row| row.id == id.as_bytes()).map(|row| row.sealed);
                return Ok((found, tick.unsigned_abs()));
            }
        }
    }

    /// Begins to replace all mailboxes. Waits until another replacement has ended.
    pub async fn lay_out(&self) -> Result<LayingOut, StoreError> {
        let alone = self.laying_out.clone().lock_owned().await;
        let tick = self.tick.load(Ordering::SeqCst);
        self.sweep_mailboxes(tick).await?;
        Ok(LayingOut { store: self.clone(), tick: tick + 1, batch: Vec::new(), _alone: alone })
    }

    /// Deletes every mailbox but those of one laying-out, a batch at a time, so that reports need not wait.
    pub(super) async fn sweep_mailboxes(&self, keep: i64) -> Result<(), StoreError> {
        while self.writer.write(move |txn| Box::pin(sweep_batch(txn, keep))).await? {}
        Ok(())
    }
}

impl LayingOut {
    /// Adds one mailbox of [`MAILBOX_LEN`] bytes. A second one with the same id replaces the first.
    pub async fn push(&mut self, id: &Hash, sealed: Vec<u8>) -> Result<(), StoreError> {
        debug_assert_eq!(sealed.len(), MAILBOX_LEN, "the relay reads whole records");
        self.batch.push(mailbox::ActiveModel {
            tick: Set(self.tick),
            id: Set(id.as_bytes().to_vec()),
            sealed: Set(sealed),
        });
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
        self.store.writer.write(move |txn| Box::pin(swap(txn, tick))).await?;
        self.store.tick.store(tick, Ordering::SeqCst);
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
        self.store
            .writer
            .write(|txn| Box::pin(async move { insert.exec_without_returning(txn).await.map(drop) }))
            .await
    }
}

async fn swap(txn: &DatabaseTransaction, tick: i64) -> Result<(), DbErr> {
    let row = state::ActiveModel { id: Set(state::ONLY), tick: Set(tick), ..Default::default() };
    row.update(txn).await.map(drop)
}

/// Were there any?
async fn sweep_batch(txn: &DatabaseTransaction, keep: i64) -> Result<bool, DbErr> {
    let old: Vec<(i64, Vec<u8>)> = mailbox::Entity::find()
        .select_only()
        .columns([mailbox::Column::Tick, mailbox::Column::Id])
        .filter(mailbox::Column::Tick.ne(keep))
        .limit(SWEPT)
        .into_tuple()
        .all(txn)
        .await?;
    for key in &old {
        mailbox::Entity::delete_by_id(key.clone()).exec(txn).await?;
    }
    Ok(!old.is_empty())
}
