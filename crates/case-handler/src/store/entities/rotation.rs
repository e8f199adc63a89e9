//! Table `rotations`: the statement of each generation after the first, with its confirmations.

#![expect(unreachable_pub, reason = "the macros of the ORM make public items")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rotations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub generation: i32,
    #[sea_orm(column_type = "Text")]
    pub record: String,
}

impl ActiveModelBehavior for ActiveModel {}
