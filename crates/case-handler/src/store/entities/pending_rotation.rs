//! Table `pending_rotations`: the keys of a proposed rotation until a second member decides.

#![expect(unreachable_pub, reason = "the macros of the ORM make public items")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pending_rotations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub keys: String,
}

impl ActiveModelBehavior for ActiveModel {}
