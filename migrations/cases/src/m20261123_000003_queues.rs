//! What is asked often is answered from an index, however many cases there are: a member's queue
//! page by page, what escalates by itself, who has how much to do, how much is set aside.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own signature elides them")]

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, boolean, date, date_null, small_integer, string, string_null, uuid},
    sea_orm::DbBackend,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Columns of `cases` that repeat what `state` says, so that a query need not read it.
fn columns() -> Vec<ColumnDef> {
    vec![
        boolean("open").default(true).take(),
        small_integer("urgency").default(1).take(),
        string_null("assignee").take(),
        // When the outside body gets it by itself; none if it has it already.
        date_null("escalates").take(),
    ]
}

fn queues(engine: DbBackend) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new("queues"));
    for mut column in [string("member"), date("due"), uuid("case_id")] {
        table.col(&mut column);
    }
    let mut key = Index::create();
    for column in ["member", "due", "case_id"] {
        key.col(Alias::new(column));
    }
    table.primary_key(&mut key);
    if engine == DbBackend::Sqlite {
        // Rows lie in the order in which they are read.
        table.extra("WITHOUT ROWID");
    }
    table.take()
}

/// Fills what is new for cases that are there already.
fn fill(engine: DbBackend) -> [String; 3] {
    let state = if engine == DbBackend::Sqlite { "state" } else { "state::json" };
    [
        format!(
            "UPDATE cases SET open = ({state} ->> 'stage') <> 'closed', \
             urgency = CAST(substr({state} ->> 'urgency', 2) AS integer), \
             assignee = {state} ->> 'assignee', \
             escalates = CASE WHEN ({state} ->> 'released') IS NULL THEN next_due END"
        ),
        "INSERT INTO queues (member, due, case_id) \
         SELECT DISTINCT grants.member, coalesce(cases.next_due, '9999-12-31'), cases.id \
         FROM grants JOIN cases ON cases.id = grants.case_id WHERE grants.released"
            .to_owned(),
        "UPDATE set_aside SET len = length(bytes)".to_owned(),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let engine = manager.get_database_backend();
        let add = |table: &'static str, mut column: ColumnDef| {
            manager
                .alter_table(Table::alter().table(Alias::new(table)).add_column(&mut column).take())
        };
        for column in columns() {
            add("cases", column).await?;
        }
        add("set_aside", big_integer("len").default(0).take()).await?;
        manager.create_table(queues(engine)).await?;
        for statement in fill(engine) {
            manager.get_connection().execute_unprepared(&statement).await?;
        }
        for (name, table, columns) in [
            ("queues_by_case", "queues", &["case_id"][..]),
            ("cases_by_load", "cases", &["open", "assignee", "suggested", "urgency"]),
            ("cases_by_escalation", "cases", &["escalates", "id"]),
            ("set_aside_by_len", "set_aside", &["len"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(Alias::new(table));
            for column in columns {
                index.col(Alias::new(*column));
            }
            manager.create_index(index.take()).await?;
        }
        for (name, table) in [("cases_by_next_due", "cases"), ("grants_by_member", "grants")] {
            manager
                .drop_index(Index::drop().name(name).table(Alias::new(table)).to_owned())
                .await?;
        }
        Ok(())
    }
}
