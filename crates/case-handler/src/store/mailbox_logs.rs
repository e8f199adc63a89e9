//! The log records of mailboxes, stored with their cases.

use protocol::case::event::SignedEvent;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait as _,
    sea_query::Expr,
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

    /// Returns these events of a case with their leaves, in their order.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn submission_events(
        &self,
        case: Uuid,
        seqs: &[u32],
    ) -> Result<Vec<SubmissionEvent>, StoreError> {
        let rows = event::Entity::find()
            .filter(event::Column::CaseId.eq(case))
            .filter(event::Column::Seq.is_in(seqs.iter().map(|seq| to_i32(*seq))))
            .order_by_asc(event::Column::Seq)
            .all(&self.db)
            .await?;
        let leaves = log_leaf::Entity::find()
            .filter(log_leaf::Column::Event.is_in(rows.iter().map(|row| row.position)))
            .all(&self.db)
            .await?;
        let with_leaf = |row: event::Model| {
            let leaf = leaves.iter().find(|leaf| leaf.event == row.position);
            let leaf = leaf.map(|leaf| to_index(leaf.leaf)).transpose()?;
            let event = SignedEvent { bytes: row.bytes, signature: row.signature };
            Ok(SubmissionEvent { event, leaf })
        };
        rows.into_iter().map(with_leaf).collect()
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
