//! Table `events`: the event log, one row for each signed event.

#![expect(unreachable_pub, reason = "the macros of the ORM make public items")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    pub case_id: Uuid,
    pub seq: i32,
    pub bytes: Vec<u8>,
    pub signature: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
