//! Contents of mailboxes, read in bounded memory.

use std::collections::HashMap;

use protocol::{
    Hash,
    case::CaseState,
    keys::{CaseRecipient, MailboxRecipient},
    mailbox::MAILBOX_LEN,
    rotation::ConfirmedRotation,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait as _,
    sea_query::{Expr, ExprTrait as _, Func, Query, SelectStatement},
};
use uuid::Uuid;

use super::{
    CaseStore, StoreError, WriteTransaction,
    cases::{parse_case_recipient, parse_mailbox_recipient, parse_state},
    entities::{case, case_recipient, reply},
    parse_hash, to_i32,
};

/// Maximum size of a published capsule, in bytes. An honest one has a few thousand.
const MAX_CAPSULE_LEN: i64 = 8 * 1024;

/// The content of one mailbox.
#[derive(Debug)]
pub struct MailboxContent {
    /// Id of the case.
    pub id: Uuid,
    /// Id of the mailbox.
    pub mailbox: Hash,
    /// The state of the case.
    pub state: CaseState,
    /// `M`.
    pub mailbox_recipient: MailboxRecipient,
    /// `C` of the newest generation.
    pub case_recipient: CaseRecipient,
    /// `age(M, capsule)`.
    pub capsule: Vec<u8>,
    /// The rotations after the newest capsule, oldest first.
    pub rotations: Vec<ConfirmedRotation>,
    /// The log record, if there is one.
    pub log: Option<Vec<u8>>,
    /// `age(M, frame)` each, oldest first.
    pub replies: Vec<Vec<u8>>,
}

/// A capsule that came with a follow-up.
pub struct NewCapsule {
    /// `age(M, capsule)`.
    pub capsule: Vec<u8>,
    /// The event that records the submission.
    pub event: u32,
    /// The generation that the reporter knew.
    pub generation: u32,
    /// The sequence number of the frame, as the envelope states it.
    pub seq: u32,
}

/// The columns of a case that its mailbox needs, and `C` of the newest generation.
#[derive(FromQueryResult)]
struct MailboxRow {
    id: Uuid,
    mailbox: Vec<u8>,
    mailbox_recipient: Vec<u8>,
    capsule: Vec<u8>,
    state: String,
    mailbox_log: Option<Vec<u8>>,
    newest: Option<Vec<u8>>,
}

/// A reply with the id of its case.
#[derive(FromQueryResult)]
struct ReplyRow {
    case_id: Uuid,
    sealed: Vec<u8>,
}

impl CaseStore {
    /// Returns the contents of at most `limit` mailboxes whose case ids are greater than `after`,
    /// in the order of ids. Makes three queries for any number.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn mailboxes(
        &self,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<MailboxContent>, StoreError> {
        let mut select = case::Entity::find()
            .select_only()
            .columns([case::Column::Id, case::Column::Mailbox, case::Column::MailboxRecipient])
            .columns([case::Column::State, case::Column::MailboxLog])
            .expr_as(bounded_capsule(), "capsule")
            .expr_as(Expr::SubQuery(None, Box::new(newest_recipient().into())), "newest")
            .filter(case::Column::Purged.eq(false))
            .order_by_asc(case::Column::Id)
            .limit(limit);
        if let Some(after) = after {
            select = select.filter(case::Column::Id.gt(after));
        }
        let rows: Vec<MailboxRow> = select.into_model().all(&self.db).await?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
        let mut replies: HashMap<Uuid, Vec<Vec<u8>>> = HashMap::new();
        let statement = self.db.get_database_backend().build(&fitting_replies(first.id, last.id));
        for ReplyRow { case_id, sealed } in
            ReplyRow::find_by_statement(statement).all(&self.db).await?
        {
            replies.entry(case_id).or_default().push(sealed);
        }
        let mut rotations = self.rotations_after_capsules(first.id, last.id).await?;
        let content = |row: MailboxRow| {
            let case_recipient = row.newest.ok_or(StoreError::CorruptRow("case_recipients"))?;
            Ok(MailboxContent {
                id: row.id,
                mailbox: parse_hash(&row.mailbox, "cases.mailbox")?,
                state: parse_state(&row.state)?,
                mailbox_recipient: parse_mailbox_recipient(&row.mailbox_recipient)?,
                case_recipient: parse_case_recipient(&case_recipient)?,
                capsule: row.capsule,
                rotations: rotations.remove(&row.id).unwrap_or_default(),
                log: row.mailbox_log,
                replies: replies.remove(&row.id).unwrap_or_default(),
            })
        };
        rows.into_iter().map(content).collect()
    }
}

impl WriteTransaction<'_> {
    /// Stores a capsule of the reporter, unless the stored one belongs to a later frame.
    /// Submissions arrive in random order, and the reporter can send several before the first is
    /// collected. Of two frames with the same number, the capsule that arrived last is stored.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn set_newer_capsule(&self, id: Uuid, new: NewCapsule) -> Result<(), StoreError> {
        let seq = to_i32(new.seq);
        let row = case::ActiveModel {
            capsule: Set(new.capsule),
            capsule_event: Set(to_i32(new.event)),
            capsule_seq: Set(seq),
            mailbox_log_state: Set(0),
            capsule_generation: Set(to_i32(new.generation)),
            ..Default::default()
        };
        case::Entity::update_many()
            .set(row)
            .filter(case::Column::Id.eq(id))
            .filter(case::Column::CapsuleSeq.lte(seq))
            .exec(self.flushed_transaction().await?)
            .await?;
        Ok(())
    }
}

/// Selects the capsule, or nothing if it is longer than an honest one, because a page of mailboxes
/// is in memory.
fn bounded_capsule() -> Expr {
    Expr::case(capsule_len().lte(MAX_CAPSULE_LEN), case::Column::Capsule.into_expr())
        .finally(Expr::value(Vec::<u8>::new()))
        .into()
}

fn capsule_len() -> Expr {
    Func::cust("LENGTH").arg(case::Column::Capsule.into_expr()).into()
}

/// Selects the newest replies that fit into a mailbox, for each case in a range of ids, oldest
/// first.
fn fitting_replies(first: Uuid, last: Uuid) -> SelectStatement {
    let running_size = "SUM(LENGTH(sealed)) OVER (PARTITION BY case_id ORDER BY seq DESC)";
    let newest = Query::select()
        .columns([reply::Column::CaseId, reply::Column::Seq, reply::Column::Sealed])
        .expr_as(Expr::cust(running_size), "behind")
        .from(reply::Entity)
        .and_where(reply::Column::CaseId.between(first, last))
        .take();
    Query::select()
        .columns([reply::Column::CaseId, reply::Column::Sealed])
        .from_subquery(newest, "newest")
        .and_where(Expr::col("behind").lte(i64::try_from(MAILBOX_LEN).unwrap_or(i64::MAX)))
        .order_by(reply::Column::CaseId, Order::Asc)
        .order_by(reply::Column::Seq, Order::Asc)
        .take()
}

/// Selects `C` of the newest generation of the row's case.
fn newest_recipient() -> SelectStatement {
    case_recipient::Entity::find()
        .select_only()
        .column(case_recipient::Column::Recipient)
        .filter(case_recipient::Column::CaseId.into_expr().eq(case::Column::Id.into_expr()))
        .order_by_desc(case_recipient::Column::Generation)
        .limit(1)
        .into_query()
}
