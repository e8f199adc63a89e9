//! The first schema.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own signature elides them")]

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, binary_len, blob, boolean, date, date_null, integer, string, string_null,
        text, uuid,
    },
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// A table with a primary key over several columns.
fn table(
    name: &'static str,
    key: &[&'static str],
    columns: Vec<ColumnDef>,
) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new(name));
    for mut column in columns {
        table.col(&mut column);
    }
    let mut primary = Index::create();
    for column in key {
        primary.col(Alias::new(*column));
    }
    table.primary_key(&mut primary);
    table.take()
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        table(
            "cases",
            &["id"],
            vec![
                uuid("id"),
                binary_len("mailbox", 32),
                blob("mailbox_recipient"),
                blob("capsule"),
                string("desk"),
                string("lang"),
                date("filed"),
                // The folded state: what the log says, kept so that a queue need not read the log.
                text("state"),
                date_null("next_due"),
                string_null("suggested"),
            ],
        ),
        table(
            "case_recipients",
            &["case_id", "generation"],
            vec![uuid("case_id"), integer("generation"), blob("recipient")],
        ),
        table(
            "grants",
            &["case_id", "generation", "member"],
            vec![
                uuid("case_id"),
                integer("generation"),
                string("member"),
                binary_len("tag", 32),
                blob("sealed"),
                // False for the outside body until something releases it.
                boolean("released"),
            ],
        ),
        table(
            "submissions",
            &["case_id", "sending_tag"],
            vec![uuid("case_id"), binary_len("sending_tag", 32), integer("batch")],
        ),
        table(
            "parts",
            &["id"],
            vec![
                uuid("id"),
                uuid("case_id"),
                string("kind"),
                integer("generation"),
                integer("batch"),
                integer("position"),
                big_integer("len"),
                binary_len("sha256", 32),
            ],
        ),
        table(
            "part_chunks",
            &["part_id", "number"],
            vec![uuid("part_id"), integer("number"), blob("bytes")],
        ),
        table(
            "replies",
            &["case_id", "seq"],
            vec![uuid("case_id"), integer("seq"), blob("sealed")],
        ),
        table(
            "events",
            &["position"],
            vec![
                big_integer("position"),
                uuid("case_id"),
                integer("seq"),
                blob("bytes"),
                blob("signature"),
                binary_len("before", 32),
                binary_len("link", 32),
            ],
        ),
        table("directories", &["epoch"], vec![big_integer("epoch"), text("signed")]),
        table(
            "set_aside",
            &["id"],
            vec![uuid("id"), date("day"), string("reason"), boolean("retry"), blob("bytes")],
        ),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &str, table: &'static str, columns: &[&'static str], unique: bool| {
        let mut index = Index::create();
        index.name(name).table(Alias::new(table));
        for column in columns {
            index.col(Alias::new(*column));
        }
        if unique {
            index.unique();
        }
        index.take()
    };
    vec![
        index("cases_by_next_due", "cases", &["next_due"], false),
        index("grants_by_member", "grants", &["member", "released"], false),
        index("parts_by_case", "parts", &["case_id", "batch"], false),
        index("events_by_case", "events", &["case_id", "seq"], true),
        index("set_aside_to_retry", "set_aside", &["retry"], false),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
