//! Cases.

use std::collections::HashSet;

use envelope::{
    Hash,
    desk_api::{CaseRow, GenerationRecipient},
    keys::{CaseRecipient, MailboxRecipient},
    life::{Calendar, CaseState},
    submission::Urgency,
};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, DerivePartialModel, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait as _,
    Select,
    sea_query::{Asterisk, Expr, ExprTrait as _, SelectStatement},
};
use time::Date;
use uuid::Uuid;

use super::{
    Store, StoreError, Writing, count,
    entities::{case, case_recipient, grant, queue},
    hash, small,
};
use crate::routing::Load;

/// Ids in one query.
const KNOWN: usize = 500;

/// A case as stored.
#[derive(Debug, Clone)]
pub struct Case {
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
    pub case: Case,
    /// `M`.
    pub mailbox_recipient: &'a MailboxRecipient,
    /// `C` of generation 0.
    pub case_recipient: &'a CaseRecipient,
    /// `age(M, capsule)`.
    pub capsule: Vec<u8>,
}

/// What of its row tells of a case. Keys and capsule, most of the row, are read only where they are wanted.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "case::Entity")]
pub(super) struct Told {
    pub(super) id: Uuid,
    mailbox: Vec<u8>,
    lang: String,
    filed: Date,
    state: String,
    suggested: Option<String>,
    pub(super) escalates: Option<Date>,
}

impl From<case::Model> for Told {
    fn from(row: case::Model) -> Self {
        let case::Model { id, mailbox, lang, filed, state, suggested, escalates, .. } = row;
        Self { id, mailbox, lang, filed, state, suggested, escalates }
    }
}

impl Case {
    pub(super) fn from_row(row: Told) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            mailbox: hash(&row.mailbox, "cases.mailbox")?,
            lang: row.lang,
            filed: row.filed,
            state: state_of(&row.state)?,
            suggested: row.suggested,
        })
    }

    /// As a line of a queue.
    pub fn to_row(&self, calendar: &Calendar) -> CaseRow {
        CaseRow {
            id: self.id,
            lang: self.lang.clone(),
            filed: self.filed,
            state: self.state.clone(),
            suggested: self.suggested.clone().filter(|_| self.state.assignee.is_none()),
            next: calendar.next_deadline(&self.state),
        }
    }
}

pub(super) fn state_of(json: &str) -> Result<CaseState, StoreError> {
    serde_json::from_str(json).map_err(|_| StoreError::Damaged("cases.state"))
}

/// What of a state is kept in columns too.
fn columns_of(state: &CaseState) -> case::ActiveModel {
    let next_due = state.next_deadline().map(|deadline| deadline.due);
    case::ActiveModel {
        state: Set(state_json(state)),
        next_due: Set(next_due),
        open: Set(state.stage.is_open()),
        urgency: Set(urgency_number(state.urgency)),
        assignee: Set(state.assignee.clone()),
        escalates: Set(next_due.filter(|_| state.released.is_none())),
        ..Default::default()
    }
}

fn urgency_number(urgency: Urgency) -> i16 {
    match urgency {
        Urgency::P1 => 1,
        Urgency::P2 => 2,
        Urgency::P3 => 3,
        Urgency::P4 => 4,
    }
}

fn urgency_of(number: i16) -> Result<Urgency, StoreError> {
    [Urgency::P1, Urgency::P2, Urgency::P3, Urgency::P4]
        .into_iter()
        .find(|urgency| urgency_number(*urgency) == number)
        .ok_or(StoreError::Damaged("cases.urgency"))
}

fn state_json(state: &CaseState) -> String {
    serde_json::to_string(state).expect("a state holds strings and numbers only")
}

impl Store {
    /// One case, if the member may see it.
    pub async fn visible_case(&self, member: &str, id: Uuid) -> Result<Option<Case>, StoreError> {
        let row = case::Entity::find_by_id(id)
            .filter(Expr::val(member).in_subquery(who_sees(id)))
            .into_partial_model()
            .one(&self.db)
            .await?;
        row.map(Case::from_row).transpose()
    }

    /// The same with its `M`; of a purged case nothing is left to seal to.
    pub async fn visible_case_and_key(
        &self,
        member: &str,
        id: Uuid,
    ) -> Result<Option<(Case, Option<MailboxRecipient>)>, StoreError> {
        let found = case::Entity::find_by_id(id)
            .filter(Expr::val(member).in_subquery(who_sees(id)))
            .one(&self.db)
            .await?;
        let Some(row) = found else { return Ok(None) };
        let recipient = if row.purged { None } else { Some(mailbox_recipient(&row.mailbox_recipient)?) };
        Ok(Some((Case::from_row(row.into())?, recipient)))
    }

    /// Every case in the order of ids: those behind `after`, at most `most`.
    pub async fn cases_behind(&self, after: Option<Uuid>, most: u64) -> Result<Vec<Case>, StoreError> {
        let mut select = case::Entity::find().order_by_asc(case::Column::Id).limit(most);
        if let Some(after) = after {
            select = select.filter(case::Column::Id.gt(after));
        }
        select.into_partial_model().all(&self.db).await?.into_iter().map(Case::from_row).collect()
    }

    /// Those of these cases that there are.
    pub async fn known_cases(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashSet<Uuid>, StoreError> {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut known = HashSet::new();
        for ids in ids.chunks(KNOWN) {
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
    pub async fn load(&self) -> Result<Load, StoreError> {
        self.load_of(case::Entity::find()).await
    }

    /// The same of the cases alone that this member may see: whoever compares it with their queue learns of no other.
    pub async fn load_seen_by(&self, member: &str) -> Result<Load, StoreError> {
        let seen = queue::Entity::find()
            .select_only()
            .column(queue::Column::CaseId)
            .filter(queue::Column::Member.eq(member))
            .into_query();
        self.load_of(case::Entity::find().filter(case::Column::Id.in_subquery(seen))).await
    }

    async fn load_of(&self, cases: Select<case::Entity>) -> Result<Load, StoreError> {
        let rows: Vec<(Option<String>, i16, i64)> = carried(cases).into_tuple().all(&self.db).await?;
        let mut load = Load::default();
        for (carrier, urgency, cases) in rows {
            if let Some(handle) = carrier {
                load.add(&handle, urgency_of(urgency)?, u32::try_from(cases).unwrap_or(u32::MAX));
            }
        }
        Ok(load)
    }

    /// `C` of each generation of a case.
    pub async fn recipients(&self, id: Uuid) -> Result<Vec<GenerationRecipient>, StoreError> {
        let rows = case_recipient::Entity::find()
            .filter(case_recipient::Column::CaseId.eq(id))
            .order_by_asc(case_recipient::Column::Generation)
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|row| {
                let recipient = case_recipient_of(&row.recipient)?;
                Ok(GenerationRecipient { generation: count(row.generation), recipient })
            })
            .collect()
    }
}

/// Keys were checked when they came in the envelope or with the event.
pub(super) fn mailbox_recipient(bytes: &[u8]) -> Result<MailboxRecipient, StoreError> {
    MailboxRecipient::from_checked(bytes).map_err(|_| StoreError::Damaged("cases.mailbox_recipient"))
}

pub(super) fn case_recipient_of(bytes: &[u8]) -> Result<CaseRecipient, StoreError> {
    CaseRecipient::from_checked(bytes).map_err(|_| StoreError::Damaged("case_recipients.recipient"))
}

/// How many open cases of each urgency each member carries. What is counted is no column, so that an index alone tells it.
pub(super) fn carried(cases: Select<case::Entity>) -> Select<case::Entity> {
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

/// Whose grant of a case is not held back. Asked from the case: asked from the member, an engine looks through everything that they hold.
pub(super) fn who_sees(id: Uuid) -> SelectStatement {
    grant::Entity::find()
        .select_only()
        .column(grant::Column::Member)
        .filter(grant::Column::CaseId.eq(id))
        .filter(grant::Column::Released.eq(true))
        .into_query()
}

impl Writing<'_> {
    /// One case, for whoever is allowed to change it.
    pub async fn case(&self, id: Uuid) -> Result<Option<Case>, StoreError> {
        if self.gathered().absent.contains(&id) {
            return Ok(None);
        }
        let found = case::Entity::find_by_id(id).into_partial_model().one(self.tx().await?).await?;
        found.map(Case::from_row).transpose()
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
            ..columns_of(&new.case.state)
        };
        self.touch(new.case.id);
        let mut gathered = self.gathered();
        gathered.absent.remove(&new.case.id);
        gathered.cases.push(row);
        drop(gathered);
        self.add_case_recipient(new.case.id, 0, new.case_recipient);
    }

    /// `C` of a generation.
    pub fn add_case_recipient(&self, id: Uuid, generation: u32, recipient: &CaseRecipient) {
        let row = case_recipient::ActiveModel {
            case_id: Set(id),
            generation: Set(small(generation)),
            recipient: Set(recipient.as_bytes().to_vec()),
        };
        self.gathered().recipients.push(row);
    }

    /// What the log now says of a case.
    pub async fn set_state(&self, id: Uuid, state: &CaseState) -> Result<(), StoreError> {
        let row = case::ActiveModel { id: Unchanged(id), ..columns_of(state) };
        self.touch(id);
        case::Entity::update(row).exec(self.tx().await?).await?;
        Ok(())
    }

    /// Whom the routing suggests now.
    pub async fn set_suggested(&self, id: Uuid, suggested: Option<String>) -> Result<(), StoreError> {
        let row = case::ActiveModel { id: Unchanged(id), suggested: Set(suggested), ..Default::default() };
        case::Entity::update(row).exec(self.tx().await?).await?;
        Ok(())
    }

    /// The newest capsule of the reporter.
    pub async fn set_capsule(&self, id: Uuid, capsule: Vec<u8>) -> Result<(), StoreError> {
        let row = case::ActiveModel { id: Unchanged(id), capsule: Set(capsule), ..Default::default() };
        case::Entity::update(row).exec(self.tx().await?).await?;
        Ok(())
    }
}
