//! Table `log_pauses`: at most one row, the date of a restore after which the log is paused.

#![expect(unreachable_pub, reason = "the macros of the ORM make public items")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_pauses")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub since: TimeDate,
}

impl ActiveModelBehavior for ActiveModel {}
