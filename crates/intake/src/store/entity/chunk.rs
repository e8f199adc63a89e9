//! A piece of a submission's bytes.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chunks")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub submission: Uuid,
    /// Counts from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// At most [`crate::store::CHUNK`] bytes.
    pub bytes: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
