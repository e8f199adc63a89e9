//! Table `parts`: sealed parts of cases.

#![expect(unreachable_pub, reason = "the macros of the ORM make public items")]

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "parts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub case_id: Uuid,
    pub kind: String,
    pub generation: i32,
    pub batch: i32,
    pub position: i32,
    pub len: i64,
    pub sha256: Vec<u8>,
    pub object: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}
