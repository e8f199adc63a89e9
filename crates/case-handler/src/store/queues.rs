//! Queues: which cases a member sees, and in which order. Kept beside the grants and deadlines from which they follow, so that a page
//! of a queue costs the same however many cases there are.

use envelope::life::CaseState;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait as _, Query},
};
use time::{Date, macros::date};
use uuid::Uuid;

use super::{
    Case, Store, StoreError, Writing,
    entities::{case, grant, queue},
};

/// Where cases stand that no deadline presses: at the end.
const NEVER: Date = date!(9999 - 12 - 31);

/// Cases in one statement.
const TOUCHED: usize = 500;

/// A place in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    due: Date,
    case: Uuid,
}

impl Place {
    /// Of a case whose first deadline, if there is one, is on this day.
    pub fn new(due: Option<Date>, case: Uuid) -> Self {
        Self { due: due.unwrap_or(NEVER), case }
    }

    /// Of a case in a state.
    pub fn of(case: Uuid, state: &CaseState) -> Self {
        Self::new(state.next_deadline().map(|deadline| deadline.due), case)
    }
}

impl Store {
    /// The cases of which a member holds a released grant, the most pressing first: those behind a place, at most `most`. It is the
    /// only list that there is.
    pub async fn queue(
        &self,
        member: &str,
        behind: Option<Place>,
        most: u64,
    ) -> Result<Vec<Case>, StoreError> {
        let queued = case::Entity::belongs_to(queue::Entity).from(case::Column::Id).to(queue::Column::CaseId);
        let mut select = case::Entity::find()
            .join(JoinType::InnerJoin, queued.into())
            .filter(queue::Column::Member.eq(member))
            .order_by_asc(queue::Column::Due)
            .order_by_asc(queue::Column::CaseId)
            .limit(most);
        if let Some(Place { due, case }) = behind {
            let column = |column| Expr::col((queue::Entity, column));
            let place = Expr::tuple([column(queue::Column::Due), column(queue::Column::CaseId)]);
            select = select.filter(place.gt(Expr::tuple([due.into(), case.into()])));
        }
        select.into_partial_model().all(&self.db).await?.into_iter().map(Case::from_row).collect()
    }
}

impl Writing<'_> {
    /// Brings the queues up to date for cases whose grants or deadlines have changed.
    pub(super) async fn queue_again(&self, touched: &[Uuid]) -> Result<(), StoreError> {
        for some in touched.chunks(TOUCHED) {
            self.queue_some_again(some).await?;
        }
        Ok(())
    }

    async fn queue_some_again(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        let ids = || ids.iter().copied();
        queue::Entity::delete_many()
            .filter(queue::Column::CaseId.is_in(ids()))
            .exec(self.tx().await?)
            .await?;
        let due = Expr::col((case::Entity, case::Column::NextDue)).if_null(NEVER);
        let seen = Query::select()
            .distinct()
            .column((grant::Entity, grant::Column::Member))
            .expr(due)
            .column((case::Entity, case::Column::Id))
            .from(grant::Entity)
            .inner_join(
                case::Entity,
                Expr::col((case::Entity, case::Column::Id)).equals((grant::Entity, grant::Column::CaseId)),
            )
            .and_where(case::Column::Id.is_in(ids()))
            .and_where(grant::Column::Released.eq(true))
            .take();
        let mut insert = Query::insert();
        insert
            .into_table(queue::Entity)
            .columns([queue::Column::Member, queue::Column::Due, queue::Column::CaseId])
            .select_from(seen)
            .expect("three columns, three values");
        self.tx().await?.execute(&insert).await?;
        Ok(())
    }
}
