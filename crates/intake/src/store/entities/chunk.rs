//! A piece of a submission's bytes.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chunks")]
pub struct Model {
    /// Random: in `SQLite`, rows lie in the order of it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: i64,
    /// Whose.
    pub submission: Uuid,
    /// Counts from 0.
    pub position: i32,
    /// At most [`crate::store_sealed::CHUNK_BYTES`] bytes.
    pub bytes: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
