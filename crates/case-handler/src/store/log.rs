//! The event log: one hash chain of signed events over all cases.

use protocol::{
    Hash,
    case::event::{LogEntry, SignedEvent},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{CaseStore, StoreError, WriteTransaction, entities::event, parse_hash, to_i32, to_u32};

fn log_entry(row: event::Model) -> Result<LogEntry, StoreError> {
    Ok(LogEntry {
        event: SignedEvent { bytes: row.bytes, signature: row.signature },
        previous_link: parse_hash(&row.previous_link, "events.previous_link")?,
        link: parse_hash(&row.link, "events.link")?,
    })
}

/// A log entry with its case and number from the database.
#[derive(Debug)]
pub struct StoredLogEntry {
    /// The case under which members find it.
    pub case: Uuid,
    /// Its number within the case.
    pub seq: u32,
    /// The entry itself.
    pub entry: LogEntry,
}

impl CaseStore {
    /// Returns the events of one case, oldest first.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn case_log(&self, id: Uuid) -> Result<Vec<LogEntry>, StoreError> {
        let rows = event::Entity::find()
            .filter(event::Column::CaseId.eq(id))
            .order_by_asc(event::Column::Seq)
            .all(&self.db)
            .await?;
        rows.into_iter().map(log_entry).collect()
    }

    /// Returns at most `limit` entries after the position `after` (0 for all), with the position of
    /// the last.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn log_entries_after(
        &self,
        after: i64,
        limit: u64,
    ) -> Result<(Vec<StoredLogEntry>, i64), StoreError> {
        let rows = event::Entity::find()
            .filter(event::Column::Position.gt(after))
            .order_by_asc(event::Column::Position)
            .limit(limit)
            .all(&self.db)
            .await?;
        let last = rows.last().map_or(after, |row| row.position);
        let to_entry = |row: event::Model| {
            Ok(StoredLogEntry { case: row.case_id, seq: to_u32(row.seq), entry: log_entry(row)? })
        };
        Ok((rows.into_iter().map(to_entry).collect::<Result<_, StoreError>>()?, last))
    }
}

impl WriteTransaction<'_> {
    /// Appends an event to the log.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn append(
        &self,
        id: Uuid,
        seq: u32,
        signed: SignedEvent,
    ) -> Result<LogEntry, StoreError> {
        let (last, previous_link) = self.log_tail().await?;
        let position = last + 1;
        let entry = LogEntry::append(previous_link, signed);
        let row = event::ActiveModel {
            position: Set(position),
            case_id: Set(id),
            seq: Set(to_i32(seq)),
            bytes: Set(entry.event.bytes.clone()),
            signature: Set(entry.event.signature.clone()),
            previous_link: Set(entry.previous_link.0.to_vec()),
            link: Set(entry.link.0.to_vec()),
        };
        self.lock_batch().events.push(row);
        *self.log_tail.lock().await = Some((position, entry.link));
        Ok(entry)
    }

    /// Returns position and link of the newest entry. It is read once, because no other process
    /// writes meanwhile.
    async fn log_tail(&self) -> Result<(i64, Hash), StoreError> {
        let mut cached = self.log_tail.lock().await;
        if let Some(end) = *cached {
            return Ok(end);
        }
        let last = event::Entity::find()
            .order_by_desc(event::Column::Position)
            .one(self.flushed_transaction().await?)
            .await?;
        let end = match last {
            Some(last) => (last.position, parse_hash(&last.link, "events.link")?),
            None => (0, Hash::default()),
        };
        *cached = Some(end);
        Ok(end)
    }
}
