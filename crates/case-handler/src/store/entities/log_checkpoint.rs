//! Table `log_checkpoints`: the checkpoints that the log key has signed.

#![expect(unreachable_pub, reason = "the macros of the ORM make public items")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_checkpoints")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub size: i64,
    pub note: String,
    // Whether the note has a cosignature.
    pub cosigned: bool,
}

impl ActiveModelBehavior for ActiveModel {}
