//! A chunk of a submission.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chunks")]
pub struct Model {
    /// Random, because `SQLite` stores rows in the order of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: i64,
    /// Id of the submission.
    pub submission: Uuid,
    /// Index of the chunk, from 0.
    pub position: i32,
    /// At most [`crate::store::CHUNK_BYTES`] bytes.
    pub bytes: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
