//! The log: one chain of signed events over all cases.

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
        previous_link: parse_hash(&row.before, "events.before")?,
        link: parse_hash(&row.link, "events.link")?,
    })
}

/// An entry, and where the database says that it belongs.
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
    /// The events of one case, oldest first.
    pub async fn case_log(&self, id: Uuid) -> Result<Vec<LogEntry>, StoreError> {
        let rows = event::Entity::find()
            .filter(event::Column::CaseId.eq(id))
            .order_by_asc(event::Column::Seq)
            .all(&self.db)
            .await?;
        rows.into_iter().map(log_entry).collect()
    }

    /// Entries behind position `after` (0 for all), at most `most`, with the position of the last.
    pub async fn log_entries_after(
        &self,
        after: i64,
        most: u64,
    ) -> Result<(Vec<StoredLogEntry>, i64), StoreError> {
        let rows = event::Entity::find()
            .filter(event::Column::Position.gt(after))
            .order_by_asc(event::Column::Position)
            .limit(most)
            .all(&self.db)
            .await?;
        let last = rows.last().map_or(after, |row| row.position);
        let logged = |row: event::Model| {
            Ok(StoredLogEntry { case: row.case_id, seq: to_u32(row.seq), entry: log_entry(row)? })
        };
        Ok((rows.into_iter().map(logged).collect::<Result<_, StoreError>>()?, last))
    }
}

impl WriteTransaction<'_> {
    /// Ties an event to the end of the log.
    pub async fn append(
        &self,
        id: Uuid,
        seq: u32,
        signed: SignedEvent,
    ) -> Result<LogEntry, StoreError> {
        let (last, before) = self.log_tail().await?;
        let position = last + 1;
        let entry = LogEntry::append(before, signed);
        let row = event::ActiveModel {
            position: Set(position),
            case_id: Set(id),
            seq: Set(to_i32(seq)),
            bytes: Set(entry.event.bytes.clone()),
            signature: Set(entry.event.signature.clone()),
            before: Set(entry.previous_link.0.to_vec()),
            link: Set(entry.link.0.to_vec()),
        };
        self.lock_batch().events.push(row);
        *self.log_tail.lock().await = Some((position, entry.link));
        Ok(entry)
    }

    /// Position and link of the newest entry. Nobody else writes meanwhile, so it is looked up
    /// once.
    async fn log_tail(&self) -> Result<(i64, Hash), StoreError> {
        let mut known = self.log_tail.lock().await;
        if let Some(end) = *known {
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
        *known = Some(end);
        Ok(end)
    }
}
