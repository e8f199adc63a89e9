//! The event log: the signed events of all cases in the order in which they were recorded.

use protocol::case::event::SignedEvent;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{CaseStore, StoreError, WriteTransaction, entities::event, to_i32, to_u32};

/// An event with its case and number from the database.
#[derive(Debug)]
pub struct StoredEvent {
    /// Its position in the event log. Positions grow and no member sees them.
    pub position: i64,
    /// The case under which members find it.
    pub case: Uuid,
    /// Its number within the case.
    pub seq: u32,
    /// The event itself.
    pub event: SignedEvent,
}

impl StoredEvent {
    pub(super) fn from_row(row: event::Model) -> Self {
        Self {
            position: row.position,
            case: row.case_id,
            seq: to_u32(row.seq),
            event: SignedEvent { bytes: row.bytes, signature: row.signature },
        }
    }
}

impl CaseStore {
    /// Returns the events of one case, oldest first.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn case_events(&self, id: Uuid) -> Result<Vec<SignedEvent>, StoreError> {
        let rows = event::Entity::find()
            .filter(event::Column::CaseId.eq(id))
            .order_by_asc(event::Column::Seq)
            .all(&self.db)
            .await?;
        Ok(rows.into_iter().map(|row| StoredEvent::from_row(row).event).collect())
    }

    /// Returns at most `limit` events after the position `after` (0 for all).
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn events_after(
        &self,
        after: i64,
        limit: u64,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let rows = event::Entity::find()
            .filter(event::Column::Position.gt(after))
            .order_by_asc(event::Column::Position)
            .limit(limit)
            .all(&self.db)
            .await?;
        Ok(rows.into_iter().map(StoredEvent::from_row).collect())
    }
}

impl WriteTransaction<'_> {
    /// Appends an event to the log.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn append(&self, id: Uuid, seq: u32, signed: &SignedEvent) -> Result<(), StoreError> {
        let mut cached = self.last_event.lock().await;
        let last = match *cached {
            Some(last) => last,
            // Read once, because no other process writes meanwhile.
            None => self.last_event_position().await?,
        };
        let position = last + 1;
        self.lock_batch().events.push(event::ActiveModel {
            position: Set(position),
            case_id: Set(id),
            seq: Set(to_i32(seq)),
            bytes: Set(signed.bytes.clone()),
            signature: Set(signed.signature.clone()),
        });
        *cached = Some(position);
        Ok(())
    }

    async fn last_event_position(&self) -> Result<i64, StoreError> {
        let last: Option<i64> = event::Entity::find()
            .select_only()
            .column_as(event::Column::Position.max(), "last")
            .into_tuple()
            .one(self.flushed_transaction().await?)
            .await?
            .flatten();
        Ok(last.unwrap_or(0))
    }
}
