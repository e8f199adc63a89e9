//! Table `events`: the log, one row for each signed event.

#![expect(missing_docs, reason = "columns are named for what they hold; the migration explains the rest")]

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
    pub before: Vec<u8>,
    pub link: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
