//! Table `unsettled_dates`: at most one row, the date before a move that has not settled.

#![expect(unreachable_pub, reason = "the macros of the ORM make public items")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unsettled_dates")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub previous: TimeDate,
    pub disputed: bool,
}

impl ActiveModelBehavior for ActiveModel {}
