//! Rows of cases.

use std::collections::{BTreeSet, HashMap, HashSet};

use protocol::{
    Hash, Priority,
    api::workbench::{CaseSummary, GenerationRecipient},
    case::{Calendar, CaseState},
    directory::Directory,
    keys::{CaseRecipient, MailboxRecipient},
};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, DerivePartialModel, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait as _, Select,
    sea_query::{Asterisk, Expr, ExprTrait as _, SelectStatement},
};
use time::Date;
use uuid::Uuid;

use super::{
    CaseStore, StoreError, WriteTransaction,
    entities::{case, case_recipient, grant, queue},
    parse_hash, to_i32, to_u32,
};
use crate::assignment::{Workload, WorkloadByReaders};

/// Ids in one query.
const CASE_LOOKUP_CHUNK: usize = 500;

/// A case as stored.
#[derive(Debug, Clone)]
pub struct CaseRecord {
    /// Its id.
    pub id: Uuid,
    /// Id of the reporter's mailbox.
    pub mailbox: Hash,
    /// The reporter's language.
    pub lang: String,
    /// The date on which it was ingested.
    pub filed: Date,
    /// The state that follows from its events.
    pub state: CaseState,
    /// The suggested assignee.
    pub suggested: Option<String>,
}

/// The content of a new case.
#[derive(Debug)]
pub struct NewCase<'a> {
    /// The case.
    pub case: CaseRecord,
    /// `M`.
    pub mailbox_recipient: &'a MailboxRecipient,
    /// `C` of generation 0.
    pub case_recipient: &'a CaseRecipient,
    /// `age(M, capsule)`.
    pub capsule: Vec<u8>,
}

/// The columns of a case without keys and capsule, which are most of the row and rarely needed.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "case::Entity")]
pub(super) struct CaseSummaryRow {
    pub(super) id: Uuid,
    mailbox: Vec<u8>,
    lang: String,
    filed: Date,
    state: String,
    suggested: Option<String>,
    pub(super) escalates: Option<Date>,
}

impl From<case::Model> for CaseSummaryRow {
    fn from(row: case::Model) -> Self {
        let case::Model { id, mailbox, lang, filed, state, suggested, escalates, .. } = row;
        Self { id, mailbox, lang, filed, state, suggested, escalates }
    }
}

impl CaseRecord {
    pub(super) fn from_row(row: CaseSummaryRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            mailbox: parse_hash(&row.mailbox, "cases.mailbox")?,
            lang: row.lang,
            filed: row.filed,
            state: parse_state(&row.state)?,
            suggested: row.suggested,
        })
    }

    /// Returns the case as a row of the queue of `viewer`.
    ///
    /// A suggestion depends on the open cases that all members among whom it chose can see. Members
    /// of the oversight body, who see fewer cases of a desk, are therefore shown no suggestion that
    /// was made among members of the desk, and the reverse.
    pub fn to_summary(
        &self,
        calendar: &Calendar,
        directory: &Directory,
        viewer: &str,
    ) -> CaseSummary {
        let is_shown = |handle: &String| {
            self.state.assignee.is_none()
                && directory.is_oversight(handle) == directory.is_oversight(viewer)
        };
        CaseSummary {
            id: self.id,
            lang: self.lang.clone(),
            filed: self.filed,
            state: self.state.clone(),
            suggested: self.suggested.clone().filter(is_shown),
            next: calendar.next_deadline(&self.state),
        }
    }
}

pub(super) fn parse_state(json: &str) -> Result<CaseState, StoreError> {
    serde_json::from_str(json).map_err(|_| StoreError::CorruptRow("cases.state"))
}

/// Returns the columns that repeat a part of the state, so that queries need not parse it.
fn state_columns(state: &CaseState) -> case::ActiveModel {
    let next_due = state.next_deadline().map(|deadline| deadline.due);
    case::ActiveModel {
        state: Set(state_json(state)),
        next_due: Set(next_due),
        open: Set(state.stage.is_open()),
        priority: Set(priority_to_number(state.priority)),
        assignee: Set(state.assignee.clone()),
        escalates: Set(next_due.filter(|_| state.released.is_none())),
        ..Default::default()
    }
}

fn priority_to_number(priority: Priority) -> i16 {
    match priority {
        Priority::P1 => 1,
        Priority::P2 => 2,
        Priority::P3 => 3,
        Priority::P4 => 4,
    }
}

fn priority_from_number(number: i16) -> Result<Priority, StoreError> {
    Priority::ALL
        .into_iter()
        .find(|priority| priority_to_number(*priority) == number)
        .ok_or(StoreError::CorruptRow("cases.priority"))
}

fn state_json(state: &CaseState) -> String {
    serde_json::to_string(state).expect("a state holds strings and numbers only")
}

impl CaseStore {
    /// Returns a case if the member may see it.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn visible_case(
        &self,
        member: &str,
        id: Uuid,
    ) -> Result<Option<CaseRecord>, StoreError> {
        let row = case::Entity::find_by_id(id)
            .filter(Expr::val(member).in_subquery(released_holder_filter(id)))
            .into_partial_model()
            .one(&self.db)
            .await?;
        row.map(CaseRecord::from_row).transpose()
    }

    /// Returns a case with its `M` if the member may see it. A purged case has no `M`.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn visible_case_with_recipient(
        &self,
        member: &str,
        id: Uuid,
    ) -> Result<Option<(CaseRecord, Option<MailboxRecipient>)>, StoreError> {
        let found = case::Entity::find_by_id(id)
            .filter(Expr::val(member).in_subquery(released_holder_filter(id)))
            .one(&self.db)
            .await?;
        let Some(row) = found else { return Ok(None) };
        let recipient =
            if row.purged { None } else { Some(parse_mailbox_recipient(&row.mailbox_recipient)?) };
        Ok(Some((CaseRecord::from_row(row.into())?, recipient)))
    }

    /// Returns at most `limit` cases whose ids are greater than `after`, in the order of ids.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn cases_after(
        &self,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<CaseRecord>, StoreError> {
        let mut select = case::Entity::find().order_by_asc(case::Column::Id).limit(limit);
        if let Some(after) = after {
            select = select.filter(case::Column::Id.gt(after));
        }
        select
            .into_partial_model()
            .all(&self.db)
            .await?
            .into_iter()
            .map(CaseRecord::from_row)
            .collect()
    }

    /// Returns those of the ids that have a case.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn existing_cases(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashSet<Uuid>, StoreError> {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut existing = HashSet::new();
        for ids in ids.chunks(CASE_LOOKUP_CHUNK) {
            let found: Vec<Uuid> = case::Entity::find()
                .select_only()
                .column(case::Column::Id)
                .filter(case::Column::Id.is_in(ids.iter().copied()))
                .into_tuple()
                .all(&self.db)
                .await?;
            existing.extend(found);
        }
        Ok(existing)
    }

    /// Returns the workload of all open cases, by their readers.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn workload_by_readers(&self) -> Result<WorkloadByReaders, StoreError> {
        let rows: Vec<(Uuid, String, Option<String>, i16)> =
            open_case_readers().into_tuple().all(&self.db).await?;
        let mut cases: HashMap<Uuid, (BTreeSet<String>, String, i16)> = HashMap::new();
        for (case, reader, responsible, priority) in rows {
            if let Some(handle) = responsible {
                let (readers, ..) =
                    cases.entry(case).or_insert_with(|| (BTreeSet::new(), handle, priority));
                readers.insert(reader);
            }
        }
        let mut workload = WorkloadByReaders::default();
        for (readers, handle, priority) in cases.into_values() {
            workload.add(readers, &handle, priority_from_number(priority)?);
        }
        Ok(workload)
    }

    /// Returns the workload of each member, counting only cases that `member` may see. A comparison
    /// with the member's own queue then reveals no other case.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn visible_workload(&self, member: &str) -> Result<Workload, StoreError> {
        let visible = queue::Entity::find()
            .select_only()
            .column(queue::Column::CaseId)
            .filter(queue::Column::Member.eq(member))
            .into_query();
        let cases = case::Entity::find().filter(case::Column::Id.in_subquery(visible));
        let rows: Vec<(Option<String>, i16, i64)> =
            open_case_counts(cases).into_tuple().all(&self.db).await?;
        let mut workload = Workload::default();
        for (responsible, priority, cases) in rows {
            if let Some(handle) = responsible {
                workload.add(
                    &handle,
                    priority_from_number(priority)?,
                    u32::try_from(cases).unwrap_or(u32::MAX),
                );
            }
        }
        Ok(workload)
    }

    /// Returns `C` of each generation of a case.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn case_recipients(&self, id: Uuid) -> Result<Vec<GenerationRecipient>, StoreError> {
        let rows = case_recipient::Entity::find()
            .filter(case_recipient::Column::CaseId.eq(id))
            .order_by_asc(case_recipient::Column::Generation)
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|row| {
                let recipient = parse_case_recipient(&row.recipient)?;
                Ok(GenerationRecipient { generation: to_u32(row.generation), recipient })
            })
            .collect()
    }
}

/// Does not verify the key, which was verified when it arrived in the envelope or with the event.
pub(super) fn parse_mailbox_recipient(bytes: &[u8]) -> Result<MailboxRecipient, StoreError> {
    MailboxRecipient::from_checked(bytes)
        .map_err(|_| StoreError::CorruptRow("cases.mailbox_recipient"))
}

pub(super) fn parse_case_recipient(bytes: &[u8]) -> Result<CaseRecipient, StoreError> {
    CaseRecipient::from_checked(bytes)
        .map_err(|_| StoreError::CorruptRow("case_recipients.recipient"))
}

/// Returns the member who is assigned or suggested.
fn responsible_member() -> Expr {
    Expr::col((case::Entity, case::Column::Assignee))
        .if_null(Expr::col((case::Entity, case::Column::Suggested)))
}

/// Selects the readers of each open case, with the member who is assigned or suggested. Indexes
/// alone answer the query.
pub(super) fn open_case_readers() -> Select<case::Entity> {
    let queued =
        case::Entity::belongs_to(queue::Entity).from(case::Column::Id).to(queue::Column::CaseId);
    case::Entity::find()
        .join(JoinType::InnerJoin, queued.into())
        .select_only()
        .column(case::Column::Id)
        .column(queue::Column::Member)
        .column_as(responsible_member(), "responsible")
        .column(case::Column::Priority)
        .filter(case::Column::Open.eq(true))
}

/// Counts the open cases of each member and priority.
fn open_case_counts(cases: Select<case::Entity>) -> Select<case::Entity> {
    let responsible = responsible_member();
    cases
        .select_only()
        .column_as(responsible.clone(), "responsible")
        .column(case::Column::Priority)
        .column_as(Expr::col(Asterisk).count(), "cases")
        .filter(case::Column::Open.eq(true))
        .group_by(responsible)
        .group_by(case::Column::Priority)
}

/// Selects the members with a released grant of a case. The query starts from the case, because a
/// query that starts from the member would read all grants of that member.
pub(super) fn released_holder_filter(id: Uuid) -> SelectStatement {
    grant::Entity::find()
        .select_only()
        .column(grant::Column::Member)
        .filter(grant::Column::CaseId.eq(id))
        .filter(grant::Column::Released.eq(true))
        .into_query()
}

impl WriteTransaction<'_> {
    /// Returns a case for a caller that may change it.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn case(&self, id: Uuid) -> Result<Option<CaseRecord>, StoreError> {
        if self.lock_batch().known_absent.contains(&id) {
            return Ok(None);
        }
        let found = case::Entity::find_by_id(id)
            .into_partial_model()
            .one(self.flushed_transaction().await?)
            .await?;
        found.map(CaseRecord::from_row).transpose()
    }

    /// Adds a new case. Its state follows with the first event.
    pub fn add_case(&self, new: NewCase<'_>) {
        let row = case::ActiveModel {
            id: Set(new.case.id),
            mailbox: Set(new.case.mailbox.0.to_vec()),
            mailbox_recipient: Set(new.mailbox_recipient.as_bytes().to_vec()),
            capsule: Set(new.capsule),
            capsule_generation: Set(0),
            desk: Set(new.case.state.desk.clone()),
            lang: Set(new.case.lang.clone()),
            filed: Set(new.case.filed),
            suggested: Set(new.case.suggested.clone()),
            purged: Set(false),
            capsule_event: Set(0),
            capsule_seq: Set(0),
            mailbox_log_state: Set(0),
            mailbox_log: Set(None),
            ..state_columns(&new.case.state)
        };
        self.mark_dirty(new.case.id);
        let mut batch = self.lock_batch();
        batch.known_absent.remove(&new.case.id);
        batch.cases.push(row);
        drop(batch);
        self.add_case_recipient(new.case.id, 0, new.case_recipient);
    }

    /// Adds `C` of a generation.
    pub fn add_case_recipient(&self, id: Uuid, generation: u32, recipient: &CaseRecipient) {
        let row = case_recipient::ActiveModel {
            case_id: Set(id),
            generation: Set(to_i32(generation)),
            recipient: Set(recipient.as_bytes().to_vec()),
        };
        self.lock_batch().recipients.push(row);
    }

    /// Stores the state that follows from the newest event.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn set_state(&self, id: Uuid, state: &CaseState) -> Result<(), StoreError> {
        let row = case::ActiveModel { id: Unchanged(id), ..state_columns(state) };
        self.mark_dirty(id);
        case::Entity::update(row).exec(self.flushed_transaction().await?).await?;
        Ok(())
    }

    /// Stores the suggested assignee.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn set_suggested(
        &self,
        id: Uuid,
        suggested: Option<String>,
    ) -> Result<(), StoreError> {
        let row = case::ActiveModel {
            id: Unchanged(id),
            suggested: Set(suggested),
            ..Default::default()
        };
        case::Entity::update(row).exec(self.flushed_transaction().await?).await?;
        Ok(())
    }
}
