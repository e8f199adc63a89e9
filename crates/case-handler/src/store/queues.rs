//! Queues of members, and overdue cases. The table repeats what follows from grants and deadlines,
//! so that a page of a queue costs the same for any number of cases.

use protocol::case::CaseState;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait as _, Select,
    sea_query::{Expr, ExprTrait as _, Query},
};
use time::{Date, macros::date};
use uuid::Uuid;

use super::{
    CaseRecord, CaseStore, StoreError, WriteTransaction,
    cases::CaseSummaryRow,
    entities::{case, grant, queue},
};

/// The due date of cases without a deadline, which come last.
const NO_DEADLINE: Date = date!(9999 - 12 - 31);

/// Cases in one statement.
const REINDEX_CHUNK: usize = 500;

/// A position in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueCursor {
    due: Date,
    case: Uuid,
}

impl QueueCursor {
    /// Returns the position of a case whose first deadline, if it has one, is on this date.
    pub fn new(due: Option<Date>, case: Uuid) -> Self {
        Self { due: due.unwrap_or(NO_DEADLINE), case }
    }

    /// Returns the position of a case in a state.
    pub fn from_state(case: Uuid, state: &CaseState) -> Self {
        Self::new(state.next_deadline().map(|deadline| deadline.due), case)
    }
}

impl CaseStore {
    /// Returns at most `limit` cases of which the member has a released grant, most urgent first,
    /// after a position. No other function lists cases for a member.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn queue(
        &self,
        member: &str,
        cursor: Option<QueueCursor>,
        limit: u64,
    ) -> Result<Vec<CaseRecord>, StoreError> {
        let rows: Vec<CaseSummaryRow> =
            queue_query(member, cursor, limit).into_partial_model().all(&self.db).await?;
        rows.into_iter().map(CaseRecord::from_row).collect()
    }

    /// Returns at most `limit` cases that are to be released automatically because a deadline is
    /// before `today`, longest overdue first, after a position. Each has the position of its row,
    /// which may differ from its state, so that paging skips no case.
    ///
    /// # Errors
    /// Fails if the database fails.
    pub async fn overdue_cases(
        &self,
        today: Date,
        cursor: Option<QueueCursor>,
        limit: u64,
    ) -> Result<Vec<(QueueCursor, CaseRecord)>, StoreError> {
        let rows: Vec<CaseSummaryRow> =
            overdue_query(today, cursor, limit).into_partial_model().all(&self.db).await?;
        let with_cursor = |row: CaseSummaryRow| {
            Ok((QueueCursor::new(row.escalates, row.id), CaseRecord::from_row(row)?))
        };
        rows.into_iter().map(with_cursor).collect()
    }
}

fn queue_query(member: &str, cursor: Option<QueueCursor>, limit: u64) -> Select<case::Entity> {
    let queued =
        case::Entity::belongs_to(queue::Entity).from(case::Column::Id).to(queue::Column::CaseId);
    let select = case::Entity::find()
        .join(JoinType::InnerJoin, queued.into())
        .filter(queue::Column::Member.eq(member));
    keyset_page(
        select,
        [queue::Column::Due.into_expr(), queue::Column::CaseId.into_expr()],
        cursor,
        limit,
    )
}

/// Selects in the order of the index. In the order of ids, the database would read every case until
/// it has enough.
fn overdue_query(today: Date, cursor: Option<QueueCursor>, limit: u64) -> Select<case::Entity> {
    let select = case::Entity::find().filter(case::Column::Escalates.lt(today));
    keyset_page(
        select,
        [case::Column::Escalates.into_expr(), case::Column::Id.into_expr()],
        cursor,
        limit,
    )
}

/// Selects the rows after a position, in the order of two columns, a date and a case id.
fn keyset_page(
    select: Select<case::Entity>,
    [due, id]: [Expr; 2],
    cursor: Option<QueueCursor>,
    limit: u64,
) -> Select<case::Entity> {
    let after = cursor.map(|cursor| {
        Expr::tuple([due.clone(), id.clone()])
            .gt(Expr::tuple([cursor.due.into(), cursor.case.into()]))
    });
    select.apply_if(after, QueryFilter::filter).order_by_asc(due).order_by_asc(id).limit(limit)
}

impl WriteTransaction<'_> {
    /// Updates the queues for cases whose grants or deadlines have changed.
    pub(super) async fn reindex_queues(&self, dirty: &[Uuid]) -> Result<(), StoreError> {
        for chunk in dirty.chunks(REINDEX_CHUNK) {
            self.reindex_chunk(chunk).await?;
        }
        Ok(())
    }

    async fn reindex_chunk(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        let ids = || ids.iter().copied();
        queue::Entity::delete_many()
            .filter(queue::Column::CaseId.is_in(ids()))
            .exec(self.flushed_transaction().await?)
            .await?;
        let due = Expr::col((case::Entity, case::Column::NextDue)).if_null(NO_DEADLINE);
        let visible = Query::select()
            .distinct()
            .column((grant::Entity, grant::Column::Member))
            .expr(due)
            .column((case::Entity, case::Column::Id))
            .from(grant::Entity)
            .inner_join(
                case::Entity,
                Expr::col((case::Entity, case::Column::Id))
                    .equals((grant::Entity, grant::Column::CaseId)),
            )
            .and_where(case::Column::Id.is_in(ids()))
            .and_where(grant::Column::Released.eq(true))
            .take();
        let mut insert = Query::insert();
        insert
            .into_table(queue::Entity)
            .columns([queue::Column::Member, queue::Column::Due, queue::Column::CaseId])
            .select_from(visible)
            .expect("three columns, three values");
        self.flushed_transaction().await?.execute(&insert).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, Statement};

    use super::*;
    use crate::store::{RetryScope, cases::open_case_readers, quarantine::retryable_query};

    /// Returns the query plan of `SQLite`.
    async fn query_plan(store: &CaseStore, query: Statement) -> Vec<String> {
        let values = query.values.map_or_else(Vec::new, |values| values.0);
        let sql = format!("EXPLAIN QUERY PLAN {}", query.sql);
        let explained = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        let rows = store.db.query_all_raw(explained).await.unwrap();
        rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect()
    }

    #[tokio::test]
    async fn queries_of_every_cycle_are_answered_from_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("cases.sqlite").display());
        let store = CaseStore::open(&url).await.unwrap();
        let (today, cursor) = (date!(2026 - 11 - 26), QueueCursor::new(None, Uuid::nil()));
        let build = |select: Select<case::Entity>| select.build(DbBackend::Sqlite);
        for (query, found) in [
            (
                build(overdue_query(today, None, 5)),
                "cases USING INDEX cases_by_escalation (escalates<?)",
            ),
            (
                build(overdue_query(today, Some(cursor), 5)),
                "cases USING INDEX cases_by_escalation ((escalates,id)>(?,?) AND escalates<?)",
            ),
            (build(open_case_readers()), "cases USING COVERING INDEX cases_by_load (open=?)"),
            (build(queue_query("awa", None, 5)), "queues USING PRIMARY KEY (member=?)"),
            (
                build(queue_query("awa", Some(cursor), 5)),
                "queues USING PRIMARY KEY (member=? AND (due,case_id)>(?,?))",
            ),
            (
                retryable_query(RetryScope::WithKnownCase).build(DbBackend::Sqlite),
                "quarantine USING INDEX quarantine_by_retry (retry=?)",
            ),
        ] {
            let plan = query_plan(&store, query).await;
            assert_eq!(plan[0], format!("SEARCH {found}"));
            assert!(
                !plan.iter().any(|step| step.starts_with("SCAN") || step.contains("ORDER BY")),
                "{plan:?}"
            );
        }
    }
}
