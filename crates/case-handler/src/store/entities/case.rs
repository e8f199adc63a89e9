//! Table `cases`: one row for each case.

#![expect(unreachable_pub, reason = "the macros of the ORM make public items")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub mailbox: Vec<u8>,
    pub mailbox_recipient: Vec<u8>,
    pub capsule: Vec<u8>,
    pub capsule_generation: i32,
    pub desk: String,
    pub lang: String,
    pub filed: TimeDate,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub next_due: Option<TimeDate>,
    pub suggested: Option<String>,
    // The columns below repeat values of `state`.
    pub open: bool,
    pub priority: i16,
    pub assignee: Option<String>,
    pub escalates: Option<TimeDate>,
    pub purged: bool,
    pub capsule_event: i32,
    pub capsule_seq: i32,
    pub mailbox_log_state: i16,
    pub mailbox_log: Option<Vec<u8>>,
}

impl ActiveModelBehavior for ActiveModel {}
