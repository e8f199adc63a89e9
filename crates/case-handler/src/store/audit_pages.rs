//! Pages of the event log with the leaves of the events, for the audit by the oversight body.

use std::collections::HashMap;

use protocol::api::workbench::AUDIT_PAGE_BATCHES;
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Query},
};
use transparency_log::batch::{batch_of, log_size};

use super::{
    CaseStore, StoreError, StoredEvent,
    entities::{event, log_leaf},
    from_index,
    log_leaves::log_batches,
    to_index,
};

/// A range of the event log: all events of some batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditRange {
    /// The number of batches of the log.
    pub batches: u32,
    /// The position before the first event.
    pub after: i64,
    /// The position of the last event. There can be fewer events.
    pub until: i64,
}

impl CaseStore {
    /// Returns the range of the events of at most `limit` batches from the batch `from` on. Events
    /// get leaves in the order in which they were recorded, so they are one range. After the newest
    /// batch it contains the oldest events that wait for a leaf too, at most as many as a page of
    /// batches has.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn audit_range(&self, from: u32, limit: u32) -> Result<AuditRange, StoreError> {
        let batches = log_batches(&self.db).await?;
        let end = std::cmp::min(from.saturating_add(limit), batches);
        let after = self.last_position_before(from).await?;
        let last = self.last_position_before(end).await?;
        let waiting = if end == batches { log_size(AUDIT_PAGE_BATCHES) } else { 0 };
        let until = last.saturating_add(from_index(waiting));
        Ok(AuditRange { batches, after, until })
    }

    /// Returns the position of the last event that has a leaf before this batch.
    async fn last_position_before(&self, batch: u32) -> Result<i64, StoreError> {
        let newest = log_leaf::Entity::find()
            .filter(log_leaf::Column::Leaf.lt(from_index(log_size(batch))))
            .order_by_desc(log_leaf::Column::Leaf)
            .one(&self.db)
            .await?;
        let Some(newest) = newest else { return Ok(0) };
        // Within a batch the leaves are random, so all events of this one are compared.
        let batch = batch_of(to_index(newest.leaf)?);
        let first = batch.map(log_size).ok_or(StoreError::CorruptRow("log_leaves.leaf"))?;
        let last: Option<i64> = log_leaf::Entity::find()
            .select_only()
            .column_as(log_leaf::Column::Event.max(), "last")
            .filter(log_leaf::Column::Leaf.gte(from_index(first)))
            .filter(log_leaf::Column::Leaf.lte(newest.leaf))
            .into_tuple()
            .one(&self.db)
            .await?
            .flatten();
        Ok(last.unwrap_or(0))
    }

    /// Returns the next events of a range, at most `limit`, with the indices of their leaves.
    /// `None` at its end. An event that got its leaf after the range was made has no index.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn audit_page(
        &self,
        range: AuditRange,
        limit: u64,
    ) -> Result<Option<Vec<(StoredEvent, Option<u64>)>>, StoreError> {
        let events: Vec<StoredEvent> = event::Entity::find()
            .filter(event::Column::Position.gt(range.after))
            .filter(event::Column::Position.lte(range.until))
            .order_by_asc(event::Column::Position)
            .limit(limit)
            .all(&self.db)
            .await?
            .into_iter()
            .map(StoredEvent::from_row)
            .collect();
        let Some(last) = events.last() else { return Ok(None) };
        let leaves = log_leaf::Entity::find()
            .filter(log_leaf::Column::Event.gt(range.after))
            .filter(log_leaf::Column::Event.lte(last.position))
            .filter(log_leaf::Column::Leaf.lt(from_index(log_size(range.batches))))
            .all(&self.db)
            .await?;
        let indices = leaves
            .into_iter()
            .map(|row| Ok((row.event, to_index(row.leaf)?)))
            .collect::<Result<HashMap<i64, u64>, StoreError>>()?;
        let with_index = |event: StoredEvent| {
            let index = indices.get(&event.position).copied();
            (event, index)
        };
        Ok(Some(events.into_iter().map(with_index).collect()))
    }

    /// Returns whether the transparency log has a leaf of an event that does not exist.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn has_leaf_without_event(&self) -> Result<bool, StoreError> {
        let its_event = Query::select()
            .expr(Expr::val(1))
            .from(event::Entity)
            .and_where(
                Expr::col((event::Entity, event::Column::Position))
                    .equals((log_leaf::Entity, log_leaf::Column::Event)),
            )
            .to_owned();
        let without_event = log_leaf::Entity::find().filter(Expr::exists(its_event).not());
        Ok(without_event.one(&self.db).await?.is_some())
    }
}
