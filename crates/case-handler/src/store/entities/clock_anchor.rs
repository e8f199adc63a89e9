//! Table `clock_anchors`: at most one row, the moment at which the clock was plausible.

#![expect(unreachable_pub, reason = "the macros of the ORM make public items")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "clock_anchors")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub boot: String,
    pub uptime: i64,
    pub clock: i64,
}

impl ActiveModelBehavior for ActiveModel {}
