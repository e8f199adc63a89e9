//! Table `log_witnesses`: the outside witnesses that the service has asked.

#![expect(unreachable_pub, reason = "the macros of the ORM make public items")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_witnesses")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub size: i64,
    pub cosigned_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub refusal: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
