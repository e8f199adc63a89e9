//! Table `quarantine`: submissions that could not be ingested. `quarantine_chunks` has their bytes.

#![expect(unreachable_pub, reason = "the macros of the ORM make public items")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quarantine")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub day: TimeDate,
    pub reason: String,
    pub retry: bool,
    pub case_id: Option<Uuid>,
    pub len: i64,
}

impl ActiveModelBehavior for ActiveModel {}
