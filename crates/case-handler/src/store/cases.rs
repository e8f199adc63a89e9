//! Cases.

use std::collections::HashSet;

use protocol::{
    Hash,
    api::workbench::{CaseSummary, GenerationRecipient},
    case::{Calendar, CaseState},
    keys::{CaseRecipient, MailboxRecipient},
    submission::envelope::Urgency,
};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, DerivePartialModel, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
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
use crate::assignment::Workload;

/// Ids in one query.
const CASE_LOOKUP_CHUNK: usize = 500;

/// A case as stored.
#[derive(Debug, Clone)]
pub struct CaseRecord {
    /// Its id.
    pub id: Uuid,
    /// Where replies are laid out.
    pub mailbox: Hash,
    /// The reporter's language.
    pub lang: String,
    /// The day of filing.
    pub filed: Date,
    /// What the log says of it.
    pub state: CaseState,
    /// Whom the routing suggests.
    pub suggested: Option<String>,
}

/// What a new case brings.
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

/// What of its row tells of a case. Keys and capsule, most of the row, are read only where they are
/// wanted.
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

    /// As a line of a queue.
    pub fn to_summary(&self, calendar: &Calendar) -> CaseSummary {
        CaseSummary {
            id: self.id,
            lang: self.lang.clone(),
            filed: self.filed,
            state: self.state.clone(),
            suggested: self.suggested.clone().filter(|_| self.state.assignee.is_none()),
            next: calendar.next_deadline(&self.state),
        }
    }
}

pub(super) fn parse_state(json: &str) -> Result<CaseState, StoreError> {
    serde_json::from_str(json).map_err(|_| StoreError::CorruptRow("cases.state"))
}

/// What of a state is kept in columns too.
fn state_columns(state: &CaseState) -> case::ActiveModel {
    let next_due = state.next_deadline().map(|deadline| deadline.due);
    case::ActiveModel {
        state: Set(state_json(state)),
        next_due: Set(next_due),
        open: Set(state.stage.is_open()),
        urgency: Set(urgency_to_number(state.urgency)),
        assignee: Set(state.assignee.clone()),
        escalates: Set(next_due.filter(|_| state.released.is_none())),
        ..Default::default()
    }
}

fn urgency_to_number(urgency: Urgency) -> i16 {
    match urgency {
        Urgency::P1 => 1,
        Urgency::P2 => 2,
        Urgency::P3 => 3,
        Urgency::P4 => 4,
    }
}

fn urgency_from_number(number: i16) -> Result<Urgency, StoreError> {
    [Urgency::P1, Urgency::P2, Urgency::P3, Urgency::P4]
        .into_iter()
        .find(|urgency| urgency_to_number(*urgency) == number)
        .ok_or(StoreError::CorruptRow("cases.urgency"))
}

fn state_json(state: &CaseState) -> String {
    serde_json::to_string(state).expect("a state holds strings and numbers only")
}

impl CaseStore {
    /// One case, if the member may see it.
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

    /// The same with its `M`; of a purged case nothing is left to seal to.
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

    /// Every case in the order of ids: those behind `after`, at most `most`.
    pub async fn cases_after(
        &self,
        after: Option<Uuid>,
        most: u64,
    ) -> Result<Vec<CaseRecord>, StoreError> {
        let mut select = case::Entity::find().order_by_asc(case::Column::Id).limit(most);
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

    /// Those of these cases that there are.
    pub async fn existing_cases(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashSet<Uuid>, StoreError> {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut known = HashSet::new();
        for ids in ids.chunks(CASE_LOOKUP_CHUNK) {
            let found: Vec<Uuid> = case::Entity::find()
                .select_only()
                .column(case::Column::Id)
                .filter(case::Column::Id.is_in(ids.iter().copied()))
                .into_tuple()
                .all(&self.db)
                .await?;
            known.extend(found);
        }
        Ok(known)
    }

    /// How much each member has to do.
    pub async fn workload(&self) -> Result<Workload, StoreError> {
        self.workload_of(case::Entity::find()).await
    }

    /// The same of the cases alone that this member may see: whoever compares it with their queue
    /// learns of no other.
    pub async fn visible_workload(&self, member: &str) -> Result<Workload, StoreError> {
        let seen = queue::Entity::find()
            .select_only()
            .column(queue::Column::CaseId)
            .filter(queue::Column::Member.eq(member))
            .into_query();
        self.workload_of(case::Entity::find().filter(case::Column::Id.in_subquery(seen))).await
    }

    async fn workload_of(&self, cases: Select<case::Entity>) -> Result<Workload, StoreError> {
        let rows: Vec<(Option<String>, i16, i64)> =
            open_case_counts(cases).into_tuple().all(&self.db).await?;
        let mut load = Workload::default();
        for (carrier, urgency, cases) in rows {
            if let Some(handle) = carrier {
                load.add(
                    &handle,
                    urgency_from_number(urgency)?,
                    u32::try_from(cases).unwrap_or(u32::MAX),
                );
            }
        }
        Ok(load)
    }

    /// `C` of each generation of a case.
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

/// Keys were checked when they came in the envelope or with the event.
pub(super) fn parse_mailbox_recipient(bytes: &[u8]) -> Result<MailboxRecipient, StoreError> {
    MailboxRecipient::from_checked(bytes)
        .map_err(|_| StoreError::CorruptRow("cases.mailbox_recipient"))
}

pub(super) fn parse_case_recipient(bytes: &[u8]) -> Result<CaseRecipient, StoreError> {
    CaseRecipient::from_checked(bytes)
        .map_err(|_| StoreError::CorruptRow("case_recipients.recipient"))
}

/// How many open cases of each urgency each member carries. What is counted is no column, so that
/// an index alone tells it.
pub(super) fn open_case_counts(cases: Select<case::Entity>) -> Select<case::Entity> {
    let carrier = Expr::col(case::Column::Assignee).if_null(Expr::col(case::Column::Suggested));
    cases
        .select_only()
        .column_as(carrier.clone(), "carrier")
        .column(case::Column::Urgency)
        .column_as(Expr::col(Asterisk).count(), "cases")
        .filter(case::Column::Open.eq(true))
        .group_by(carrier)
        .group_by(case::Column::Urgency)
}

/// Whose grant of a case is not held back. Asked from the case: asked from the member, an engine
/// looks through everything that they hold.
pub(super) fn released_holder_filter(id: Uuid) -> SelectStatement {
    grant::Entity::find()
        .select_only()
        .column(grant::Column::Member)
        .filter(grant::Column::CaseId.eq(id))
        .filter(grant::Column::Released.eq(true))
        .into_query()
}

impl WriteTransaction<'_> {
    /// One case, for whoever is allowed to change it.
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

    /// A new case. Its state follows with the first event.
    pub fn add_case(&self, new: NewCase<'_>) {
        let row = case::ActiveModel {
            id: Set(new.case.id),
            mailbox: Set(new.case.mailbox.0.to_vec()),
            mailbox_recipient: Set(new.mailbox_recipient.as_bytes().to_vec()),
            capsule: Set(new.capsule),
            desk: Set(new.case.state.desk.clone()),
            lang: Set(new.case.lang.clone()),
            filed: Set(new.case.filed),
            suggested: Set(new.case.suggested.clone()),
            purged: Set(false),
            ..state_columns(&new.case.state)
        };
        self.mark_dirty(new.case.id);
        let mut gathered = self.lock_batch();
        gathered.known_absent.remove(&new.case.id);
        gathered.cases.push(row);
        drop(gathered);
        self.add_case_recipient(new.case.id, 0, new.case_recipient);
    }

    /// `C` of a generation.
    pub fn add_case_recipient(&self, id: Uuid, generation: u32, recipient: &CaseRecipient) {
        let row = case_recipient::ActiveModel {
            case_id: Set(id),
            generation: Set(to_i32(generation)),
            recipient: Set(recipient.as_bytes().to_vec()),
        };
        self.lock_batch().recipients.push(row);
    }

    /// What the log now says of a case.
    pub async fn set_state(&self, id: Uuid, state: &CaseState) -> Result<(), StoreError> {
        let row = case::ActiveModel { id: Unchanged(id), ..state_columns(state) };
        self.mark_dirty(id);
        case::Entity::update(row).exec(self.flushed_transaction().await?).await?;
        Ok(())
    }

    /// Whom the routing suggests now.
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

    /// The newest capsule of the reporter.
    pub async fn set_capsule(&self, id: Uuid, capsule: Vec<u8>) -> Result<(), StoreError> {
        let row =
            case::ActiveModel { id: Unchanged(id), capsule: Set(capsule), ..Default::default() };
        case::Entity::update(row).exec(self.flushed_transaction().await?).await?;
        Ok(())
    }
}
