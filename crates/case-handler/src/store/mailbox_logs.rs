//! The log records of mailboxes, stored with their cases.

use std::collections::HashMap;

use protocol::case::event::SignedEvent;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait as _,
    sea_query::{Expr, ExprTrait as _},
};
use uuid::Uuid;

use super::{
    CaseStore, StoreError, WriteTransaction,
    entities::{case, event, log_checkpoint, log_leaf},
    from_index, to_i32, to_index, to_u32,
};

/// How far the log record of a mailbox has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxLogState {
    /// It must be made again: an event or a leaf is new, or the signers of the log have changed.
    Outdated,
    /// An event has no leaf yet. Its batch makes the record outdated.
    Waiting,
    /// Every event has a leaf. A cosignature is missing.
    Logged,
    /// One countersigned tree contains every event. The record does not change any more.
    Countersigned,
}

impl MailboxLogState {
    fn to_number(self) -> i16 {
        match self {
            Self::Outdated => 0,
            Self::Logged => 1,
            Self::Countersigned => 2,
            Self::Waiting => 3,
        }
    }
}

/// A case whose log record must be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutdatedMailboxLog {
    /// The case.
    pub case: Uuid,
    /// The sequence number of the event of the submission whose capsule is stored.
    pub capsule_event: u32,
}

/// An event of a reporter's submission, and the index of its leaf if it has one.
#[derive(Debug)]
pub struct SubmissionEvent {
    /// The event.
    pub event: SignedEvent,
    /// The index of its leaf.
    pub leaf: Option<u64>,
}

#[derive(FromQueryResult)]
struct OutdatedRow {
    id: Uuid,
    capsule_event: i32,
}

impl CaseStore {
    /// Returns at most `limit` cases whose log record must be made again and whose ids are greater
    /// than `after`, in the order of ids.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn outdated_mailbox_logs(
        &self,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<OutdatedMailboxLog>, StoreError> {
        let mut select = case::Entity::find()
            .select_only()
            .columns([case::Column::Id, case::Column::CapsuleEvent])
            .filter(case::Column::MailboxLogState.eq(MailboxLogState::Outdated.to_number()))
            .filter(case::Column::Purged.eq(false))
            .order_by_asc(case::Column::Id)
            .limit(limit);
        if let Some(after) = after {
            select = select.filter(case::Column::Id.gt(after));
        }
        let rows: Vec<OutdatedRow> = select.into_model().all(&self.db).await?;
        let outdated = |row: OutdatedRow| OutdatedMailboxLog {
            case: row.id,
            capsule_event: to_u32(row.capsule_event),
        };
        Ok(rows.into_iter().map(outdated).collect())
    }

    /// Returns the events that the log records of these cases prove, by case and in their order:
    /// that of the report, and that of the submission whose capsule is stored. Makes two queries
    /// for any number of cases.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn submission_events(
        &self,
        cases: &[OutdatedMailboxLog],
    ) -> Result<HashMap<Uuid, Vec<SubmissionEvent>>, StoreError> {
        let ids = cases.iter().map(|outdated| outdated.case);
        let report = event::Column::CaseId.is_in(ids).and(event::Column::Seq.eq(0));
        let newest = cases.iter().filter(|outdated| outdated.capsule_event > 0).map(|outdated| {
            let seq = to_i32(outdated.capsule_event);
            event::Column::CaseId.eq(outdated.case).and(event::Column::Seq.eq(seq))
        });
        let rows = event::Entity::find()
            .filter(newest.fold(Condition::any().add(report), Condition::add))
            .order_by_asc(event::Column::Seq)
            .all(&self.db)
            .await?;
        let leaves = log_leaf::Entity::find()
            .select_only()
            .columns([log_leaf::Column::Event, log_leaf::Column::Leaf])
            .filter(log_leaf::Column::Event.is_in(rows.iter().map(|row| row.position)))
            .into_tuple::<(i64, i64)>()
            .all(&self.db)
            .await?;
        let leaves: HashMap<i64, i64> = leaves.into_iter().collect();
        let mut events: HashMap<Uuid, Vec<SubmissionEvent>> = HashMap::new();
        for row in rows {
            let leaf = leaves.get(&row.position).map(|leaf| to_index(*leaf)).transpose()?;
            let event = SignedEvent { bytes: row.bytes, signature: row.signature };
            events.entry(row.case_id).or_default().push(SubmissionEvent { event, leaf });
        }
        Ok(events)
    }

    /// Returns the texts of at most `limit` checkpoints that have a cosignature and are larger than
    /// `size`, the smallest first.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn cosigned_checkpoints_after(
        &self,
        size: u64,
        limit: u64,
    ) -> Result<Vec<String>, StoreError> {
        let rows = log_checkpoint::Entity::find()
            .filter(log_checkpoint::Column::Cosigned.eq(true))
            .filter(log_checkpoint::Column::Size.gt(from_index(size)))
            .order_by_asc(log_checkpoint::Column::Size)
            .limit(limit)
            .all(&self.db)
            .await?;
        Ok(rows.into_iter().map(|row| row.note).collect())
    }
}

impl WriteTransaction<'_> {
    /// Stores the log record of a mailbox.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn set_mailbox_log(
        &self,
        id: Uuid,
        record: Option<Vec<u8>>,
        state: MailboxLogState,
    ) -> Result<(), StoreError> {
        let row = case::ActiveModel {
            id: Unchanged(id),
            mailbox_log: Set(record),
            mailbox_log_state: Set(state.to_number()),
            ..Default::default()
        };
        case::Entity::update(row).exec(self.flushed_transaction().await?).await?;
        Ok(())
    }

    /// Has the log records made again that wait for a cosignature.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn outdate_uncosigned_mailbox_logs(&self) -> Result<(), StoreError> {
        case::Entity::update_many()
            .col_expr(case::Column::MailboxLogState, outdated())
            .filter(case::Column::MailboxLogState.eq(MailboxLogState::Logged.to_number()))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }

    /// Has all log records made again, because the signers of the log have changed.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn outdate_mailbox_logs(&self) -> Result<(), StoreError> {
        case::Entity::update_many()
            .col_expr(case::Column::MailboxLogState, outdated())
            .filter(case::Column::Purged.eq(false))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }
}

/// Has the log records made again that wait for the leaf of one of these events.
pub(super) async fn outdate_waiting_mailbox_logs(
    db: &impl ConnectionTrait,
    positions: impl IntoIterator<Item = i64>,
) -> Result<(), StoreError> {
    let cases = event::Entity::find()
        .select_only()
        .column(event::Column::CaseId)
        .filter(event::Column::Position.is_in(positions))
        .into_query();
    case::Entity::update_many()
        .col_expr(case::Column::MailboxLogState, outdated())
        .filter(case::Column::MailboxLogState.eq(MailboxLogState::Waiting.to_number()))
        .filter(case::Column::Id.in_subquery(cases))
        .exec(db)
        .await?;
    Ok(())
}

fn outdated() -> Expr {
    Expr::value(MailboxLogState::Outdated.to_number())
}
