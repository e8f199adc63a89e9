//! The schema of version 0.1.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own signature elides them")]

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, binary_len, blob, blob_null, boolean, date, date_null,
        integer, small_integer, string, string_null, text, text_null, uuid, uuid_null,
    },
    sea_orm::DbBackend,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Returns a table with a primary key of one or more columns.
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

/// Returns the tables of cases and of everything that belongs to a case.
fn case_tables() -> Vec<TableCreateStatement> {
    vec![
        table(
            "cases",
            &["id"],
            vec![
                uuid("id"),
                binary_len("mailbox", 32),
                blob("mailbox_recipient"),
                blob("capsule"),
                // The generation that the sender of the capsule knew.
                integer("capsule_generation").default(0).take(),
                string("desk"),
                string("lang"),
                date("filed"),
                // The state that follows from the events, so that a queue is read without them.
                text("state"),
                date_null("next_due"),
                string_null("suggested"),
                // The columns below repeat values of `state`, for queries.
                boolean("open").default(true).take(),
                small_integer("priority").default(1).take(),
                string_null("assignee"),
                // The date after which the case is released to the oversight body. NULL if it has
                // been released.
                date_null("escalates"),
                // A purged case keeps its row, so that a later follow-up is recognised.
                boolean("purged").default(false).take(),
                // The event of the submission whose capsule is stored.
                integer("capsule_event").default(0).take(),
                // The sequence number of the frame of that submission.
                integer("capsule_seq").default(0).take(),
                // Whether the log record below must be made again, waits for a cosignature, or is
                // complete.
                small_integer("mailbox_log_state").default(0).take(),
                // The last column, because it is long and only the mailbox needs it.
                blob_null("mailbox_log"),
            ],
        ),
        table(
            "case_recipients",
            &["case_id", "generation"],
            vec![uuid("case_id"), integer("generation"), blob("recipient")],
        ),
        table(
            "rotations",
            &["case_id", "generation"],
            // The statement and its confirmations, as JSON.
            vec![uuid("case_id"), integer("generation"), text("record")],
        ),
        table(
            "pending_rotations",
            &["case_id"],
            // The keys of a proposal until a second member decides, as JSON.
            vec![uuid("case_id"), text("keys")],
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
                // False for the oversight body until the case is released to it.
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
                // The key of a large part in the object store. NULL if `part_chunks` has the bytes.
                uuid_null("object"),
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
    ]
}

/// Returns the tables of the log, the directories, the quarantine and the clock.
fn other_tables() -> Vec<TableCreateStatement> {
    vec![
        table(
            "events",
            &["position"],
            vec![
                big_integer("position"),
                uuid("case_id"),
                integer("seq"),
                blob("bytes"),
                blob("signature"),
            ],
        ),
        // The transparency log. The leaf of an event, by its position, and its inclusion proof in
        // its batch.
        table(
            "log_leaves",
            &["leaf"],
            vec![big_integer("leaf"), big_integer("event"), binary_len("path", 256)],
        ),
        // The tree over the roots of batches. Level 0 is the roots.
        table(
            "log_nodes",
            &["level", "number"],
            vec![small_integer("level"), big_integer("number"), binary_len("hash", 32)],
        ),
        table(
            "log_checkpoints",
            &["size"],
            vec![big_integer("size"), text("note"), boolean("cosigned")],
        ),
        // The newest tree that each outside witness has cosigned, and why it refuses a later one.
        table(
            "log_witnesses",
            &["name"],
            vec![
                string("name"),
                big_integer("size"),
                big_integer_null("cosigned_at"),
                text_null("refusal"),
            ],
        ),
        // The date of a restore after which no checkpoint is signed.
        table("log_pauses", &["name"], vec![string("name"), date("since")]),
        table("log_secrets", &["name"], vec![string("name"), binary_len("secret", 32)]),
        table("directories", &["epoch"], vec![big_integer("epoch"), text("signed")]),
        table(
            "quarantine",
            &["id"],
            vec![
                uuid("id"),
                date("day"),
                string("reason"),
                boolean("retry"),
                // The case that an orphaned follow-up waits for.
                uuid_null("case_id"),
                big_integer("len").default(0).take(),
            ],
        ),
        table(
            "quarantine_chunks",
            &["submission", "number"],
            vec![uuid("submission"), integer("number"), blob("bytes")],
        ),
        table("absences", &["member"], vec![string("member"), date("until")]),
        // The newest date that the case handler has seen, so that a clock that jumps is noticed.
        table("days", &["name"], vec![string("name"), date("day")]),
        // The time of the clock and the time since the boot when the clock was last plausible.
        table(
            "clock_anchors",
            &["boot"],
            vec![string("boot"), big_integer("uptime"), big_integer("clock")],
        ),
        // A date that moved ahead at a boot and has not settled: the date before the move, and
        // whether the clock of the intake disputes the move.
        table("unsettled_dates", &["previous"], vec![date("previous"), boolean("disputed")]),
        // Submissions that are being opened, so that the one that ends the process is found at the
        // next start.
        table("openings", &["id"], vec![uuid("id"), boolean("active"), integer("crashes")]),
    ]
}

/// Returns the queue of each member: one row for each case that the member has access to.
fn queues(engine: DbBackend) -> TableCreateStatement {
    let mut queues = table(
        "queues",
        &["member", "due", "case_id"],
        vec![string("member"), date("due"), uuid("case_id")],
    );
    if engine == DbBackend::Sqlite {
        // SQLite then stores the rows in the order in which they are read.
        queues.extra("WITHOUT ROWID");
    }
    queues
}

/// The name of an index, its table, its columns, and whether it is unique.
type IndexColumns = (&'static str, &'static str, &'static [&'static str], bool);

const INDEXES: [IndexColumns; 11] = [
    ("cases_by_load", "cases", &["open", "assignee", "suggested", "priority", "id"], false),
    ("cases_by_escalation", "cases", &["escalates", "id"], false),
    ("cases_by_mailbox_log", "cases", &["mailbox_log_state", "id"], false),
    ("events_by_case", "events", &["case_id", "seq"], true),
    ("log_leaves_by_event", "log_leaves", &["event"], true),
    ("parts_by_case", "parts", &["case_id", "batch"], false),
    ("parts_by_object", "parts", &["object"], true),
    ("quarantine_by_case", "quarantine", &["retry", "case_id"], false),
    ("quarantine_by_len", "quarantine", &["len"], false),
    ("quarantine_by_retry", "quarantine", &["retry"], false),
    ("queues_by_case", "queues", &["case_id"], false),
];

fn index((name, table, columns, unique): IndexColumns) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(Alias::new(table));
    for column in columns {
        index.col(Alias::new(*column));
    }
    if unique {
        index.unique();
    }
    index.take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in case_tables().into_iter().chain(other_tables()) {
            manager.create_table(table).await?;
        }
        manager.create_table(queues(manager.get_database_backend())).await?;
        for columns in INDEXES {
            manager.create_index(index(columns)).await?;
        }
        Ok(())
    }
}
